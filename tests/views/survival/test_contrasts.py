"""Tables of differences, restricted means and conditional survival; crossings and their words."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from app.analysis.regression import cox
from app.analysis.survival import conditional_survival, kaplan_meier
from app.cohort.groupings import by_labels
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.curves.contrasts import (
    common_horizon,
    conditional_table,
    differences_sheet,
    differences_table,
    means_sheet,
    restricted_means_table,
)
from app.views.survival.curves.shape import crossings, proportional_hazards
from app.views.survival.curves.words import cautions
from tests.builders import OS, make_cohort


def result_of(groups: dict[str, tuple[np.ndarray, np.ndarray]], **options):
    time = np.concatenate([t for t, _ in groups.values()])
    event = np.concatenate([e for _, e in groups.values()])
    labels = [name for name, (t, _) in groups.items() for _ in t]
    cohort = make_cohort({"os_months": list(time), "os_event": list(event)}, endpoints=(OS,))
    grouping = by_labels("Arm", labels, list(groups))
    return survival_by_group(cohort, np.ones(cohort.n, dtype=bool), "os", grouping, **options)


def exponential(rate: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    time, end = rng.exponential(1 / rate, n), rng.uniform(20, 120, n)
    return np.minimum(time, end), (time <= end).astype(float)


def weibull(shape: float, scale: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    time = scale * rng.weibull(shape, n)
    return np.minimum(time, 100), (time <= 100).astype(float)


def test_the_first_group_is_the_reference_of_every_difference():
    result = result_of({"A": exponential(0.02, 200, 1), "B": exponential(0.04, 200, 2)})
    table = differences_table(result, [12, 36], "years")
    assert list(table["Group"]) == ["A", "B", "A", "B"]
    assert list(table["Years"]) == ["1", "1", "3", "3"]
    a, b = (result.by_name[name].at(36).iloc[0] for name in ("A", "B"))
    points = 100 * (b["survival"] - a["survival"])
    assert table["Difference, points (95% CI)"].iloc[2] == "reference"
    assert table["Difference, points (95% CI)"].iloc[3].startswith(f"−{abs(points):.1f} (")


def test_a_time_after_the_end_of_a_group_has_no_difference_and_says_why():
    result = result_of(
        {"A": (np.arange(1.0, 31.0), np.ones(30)), "B": (np.full(30, 8.0), np.zeros(30))}
    )
    row = differences_table(result, [20], "months").iloc[1]
    assert "ends before" in row["Difference, points (95% CI)"]
    assert row["p"] == "–"


def test_restricted_means_differ_by_their_areas():
    result = result_of({"A": exponential(0.02, 300, 3), "B": exponential(0.05, 300, 4)})
    table = restricted_means_table(result, 60, "months")
    means = [float(text.split()[0]) for text in table.iloc[:, 1]]
    assert means[0] == pytest.approx(float(result.by_name["A"].rmst(60)), abs=0.005)
    gap = float(table.iloc[1, 2].split()[0].replace("−", "-"))
    assert gap == pytest.approx(means[1] - means[0], abs=0.011)
    assert "Note" not in table
    beyond = restricted_means_table(result, 400, "months")
    assert beyond["Note"].str.contains("carried on level").any()


def test_the_common_horizon_is_followed_in_every_group():
    result = result_of(
        {"A": (np.array([30.0] * 20), np.zeros(20)), "B": (np.array([50.0] * 20), np.zeros(20))}
    )
    assert common_horizon(result) == 24.0
    short = result_of({"A": (np.array([5.5] * 12), np.zeros(12))})
    assert common_horizon(short) == 5.0


def test_conditional_survival_is_the_curve_of_who_remains():
    time, event = exponential(0.03, 250, 5)
    result = result_of({"A": (time, event)})
    table = conditional_table(result, 24, [12, 36], "months")
    later = time > 24
    alone = kaplan_meier(time[later] - 24, event[later])
    expected = conditional_survival(result.by_name["A"], 24, [12, 36])["survival"]
    assert expected.to_numpy() == pytest.approx(alone.at([12, 36])["survival"].to_numpy(), abs=1e-9)
    assert table.iloc[0, 2].startswith(f"{100 * expected.iloc[0]:.0f}%")
    gone = result_of({"A": (np.arange(1.0, 21.0), np.ones(20))})
    assert "Nobody is known" in conditional_table(gone, 24, [12], "months")["Note"].iloc[0]


def test_curves_that_cross_are_found_where_they_cross_and_others_are_not():
    early, late = weibull(0.5, 40, 1500, 6), weibull(3.0, 40, 1500, 7)
    crossed = crossings(result_of({"early": early, "late": late}).by_name)
    assert len(crossed) == 1
    # Two Weibull curves of one scale meet at it.
    assert crossed[0].time == pytest.approx(40, rel=0.15)
    assert (crossed[0].first_ahead, crossed[0].later_ahead) == ("late", "early")
    apart = {"A": exponential(0.02, 500, 8), "B": exponential(0.05, 500, 9)}
    assert crossings(result_of(apart).by_name) == []


def test_noise_rarely_crosses_clearly():
    found = sum(
        len(
            crossings(
                {
                    name: kaplan_meier(*exponential(0.03, 150, 2 * seed + place))
                    for place, name in enumerate("AB")
                }
            )
        )
        for seed in range(60)
    )
    assert found <= 6


def test_proportional_hazards_is_the_test_of_the_cox_model():
    result = result_of({"A": weibull(0.6, 40, 400, 10), "B": weibull(2.0, 40, 400, 11)})
    p_value = proportional_hazards(result.outcome)
    frame = pd.DataFrame(
        {"t": result.outcome.time, "e": result.outcome.event, "b": result.outcome.codes == 1}
    )
    model = cox(frame, "t", "e", ["b"])
    assert p_value == pytest.approx(model.ph_test["p_value"].iloc[-1], rel=1e-8)
    assert p_value < 1e-6


def test_cautions_name_what_limits_the_test_and_are_silent_otherwise():
    crossed = cautions(
        result_of({"early": weibull(0.5, 40, 900, 12), "late": weibull(3.0, 40, 900, 13)}), "months"
    )
    assert any("not proportional" in text for text in crossed)
    assert any(re.search("late and early cross near \\d", text) for text in crossed)
    calm = result_of({"A": exponential(0.03, 60, 14), "B": exponential(0.03, 60, 15)})
    assert cautions(calm, "years") == []
    few = result_of(
        {
            "A": (np.arange(1.0, 41.0), np.array([1.0] * 3 + [0.0] * 37)),
            "B": (np.arange(1.0, 41.0), np.array([0.0] * 38 + [1.0] * 2)),
        }
    )
    assert any("only 5 events" in text for text in cautions(few, "years"))


def test_an_infinite_ratio_leaves_proportionality_unsaid():
    result = result_of(
        {
            "A": (np.arange(1.0, 31.0), np.zeros(30)),
            "B": (np.arange(1.0, 31.0), np.array([1.0] * 15 + [0.0] * 15)),
        }
    )
    assert np.isnan(proportional_hazards(result.outcome))
    assert not [text for text in cautions(result, "years") if "proportional" in text]


@pytest.mark.parametrize(("few", "n"), [(9, 200), (200, 9)])
def test_a_group_too_small_for_the_test_has_no_difference_either(few, n):
    result = result_of({"A": exponential(0.02, n, 5), "B": exponential(0.04, few, 6)})
    assert result.test is None
    tables = (
        differences_table(result, [12], "months").iloc[:, -2:],
        restricted_means_table(result, 12, "months")[["Difference, months (95% CI)", "p"]],
    )
    for table in tables:
        difference, p = table.iloc[1]
        assert difference.endswith("fewer than 10 patients")
        assert difference.startswith("the reference") == (n == 9)
        assert p == "–"
    # Each group's own estimate stays.
    assert "(" in differences_table(result, [12], "months")["Survival (95% CI)"].iloc[1]


def test_a_group_without_events_has_neither_interval_nor_p():
    """12 patients without an event against 200: the interval would be of the 200 alone."""
    result = result_of(
        {"A": exponential(0.04, 200, 7), "B": (np.linspace(20, 90, 12), np.zeros(12))}
    )
    assert 0 < result.test.p_value < 1
    at = differences_table(result, [12], "months").iloc[1]
    assert at["Difference, points (95% CI)"].endswith("(no interval)")
    assert at["Survival (95% CI)"] == "100%"
    assert at["p"] == "–"
    mean = restricted_means_table(result, 18, "months").iloc[1]
    assert mean["Restricted mean, months (95% CI)"] == "18.00 (no interval)"
    assert mean["Difference, months (95% CI)"].endswith("(no interval)")
    assert mean["p"] == "–"


def test_the_workbook_withholds_what_the_page_withholds_of_tiny_groups():
    result = result_of(
        {"A": exponential(0.02, 80, 1), "B": exponential(0.04, 80, 2), "C": exponential(0.04, 6, 3)}
    )
    for sheet, name in (
        (differences_sheet(result, [12], "years"), "Difference"),
        (means_sheet(result, 12, "years"), "Difference, years"),
    ):
        compared, tiny = (sheet[sheet["Group"] == group].iloc[0] for group in "BC")
        assert np.isfinite(compared[[name, "p"]].to_numpy(dtype=float)).all()
        assert np.isnan(tiny[[name, f"{name}, 95% lower", "p"]].to_numpy(dtype=float)).all()
        assert tiny["Note"] == "fewer than 10 patients"
