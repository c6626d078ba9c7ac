"""Tables as spreadsheets save them, and files that are no tables."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.errors import DataSetError
from edgevision.storage import csv_reading
from edgevision.storage.csv_reading import read_table, read_text

TEXT = 'file,class\na.png,tench\n"b, c.png","great ""white"" shark"\nü.png,가오리\n'
ROWS = [
    {"file": "a.png", "class": "tench"},
    {"file": "b, c.png", "class": 'great "white" shark'},
    {"file": "ü.png", "class": "가오리"},
]


def rows_of(data: bytes, folder: Path) -> list[dict[str, str]]:
    path = folder / "labels.csv"
    path.write_bytes(data)
    return [row for _, row in read_table(path, {"file"}, DataSetError)[1]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_the_same_however_it_was_saved(tmp_path: Path, encoding: str, ending: str, delimiter: str) -> None:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ["file", "class"], delimiter=delimiter, lineterminator=ending)
    writer.writeheader()
    writer.writerows(ROWS)
    assert rows_of(stream.getvalue().encode(encoding), tmp_path) == ROWS


def test_empty_rows_and_columns_that_spreadsheets_add_are_left_out(tmp_path: Path) -> None:
    assert rows_of(b"\n,,\nfile, class,,\na.png,x,,\n,,,\n\nb.png,y,,\n", tmp_path) == [
        {"file": "a.png", "class": "x"},
        {"file": "b.png", "class": "y"},
    ]


def test_cells_that_a_row_lacks_are_empty_and_lines_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text('file,class\n"a\nb",x\nc\n')
    columns, rows = read_table(path, {"file", "class"}, DataSetError)
    assert columns == ["file", "class"]
    assert rows == [(3, {"file": "a\nb", "class": "x"}), (4, {"file": "c", "class": ""})]


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)


@given(table=st.lists(st.tuples(cells, cells), max_size=5), delimiter=st.sampled_from(",;\t"))
def test_what_python_writes_is_read_back(
    table: list[tuple[str, str]], delimiter: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([("file", "class"), *table])
    found = rows_of(stream.getvalue().encode(), tmp_path_factory.mktemp("table"))
    expected = [(one.strip(), two.strip()) for one, two in table]
    assert found == [{"file": one, "class": two} for one, two in expected if one or two]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"file,class\na.png,x\ncaf\xe9.png,y\n", r"line 3 is not UTF-8; spreadsheets write it as 'CSV UTF-8'"),
        ("file,class\n가.png,y\n".encode("cp949"), "line 2 is not UTF-8"),
        (b"file,class\na\0.png,x\n", "line 2 holds a zero byte"),
        (b'file,class\n"a.png,x\n', "not a readable CSV file"),
        (b'file,class\n"a"b.png,x\n', "not a readable CSV file"),
        (b"file,class\n" + b"a" * 200_000 + b",x\n", "not a readable CSV file .line 2: field larger"),
        (b"file,class\na, b.png,x\n", "line 2: 3 cells under 2 columns; quote cells that hold ','"),
        (b"file,file\na,b\n", "two columns have the same name"),
        (b"\xff\xfe" + "file,class\na,b".encode("utf-16-le")[:-1], "damaged UTF-16 at byte"),
        (b"name\na\n", "column missing: file"),
        (b"", "column missing: file"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataSetError, match=message) as caught:
        rows_of(data, tmp_path)
    assert "labels.csv" in str(caught.value) and "\n" not in str(caught.value)


def test_blank_cells_and_columns_without_a_name_do_not_count(tmp_path: Path) -> None:
    assert rows_of(b"file,class,\na.png,0, \n", tmp_path) == [{"file": "a.png", "class": "0"}]
    (row,) = rows_of(b"file,,,class\na.png,,,0\n", tmp_path)
    assert (row["file"], row["class"]) == ("a.png", "0")


def test_what_is_no_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(DataSetError, match="cannot be read: it is not a file"):
            read_text(path, DataSetError)
    with pytest.raises(DataSetError, match="there is no such file"):
        read_text(tmp_path / "nowhere", DataSetError)
    (tmp_path / "large").write_text("abcd")
    monkeypatch.setattr(csv_reading, "MAX_BYTES", 3)
    with pytest.raises(DataSetError, match="larger than 3 bytes"):
        read_text(tmp_path / "large", DataSetError)
