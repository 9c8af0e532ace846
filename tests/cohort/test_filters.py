"""Filters: words, three-valued logic, attrition, JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cohort.filters import Filter, FilterError
from data_loaders import Cohort
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
@settings(deadline=None)
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
@settings(deadline=None)
def test_selection_is_three_valued_logic_patient_by_patient(data: dict[str, Any]):
    mask = Filter.from_dict(data).apply(COHORT).mask
    assert mask.tolist() == [kleene(data, row) is True for row in range(COHORT.n)]


@given(CLAUSES)
@settings(deadline=None)
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


# --- conditions on what was sequenced, and lists of patients -------------------------------------


def sequenced() -> Cohort:
    """P1 to P6; TP53 altered in P1 to P4, not in P5, not tested in P6."""
    cohort = make_cohort(
        {"age_years": [60.0, 61.0, None, 63.0, 64.0, 65.0]},
        {"TP53": [1, 1, 1, 1, 0, None], "TET2": [1, 0, 0, 1, 0, 1], "JAK2": [0, 0, 1, 1, 0, None]},
        variables=(AGE,),
    )
    mutations = pd.DataFrame(
        [
            ("P1", "TP53", "p.R175H", "missense", 0.40),
            ("P1", "TP53", "p.R213*", "truncating", 0.05),
            ("P2", "TP53", None, None, 0.30),
            ("P3", "TP53", "p.R248Q", "missense", None),
            ("P4", "TET2", "p.Q100*", "truncating", 0.20),
        ],
        columns=["patient_id", "gene", "protein_change", "variant_class", "vaf"],
    )
    return replace(cohort, mutations=mutations)


def truth(data: dict[str, Any]) -> list[int]:
    return list(Filter.from_dict({"all": [data]}).steps[0].evaluate(sequenced()))


def test_variants_by_class_and_allele_fraction_are_three_valued():
    # P2's class and P3's fraction are not known, P4's variant is not listed, P6 was not tested.
    assert truth({"variant": "TP53"}) == [1, 1, 1, -1, 0, -1]
    assert truth({"variant": "TP53", "class": ["missense"]}) == [1, -1, 1, -1, 0, -1]
    assert truth({"variant": "TP53", "class": ["truncating"]}) == [1, -1, 0, -1, 0, -1]
    assert truth({"variant": "TP53", "vaf": [0.1, None]}) == [1, 1, -1, -1, 0, -1]
    # One variant has to fit in both: the truncating one is below 10%.
    both = {"variant": "TP53", "class": ["truncating"], "vaf": [0.1, None]}
    assert truth(both) == [0, -1, 0, -1, 0, -1]
    words = Filter.from_dict(both).describe()
    assert words == "TP53 truncating variant with VAF 10% or more"


def test_a_gene_counts_once_and_untested_genes_leave_it_open():
    # TP53 and JAK2 were not tested in P6: 95% of six are more than five, so only TET2 counts.
    assert truth({"mutated_genes": [1, None]}) == [1, 0, 0, 1, 0, 1]
    cohort = make_cohort(
        {"x": [1] * 40},
        {"A": [1, None] + [0] * 38, "B": [1, 1] + [0] * 38, "C": [0, 1] + [0] * 38},
    )
    at_least = {n: Filter.from_dict({"mutated_genes": [n, None]}).root for n in (2, 3)}
    assert list(at_least[2].evaluate(cohort)[:3]) == [1, 1, 0]
    assert list(at_least[3].evaluate(cohort)[:3]) == [0, -1, 0]
    assert at_least[3].describe() == "3 or more mutated genes"
    assert Filter.from_dict({"mutated_genes": [2, 2]}).describe() == "2 mutated genes"


def test_tested_known_and_listed_are_never_unknown():
    assert truth({"tested": "TP53"}) == [1, 1, 1, 1, 1, 0]
    assert truth({"known": "age_years"}) == [1, 1, 0, 1, 1, 1]
    assert truth({"not": {"known": "age_years"}}) == [0, 0, 1, 0, 0, 0]
    assert truth({"patients": ["P2", "nobody", "P6", "P2"]}) == [0, 1, 0, 0, 0, 1]
    words = Filter.from_dict({"patients": ["P2", "nobody"]}).describe(sequenced())
    assert words == "on a list of 2 patients", "identifiers are never said"


@pytest.mark.parametrize(
    "data",
    [
        {"variant": "NOGENE"},
        {"tested": "NOGENE"},
        {"known": "nothing"},
        {"variant": "TP53", "vaf": [0.5, 0.1]},
        {"variant": "TP53", "class": "missense"},
        {"variant": 3},
        {"variant": "TP53", "depth": [1, 2]},
        {"mutated_genes": 3},
        {"patients": "P1"},
        {"patients": [1, 2]},
    ],
)
def test_conditions_that_make_no_sense_get_a_sentence(data: dict[str, Any]):
    with pytest.raises(FilterError, match=r"\.$"):
        Filter.from_dict(data).apply(sequenced())


NEW = st.one_of(
    st.sampled_from([{"tested": "TP53"}, {"known": "age_years"}, {"mutated_genes": [1, None]}]),
    st.fixed_dictionaries(
        {"variant": st.sampled_from(["TP53", "TET2"])},
        optional={
            "class": st.lists(st.sampled_from(["missense", "truncating"]), min_size=1, unique=True),
            "vaf": st.sampled_from([[0.1, None], [None, 0.3], [0.2, 0.6]]),
        },
    ),
    st.lists(st.sampled_from(["P1", "P3", "P9"]), unique=True).map(lambda ids: {"patients": ids}),
)
NESTED = st.recursive(
    NEW,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: {"all": items}),
        st.lists(inner, max_size=3).map(lambda items: {"any": items}),
        inner.map(lambda item: {"not": item}),
    ),
    max_leaves=8,
)


@given(NESTED)
@settings(deadline=None)
def test_new_conditions_round_trip_and_a_patient_is_in_out_or_unknown(data: dict[str, Any]):
    held = Filter.from_dict(data)
    assert Filter.from_json(held.to_json()) == held
    cohort = sequenced()
    yes, no = held.root.evaluate(cohort), Filter.from_dict({"not": data}).root.evaluate(cohort)
    assert set(yes) <= {-1, 0, 1}
    assert list(no) == [t if t < 0 else 1 - t for t in yes]
    assert "P1" not in held.describe(cohort)


def by_hand(data: dict[str, Any], patient: int) -> int | None:
    """Kleene's logic written a second time, one patient at a time."""
    word = next(iter(data))
    if word == "not":
        inner = by_hand(data["not"], patient)
        return None if inner is None else 1 - inner
    if word in {"all", "any"}:
        found = [by_hand(item, patient) for item in data[word]]
        decides = 0 if word == "all" else 1
        if decides in found:
            return decides
        return None if None in found else 1 - decides
    value = truth(data)[patient]
    return None if value < 0 else int(value)


@given(NESTED)
@settings(deadline=None, max_examples=30)
def test_nested_logic_equals_logic_by_hand(data: dict[str, Any]):
    got = Filter.from_dict(data).root.evaluate(sequenced())
    for patient, value in enumerate(got):
        expected = by_hand(data, patient)
        assert value == (-1 if expected is None else expected)
