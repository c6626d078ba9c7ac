"""Huffman tables and the scan writer, against libjpeg and against definitions."""

from __future__ import annotations

import heapq
import io
import itertools
import json
import subprocess
import sys
from pathlib import Path

import jpeglib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from edgevision.codecs.jpeg import file as jpegfile
from edgevision.codecs.jpeg import huffman
from edgevision.codecs.jpeg.markers import read_header
from edgevision.codecs.jpeg.scan import events, scan_order, write_scan
from edgevision.codecs.jpeg.transform import region_grid

TRAINER = Path(__file__).parents[3] / "benchmarks" / "train_huffman.py"
BLOCKS = {"grey": 4, "4:2:0": 6, "4:4:4": 12}
table_counts = st.lists(st.integers(1, 5000) | st.integers(1, 3), min_size=1, max_size=60)


def indices_of(height: int, width: int, blocks: int, density: float, seed: int) -> NDArray[np.int16]:
    """Quantised coefficients by region: sizes and runs of every length, ends of blocks early and at the last place."""
    rng = np.random.default_rng(seed)
    shape = (*region_grid(height, width), blocks, 64)
    sizes = rng.integers(0, 11, shape)
    values = rng.integers(-(1 << sizes), 1 << sizes).clip(-1023, 1023)
    return np.where(rng.random(shape) < density, values, 0).astype(np.int16)


def libjpeg_file(data: bytes, folder: Path) -> bytes:
    """The same coefficients as libjpeg writes them, with optimised Huffman tables."""
    ours, theirs = folder / "ours.jpg", folder / "theirs.jpg"
    ours.write_bytes(data)
    jpeg = jpeglib.read_dct(str(ours))
    jpeg.load()
    jpeg.write_dct(str(theirs), flags=["+OPTIMIZE_CODING"])
    return theirs.read_bytes()


def scan_bytes(data: bytes) -> bytes:
    """Entropy-coded data without its stuffed bytes, of which equally good tables cause more or fewer."""
    return data[read_header(data).segments[-1][2] : -2].replace(b"\xff\x00", b"\xff")


def dht_bytes(data: bytes) -> int:
    return sum(end - start for marker, start, end in read_header(data).segments if marker == 0xC4)


def huffman_cost(counts: list[int]) -> int:
    """Total bits of an unlimited Huffman code with one leaf of weight 0."""
    heap, cost = [0, *counts], 0
    heapq.heapify(heap)
    while len(heap) > 1:
        pair = heapq.heappop(heap) + heapq.heappop(heap)
        cost += pair
        heapq.heappush(heap, pair)
    return cost


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    kind=st.sampled_from(tuple(BLOCKS)),
    density=st.sampled_from((0.0, 0.01, 0.05, 0.3, 1.0)),
    seed=st.integers(0, 99),
)
def test_libjpeg_reads_what_was_written_and_writes_nothing_smaller(
    tmp_path_factory: pytest.TempPathFactory, height: int, width: int, kind: str, density: float, seed: int
) -> None:
    indices = indices_of(height, width, BLOCKS[kind], density, seed)
    found = events(scan_order(indices, height, width))
    tables = huffman.optimal_set(found.counts())
    scan = write_scan(found, tables)
    abbreviated = jpegfile.write_file(height, width, BLOCKS[kind], [tables.segment], scan)
    restored = jpegfile.read_file(abbreviated, read_header(abbreviated), None)
    stored = scan_order(indices, height, width)
    np.testing.assert_array_equal(scan_order(restored, height, width), stored)
    unit_tables = jpegfile.quantisation_segment([np.ones((8, 8), np.int64)] * (1 if kind == "grey" else 2))
    parts = [jpegfile.JFIF, unit_tables, tables.segment]
    ours = jpegfile.write_file(height, width, BLOCKS[kind], parts, scan)
    theirs = libjpeg_file(ours, tmp_path_factory.mktemp("libjpeg"))
    assert len(scan_bytes(ours)) <= len(scan_bytes(theirs))
    assert dht_bytes(ours) == dht_bytes(theirs)
    with Image.open(io.BytesIO(ours)) as opened:
        opened.load()
        assert opened.size == (width, height)


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(tuple(BLOCKS)),
    number=st.integers(1, len(huffman.shared_sets())),
    density=st.sampled_from((0.02, 0.3)),
    seed=st.integers(0, 99),
)
def test_any_picture_can_be_written_with_any_shared_set(kind: str, number: int, density: float, seed: int) -> None:
    indices = indices_of(40, 56, BLOCKS[kind], density, seed)
    found = events(scan_order(indices, 40, 56))
    shared = huffman.shared_sets()[number - 1]
    data = jpegfile.write_file(40, 56, BLOCKS[kind], [], write_scan(found, shared))
    restored = jpegfile.read_file(data, read_header(data), shared)
    np.testing.assert_array_equal(scan_order(restored, 40, 56), scan_order(indices, 40, 56))
    extra_bits = sum(int(strip.categories.sum()) for strip in found.strips())
    coded_bits = int(shared.lengths @ found.counts()) + extra_bits
    assert len(scan_bytes(data)) == -(-coded_bits // 8)


def test_shared_sets_have_a_code_for_every_symbol() -> None:
    for shared in huffman.shared_sets():
        by_table = shared.lengths.reshape(4, 256)
        for table in by_table[::2]:
            assert np.flatnonzero(table).tolist() == sorted(huffman.DC_SYMBOLS)
        for table in by_table[1::2]:
            assert np.flatnonzero(table).tolist() == sorted(huffman.AC_SYMBOLS)
        assert by_table.max() <= 16


def test_every_symbol_survives_with_every_shared_set() -> None:
    # One block per run and category, DC going up and down; a column of blocks, two of them per region.
    values = [0, *(sign * (1 << size) // 2 for size in range(1, 11) for sign in (1, -1)), 1023, -1023]
    cases = [(run, value) for run in range(63) for value in values]
    blocks = [[dc, *[0] * run, value, *[0] * (62 - run)] for run, value in cases for dc in (1023, -1023)]
    indices = np.zeros((len(cases), 1, 4, 64), np.int16)
    indices[:, 0, 0], indices[:, 0, 2] = blocks[::2], blocks[1::2]
    height = 8 * len(blocks)
    found = events(scan_order(indices, height, 8))
    seen = set(np.flatnonzero(found.counts()).tolist())
    assert seen >= {256 + symbol for symbol in huffman.AC_SYMBOLS} | {11}
    for shared in huffman.shared_sets():
        data = jpegfile.write_file(height, 8, 4, [], write_scan(found, shared))
        restored = jpegfile.read_file(data, read_header(data), shared)
        np.testing.assert_array_equal(restored, indices)


@given(counts=st.lists(table_counts, min_size=1, max_size=4))
def test_codes_are_optimal_prefix_codes_without_the_all_ones_code(counts: list[list[int]]) -> None:
    rows = np.zeros((len(counts), 64), np.int64)
    for row, table in zip(rows, counts, strict=True):
        row[: len(table)] = table
    for row, lengths in zip(rows, huffman.optimal_lengths(rows), strict=True):
        np.testing.assert_array_equal(lengths > 0, row > 0)
        assert (0.5 ** lengths[lengths > 0]).sum() < 1
        assert lengths @ row == huffman_cost(row[row > 0].tolist()) or lengths.max() == 16


def test_code_lengths_stop_at_sixteen_bits() -> None:
    fibonacci = [1, 1]
    while len(fibonacci) < 40:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    lengths = huffman.optimal_lengths(np.array([fibonacci]))[0]
    assert lengths.max() == 16
    assert 1 - 0.5**16 <= (0.5**lengths).sum() < 1


@given(
    lengths=arrays(np.int64, 1024, elements=st.just(0) | st.integers(0, 900), fill=st.just(0)),
)
def test_no_code_is_the_beginning_of_another(lengths: NDArray[np.int64]) -> None:
    tables = huffman.optimal_set(lengths)
    for table in range(4):
        part = np.s_[256 * table : 256 * (table + 1)]
        codes = [
            f"{code:0{length}b}"
            for code, length in zip(tables.codes[part], tables.lengths[part], strict=True)
            if length
        ]
        assert all("0" in code for code in codes)
        ordered = sorted(codes)
        assert not any(b.startswith(a) for a, b in itertools.pairwise(ordered))


def test_the_cheaper_of_own_and_shared_tables_is_chosen() -> None:
    shared = huffman.shared_sets()
    for density, seed in ((0.01, 0), (0.02, 1), (0.1, 2), (0.5, 3)):
        for side in (16, 64, 400):
            counts = events(scan_order(indices_of(side, side, 6, density, seed), side, side)).counts()
            number, chosen = huffman.choose(counts, shared)
            own = huffman.optimal_set(counts)
            costs = [own.lengths @ counts + 8 * len(own.segment), *(tables.lengths @ counts for tables in shared)]
            assert costs[number] == min(costs)
            if number:
                assert chosen is shared[number - 1]


def test_trained_tables_beat_own_ones_on_small_pictures_and_lose_on_large_noise() -> None:
    shared = huffman.shared_sets()
    small = events(scan_order(indices_of(16, 16, 6, 0.05, 0), 16, 16)).counts()
    large = events(scan_order(indices_of(400, 400, 6, 1.0, 0), 400, 400)).counts()
    assert huffman.choose(small, shared)[0] > 0
    assert huffman.choose(large, shared)[0] == 0


def test_training_gives_sets_of_complete_tables_from_fine_to_coarse(labelled_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "sets.json"
    options = ["--images", str(labelled_folder), "--pictures", "ten of foolbox's", "--out", str(out), "--sets", "2"]
    subprocess.run([sys.executable, TRAINER, *options], capture_output=True, check=True)
    record = json.loads(out.read_text(encoding="utf-8"))
    assert record["pictures"] == "ten of foolbox's"
    assert record["trained_on"]["pictures"] == 10
    assert len(record["sets"]) == 2
    for tables in record["sets"]:
        for table, symbols in zip(tables, (huffman.DC_SYMBOLS, huffman.AC_SYMBOLS) * 2, strict=True):
            assert sum(table["bits"]) == len(table["huffval"])
            assert sorted(table["huffval"]) == sorted(symbols)
    # Coarser quantisation ends blocks sooner, so that the end of a block has a shorter code.
    ends = [np.repeat(range(1, 17), tables[1]["bits"])[tables[1]["huffval"].index(0)] for tables in record["sets"]]
    assert ends[0] >= ends[1]
