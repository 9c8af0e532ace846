"""Oncoprints: the sort, what a cell says, who is drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cohort.groupings import by_variable
from app.views.genomics.oncoprint.analysis import (
    CYTOGENETIC,
    MOST_COLUMNS,
    NOT_ALTERED,
    NOT_TESTED,
    SEVERAL,
    UNSPECIFIED,
    WORDS,
    memo_order,
    oncoprint,
)
from data_loaders import Cohort
from data_loaders.demo import load_demo
from tests.builders import DIAGNOSIS, make_cohort

CODE = {word: position + 1 for position, word in enumerate(WORDS)}


def cohort_of_four() -> Cohort:
    cohort = make_cohort(
        {"diagnosis": ["A", "B", "A", "B"]},
        {"TP53": [0, 1, 1, 1], "CBL": [1, None, 0, 1], "del(5q)": [0, 0, 0, 1]},
        variables=(DIAGNOSIS,),
        kinds={"del(5q)": "cytogenetic"},
    )
    rows = [
        ("P2", "TP53", "p.R175H", "missense"),
        ("P3", "TP53", "p.R175H", "missense"),
        ("P3", "TP53", "p.R213*", "truncating"),
        ("P1", "TP53", "p.P72P", "silent"),
        ("P1", "CBL", "p.Y371H", "missense"),
    ]
    columns = ["patient_id", "gene", "protein_change", "variant_class"]
    return replace(cohort, mutations=pd.DataFrame(rows, columns=columns).assign(vaf=0.4))


def everyone(cohort: Cohort) -> np.ndarray:
    return np.ones(cohort.n, dtype=bool)


def test_rows_by_frequency_and_columns_row_by_row():
    made = oncoprint(cohort_of_four(), everyone(cohort_of_four()), ["gene", "cytogenetic"], 10)
    assert made.features == ("TP53", "CBL", "del(5q)")
    assert made.altered.tolist() == [3, 2, 1]
    assert made.tested.tolist() == [4, 3, 4]
    # Altered, then not altered, then not tested: P4 (both), P3 (TP53), P2 (CBL not tested), P1.
    assert made.patients.tolist() == [3, 2, 1, 0]
    assert made.any_altered == 4


def test_cells_say_the_variant_class_and_what_was_not_tested():
    made = oncoprint(cohort_of_four(), everyone(cohort_of_four()), ["gene", "cytogenetic"], 10)
    tp53, cbl, del5q = (row.tolist() for row in made.cells)
    assert tp53 == [CODE[UNSPECIFIED], CODE[SEVERAL], CODE["missense"], NOT_ALTERED]
    assert cbl == [CODE[UNSPECIFIED], NOT_ALTERED, NOT_TESTED, CODE["missense"]]
    assert del5q == [CODE[CYTOGENETIC], NOT_ALTERED, NOT_ALTERED, NOT_ALTERED]
    words = made.table()
    assert words.iloc[0, 1:].tolist() == [UNSPECIFIED, SEVERAL, "missense", "not altered"]
    assert words.iloc[1, 3] == "not tested"


def test_groups_stand_side_by_side_each_sorted_by_itself():
    cohort = cohort_of_four()
    made = oncoprint(
        cohort, everyone(cohort), ["gene"], 10,
        grouping=by_variable(cohort, "diagnosis"), tracks=["diagnosis"],
    )  # fmt: skip
    assert list(made.groups.items()) == [("A", 2), ("B", 2)]
    assert made.patients.tolist() == [2, 0, 3, 1]
    assert made.tracks[0].codes.tolist() == [0, 0, 1, 1]


@given(st.lists(st.tuples(*[st.sampled_from([-1, 0, 1])] * 3), min_size=1, max_size=30))
def test_the_memo_sort_is_pythons_sort_by_rows(rows: list[tuple[int, ...]]):
    states = np.array(rows, dtype=np.int8)
    order = memo_order(states, np.zeros(len(rows), dtype=np.int16))
    assert order.tolist() == sorted(range(len(rows)), key=lambda i: [-v for v in rows[i]])


def test_a_large_cohort_is_drawn_by_every_kth_of_the_sorted():
    cohort = load_demo("mpn", n=7_000)
    made = oncoprint(cohort, everyone(cohort), ["gene"], 10)
    assert made.every == 3
    assert made.cells.shape == (10, len(range(0, 7_000, 3)))
    assert made.cells.shape[1] <= MOST_COLUMNS
    drawn = (made.cells[0] > 0).mean()
    assert drawn == pytest.approx(made.altered[0] / 7_000, abs=1e-3)


def test_nobody_with_any_is_said_so():
    cohort = make_cohort({"diagnosis": ["A", "B"]}, {"TP53": [0, 0]})
    with pytest.raises(ValueError, match="None of these alterations"):
        oncoprint(cohort, everyone(cohort), ["gene"], 10)
