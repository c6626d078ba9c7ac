"""The command ``edgevision``: entry point, and how errors reach the user.

Wrong input costs one line on stderr and exit code 2, a defect of the package one line and 70. An interrupt (exit code
130) or SIGTERM (143) says how to go on. ``--debug``, anywhere in the line, shows the traceback.
"""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import gymnasium

from edgevision.errors import DataSetWarning, EdgeVisionError, MissingExtraError
from edgevision.imports import require

_WRONG_INPUT, _DEFECT, _INTERRUPTED, _TERMINATED = 2, 70, 130, 143
_GO_ON = "stopped; the same command goes on with what is finished ('edgevision train' with --resume)"


class _Terminated(BaseException):
    """The process was asked to end by SIGTERM."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        signal.signal(signal.SIGTERM, _terminate)
        code = _run(given)
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except _Terminated:
        code = _TERMINATED
    except Exception as error:
        if "--debug" in given:
            raise
        code = _complain_of_defect(error)
    if code in (_INTERRUPTED, _TERMINATED):
        print(f"edgevision: {_GO_ON}", file=sys.stderr)
    sys.exit(code)


def _terminate(*_: object) -> None:
    raise _Terminated


def _complain_of_defect(error: Exception) -> int:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    print(
        f"edgevision: a defect of the package, please report it: {text}; add --debug for the traceback", file=sys.stderr
    )
    return _DEFECT


def _run(arguments: list[str]) -> int:
    try:
        for module in ("typer", "rich"):
            require(module, "cli")
    except MissingExtraError as error:
        return _complain(error)
    import typer

    from edgevision.cli.app import app

    words = [word for word in arguments if word != "--debug"]
    try:
        with _short_warnings():
            code = typer.main.get_command(app).main(words, "edgevision", standalone_mode=False)
    except typer.Abort:
        return _INTERRUPTED
    except Exception as error:
        if not _is_wrong_input(error) or "--debug" in arguments:
            raise
        return _complain(error)
    return code if isinstance(code, int) else 0


@contextmanager
def _short_warnings() -> Iterator[None]:
    """Print what the package warns of in one line, as errors are, without a place in the code."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", DataSetWarning)
        show = warnings.showwarning

        def show_shortly(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, DataSetWarning):
                _complain(message)
            else:
                show(message, category, *place, **more)

        warnings.showwarning = show_shortly
        yield


def _is_wrong_input(error: Exception) -> bool:
    """Whether the user can mend it: typer's usage errors, our own errors, and what the system says of files."""
    known = (EdgeVisionError, OSError, MemoryError, gymnasium.error.Error)
    return isinstance(error, known) or hasattr(error, "format_message")


def _complain(error: Any) -> int:
    if hasattr(error, "format_message"):
        message, context = error.format_message(), getattr(error, "ctx", None)
        if context is not None:
            message = f"{message.rstrip('.')}; see '{context.command_path} --help'"
    elif isinstance(error, OSError) and error.strerror:
        message = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    elif isinstance(error, MemoryError):
        message = f"not enough memory for these settings ({error})"
    else:
        message = str(error)
    print(f"edgevision: {' '.join(message.split())}", file=sys.stderr)
    return _WRONG_INPUT
