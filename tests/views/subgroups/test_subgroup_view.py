"""Shapes on the map, clinical profiles and checks, against what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.cohort.groupings import by_labels
from app.views.subgroups.analysis import (
    alterations_in_words,
    enclosed,
    search_input,
    subgroup_features,
)
from app.views.subgroups.checks import classifications, indefinite_classes
from app.views.subgroups.profile import (
    carried,
    carried_in_words,
    clinical_profile,
    profile_in_words,
    telling_features,
)
from data_loaders import Variable
from tests.builders import AGE, DIAGNOSIS, make_cohort

POINTS = pd.DataFrame({"x": [0.5, 1.5, 2.5, np.nan], "y": [0.5, 0.5, 2.5, np.nan]})


def test_a_box_holds_what_lies_between_its_corners_in_any_order():
    assert enclosed(POINTS, [{"x": [2, 1], "y": [1, 0]}], []).tolist() == [
        False,
        True,
        False,
        False,
    ]


def test_a_lasso_that_turns_inwards_leaves_out_the_notch():
    arrow = {"x": [0, 3, 3, 0, 2], "y": [0, 0, 3, 3, 1.5]}
    notch = pd.DataFrame({"x": [0.5, 2.5], "y": [1.5, 1.5]})
    assert enclosed(notch, [], [arrow]).tolist() == [False, True]


@given(
    some.lists(some.tuples(some.floats(-2, 2), some.floats(-2, 2)), min_size=1, max_size=40),
    some.integers(8, 60),
)
def test_a_round_lasso_is_a_circle(points: list[tuple[float, float]], corners: int):
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    lasso = {"x": np.cos(angle).tolist(), "y": np.sin(angle).tolist()}
    frame = pd.DataFrame(points, columns=["x", "y"])
    inside = enclosed(frame, [], [lasso])
    radius = np.hypot(frame["x"], frame["y"]).to_numpy()
    inner = np.cos(np.pi / corners)
    assert inside[radius < inner - 1e-9].all()
    assert not inside[radius > 1 + 1e-9].any()


CLASS = Variable("published_class", "Published class", "categorical", role="other")
COHORT = make_cohort(
    {
        "diagnosis": ["MF", "MF", "ET", None, "ET", "MF"],
        "published_class": ["A", "B", "No_class", "A", "B", None],
        "age_years": [40.0, 50, 60, 70, None, 90],
    },
    {"CALR": [1, 0, None, 1, 0, 0], "20q-": [0, 0, 1, 0, 0, 0]},
    variables=(DIAGNOSIS, AGE, CLASS),
    kinds={"20q-": "cytogenetic"},
)
GROUPS = by_labels("Subgroup", ["a", "a", "a", "b", "b", None], ["a", "b"])
EVERYONE = np.ones(6, dtype=bool)


def test_what_a_selection_carries_counts_those_tested_and_leads_with_the_largest_difference():
    states = {"A": [1, 1, 0, 0, 0], "B": [1, None, 0, 0, 1], "C": [0, 0, 1, 1, 1]}
    cohort = make_cohort({"diagnosis": ["ET"] * 5}, states, variables=(DIAGNOSIS,))
    inside = np.array([True, True, False, False, False])
    table = carried(cohort, ["C", "B", "A"], inside, ~inside)
    assert table["feature"].tolist() == ["A", "B"], "what more of the others carry is not told"
    assert table.loc[1, ["altered", "tested"]].tolist() == [1, 1]
    assert carried_in_words(table) == [
        "A in 2 of 2 (100%; of the others 0%)", "B in 1 of 1 (100%; of the others 33%)",
    ]  # fmt: skip
    assert carried_in_words(carried(cohort, ["A"], ~inside, inside)) == []


def test_profiles_count_those_with_a_value():
    profile = clinical_profile(COHORT, GROUPS, EVERYONE).set_index(["variable", "level", "group"])
    age = profile.loc[("Age, years", "", "a")]
    assert (age["n"], age["known"], age["median"], age["q1"], age["q3"]) == (3, 3, 50, 45, 55)
    assert profile.loc[("Age, years", "", "b"), "known"] == 1
    mf = profile.loc[("Diagnosis", "MF", "a")]
    assert (mf["count"], mf["known"], mf["share"]) == (2, 3, pytest.approx(2 / 3))
    assert profile.loc[("Diagnosis", "ET", "b"), "share"] == 1.0


def test_the_standardised_difference_is_austins():
    profile = clinical_profile(COHORT, GROUPS, EVERYONE).set_index(["variable", "level", "group"])
    p, q = 2 / 3, 0.0
    expected = (p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / 2)
    assert profile.loc[("Diagnosis", "MF", "a"), "smd"] == pytest.approx(expected)


def test_profiles_in_words_have_a_column_a_group():
    words = profile_in_words(
        clinical_profile(COHORT, GROUPS, EVERYONE), {"a": "a (3)", "b": "b (2)"}
    )
    assert list(words.columns) == ["Variable", "a (3)", "b (2)", "Largest SMD"]
    assert words.set_index("Variable").loc["Age, years", "a (3)"] == "50 (45–55)"


def test_profiles_follow_the_selection():
    mask = np.array([True, False, True, True, True, True])
    profile = clinical_profile(COHORT, GROUPS, mask).set_index(["variable", "level", "group"])
    assert profile.loc[("Diagnosis", "MF", "a"), "n"] == 2


def test_each_group_keeps_a_telling_alteration():
    rows = [("a", f"F{i}", 0.9, 9.0, 0.001) for i in range(9)] + [("b", "G", 0.5, 4.0, 0.01)]
    table = pd.DataFrame(rows, columns=["group", "feature", "in_group", "odds_ratio", "q_value"])
    assert telling_features(table, most=2) == ["F0", "G"]
    assert telling_features(table) == ["F0", "F1", "F2", "F3", "F4", "G"]


def test_published_classes_lead_and_indefinite_values_are_known():
    assert [v.name for v in classifications(COHORT)] == ["published_class", "diagnosis"]
    assert indefinite_classes(COHORT, "published_class") == ["No_class"]


def test_the_search_is_given_no_identifiers_and_the_kinds_asked_for():
    assert subgroup_features(COHORT, ("cytogenetics",)) == ["20q-"]
    frame = search_input(COHORT, EVERYONE, ("genes",))
    assert list(frame.columns) == ["CALR"]
    assert list(frame.index) == list(range(6))


def test_who_was_tested_for_nothing_is_not_said_to_carry_nothing():
    cohort = make_cohort({"age_years": [50.0] * 3}, {"TP53": [1, 0, None]})
    assert alterations_in_words(cohort, np.arange(3)) == [
        "TP53", "no alteration found", "tested for no alteration",
    ]  # fmt: skip
