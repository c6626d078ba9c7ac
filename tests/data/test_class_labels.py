"""Labels to a classifier's class numbers: by number, by name, and what cannot be told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.data.class_labels import class_indices
from edgevision.errors import DataSetError

NAMES = (("n1", "tench", "Tinca tinca"), ("n2", "great white shark"), ("n3", "crane"), ("n4", "crane", "derrick"))


@given(number=st.integers(0, 99), zeros=st.integers(0, 3))
def test_digits_are_a_class_number(number: int, zeros: int) -> None:
    assert class_indices(["0" * zeros + str(number)], 100) == [number]


@given(number=st.integers(100, 10**30))
def test_numbers_beyond_the_classes_are_refused(number: int) -> None:
    with pytest.raises(DataSetError, match="numbers 0 to 99"):
        class_indices(["5", str(number)], 100, [(f"n{index}",) for index in range(100)])


def test_a_number_too_long_for_python_is_refused() -> None:
    with pytest.raises(DataSetError, match="numbers 0 to 999"):
        class_indices(["1" * 10_000], 1000)


@pytest.mark.parametrize(
    ("label", "index"),
    [
        ("tench", 0),
        ("Tinca_tinca", 0),
        ("N1", 0),
        ("GREAT-WHITE shark", 1),
        (" great  white_shark ", 1),
        ("derrick", 3),
    ],
)
def test_names_are_found_however_they_are_written(label: str, index: int) -> None:
    assert class_indices([label], 4, NAMES) == [index]


def test_accents_are_the_same_in_both_forms() -> None:
    assert class_indices(["cafe\u0301", "CAF\u00c9"], 1, [("caf\u00e9",)]) == [0, 0]


def test_labels_keep_their_order_and_may_repeat() -> None:
    assert class_indices(["n2", "3", "tench", "n2"], 4, NAMES) == [1, 3, 0, 1]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("tenhc", r"label 'tenhc' is no class .* the nearest are 'tench'"),
        ("qqqqqqqq", r"^label 'qqqqqqqq' is no class of this classifier, by name or number$"),
        ("crane", r"label 'crane' means several classes; .*: 2 \(n3, crane\) or 3 \(n4, crane, derrick\)$"),
        ("-1", "is no class"),
        ("1.0", "is no class"),
        ("\u0661", "is no class"),  # a digit, of another script
    ],
)
def test_labels_that_cannot_be_told_are_named(label: str, message: str) -> None:
    with pytest.raises(DataSetError, match=message) as caught:
        class_indices(["tench", label], 4, NAMES)
    assert "\n" not in str(caught.value)


def test_a_classifier_without_names_takes_numbers_only() -> None:
    assert class_indices(["2", "0"], 3) == [2, 0]
    with pytest.raises(
        DataSetError, match="'tench' is a name, and this classifier's classes have only numbers, 0 to 2"
    ):
        class_indices(["tench"], 3)
