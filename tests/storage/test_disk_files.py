"""Files with long names, in letters that take several bytes each."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgevision.storage.disk_files import new_file, remove_unfinished, write_atomically


@pytest.mark.parametrize("name", ["a" * 255, "가" * 85, "한글" + "😀" * 62, "a" + "가" * 84])
def test_any_name_that_the_file_system_takes_can_be_written(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    write_atomically(path, b"whole")
    assert path.read_bytes() == b"whole"
    with pytest.raises(FileNotFoundError), new_file(path):
        assert len(list(tmp_path.iterdir())) == 2
        remove_unfinished(path)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"whole"
