"""Groups made from groups, saved by name, and read back from a file."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.cohort.groupings import (
    GroupingError,
    GroupingSpec,
    by_labels,
    clean_name,
    joined_groups,
    only_groups,
    saved_from_json,
    saved_from_text,
    saved_to_json,
    saved_to_text,
    selection_against_rest,
)
from app.cohort.groupings._regrouping import REST
from tests.builders import make_cohort

COHORT = make_cohort({"age_years": [float(i) for i in range(6)]})
GROUPS = by_labels("Subgroup", ["a", "a", "b", "c", None, "c"], ["a", "b", "c"], data_driven=True)


def test_some_groups_keep_their_patients_and_colours():
    some_groups = only_groups(GROUPS, ["c", "a"])
    assert some_groups.codes.tolist() == [1, 1, -4, 0, -1, 0]
    assert some_groups.colours == (GROUPS.colours[2], GROUPS.colours[0])
    assert some_groups.left_out() == {"with a value missing": 1, "in none of the chosen groups": 1}
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


def test_groups_are_kept_exactly_where_nothing_is_left_out():
    whole = replace(
        GROUPS, codes=np.array([0, 1, -2, -7, -1, 2], dtype=np.int16), ordered=True,
        after_baseline=True, note="Made by hand.", reference=2,
    )  # fmt: skip
    name, again = saved_from_text(COHORT, saved_to_text("Mine", whole, exact=True))
    assert name == "Mine"
    assert again.codes.tolist() == whole.codes.tolist()
    assert replace(again, codes=whole.codes, colours=whole.colours).__dict__ == whole.__dict__
    _, by_link = saved_from_text(COHORT, saved_to_text("Mine", whole))
    assert by_link.codes.tolist() == [0, 1, -4, -4, -4, 2]
    beyond = saved_to_text("Mine", replace(whole, reference=3), exact=True)
    with pytest.raises(GroupingError):
        saved_from_text(COHORT, beyond)


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
    spec = GroupingSpec.parse("saved:Mine")
    assert str(spec) == "saved:Mine"
    assert spec.build(COHORT, saved={"Mine": GROUPS}) is GROUPS
    with pytest.raises(GroupingError, match="no saved groups called Other"):
        GroupingSpec.parse("saved:Other").build(COHORT, saved={"Mine": GROUPS})
    with pytest.raises(GroupingError, match="no saved groups called Mine"):
        spec.build(make_cohort({"age_years": [1.0]}), saved={"Mine": GROUPS})


def test_a_link_carries_groups_by_position_and_no_identifier():
    text = saved_to_text("Mine", GROUPS)
    assert text is not None
    name, again = saved_from_text(COHORT, text)
    assert name == "Mine"
    assert (again.names, again.colours, again.label) == (GROUPS.names, GROUPS.colours, GROUPS.label)
    assert again.data_driven
    assert again.sizes() == GROUPS.sizes()
    assert (again.codes >= 0).tolist() == (GROUPS.codes >= 0).tolist()
    content = zlib.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert not [patient for patient in COHORT.patients.index if patient.encode() in content]


def test_two_thousand_patients_fit_into_a_link_and_two_hundred_thousand_do_not():
    rng = np.random.default_rng(0)
    for n, fits in ((2_000, True), (200_000, False)):
        half = by_labels("Lasso", list(rng.choice(["in", "out"], n)), ["in", "out"])
        assert (saved_to_text("x", half) is not None) == fits


@settings(deadline=None)
@given(some.text(max_size=60) | some.binary(max_size=60).map(lambda b: b.hex()))
def test_a_link_that_holds_anything_else_is_refused_in_a_sentence(text: str):
    with pytest.raises(GroupingError, match="ask for their file"):
        saved_from_text(COHORT, text)


def test_a_link_of_a_cohort_of_another_size_is_refused():
    text = saved_to_text("Mine", GROUPS)
    other = make_cohort({"age_years": [1.0, 2.0]})
    with pytest.raises(GroupingError, match="for this cohort"):
        saved_from_text(other, text or "")


def test_a_link_cannot_unpack_without_end():
    bomb = base64.urlsafe_b64encode(zlib.compress(b"0" * 50_000_000, 9)).decode()
    with pytest.raises(GroupingError):
        saved_from_text(COHORT, bomb)
