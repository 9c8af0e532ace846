"""Filters: words, three-valued logic, attrition, JSON."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cohort.filters import Filter, FilterError
from tests.builders import AGE, DIAGNOSIS, make_cohort

COHORT = make_cohort(
    {
        "diagnosis": ["MF", "MF", "ET", "PV", None, "MF"],
        "age_years": [65.0, 59.0, 70.0, None, 80.0, 71.0],
    },
    {
        "ASXL1": [1, 1, 0, 1, 1, None],
        "JAK2": [0, 0, 1, None, 0, 0],
    },
    variables=(DIAGNOSIS, AGE),
)


def chosen(data: dict[str, Any]) -> list[int]:
    mask = Filter.from_dict(data).apply(COHORT).mask
    return [i + 1 for i, kept in enumerate(mask) if kept]


def test_the_example_of_the_design_selects_and_describes():
    f = Filter.from_dict(
        {
            "all": [
                {"column": "diagnosis", "in": ["MF"]},
                {"column": "age_years", "between": [60, None]},
                {"altered": "ASXL1"},
                {"not": {"altered": "JAK2"}},
            ]
        }
    )
    selection = f.apply(COHORT)
    assert list(selection.cohort.patients.index) == ["P1"]
    assert f.describe(COHORT) == (
        "Diagnosis is MF and Age 60 years or more and ASXL1 altered and JAK2 not altered"
    )
    assert f.describe() == (
        "diagnosis is MF and age_years 60 or more and ASXL1 altered and JAK2 not altered"
    )


def test_attrition_counts_excluded_and_unknown_apart():
    f = Filter.from_dict(
        {
            "all": [
                {"column": "diagnosis", "in": ["MF"]},
                {"column": "age_years", "between": [60, None]},
                {"altered": "ASXL1"},
            ]
        }
    )
    rows = f.apply(COHORT).attrition.to_dict("records")
    assert [(r["n"], r["excluded"], r["missing"]) for r in rows] == [
        (6, 0, 0),
        (3, 2, 1),  # ET and PV are out, the patient without a diagnosis is not known
        (2, 1, 0),
        (1, 0, 1),  # ASXL1 not tested in P6
    ]


def test_not_tested_is_neither_altered_nor_wild_type():
    assert chosen({"altered": "JAK2"}) == [3]
    assert chosen({"not": {"altered": "JAK2"}}) == [1, 2, 5, 6]
    everyone = chosen({"any": [{"altered": "JAK2"}, {"not": {"altered": "JAK2"}}]})
    assert 4 not in everyone


def test_any_is_true_where_one_side_is_known_to_hold():
    assert chosen({"any": [{"altered": "ASXL1"}, {"altered": "JAK2"}]}) == [1, 2, 3, 4, 5]


def test_all_and_any_without_conditions():
    assert chosen({"all": []}) == [1, 2, 3, 4, 5, 6]
    assert chosen({"any": []}) == []
    assert Filter.from_dict({}).is_empty
    assert Filter.from_dict({}).describe() == "all patients"


def test_numbers_compare_as_numbers_and_words_as_words():
    assert chosen({"column": "age_years", "in": [65, 80]}) == [1, 5]
    assert chosen({"column": "diagnosis", "in": ["ET", "PV"]}) == [3, 4]
    assert chosen({"column": "age_years", "between": [60, 70]}) == [1, 3]


def test_a_filter_that_selects_nobody_is_an_answer():
    selection = Filter.from_dict({"column": "age_years", "between": [200, None]}).apply(COHORT)
    assert selection.n == 0
    assert selection.cohort.n == 0


CLAUSES = st.recursive(
    st.one_of(
        st.sampled_from(["ASXL1", "JAK2"]).map(lambda name: {"altered": name}),
        st.lists(st.sampled_from(["MF", "ET", "PV"]), min_size=1, max_size=3).map(
            lambda values: {"column": "diagnosis", "in": values}
        ),
        st.tuples(st.integers(0, 70), st.integers(70, 99)).map(
            lambda ends: {"column": "age_years", "between": [float(e) for e in ends]}
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: {"all": items}),
        st.lists(inner, max_size=3).map(lambda items: {"any": items}),
        inner.map(lambda item: {"not": item}),
    ),
    max_leaves=8,
)


@given(CLAUSES)
def test_json_reads_back_equal(data: dict[str, Any]):
    f = Filter.from_dict(data)
    again = Filter.from_json(f.to_json())
    assert again == f
    assert again.to_json() == f.to_json()


def kleene(data: dict[str, Any], row: int) -> bool | None:
    """The filter of one patient by Python's own logic, None for unknown."""
    if "altered" in data:
        value = COHORT.alterations[data["altered"]].iloc[row]
        return None if pd.isna(value) else bool(value)
    if "column" in data:
        value = COHORT.patients[data["column"]].iloc[row]
        if value is None or value != value:  # noqa: PLR0124  (NaN)
            return None
        if "in" in data:
            return value in data["in"]
        low, high = data["between"]
        return bool(low <= value <= high)
    if "not" in data:
        inner = kleene(data["not"], row)
        return None if inner is None else not inner
    word, items = next(iter(data.items()))
    truths = [kleene(item, row) for item in items]
    decisive = word == "any"
    if decisive in truths:
        return decisive
    return None if None in truths else not decisive


@given(CLAUSES)
def test_selection_is_three_valued_logic_patient_by_patient(data: dict[str, Any]):
    mask = Filter.from_dict(data).apply(COHORT).mask
    assert mask.tolist() == [kleene(data, row) is True for row in range(COHORT.n)]


@given(CLAUSES)
def test_attrition_accounts_for_everyone(data: dict[str, Any]):
    table = Filter.from_dict(data).apply(COHORT).attrition
    n = table["n"].to_numpy()
    lost = table["excluded"].to_numpy() + table["missing"].to_numpy()
    assert (n[:-1] == n[1:] + lost[1:]).all()
    assert n[0] == COHORT.n


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"all": "x"}, "list"),
        ({"all": [3]}, "object"),
        ({"column": "age_years"}, "between"),
        ({"column": "age_years", "between": [1]}, "two ends"),
        ({"column": "age_years", "between": [9, 1]}, "backwards"),
        ({"column": "age_years", "between": ["a", 1]}, "numbers"),
        ({"column": "diagnosis", "in": []}, "list of values"),
        ({"column": "diagnosis", "in": [{}]}, "words or numbers"),
        ({"column": 3, "in": ["MF"]}, "name of a column"),
        ({"altered": 3}, "name of a gene"),
        ({"sideways": []}, "does not know"),
    ],
)
def test_what_is_not_a_filter_is_refused_in_a_sentence(data: dict[str, Any], word: str):
    with pytest.raises(FilterError, match=word):
        Filter.from_dict(data)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"x"', "[" * 100_000])
def test_what_is_not_json_is_refused(text: str):
    with pytest.raises(FilterError):
        Filter.from_json(text)


def test_depth_is_bounded():
    data: dict[str, Any] = {"altered": "JAK2"}
    for _ in range(40):
        data = {"not": data}
    with pytest.raises(FilterError, match="nested"):
        Filter.from_json(json.dumps(data))


@pytest.mark.parametrize(
    "data",
    [
        {"altered": "NOPE"},
        {"column": "nope", "in": ["x"]},
        {"column": "diagnosis", "between": [1, 2]},
    ],
)
def test_a_filter_of_another_cohort_says_what_is_missing(data: dict[str, Any]):
    with pytest.raises(FilterError):
        Filter.from_dict(data).apply(COHORT)
