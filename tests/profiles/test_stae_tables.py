"""All 185 cells of the STAE paper's Tables I and II, against the rows as they are printed."""

from __future__ import annotations

import re

import pytest

from edgevision.profiles import stae_tables as tables
from edgevision.profiles.video_grid import FRAMES

TABLE_I = """
16 31.5 9.19 73.3(±0.24) 0 3.67 71.7(±0.20) 0 43.3 3.67 72.6(±0.18) 0 43.3 16.3 3.67 68.6(±0.14) 0 82.7
8 24.6 4.59 71.9(±0.21) 2.7 1.84 70.6(±0.22) 2.7 36.1 1.84 71.3(±0.17) 2.7 36.1 7.8 1.84 67.1(±0.19) 2.7 67.3
4 18.7 2.30 70.8(±0.20) 2.7 0.92 69.5(±0.21) 2.7 30.3 0.92 70.1(±0.22) 2.7 30.3 4.9 0.92 66.0(±0.21) 2.7 54.1
2 10.2 1.15 69.8(±0.19) 2.7 0.46 68.5(±0.21) 2.7 21.7 0.46 69.1(±0.20) 2.7 21.7 2.5 0.46 64.9(±0.16) 2.7 41.9
1 6.8 0.57 68.7(±0.21) 2.7 0.23 67.6(±0.20) 2.7 15.4 0.23 68.1(±0.19) 2.7 15.4 1.6 0.23 62.8(±0.19) 2.7 31.5
"""
TABLE_II = """
16 15.37(±0.14) 10.53 8.63 14.72(±0.19) 8.73 7.36 14.03(±0.12) 9.35 7.92 13.92(±0.19) 8.31 7.12
8 14.48(±0.16) 8.25 7.41 13.71(±0.14) 7.42 5.83 13.01(±0.15) 7.95 6.41 12.94(±0.12) 7.21 5.43
4 13.86(±0.12) 6.94 5.52 13.27(±0.15) 5.49 4.25 12.89(±0.17) 5.90 4.91 12.47(±0.14) 5.08 4.07
2 13.13(±0.20) 4.76 3.37 12.91(±0.11) 4.06 2.79 12.73(±0.16) 4.24 3.02 12.42(±0.19) 3.89 2.54
1 12.62(±0.19) 3.03 2.04 12.33(±0.16) 2.30 1.47 12.26(±0.18) 2.79 1.76 12.11(±0.12) 2.02 1.35
"""
COLUMNS_I = (
    tables.TIME_VIT,
    *(tables.SIZE_MB_100, tables.ACCURACY_FA_100, tables.SPREAD_FA_100, tables.TIME_FA),
    *(tables.SIZE_MB_40, tables.ACCURACY_FA_SA_40, tables.SPREAD_FA_SA_40, tables.TIME_FA, tables.TIME_SA_40),
    *(tables.SIZE_MB_40, tables.ACCURACY_STAE_40, tables.SPREAD_STAE_40, tables.TIME_FA, tables.TIME_SA_40),
    tables.TIME_FR_40,
    *(tables.SIZE_MB_40, tables.ACCURACY_DEEPISC_40, tables.SPREAD_DEEPISC_40, tables.TIME_FA, tables.TIME_DEEPISC_40),
)
COLUMNS_II = tuple(
    getattr(tables, f"{quantity}_{codec}_{pixels}")
    for pixels in (100, 40)
    for codec in ("STAE", "DEEPISC")
    for quantity in ("ENTROPY", "ENTROPY_SPREAD", "TIME_ENCODE", "TIME_DECODE")
)


@pytest.mark.parametrize(
    ("printed", "columns", "cells"),
    [(TABLE_I, COLUMNS_I, 105), (TABLE_II, COLUMNS_II, 80)],
    ids=["Table I", "Table II"],
)
def test_every_cell_is_as_printed(printed: str, columns: tuple[tuple[float, ...], ...], cells: int) -> None:
    rows = [[float(number) for number in re.findall(r"\d+\.?\d*", line)] for line in printed.strip().splitlines()]
    assert [row[0] for row in rows] == list(FRAMES)
    assert sum(len(row) - 1 for row in rows) == cells
    assert [row[1:] for row in rows] == [list(row) for row in zip(*columns, strict=True)]
