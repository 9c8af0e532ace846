"""Distributions: the order of variables, counts against pandas, patients in exactly one bar."""

from __future__ import annotations

import numpy as np
import pytest

from app.views.cohort.overview.analysis import (
    Categories,
    Histogram,
    completeness,
    distribution,
    ranked_variables,
    selected_alterations,
)
from app.views.cohort.overview.figures import draw_distribution
from app.views.cohort.overview.page_crossfilter import brushed_range
from data_loaders import Cohort, Endpoint, Variable, load_cohort
from tests.builders import AGE, DIAGNOSIS, make_cohort

DEMOS = ("demo:mpn", "demo:mds", "demo:aml")


def everyone(cohort: Cohort) -> np.ndarray:
    return np.ones(cohort.n, dtype=bool)


@pytest.mark.parametrize("key", DEMOS)
def test_disease_age_and_sex_lead_whatever_the_files_order(key: str):
    cohort = load_cohort(key)
    leading = [item.variable for item in ranked_variables(cohort)][:5]
    names = {variable.name for variable in leading}
    assert {"age_years", "sex"} <= names
    assert any(variable.role == "disease" for variable in leading)
    times = {end.time for end in cohort.endpoints.values()}
    assert not times & {item.variable.name for item in ranked_variables(cohort)}


def test_a_variable_that_tells_nothing_is_left_out_and_gaps_come_later():
    n = 60
    cohort = make_cohort(
        {
            "same": ["A"] * n,
            "name": [f"N{i}" for i in range(n)],
            "full": [float(i) for i in range(n)],
            "gaps": [float(i) if i < 6 else None for i in range(n)],
            "os_months": [1.0 + i for i in range(n)],
            "os_event": [i % 2 for i in range(n)],
        },
        variables=(
            Variable("gaps", "Gaps", "numeric", role="laboratory"),
            Variable("same", "Same", "categorical", role="disease"),
            Variable("name", "Name", "categorical", role="disease"),
            Variable("os_months", "Time", "numeric", role="clinical"),
            Variable("full", "Full", "numeric", role="laboratory"),
        ),
        endpoints=(Endpoint("os", "Overall survival", "os_months", "os_event"),),
    )
    assert [item.variable.name for item in ranked_variables(cohort)] == ["full", "gaps"]


@pytest.mark.parametrize("key", DEMOS)
def test_every_patient_with_a_value_is_in_exactly_one_bar(key: str):
    cohort = load_cohort(key)
    mask = everyone(cohort)
    mask[::3] = False
    for item in ranked_variables(cohort):
        name = item.variable.name
        found = distribution(cohort, name, mask)
        held = cohort.patients[name][mask]
        assert found.known == held.notna().sum()
        assert found.n == mask.sum()
        others = found.others if isinstance(found, Categories) else 0
        assert found.counts.sum() + others == found.known
        assert (found.counts <= found.everyone).all()
        if isinstance(found, Histogram):
            assert found.quartiles[1] == pytest.approx(held.astype(float).median())
        elif item.variable.kind == "categorical":
            counts = held.value_counts()
            for level, n in zip(found.names, found.counts, strict=True):
                assert counts.get(level, 0) == n


def test_alterations_are_counted_of_those_tested():
    cohort = make_cohort(
        {"x": [1] * 4}, {"A": [1, None, 0, 1], "B": [0, 0, 1, 0], "C": [0, 0, 0, 0]}
    )
    table = selected_alterations(cohort, np.array([True, True, True, False]))
    rows = table.set_index("feature")
    assert list(rows.index) == ["A", "B"], "what nobody has is left out"
    assert (rows.loc["A", "altered"], rows.loc["A", "tested"]) == (1, 2)
    assert (rows.loc["A", "everyone_altered"], rows.loc["A", "everyone_tested"]) == (2, 3)


def test_completeness_counts_the_selected():
    cohort = make_cohort(
        {"diagnosis": ["MF", None, "ET", "MF"], "age_years": [1.0, 2.0, None, None]},
        {"A": [1, None, 0, 1]},
        variables=(DIAGNOSIS, AGE),
    )
    table = completeness(cohort, np.array([True, True, True, False])).set_index("label")
    assert table["known"].to_dict() == {"Age": 2, "All alterations": 2, "Diagnosis": 2}
    assert set(table["n"]) == {3}


def test_a_selection_of_nobody_still_has_pictures():
    cohort = load_cohort("demo:mpn")
    nobody = np.zeros(cohort.n, dtype=bool)
    for item in ranked_variables(cohort):
        found = distribution(cohort, item.variable.name, nobody)
        assert found.known == 0
        assert found.counts.sum() == 0


def test_bcr_abl1_is_counted_in_decades_with_the_undetected_in_the_first_bar():
    values = [0.0, 0.003, 0.05, 0.5, 5.0, 80.0]
    label = "BCR::ABL1 (international scale) at 3 months"
    cohort = make_cohort(
        {"bcr_abl1_is_3m": values}, {"A": [1, 0, 0, 1, 0, 0]},
        variables=(Variable("bcr_abl1_is_3m", label, "numeric", unit="%"),),
    )  # fmt: skip
    found = distribution(cohort, "bcr_abl1_is_3m", everyone(cohort))
    assert isinstance(found, Histogram)
    assert found.logarithmic
    assert found.counts.sum() == len(values)
    assert found.counts[0] == 2
    assert found.lows[0] == 0.0
    ticks = draw_distribution(found, narrowed=False).layout.xaxis.ticktext
    assert {"0.01", "0.1", "1", "10"} <= set(ticks)
    box = {"selection": {"box": [{"x": [np.log10(0.04), np.log10(6.0)]}]}}
    assert brushed_range(box, found) == (0.04, 6.0)
