"""Report wrong input to a benchmark in one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Print errors of files and values in one line on stderr, and exit with code 2."""
    try:
        yield
    except (OSError, ValueError) as error:
        print(f"{sys.argv[0]}: {error}", file=sys.stderr)
        sys.exit(2)
