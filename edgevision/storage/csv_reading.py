"""Tables and lists as people and spreadsheets save them: CSV with commas, semicolons or tabs, in UTF-8 or UTF-16.

Another encoding is refused, not guessed: the same bytes are different names in Seoul and in Lagos.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path

from edgevision.errors import EdgeVisionError
from edgevision.storage.disk_files import read_bytes

MAX_BYTES = 2**26  # of a list: a million lines of 64 characters
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t"


def read_table(
    path: Path, columns: Collection[str], error: type[EdgeVisionError]
) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Read a CSV file with a header line. Empty rows are left out; cells that a row lacks are empty.

    Spaces around names and cells do not count.

    Args:
        path: of a regular file.
        columns: those that must be there.
        error: what to raise.

    Returns:
        Names of all columns, and for each row the number of its (last) line and its cells by column.

    Raises:
        EdgeVisionError: as ``error``: not such a file, or a row longer than the header; names the file and the line.
    """
    text = read_text(path, error)
    delimiter = max(_DELIMITERS, key=text.lstrip().split("\n", 1)[0].split("\r", 1)[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        lines = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as reason:
        raise error(f"{str(path)!r} is not a readable CSV file (line {reader.line_num}: {reason})") from None
    header = [name.strip() for name in lines[0][1]] if lines else []
    while header and not header[-1]:
        header.pop()
    if missing := sorted(set(columns) - set(header)):
        raise error(f"{path.name}: column missing: {', '.join(missing)}")
    names = [name for name in header if name]
    if len(set(names)) < len(names):
        raise error(f"{path.name}: two columns have the same name")
    for line, row in lines[1:]:
        if any(cell.strip() for cell in row[len(header) :]):
            raise error(
                f"{path.name}, line {line}: {len(row)} cells under {len(header)} columns; quote cells that hold "
                f"{delimiter!r}"
            )
    cells = ((line, [cell.strip() for cell in row] + [""] * len(header)) for line, row in lines[1:])
    return header, [(line, dict(zip(header, row, strict=False))) for line, row in cells]


def read_text(path: Path, error: type[EdgeVisionError]) -> str:
    """The text of a regular file of at most ``MAX_BYTES``, without a byte order mark.

    Raises:
        EdgeVisionError: as ``error``: it cannot be read, or is no text in UTF-8 or UTF-16.
    """
    refused = f"{str(path)!r} is not a readable text file"
    data = read_bytes(path, error, MAX_BYTES)
    wide = data.startswith(_UTF16)
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as reason:
        if wide:
            raise error(f"{refused} (damaged UTF-16 at byte {reason.start})") from None
        line = data.count(b"\n", 0, reason.start) + 1
        raise error(f"{refused} (line {line} is not UTF-8; spreadsheets write it as 'CSV UTF-8')") from None
    if "\0" in text:
        raise error(f"{refused} (line {text.count(chr(10), 0, text.index(chr(0))) + 1} holds a zero byte)")
    return text
