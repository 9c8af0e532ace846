"""Groupings by several alterations: who is in which group, and who cannot be placed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cohort.colours import SLATE, VERMILION
from app.cohort.groupings import Grouping, GroupingError, GroupingSpec, allele_genes
from app.cohort.groupings._kinds import by_alleles, by_burden, by_hierarchy, by_two_genes
from app.cohort.groupings._spec import NOT_TESTED
from data_loaders import Cohort
from tests.builders import make_cohort

STATES = (1, 0, None)
# Every pair of states, and every triple, once.
PAIRS = [(a, b) for a in STATES for b in STATES]
TRIPLES = [(a, b, c) for a in STATES for b in STATES for c in STATES]


def genes(columns: dict[str, list[object]], parts: dict[str, str] | None = None) -> Cohort:
    """A cohort of alterations; ``parts`` says of which gene a refinement is."""
    n = len(next(iter(columns.values())))
    kinds = dict.fromkeys(parts or {}, "refinement")
    cohort = make_cohort({"x": [0.0] * n}, columns, kinds=kinds)
    features = cohort.features.copy()
    for name, gene in (parts or {}).items():
        features.loc[name, "gene"] = gene
    return replace(cohort, features=features)


def placed(grouping: Grouping) -> list[str]:
    """Name of each patient's group, a question mark for those not tested."""
    assert set(grouping.codes[grouping.codes < 0]) <= {NOT_TESTED}
    return [grouping.names[code] if code >= 0 else "?" for code in grouping.codes]


def test_two_genes_give_four_groups_of_those_tested_for_both():
    cohort = genes({"TP53": [a for a, _ in PAIRS], "ASXL1": [b for _, b in PAIRS]})
    grouping = by_two_genes(cohort, "TP53", "ASXL1")
    assert grouping.names == ("TP53 only", "ASXL1 only", "Both", "Neither")
    assert placed(grouping) == [
        "Both", "TP53 only", "?",
        "ASXL1 only", "Neither", "?",
        "?", "?", "?",
    ]  # fmt: skip
    assert grouping.left_out() == {"not tested": 5}
    assert len(set(grouping.colours)) == 4


def test_the_first_altered_of_a_hierarchy_wins_if_none_before_it_is_unknown():
    cohort = genes({name: [t[i] for t in TRIPLES] for i, name in enumerate(("A", "B", "C"))})
    grouping = by_hierarchy(cohort, ("A", "B", "C"))
    assert grouping.names == ("A", "B", "C", "None of these")
    for triple, group in zip(TRIPLES, placed(grouping), strict=True):
        expected = "None of these"
        for name, state in zip("ABC", triple, strict=True):
            if state != 0:
                expected = name if state == 1 else "?"
                break
        assert group == expected, triple


def test_drivers_keep_their_colours_in_a_hierarchy():
    cohort = genes({"JAK2": [1, 0], "CALR": [0, 1]})
    assert by_hierarchy(cohort, ("JAK2", "CALR")).colours[1:] == (VERMILION, SLATE)


@pytest.mark.parametrize(
    "text",
    ["genes:A|A", "genes:A|Z", "hierarchy:A>A", "hierarchy:Z", "alleles:A", "alleles:Z"],
)
def test_what_the_cohort_does_not_have_is_said(text: str):
    with pytest.raises(GroupingError, match=r"^[A-Z].*\.?$"):
        GroupingSpec.parse(text).build(genes({"A": [1], "B": [0]}))


def test_an_empty_or_an_endless_hierarchy_is_refused():
    many = {f"G{i}": [1] for i in range(10)}
    for names in ((), tuple(many)):
        with pytest.raises(GroupingError, match="one to 9"):
            by_hierarchy(genes(many), names)


def test_mutated_genes_are_counted_once_each_and_cytogenetic_events_not():
    cohort = make_cohort(
        {"x": [0.0] * 4},
        {
            "CALR": [0, 1, 1, 1],
            "CALR_type_1": [0, 1, 1, 0],
            "TP53": [0, 0, 1, 1],
            "del(5q)": [1, 1, 1, 1],
        },
        kinds={"CALR_type_1": "refinement", "del(5q)": "cytogenetic"},
    )
    features = cohort.features.assign(gene=["CALR", "CALR", "TP53", None])
    grouping = by_burden(replace(cohort, features=features))
    assert placed(grouping) == ["None", "1 gene", "2 genes or more", "2 genes or more"]
    assert grouping.ordered
    assert "Counted over 2 genes" in grouping.note


def test_a_gene_known_by_its_parts_alone_counts_where_one_is_present():
    parts = {"FLT3-ITD": "FLT3", "FLT3-TKD": "FLT3"}
    n = 100
    columns = {"FLT3-ITD": [1, 1, 0, 0] * (n // 4), "FLT3-TKD": [1, 0, 1, 0] * (n // 4)}
    assert by_burden(genes(columns, parts)).sizes() == (25, 75)
    columns["FLT3-TKD"][-1] = None
    assert by_burden(genes(columns, parts)).sizes() == (24, 75), "its ITD is absent, its TKD open"
    columns["FLT3-TKD"][0] = None
    assert by_burden(genes(columns, parts)).sizes() == (24, 75), "an ITD is enough"


def test_genes_tested_in_too_few_are_not_counted_and_the_note_says_which():
    columns = {"A": [1] * 100, "B": [1] * 94 + [None] * 6, "C": [1] * 96 + [None] * 4}
    grouping = by_burden(genes(columns))
    assert grouping.sizes() == (0, 0, 96)
    assert grouping.left_out() == {"not tested": 4}
    assert "Tested in fewer and not counted: B." in grouping.note
    selected = np.arange(100) < 94
    assert by_burden(genes(columns), selected).sizes(selected) == (0, 0, 0, 94)


def test_patients_without_any_test_do_not_decide_what_is_counted():
    cohort = genes({"A": [1, 0] + [None] * 8, "B": [1, 0] + [None] * 8})
    grouping = by_burden(cohort)
    assert grouping.sizes() == (1, 0, 1)
    assert grouping.left_out() == {"not tested": 8}


def test_no_gene_to_count_is_a_sentence():
    with pytest.raises(GroupingError, match="cannot be counted"):
        by_burden(genes({"A": [1, None], "B": [None, 1]}))


@given(st.lists(st.lists(st.sampled_from([0, 1]), min_size=6, max_size=6), min_size=1, max_size=40))
def test_the_steps_hold_the_patients_with_so_many_genes(rows: list[list[int]]):
    cohort = genes({f"G{i}": [row[i] for row in rows] for i in range(6)})
    grouping = by_burden(cohort)
    number = np.sum(rows, axis=1)
    last = len(grouping.names) - 1
    assert grouping.codes.tolist() == np.minimum(number, last).tolist()
    assert 1 <= last <= 5
    if last > 1:
        assert grouping.sizes()[-1] >= 0.05 * len(rows)


CALR = {"CALR_type_1": "CALR", "CALR_type_2": "CALR"}


def test_classes_of_calr_against_its_wild_type():
    cohort = genes(
        {
            "CALR": [1, 1, 1, 1, 0, 0, None, 1, 1],
            "CALR_type_1": [1, 0, 1, 0, 0, None, None, None, 1],
            "CALR_type_2": [0, 1, 1, 0, 0, None, None, 0, None],
        },
        CALR,
    )
    grouping = by_alleles(cohort, "CALR")
    assert placed(grouping) == [
        "CALR_type_1",
        "CALR_type_2",
        "CALR several classes",
        "CALR other",
        "CALR wild type",
        "CALR wild type",
        "?",
        "?",
        "?",
    ]


def test_groups_of_several_and_other_classes_exist_only_with_somebody_in_them():
    cohort = genes({"CALR": [1, 0], "CALR_type_1": [1, 0], "CALR_type_2": [0, 0]}, CALR)
    assert by_alleles(cohort, "CALR").names == ("CALR_type_1", "CALR_type_2", "CALR wild type")


def test_tp53_is_multi_hit_single_hit_or_wild_type():
    cohort = genes(
        {"TP53": [1, 1, 0, 1], "TP53_multi_hit": [1, 0, 0, None]}, {"TP53_multi_hit": "TP53"}
    )
    features = cohort.features.assign(label=["TP53", "TP53 multi-hit"])
    grouping = by_alleles(replace(cohort, features=features), "TP53")
    assert placed(grouping) == ["TP53 multi-hit", "TP53 single-hit", "TP53 wild type", "?"]


def test_a_loss_of_the_other_allele_is_no_class_beside_multi_hit():
    columns = {
        "TP53": [1, 1, 1, 0, 0],
        "TP53multi": [1, 1, 0, 0, 0],
        "TP53mono": [0, 0, 1, 0, 0],
        "TP53loh": [1, 0, 0, 1, None],
    }
    cohort = genes(columns, dict.fromkeys(("TP53multi", "TP53mono", "TP53loh"), "TP53"))
    labels = ["TP53", "TP53 multi-hit", "TP53 monoallelic", "TP53 LOH"]
    cohort = replace(cohort, features=cohort.features.assign(label=labels))
    assert placed(by_alleles(cohort, "TP53")) == [
        "TP53 multi-hit",
        "TP53 multi-hit",
        "TP53 monoallelic",
        "TP53 wild type",
        "TP53 wild type",
    ]


def test_a_gene_without_a_column_of_its_own_is_known_by_its_classes():
    cohort = genes(
        {"FLT3-ITD": [1, 0, 1, 0, 0], "FLT3-TKD": [0, 1, 1, 0, None]},
        {"FLT3-ITD": "FLT3", "FLT3-TKD": "FLT3"},
    )
    assert placed(by_alleles(cohort, "FLT3")) == [
        "FLT3-ITD",
        "FLT3-TKD",
        "FLT3 several classes",
        "None of these",
        "?",
    ]


def test_genes_with_classes_are_those_with_somebody_in_more_than_one():
    cohort = genes(
        {
            "CALR": [1, 0],
            "CALR_type_1": [1, 0],
            "KMT2A_PTD": [1, 0],
            "U2": [1, 1],
            "U2_S34": [0, 0],
        },
        {"CALR_type_1": "CALR", "KMT2A_PTD": "KMT2A", "U2_S34": "U2"},
    )
    assert allele_genes(cohort) == ["CALR"]


@given(
    st.lists(st.tuples(*[st.sampled_from(STATES)] * 3), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_everyone_is_placed_or_counted_and_the_order_of_rows_does_not_matter(rows, random):
    shuffled = random.sample(range(len(rows)), len(rows))
    for build in (
        lambda c: by_two_genes(c, "G", "G_a"),
        lambda c: by_hierarchy(c, ("G_b", "G", "G_a")),
        lambda c: by_alleles(c, "G"),
    ):
        results = []
        for order in (range(len(rows)), shuffled):
            columns = {n: [rows[i][j] for i in order] for j, n in enumerate(("G", "G_a", "G_b"))}
            grouping = build(genes(columns, {"G_a": "G", "G_b": "G"}))
            assert sum(grouping.sizes()) + sum(grouping.left_out().values()) == len(rows)
            results.append((grouping.names, placed(grouping)))
        assert results[1] == (results[0][0], [results[0][1][i] for i in shuffled])
