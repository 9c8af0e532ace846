"""How numbers are printed."""

from __future__ import annotations

import math

import pytest

from app.analysis.wording import (
    count,
    format_p,
    format_percent_ci,
    format_time,
    format_time_ci,
    listing,
    mid_sentence,
    number_in_words,
)


@pytest.mark.parametrize(
    ("p_value", "words"),
    [
        (0.0, "p < 0.0001"),
        (1e-33, "p < 0.0001"),
        (0.00012, "p = 0.0001"),
        (0.0162467, "p = 0.016"),
        (0.0499, "p = 0.050"),
        (0.237, "p = 0.24"),
        (1.0, "p = 1.00"),
        (math.nan, "p not available"),
    ],
)
def test_p_values_are_never_printed_as_zero(p_value: float, words: str):
    assert format_p(p_value) == words


def test_shares_and_intervals():
    assert format_percent_ci(0.664, 0.599, 0.721) == "66% (60–72)"
    assert format_percent_ci(1.0, math.nan, math.nan) == "100%"
    assert format_percent_ci(math.nan, math.nan, math.nan) == "–"


def test_times_and_what_is_not_reached():
    assert format_time(121.0, "years") == "10.1"
    assert format_time(121.0, "months") == "121"
    assert format_time_ci(121.0, 80.4, 138.2, "years") == "10.1 (6.7–11.5)"
    assert format_time_ci(math.nan, 80.4, math.nan, "years") == "not reached (6.7–NR)"
    assert format_time_ci(math.nan, math.nan, math.nan, "years") == "not reached"
    assert format_time_ci(math.inf, 80.4, math.inf, "years") == "not reached (6.7–NR)"


def test_counts_and_lists_read_as_prose():
    assert count(1, "patient") == "1 patient"
    assert count(1875, "patient") == "1,875 patients"
    assert listing(["A"]) == "A"
    assert listing(["A", "B", "C"]) == "A, B and C"


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Driver mutation", "driver mutation"),
        ("JAK2", "JAK2"),
        ("AML transformation", "AML transformation"),
        ("IPI", "IPI"),
        ("Ann Arbor stage", "Ann Arbor stage"),
        ("Binet stage", "Binet stage"),
    ],
)
def test_a_label_within_a_sentence_keeps_what_is_a_name(label: str, words: str):
    assert mid_sentence(label) == words


def test_measured_numbers_never_come_with_an_exponent():
    assert number_in_words(4.25) == "4.25"
    assert number_in_words(1520.0) == "1520"
    assert number_in_words(23_400.0) == "23,400"
    assert number_in_words(0.0) == "0"
