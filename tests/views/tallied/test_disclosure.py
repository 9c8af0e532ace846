"""The ordinary results from released counts: made of these alone, and close to the exact ones."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from app.analysis.associations import table_one_of_tally
from app.analysis.survival import kaplan_meier
from app.cohort.disclosure import Disclosure, ReleasedTally
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.cohort.tally import TallyError
from app.views.cohort.table_one.words import printed
from app.views.survival.curves.answer import survival_answer
from app.views.tallied.analysis import (
    NO_TEST,
    tallied_completeness,
    tallied_frequencies,
    tallied_incidence,
    tallied_means,
    tallied_pictures,
    tallied_survival,
)
from app.views.tallied.answer import as_told
from data_loaders import Cohort, load_cohort
from tests.builders import OS, make_cohort

EVERYONE = Filter()
WOMEN = Filter.from_dict({"column": "sex", "in": ["F"]})
BY_DISEASE = GroupingSpec("variable", "diagnosis")


@pytest.fixture(scope="module")
def mds() -> Cohort:
    return load_cohort("demo:mds")


@pytest.fixture(scope="module")
def tally(mds: Cohort) -> ReleasedTally:
    return Disclosure(5).tally(mds)


def released(table: pd.DataFrame, *columns: str) -> bool:
    counts = table[list(columns)].to_numpy().ravel()
    return bool(((counts == -1) | ((counts >= 5) & (counts % 5 == 0))).all())


def test_every_count_is_a_released_answer_and_no_row_is_held(mds: Cohort, tally: ReleasedTally):
    assert not tally.cohort.n
    assert not any(endpoint.notes for endpoint in tally.cohort.endpoints.values())
    for by in ("sex", "TP53"):
        for name in (*tally.columns, *tally.alterations):
            if tally.may_ask(EVERYONE, name, by):
                assert released(tally.values(EVERYONE, name, f"{_kind(tally, by)}:{by}"), "n"), name
                assert released(tally.counts(EVERYONE, [name, by]), "n"), name
    assert released(tally.features(WOMEN), "altered", "tested")
    assert released(tally.features_by(EVERYONE, "variable:sex"), "altered", "tested")
    noted = replace(mds.endpoints["os"], notes=("Of 3 patients the time was 0.",))
    few = mds.subset(np.arange(mds.n) < 40)
    told = Disclosure(5).tally(replace(few, endpoints={"os": noted}))
    assert not told.cohort.endpoints["os"].notes


def _kind(tally: ReleasedTally, name: str) -> str:
    return "alteration" if name in tally.alterations else "variable"


def test_what_is_no_published_question_is_refused_in_one_sentence(tally: ReleasedTally):
    both = Filter.from_dict({"all": [WOMEN.to_dict(), {"altered": "TP53"}]})
    own = Filter.from_dict({"column": "age_years", "between": [51, 80]})
    for asked in (
        lambda: tally.counts(EVERYONE, ["TP53", "SF3B1"]),
        lambda: tally.counts(own),
        lambda: tally.events(own, "os"),
        lambda: tally.values(WOMEN, "sex"),
        lambda: tally.values(both, "ASXL1"),
        lambda: tally.moments(EVERYONE, ["age_years"]),
        lambda: tally.pairs(EVERYONE, ["TP53", "SF3B1"]),
        lambda: tally.events(EVERYONE, "os", "cut:age_years@60"),
        lambda: tally.events(WOMEN, "os", "variable:sex"),
        lambda: tally.events(EVERYONE, "pfs"),
    ):
        with pytest.raises(TallyError) as refused:
            asked()
        assert "\n" not in str(refused.value)


def test_frequencies_are_close_to_the_exact_ones(mds: Cohort, tally: ReleasedTally):
    found, _ = tallied_frequencies(tally, EVERYONE)
    for row in found.overall.itertuples():
        state = mds.feature_state(row.feature)
        exact = np.count_nonzero(state == 1) / np.count_nonzero(state >= 0)
        assert row.frequency == pytest.approx(exact, abs=0.01)
    by_sex, notes = tallied_frequencies(tally, EVERYONE, GroupingSpec("variable", "sex"))
    assert released(by_sex.by_group[by_sex.by_group["tested"] > 0], "altered", "tested")
    assert any("Hidden" in note for note in notes), "a hidden count is named, not drawn as none"


def test_table_one_is_made_of_released_counts(tally: ReleasedTally):
    spec = GroupingSpec("variable", "sex")
    frame = printed(table_one_of_tally(tally, spec, features=tally.alterations))
    cells = frame.iloc[:, 1:5].to_numpy().ravel()
    counts = [int(m[0].replace(",", "")) for c in cells if (m := re.match(r"[\d,]+", c))]
    assert len(counts) > 50
    assert all(n % 5 == 0 for n in counts)
    assert "hidden" in set(cells)
    hidden = frame[(frame == "hidden").any(axis=1) & (frame["Test"] != "")]
    assert set(hidden["Test"]) == {"no test (a count is hidden)"}
    assert len(tallied_completeness(tally, EVERYONE)) == len(tally.columns)
    pictures = tallied_pictures(tally, WOMEN)
    assert "sex" not in {one.variable.name for one in pictures.found}, "the filter fixes it"
    assert all((one.counts % 5 == 0).all() for one in pictures.found)


def test_curves_of_released_counts_are_close_to_kaplan_meier(mds: Cohort, tally: ReleasedTally):
    result = tallied_survival(tally, EVERYONE, "os", BY_DISEASE)
    assert len(result.drawn) >= 4
    assert (result.test, result.p_note) == (None, NO_TEST)
    for curve in result.drawn:
        own = (mds.patients["diagnosis"] == curve.name).to_numpy()
        grid = [12, 24, 36, 60]
        assert curve.km is not None
        read = curve.km.at(grid)
        exact = kaplan_meier(mds.patients["os_months"][own], mds.patients["os_event"][own]).at(grid)
        allowed = 0.03 + 2.5 / curve.n + 5 / np.sqrt(own.sum()) / 10
        apart = np.abs(exact["survival"].to_numpy() - read["survival"].to_numpy())
        assert np.nanmax(apart) < allowed, curve.name
        assert released(read[read["n_risk"] > 0], "n_risk")
    answer = as_told(survival_answer(tally.cohort, result), tally)
    assert (answer.numbers()["disclosure_control"] == tally.policy.sentence).all()
    notes = [note.text for note in answer.figure.layout.annotations]
    assert tally.policy.mark in notes


def test_restricted_means_are_areas_under_the_released_curves(mds: Cohort, tally: ReleasedTally):
    result = tallied_means(tally, EVERYONE, "os", BY_DISEASE)
    assert result.table["p_value"].isna().all()
    assert NO_TEST in result.notes
    for group in result.groups:
        own = (mds.patients["diagnosis"] == group).to_numpy()
        exact = kaplan_meier(mds.patients["os_months"][own], mds.patients["os_event"][own])
        last = result.of(group).iloc[-1]
        assert last["rmst"] == pytest.approx(exact.rmst(last["tau"]), abs=0.06 * last["tau"])
    for chosen in (Filter.from_dict({"column": "age_years", "between": [51, 80]}), WOMEN):
        with pytest.raises(TallyError):
            tallied_means(tally, chosen, "os", GroupingSpec("variable", "sex"))


def test_incidence_with_a_competing_event_stays_within_one(tally: ReleasedTally):
    result = tallied_incidence(tally, EVERYONE, "aml")
    (curve,) = result.drawn
    assert curve.incidence is not None
    steps = curve.incidence.curves[1].incidence
    assert (np.diff(steps) >= 0).all()
    assert steps[-1] < 1
    assert result.gray_event is None


def test_too_few_to_follow_are_not_drawn_and_two_conditions_have_no_curve(tally: ReleasedTally):
    few = make_cohort(
        {"os_months": [float(i) for i in range(1, 9)], "os_event": [1.0, 0.0] * 4}, endpoints=(OS,)
    )
    both = Filter.from_dict(
        {
            "all": [
                WOMEN.to_dict(),
                tally._release.published.dimensions["ipssm"].conditions[1].to_dict(),
            ]
        }
    )
    for asked, chosen in ((Disclosure(5).tally(few), EVERYONE), (tally, both)):
        with pytest.raises(TallyError):
            tallied_survival(asked, chosen, "os")


def test_groups_are_published_values_with_a_number(tally: ReleasedTally):
    assert tally.grouping("variable:sex").names == ("F", "M")
    assert all("Missing" not in name for name in tally.grouping("variable:ipssm").names)
