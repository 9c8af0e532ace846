"""Histories of patients and the lanes of a swimmer plot, against courses written out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from app.cohort.groupings import by_alteration, by_variable
from app.study.figures.theme import framed
from app.views.patient.swimmer.analysis import sort_options, swimmer
from app.views.patient.swimmer.figures import swimmer_figure
from app.views.patient.timeline import (
    Histories,
    histories,
    kind_of,
    never_events,
    patient_events,
    treatments_recorded,
    undated_events,
)
from data_loaders import Cohort, CohortError, Endpoint, Variable, load_cohort
from tests.builders import AGE, DIAGNOSIS, OS, make_cohort

AML = Endpoint("aml", "AML transformation", "aml_months", "aml_event", event_label="AML")
N = 8


def handmade(**more: list[object]) -> Cohort:
    columns: dict[str, list[object]] = {
        "diagnosis": ["MF"] * 4 + ["PV"] * 4,
        "age_years": [70.0, 60.0, 50.0, None, 40.0, 45.0, 55.0, 65.0],
        "os_months": [24.0, 60.0, 12.0, 36.0, 48.0, 6.0, None, 30.0],
        "os_event": [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, None, 1.0],
        "aml_months": [18.0, 60.0, 12.0, 36.0, 48.0, 3.0, None, 30.0],
        "aml_event": [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, None, 0.0],
        **more,
    }
    return make_cohort(
        columns,
        {"JAK2": [True, True, None, False, True, False, False, True]},
        (AGE, DIAGNOSIS, Variable("drug", "Drug", "categorical", role="treatment")),
        (OS, AML),
    )


@pytest.fixture(scope="module")
def course() -> tuple[Cohort, Histories]:
    cohort = handmade(drug=["none", "Hydroxyurea", None, "0", "x", "x", "x", "x"])
    found = histories(cohort)
    assert found is not None
    return cohort, found


def test_a_course_has_its_events_in_order(course: tuple[Cohort, Histories]):
    events = patient_events(course[1], 0)
    assert events["event"].tolist() == ["Diagnosis (time zero)", "AML", "Death"]
    assert events["kind"].tolist() == ["start", "transformation", "death"]
    assert events["months"].tolist() == [0.0, 18.0, 24.0]
    censored = patient_events(course[1], 1)
    assert censored["event"].tolist() == ["Diagnosis (time zero)", "Last follow-up"]
    assert never_events(course[1], 1) == ["AML"]
    assert undated_events(course[1], 1) == []


def test_without_a_follow_up_only_time_zero_is_known(course: tuple[Cohort, Histories]):
    assert patient_events(course[1], 6)["event"].tolist() == ["Diagnosis (time zero)"]


def test_treatments_without_a_time_are_told(course: tuple[Cohort, Histories]):
    assert treatments_recorded(course[0], 0) == []
    assert treatments_recorded(course[0], 1) == [("Drug", "Hydroxyurea")]
    assert treatments_recorded(course[0], 2) == []
    assert treatments_recorded(course[0], 3) == []


def test_a_treatment_with_its_time_is_not_told_again_without():
    cohort = handmade(transplant_months=[6.0, *[None] * 7], transplant=[1, 1, 0, 0, 0, 0, 0, 0])
    given = Variable("transplant", "Transplant", "binary", role="treatment")
    when = Variable("transplant_months", "Transplant", "numeric", unit="months", role="treatment")
    variables = {**cohort.variables, given.name: given, when.name: when}
    cohort = replace(cohort, variables=variables)
    found = histories(cohort)
    assert found is not None
    assert "Transplant" in patient_events(found, 0)["event"].tolist()
    assert treatments_recorded(cohort, 0) == []
    assert treatments_recorded(cohort, 1) == [("Transplant", "yes")]


def test_dates_count_from_the_one_that_follow_up_starts_with():
    start = pd.Timestamp("2015-03-01")
    months = [24.0, 60.0, 12.0, 36.0, 48.0, 6.0, 20.0, 30.0]
    days = [pd.Timedelta(days=month * 30.4375) for month in months]
    cohort = make_cohort(
        {
            "os_months": list(months),
            "os_event": [1.0, 0.0] * 4,
            "diagnosis_date": [start] * N,
            "last_date": [start + day for day in days],
            "sample_date": [start + pd.Timedelta(days=61)] * 2 + [pd.NaT] * 6,
        },
        variables=(
            Variable("diagnosis_date", "Diagnosis date", "date"),
            Variable("last_date", "Last follow-up date", "date"),
            Variable("sample_date", "Sample date", "date"),
        ),
        endpoints=(OS,),
    )
    found = histories(cohort)
    assert found is not None
    events = patient_events(found, 0)
    assert events["event"].tolist() == ["Diagnosis", "Sample", "Death"]
    assert events["months"].iloc[1] == pytest.approx(2.0, abs=0.05)


def test_without_an_endpoint_there_is_no_history():
    assert histories(make_cohort({"age_years": [50.0]}, variables=(AGE,))) is None


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Transplant in first remission", "transplant"),
        ("Complete remission", "remission"),
        ("AML transformation", "transformation"),
        ("Relapse", "progression"),
        ("Sample date", "sample"),
        ("Azacitidine started", "treatment"),
        ("Thrombosis", "other"),
    ],
)
def test_an_event_is_known_by_its_label(label: str, kind: str):
    assert kind_of(label) == kind


@pytest.mark.parametrize("key", ["demo:mpn", "demo:mds", "demo:aml"])
def test_no_event_lies_beyond_the_end_of_follow_up(key: str):
    cohort = load_cohort(key)
    found = histories(cohort)
    assert found is not None
    assert found.milestones
    for milestone in found.milestones:
        had = np.isfinite(milestone.months) & np.isfinite(found.end)
        assert (milestone.months[had] <= found.end[had] + 0.05).all(), milestone.label


def test_lanes_run_from_the_longest_follow_up_and_count_who_has_none(course):
    cohort, _ = course
    drawn = swimmer(cohort, np.ones(N, dtype=bool))
    assert drawn.positions.tolist() == [1, 4, 3, 7, 0, 2, 5]
    assert (drawn.total, drawn.without, drawn.pages, drawn.ended) == (7, 1, 1, 4)
    table = drawn.table()
    assert table["patient"].iloc[0] == "Patient 2"
    assert table["AML (months)"].iloc[4] == 18.0


def test_lanes_sort_by_anything_with_the_unknown_last(course):
    cohort, _ = course
    mask = np.ones(N, dtype=bool)

    def order(sort: str, *, reverse: bool = False) -> list[int]:
        grouping = by_variable(cohort, "diagnosis")
        drawn = swimmer(cohort, mask, sort=sort, reverse=reverse, grouping=grouping)
        return drawn.positions.tolist()

    assert order("variable:age_years") == [0, 7, 1, 2, 5, 4, 3]
    assert order("variable:age_years", reverse=True) == [4, 5, 2, 1, 7, 0, 3]
    assert order("alteration:JAK2") == [1, 4, 7, 0, 3, 5, 2]
    assert order("group") == [1, 3, 0, 2, 4, 7, 5]
    assert order("event:endpoint:aml")[:2] == [5, 0]
    assert all(len(order(key)) == 7 for key in sort_options(cohort))
    with pytest.raises(CohortError, match="cannot be sorted"):
        order("variable:nothing")


def test_lanes_are_spread_evenly_or_paged_without_losing_anybody():
    cohort = load_cohort("demo:mds")
    found = histories(cohort)
    assert found is not None
    mask = np.ones(cohort.n, dtype=bool)
    spread = swimmer(cohort, mask, lanes=40)
    assert len(set(spread.positions.tolist())) == 40
    ends = found.end[spread.positions]
    assert ends[0] == np.nanmax(found.end)
    assert ends[-1] == np.nanmin(found.end)
    pages = [
        swimmer(cohort, mask, lanes=60, page=page).positions
        for page in range(-(-spread.total // 60))
    ]
    assert sorted(np.concatenate(pages).tolist()) == np.flatnonzero(np.isfinite(found.end)).tolist()


def test_groups_colour_lanes_and_no_group_stays(course):
    cohort, _ = course
    drawn = swimmer(cohort, np.ones(N, dtype=bool), grouping=by_alteration(cohort, "JAK2"))
    states = dict(zip(drawn.positions.tolist(), drawn.codes.tolist(), strict=True))
    assert states[2] == -1
    assert drawn.table().set_index("patient").loc["Patient 3", "group"] == "no group"
    with pytest.raises(CohortError, match="no lane to draw"):
        swimmer(cohort, np.arange(N) == 6)


def test_lanes_are_alike_in_width_and_marks_are_explained_below_them(
    course: tuple[Cohort, Histories],
):
    cohort, _ = course
    # The groups' lanes stand apart by one, two and more: none may grow into the gap.
    drawn = swimmer(cohort, np.ones(N, dtype=bool), grouping=by_alteration(cohort, "JAK2"))
    figure = framed(swimmer_figure(drawn), "Lanes")
    bars = [trace for trace in figure.data if trace.type == "bar"]
    marks = [trace for trace in figure.data if trace.type == "scatter"]
    assert len(bars) == 3, "altered, not altered, not tested"
    assert len({bar.width for bar in bars}) == 1
    assert {trace.legend for trace in bars} == {None}
    assert {trace.legend for trace in marks} == {"legend2"}
    assert figure.layout.legend2.y < 0 < figure.layout.legend.y
