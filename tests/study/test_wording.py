"""How numbers are printed."""

from __future__ import annotations

import math

import pytest

from app.study.wording import (
    count,
    format_interval,
    format_p,
    format_p_cell,
    format_percent_ci,
    format_q,
    format_ratio,
    format_time,
    format_time_ci,
    format_years,
    listing,
    mid_sentence,
    number_in_words,
)
from data_loaders.wording import with_range


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


def test_a_dash_between_is_never_taken_for_a_sign():
    assert with_range("63", "52", "71") == "63 (52–71)"
    assert with_range("-1.02", "-1.46", "-0.5") == "−1.02 (−1.46 to −0.5)"
    assert with_range("0", "-1", "1") == "0 (−1 to 1)"


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
        ("Relapse, no transplant", "relapse, no transplant"),
        ("AML, no transplant", "AML, no transplant"),
    ],
)
def test_a_label_within_a_sentence_keeps_what_is_a_name(label: str, words: str):
    assert mid_sentence(label) == words


def test_measured_numbers_never_come_with_an_exponent():
    assert number_in_words(4.25) == "4.25"
    assert number_in_words(1520.0) == "1520"
    assert number_in_words(23_400.0) == "23,400"
    assert number_in_words(0.0) == "0"


def test_numbers_in_words():
    assert format_ratio(2.126, 1.6, 28.44) == "2.13 (1.60–28.4)"
    assert format_ratio(12.0, 9.994, 99.96) == "12.0 (9.99–100)"
    assert format_ratio(542.4, 195.0, 2104.3) == "542 (195–2,104)"
    assert format_ratio(math.nan, 1.0, 2.0) == "–"
    assert format_ratio(0.5, 0.0, math.inf) == "0.50 (0.00–∞)"
    assert format_q(0.00004) == "q < 0.0001"
    assert format_q(0.03) == "q = 0.030"
    assert format_q(math.nan) == "q not available"


def test_numbers_of_tables_say_no_more_than_their_headings_leave_open():
    assert format_p_cell(0.0162467) == "0.016"
    assert format_p_cell(0.0) == "< 0.0001"
    assert format_p_cell(math.nan) == "–"
    assert format_interval(2.126, 1.6, 28.44) == "2.13 (1.60–28.44)"
    assert format_interval(1520.0, 4.25, 0.5, ".3g") == "1.52e+03 (4.25–0.5)"


def test_one_year_is_one():
    assert [format_years(months) for months in (12, 30, 60.0)] == ["1 year", "2.5 years", "5 years"]
