"""Groups made from groups, saved by name, and read back from a file."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.cohort.groupings import (
    Grouping,
    GroupingError,
    GroupingSpec,
    by_labels,
    saved_groups_from,
)
from app.cohort.regrouping import REST, joined_groups, only_groups, selection_against_rest
from app.cohort.saved import clean_name, saved_from_json, saved_to_json
from tests.builders import make_cohort

COHORT = make_cohort({"age_years": [float(i) for i in range(6)]})
GROUPS = by_labels("Subgroup", ["a", "a", "b", "c", None, "c"], ["a", "b", "c"], data_driven=True)


def test_some_groups_keep_their_patients_and_colours():
    some_groups = only_groups(GROUPS, ["c", "a"])
    assert some_groups.codes.tolist() == [1, 1, -4, 0, -1, 0]
    assert some_groups.colours == (GROUPS.colours[2], GROUPS.colours[0])
    assert some_groups.left_out() == {"value missing": 1, "in none of the chosen groups": 1}
    with pytest.raises(GroupingError, match="no group called"):
        only_groups(GROUPS, ["z"])


def test_joined_groups_stand_against_all_others():
    joined = joined_groups(GROUPS, ["a", "b"], "A or B")
    assert joined.names == ("A or B", REST)
    assert joined.codes.tolist() == [0, 0, 0, 1, -1, 1]
    assert joined.data_driven


def test_a_selection_stands_against_the_rest_of_those_it_was_chosen_from():
    mask = np.array([True, True, True, True, False, False])
    grouping = selection_against_rest(np.array([1, 3, 5]), mask, "Lasso", label="Lasso")
    assert grouping.codes.tolist() == [1, 0, 1, 0, -4, -4]
    assert grouping.data_driven


def test_a_file_finds_the_same_patients_in_another_order():
    content = saved_to_json(COHORT, {"Mine": GROUPS})
    order = [5, 3, 0, 1, 4, 2]
    patients = COHORT.patients.iloc[order]
    other = make_cohort({"age_years": patients["age_years"].tolist()})
    for frame in (other.patients, other.alterations):
        frame.index = patients.index
    loaded = saved_from_json(other, content)
    assert (loaded.found, loaded.listed) == (5, 5)
    again = loaded.groupings["Mine"]
    expected = GROUPS.codes[order]
    assert (again.codes[expected >= 0] == expected[expected >= 0]).all()
    assert (again.codes[expected < 0] < 0).all()
    assert (again.names, again.colours, again.data_driven) == (GROUPS.names, GROUPS.colours, True)


def test_patients_the_cohort_lacks_are_counted():
    content = json.loads(saved_to_json(COHORT, {"Mine": GROUPS}))
    content["groupings"][0]["groups"][0]["patients"] += ["stranger"]
    loaded = saved_from_json(COHORT, json.dumps(content).encode())
    assert (loaded.found, loaded.listed) == (5, 6)


def damaged() -> list[bytes]:
    good = json.loads(saved_to_json(COHORT, {"Mine": GROUPS}))
    strangers = json.loads(json.dumps(good).replace('"P', '"Q'))
    return [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"[" * 50_000,
        json.dumps(good | {"version": 99}).encode(),
        json.dumps(good | {"groupings": [{"name": "x"}]}).encode(),
        json.dumps(good | {"groupings": 3}).encode(),
        json.dumps(good | {"groupings": []}).encode(),
        json.dumps(strangers).encode(),
    ]


@pytest.mark.parametrize("content", damaged(), ids=range(len(damaged())))
def test_a_file_that_is_none_is_refused_in_a_sentence(content: bytes):
    with pytest.raises(GroupingError) as error:
        saved_from_json(COHORT, content)
    assert str(error.value).endswith(".")
    assert "P1" not in str(error.value)


@settings(max_examples=60, deadline=None)
@given(some.binary(max_size=300) | some.text(max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes):
    with pytest.raises(GroupingError):
        saved_from_json(COHORT, content)


def test_names_are_one_short_line():
    assert clean_name("  two\n words ") == "two words"
    assert len(clean_name("x" * 400)) == 60
    with pytest.raises(GroupingError, match="name"):
        clean_name(" \n ")


def test_saved_groups_are_a_kind_of_grouping():
    from app.cohort import groupings

    before = list(groupings._SAVED_BY)
    try:

        def source(_cohort: object, name: str) -> Grouping:
            if name != "Mine":
                raise GroupingError("no")
            return GROUPS

        saved_groups_from(source)
        spec = GroupingSpec.parse("saved:Mine")
        assert str(spec) == "saved:Mine"
        assert spec.build(COHORT) is GROUPS
        with pytest.raises(GroupingError):
            GroupingSpec.parse("saved:Other").build(COHORT)
    finally:
        groupings._SAVED_BY[:] = before
