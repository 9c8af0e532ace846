"""Released tables and curves: made of released answers alone, and close to the exact numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest

from app.analysis.survival import kaplan_meier
from app.cohort.disclosure import Condition, Release
from app.cohort.disclosure._release import release_of
from app.views.disclosure.curves import curve_frame, released_curves, summary_frame
from app.views.disclosure.tables import (
    alteration_tables,
    completeness_tables,
    frequency_frame,
    groups_of,
    may_ask,
    released_table,
    table_one_frame,
    variables_of,
)
from data_loaders import Cohort, load_cohort
from tests.builders import OS, make_cohort


@pytest.fixture(scope="module")
def mds() -> Cohort:
    return load_cohort("demo:mds")


@pytest.fixture(scope="module")
def release(mds: Cohort) -> Release:
    return release_of(mds, 5)


def test_every_count_of_a_table_is_a_released_answer(release: Release):
    for by in (None, "sex", "TP53"):
        for dimension in release.published.dimensions.values():
            if not may_ask(release, [], dimension.name, by):
                continue
            table = released_table(release, [], dimension.name, by)
            held = [n for row in (*table.counts, table.sizes) for n in row if n is not None]
            assert all(n >= 5 and n % 5 == 0 for n in held), table.label
    assert not may_ask(release, [], "TP53", "SF3B1"), "alterations are asked one at a time"


def test_a_filter_leaves_room_for_what_is_still_a_question(release: Release):
    woman, sixties = Condition("sex", 0), Condition("age_years", 1)
    disease = Condition("diagnosis", 0)
    assert may_ask(release, [disease, woman], "TP53")
    assert may_ask(release, [disease, woman], "age_years")
    assert not may_ask(release, [woman], "sex")
    assert not may_ask(release, [disease, woman, sixties], "TP53")
    assert not may_ask(release, [disease, woman], "TP53", "ipssm")
    assert alteration_tables(release, [disease, woman, sixties]) == []


def test_frequencies_are_close_to_the_exact_ones(mds: Cohort, release: Release):
    tables = alteration_tables(release, [])
    assert tables
    for table in tables:
        name = next(d.name for d in release.published.dimensions.values() if d.label == table.label)
        state = mds.feature_state(name)
        exact = np.count_nonzero(state == 1) / np.count_nonzero(state >= 0)
        if table.counts[0][0] is not None:
            assert table.share(0) == pytest.approx(exact, abs=0.01)
    shares = [table.share(0) for table in tables if table.counts[0][0] is not None]
    assert shares == sorted(shares, reverse=True)
    frame = frequency_frame(tables)
    within = frame.dropna()
    assert ((within["Lower"] <= within["Share"]) & (within["Share"] <= within["Upper"])).all()


def test_table_one_is_made_of_released_counts(release: Release):
    frame = table_one_frame(release, [], "sex")
    cells = frame.drop(columns=["Variable", "Value", "p"]).to_numpy().ravel()
    counts = [int(re.match(r"[\d,]+", c)[0].replace(",", "")) for c in cells if c[0].isdigit()]
    assert counts
    assert all(n % 5 == 0 and n >= 5 for n in counts)
    assert {d.label for d in variables_of(release)} - {"Sex"} <= set(frame["Variable"])
    assert completeness_tables(release, [])


def test_curves_of_released_counts_are_close_to_kaplan_meier(mds: Cohort, release: Release):
    result = released_curves(mds.endpoints["os"], release, [], "diagnosis")
    assert len(result.curves) >= 4
    for curve in result.curves:
        own = (mds.patients["diagnosis"] == curve.name).to_numpy()
        exact = kaplan_meier(mds.patients["os_months"][own], mds.patients["os_event"][own]).at(
            list(curve.time)
        )["survival"]
        allowed = 0.03 + 2.5 / curve.n_risk[0] + 5 / np.sqrt(len(own)) / 10
        assert np.nanmax(np.abs(exact.to_numpy() - curve.estimate)) < allowed, curve.name
        assert (np.diff(curve.estimate) <= 0).all()
        assert curve.n_risk[-1] >= 10
    frame = curve_frame(result)
    assert (frame["at_risk"] % 5 == 0).all()
    assert set(summary_frame(result)["Group"]) == {curve.name for curve in result.curves}


def test_incidence_with_a_competing_event_stays_within_one(mds: Cohort, release: Release):
    result = released_curves(mds.endpoints["aml"], release, [], None, incidence=True)
    (curve,) = result.curves
    assert curve.estimate[0] == 0
    assert (np.diff(curve.estimate) >= 0).all()
    assert curve.estimate[-1] < 1


def test_too_few_to_follow_are_not_drawn_and_two_conditions_have_no_curve(
    mds: Cohort, release: Release
):
    few = make_cohort(
        {"os_months": [float(i) for i in range(1, 9)], "os_event": [1.0, 0.0] * 4}, endpoints=(OS,)
    )
    result = released_curves(few.endpoints["os"], release_of(few, 5), [])
    assert not result.curves
    assert "too few" in result.notes[0]
    both = [Condition("sex", 0), Condition("age_years", 1)]
    assert not released_curves(mds.endpoints["os"], release, both).curves


def test_groups_are_published_values_with_a_number(release: Release):
    assert [name for name, _ in groups_of(release, [], "sex")] == ["F", "M"]
    assert all("Missing" not in name for name, _ in groups_of(release, [], "ipssm"))
