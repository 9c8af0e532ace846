"""Filters on their way: into the builder and back, into a link and back, by clicks on pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cohort.filters import Filter
from app.shell.cohort_filter import LOST_LIST, LOST_TEXT, from_link_text, link_text
from app.views.cohort.builder._draft import Condition, Group, draft_of, filter_of, typed_ids
from app.views.cohort.overview.analysis import Categories, Histogram, distribution
from app.views.cohort.overview.page_crossfilter import (
    EXCLUDE,
    ONLY,
    after_alteration,
    after_categories,
    after_range,
    brushed_range,
    clicked_bars,
)
from data_loaders import load_cohort

COHORT = load_cohort("demo:mpn")
LEAVES = st.sampled_from(
    [
        {"altered": "ASXL1"},
        {"tested": "TP53"},
        {"known": "age_years"},
        {"column": "diagnosis", "in": ["MF", "ET"]},
        {"column": "age_years", "between": [60.0, None]},
        {"column": "age_years", "between": [18.0, 70.5]},
        {"variant": "TET2", "class": ["missense"], "vaf": [0.1, 0.6]},
        {"variant": "TET2"},
        {"mutated_genes": [2.0, None]},
    ]
)
LISTED = st.just({"patients": ["MPN-0001", "MPN-0007"]})


def nested(leaves: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda items: {"all": items}),
            st.lists(inner, min_size=1, max_size=3).map(lambda items: {"any": items}),
            inner.map(lambda item: {"not": item}),
        ),
        max_leaves=7,
    )


@given(nested(st.one_of(LEAVES, LISTED)))
@settings(deadline=None)
def test_the_builder_gives_back_what_it_was_given(data: dict[str, Any]):
    given_filter = Filter.from_dict(data)
    built, left_out = filter_of(draft_of(given_filter))
    assert left_out == 0
    assert np.array_equal(built.root.evaluate(COHORT), given_filter.root.evaluate(COHORT))


def test_incomplete_conditions_are_left_out_and_counted():
    draft = Group("all", [Condition(), Condition("altered", parts={"features": ["ASXL1"]})])
    draft.children.append(Group("any", [Condition("variable:age_years", parts={"low": None})]))
    draft.children.append(Condition("variable:age_years", parts={"low": 9.0, "high": 3.0}))
    built, left_out = filter_of(draft)
    assert built.to_dict() == {"all": [{"altered": "ASXL1"}]}
    assert left_out == 3


@given(nested(LEAVES))
@settings(deadline=None)
def test_a_link_gives_back_what_it_was_given(data: dict[str, Any]):
    steps = Filter.from_dict(data).steps
    assert from_link_text(link_text(steps)) == (steps, "")


@given(st.lists(nested(LEAVES), max_size=2), st.lists(nested(LISTED), min_size=1, max_size=2))
@settings(deadline=None)
def test_no_identifier_is_in_a_link_and_the_link_says_so(
    plain: list[dict[str, Any]], listed: list[dict[str, Any]]
):
    clauses = Filter.from_dict({"all": [*plain, *listed]}).steps
    text = link_text(clauses)
    found, lost = from_link_text(text)
    assert lost == LOST_LIST
    assert "MPN-0001" not in Filter.from_dict({"all": [c.to_dict() for c in found]}).to_json()


@pytest.mark.parametrize("text", ["f", "fnonsense", "zzzz", "{", '{"sideways": 1}', "f" * 999, "é"])
def test_a_broken_link_is_answered(text: str):
    assert from_link_text(text) == ((), LOST_TEXT)


def test_a_link_may_hold_a_filter_as_a_person_writes_it():
    (clause,), lost = from_link_text('{"altered": "ASXL1"}')
    assert (clause.to_dict(), lost) == ({"altered": "ASXL1"}, "")


def test_typed_ids():
    assert typed_ids(' "A 1",B;\nB\tC\r\n\n') == ("A 1", "B", "C")


def picture(name: str) -> Categories | Histogram:
    return distribution(COHORT, name, np.ones(COHORT.n, dtype=bool))


def test_a_click_adds_a_level_and_a_second_click_takes_it_out():
    found = picture("diagnosis")
    assert isinstance(found, Categories)
    one = after_categories(Filter(), found, (0,), ONLY)
    assert one.apply(COHORT).n == found.counts[0]
    two = after_categories(one, found, (2,), ONLY)
    assert two.apply(COHORT).n == found.counts[0] + found.counts[2]
    assert after_categories(two, found, (0,), ONLY).apply(COHORT).n == found.counts[2]
    assert after_categories(one, found, (0,), ONLY).is_empty
    without = after_categories(Filter(), found, (1,), EXCLUDE)
    assert without.apply(COHORT).n == found.known - found.counts[1]
    assert after_categories(without, found, (1,), EXCLUDE).is_empty


def test_every_bar_of_every_picture_selects_the_patients_it_shows():
    for name in ("diagnosis", "sex", "driver", "splenomegaly", "fibrosis_grade", "centre"):
        found = picture(name)
        assert isinstance(found, Categories)
        for level, n in enumerate(found.counts):
            assert after_categories(Filter(), found, (level,), ONLY).apply(COHORT).n == n, name
    for name in ("age_years", "hb_g_per_l", "ldh_u_per_l", "diagnosis_year"):
        found = picture(name)
        assert isinstance(found, Histogram)
        assert found.counts.sum() == found.known
        for place, n in enumerate(found.counts):
            event = {"selection": {"points": [{"point_index": place}], "box": []}}
            ends = brushed_range(event, found)
            if n:
                assert ends is not None
                assert after_range(Filter(), name, *ends, ONLY).apply(COHORT).n == n, name
            else:
                assert ends is None


def test_a_brush_replaces_the_range_and_reaches_to_the_ends():
    found = picture("age_years")
    assert isinstance(found, Histogram)
    first, last = found.edges[0] - 5, found.edges[-1] + 5
    whole = brushed_range({"selection": {"box": [{"x": [last, first]}]}}, found)
    ages = COHORT.patients["age_years"]
    assert whole == (ages.min(), ages.max())
    some = brushed_range({"selection": {"box": [{"x": [59.6, 70.4]}]}}, found)
    assert some == (60, 70), "ages come in whole years"
    held = after_range(Filter(), "age_years", 20, 30, ONLY)
    assert after_range(held, "age_years", *some, ONLY).apply(COHORT).n == ages.between(60, 70).sum()
    assert brushed_range({"selection": {"points": [], "box": []}}, found) is None
    assert clicked_bars(None) == ()


def test_alterations_toggle_and_their_contrary_replaces_them():
    one = after_alteration(Filter(), "ASXL1", ONLY)
    assert one.to_dict() == {"all": [{"altered": "ASXL1"}]}
    assert after_alteration(one, "ASXL1", ONLY).is_empty
    assert after_alteration(one, "ASXL1", EXCLUDE).to_dict() == {
        "all": [{"not": {"altered": "ASXL1"}}]
    }
