"""What must hold for any follow-up, beyond the properties tested beside each function.

Beside the functions: bands and curves in [0, 1], row order, weights of ones, reverse curves, the
risk table against its definition, incidences that sum to one, labels in the tests between groups.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.analysis.competing_risks import cumulative_incidence, fine_gray, gray_test
from app.analysis.regression import cox, survival_scan
from app.analysis.regression._concordance import concordance_index
from app.analysis.survival import (
    administrative_censoring,
    kaplan_meier,
    logrank_test,
    risk_table,
)

patients = st.lists(
    st.tuples(
        st.integers(1, 12).map(float),  # time
        st.integers(0, 2),  # cause
        st.integers(0, 2),  # group
        st.integers(0, 3).map(lambda x: x / 4),  # entry
        st.integers(-2, 2).map(float),  # covariate
    ),
    min_size=8,
    max_size=50,
).filter(lambda rows: any(row[1] for row in rows) and len({row[2] for row in rows}) > 1)
NAMES = np.array(["zeta", "alpha", "mid"])
SOME = settings(max_examples=30)
MORE = settings(max_examples=60)


def columns(rows: list[tuple[float, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["time", "cause", "group", "entry", "x"])
    return frame.assign(event=(frame["cause"] > 0).astype(int))


def model_of(frame: pd.DataFrame, **options: Any) -> Any:
    """A Cox model, or None where the cohort has none and a sentence says so."""
    try:
        return cox(frame, "time", "event", ["x"], firth=False, **options)
    except ValueError as error:
        assert str(error).endswith(".")  # noqa: PT017
        return None


def figures(frame: pd.DataFrame) -> dict[str, Any]:
    """Everything that depends on the order of events alone, not on the clock."""
    km = kaplan_meier(frame["time"], frame["event"], frame["entry"])
    incidence = cumulative_incidence(frame["time"], frame["cause"], frame["entry"])
    found = {
        "survival": km.survival,
        "std_error": km.std_error,
        "upper": km.upper,
        "incidence": incidence.table[["incidence", "std_error"]].to_numpy(),
        "concordance": concordance_index(frame["time"], frame["event"], frame["x"]),
        "gray": gray_test(frame["time"], frame["cause"], frame["group"]).statistic,
    }
    for weights in ("logrank", "peto-peto"):
        test = logrank_test(
            frame["time"], frame["event"], frame["group"], frame["entry"], weights=weights
        )
        found[weights] = test.statistic
    model = model_of(frame, entry="entry")
    if model is not None:
        found |= {"coef": model.summary[["coef", "se"]], "ph": model.ph_test["chi2"]}
    return found


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert set(ours) == set(theirs)
    for name, value in ours.items():
        np.testing.assert_allclose(value, theirs[name], rtol=1e-6, atol=1e-8, err_msg=name)


@given(patients)
@MORE
def test_at_risk_loses_who_leaves_and_nobody_else(rows):
    frame = columns(rows)
    km = kaplan_meier(frame["time"], frame["event"])
    assert km.n_risk[0] == len(rows)
    np.testing.assert_array_equal(np.diff(km.n_risk), -(km.n_event + km.n_censored)[:-1])
    assert km.n_event.sum() + km.n_censored.sum() == len(rows)
    incidence = cumulative_incidence(frame["time"], frame["cause"])
    leaving = incidence.n_censored + sum(curve.n_event for curve in incidence.curves.values())
    np.testing.assert_array_equal(np.diff(incidence.n_risk), -leaving[:-1])


@given(patients, st.lists(st.integers(0, 26).map(lambda x: x / 2), min_size=1, max_size=5))
@MORE
def test_risk_tables_of_groups_add_up_to_the_table_of_everyone(rows, ticks):
    frame = columns(rows)
    outcome = frame["time"], frame["event"], ticks
    everyone = risk_table(*outcome, entry=frame["entry"]).drop(columns="group")
    groups = risk_table(*outcome, frame["group"], frame["entry"]).drop(columns="group")
    total = groups.groupby("time", as_index=False).sum()
    # A tick asked for twice is counted twice.
    once = everyone.groupby("time", as_index=False).sum()
    pd.testing.assert_frame_equal(total, once)


@given(patients)
@MORE
def test_tests_between_groups_expect_as_many_events_as_there_were(rows):
    frame = columns(rows)
    for strata in (None, frame["x"]):
        test = logrank_test(frame["time"], frame["event"], frame["group"], strata=strata)
        table = test.table
        assert table["n"].sum() == len(rows)
        assert table["expected"].sum() == pytest.approx(table["observed"].sum())
        np.testing.assert_allclose(test.variance.sum(axis=0), 0, atol=1e-9)


@given(patients)
@SOME
def test_only_the_order_of_events_counts(rows):
    """Another unit of time, or any stretching of the clock, changes no estimate but the times."""
    frame = columns(rows)
    expected = figures(frame)
    for stretched in (frame["time"] * 30.4375, frame["time"] / 12, frame["time"] ** 2 + 1):
        early = frame["entry"] / 100  # nobody leaves before everybody has entered
        same(figures(frame.assign(time=stretched, entry=early)), expected)


@given(patients, st.sampled_from([30.4375, 12.0, 1 / 12]))
@MORE
def test_another_unit_scales_the_times_and_nothing_else(rows, unit):
    frame = columns(rows)
    km = kaplan_meier(frame["time"], frame["event"], frame["entry"])
    other = kaplan_meier(frame["time"] * unit, frame["event"], frame["entry"] * unit)
    for p in (0.25, 0.5):
        np.testing.assert_allclose(other.quantile(p), np.array(km.quantile(p)) * unit)
    np.testing.assert_allclose(other.median_followup, km.median_followup * unit)
    mean, scaled = km.rmst(7.5), other.rmst(7.5 * unit)
    np.testing.assert_allclose([scaled, scaled.std_error], [mean * unit, mean.std_error * unit])


@given(patients, st.randoms(use_true_random=False))
@SOME
def test_row_order_and_labels_change_nothing(rows, random):
    frame = columns(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    other = columns(shuffled)
    other["group"] = NAMES[other["group"]]
    same(figures(other), figures(frame))


@given(patients)
@SOME
def test_weights_of_ones_change_nothing(rows):
    frame = columns(rows)
    plain = kaplan_meier(frame["time"], frame["event"], frame["entry"])
    ones = kaplan_meier(frame["time"], frame["event"], frame["entry"], weights=np.ones(len(rows)))
    names = plain.table.columns
    np.testing.assert_allclose(ones.table[names], plain.table[names], rtol=1e-12, atol=1e-14)
    means = plain.rmst(5), ones.rmst(5)
    assert means[0] == pytest.approx(means[1])
    assert means[0].std_error == pytest.approx(means[1].std_error)
    tests = [
        logrank_test(*(frame[name] for name in ("time", "event", "group")), weights=weights)
        for weights in ("logrank", ("fleming-harrington", 0.0, 0.0))
    ]
    np.testing.assert_equal(tests[0].statistic, tests[1].statistic)


@given(patients)
@MORE
def test_without_censoring_incidences_are_the_empirical_distribution(rows):
    frame = columns(rows).assign(cause=lambda f: f["cause"].replace(0, 1))
    found = cumulative_incidence(frame["time"], frame["cause"])
    for cause, curve in found.curves.items():
        share = [((frame["time"] <= t) & (frame["cause"] == cause)).mean() for t in found.time]
        np.testing.assert_allclose(curve.incidence, share, atol=1e-12)
    ends = [curve.incidence[-1] for curve in found.curves.values()]
    assert sum(ends) == pytest.approx(1)


@given(patients)
@SOME
def test_everyone_twice_leaves_estimates_and_divides_errors_by_root_two(rows):
    """Not for Cox models and log-rank tests, whose treatment of ties sees the twins."""
    frame = columns(rows)
    twice = pd.concat([frame, frame], ignore_index=True)
    curves = [kaplan_meier(f["time"], f["event"], f["entry"]) for f in (frame, twice)]
    np.testing.assert_allclose(curves[1].survival, curves[0].survival, atol=1e-12)
    np.testing.assert_allclose(curves[1].std_error * np.sqrt(2), curves[0].std_error, atol=1e-12)
    np.testing.assert_allclose(curves[1].median, curves[0].median)
    means = [km.rmst(9) for km in curves]
    assert means[1] == pytest.approx(means[0])
    assert means[1].std_error * np.sqrt(2) == pytest.approx(means[0].std_error)
    incidences = [cumulative_incidence(f["time"], f["cause"]) for f in (frame, twice)]
    for cause, curve in incidences[0].curves.items():
        np.testing.assert_allclose(
            incidences[1].curves[cause].incidence, curve.incidence, atol=1e-12
        )
    indices = [concordance_index(f["time"], f["event"], f["x"]) for f in (frame, twice)]
    if not np.isnan(indices[0]):
        assert indices[1] == pytest.approx(indices[0])
        assert indices[1].std_error * np.sqrt(2) == pytest.approx(indices[0].std_error, abs=1e-12)
    try:
        models = [fine_gray(f, "time", "cause", ["x"]).summary.iloc[0] for f in (frame, twice)]
    except ValueError as error:
        assert str(error).endswith(".")  # noqa: PT017
        return
    assert models[1]["coef"] == pytest.approx(models[0]["coef"], rel=1e-6, abs=1e-8)
    assert models[1]["se"] * np.sqrt(2) == pytest.approx(models[0]["se"], rel=1e-6, abs=1e-8)


@given(patients, st.integers(1, 12))
@MORE
def test_a_time_limit_changes_nothing_before_it(rows, limit):
    frame = columns(rows)
    whole = kaplan_meier(frame["time"], frame["event"])
    ended = kaplan_meier(*administrative_censoring(frame["time"], frame["event"], limit))
    before = np.count_nonzero(whole.time <= limit)
    np.testing.assert_allclose(ended.survival[:before], whole.survival[:before])
    assert ended.time[-1] <= limit
    assert ended.n == whole.n
    assert ended.rmst(limit) == pytest.approx(whole.rmst(limit))


@given(patients, st.permutations(range(3)))
@SOME
def test_a_models_fit_does_not_depend_on_the_reference_level(rows, order):
    frame = columns(rows)
    assume(frame["group"].nunique() == 3)
    frame["named"] = NAMES[frame["group"]]
    fits = []
    for reference in NAMES[list(order)][:2]:
        try:
            chosen = {"named": reference}
            fits.append(cox(frame, "time", "event", ["named"], references=chosen, firth=False))
        except ValueError as error:
            assert str(error).endswith(".")  # noqa: PT017
            return
    assert fits[0].log_likelihood == pytest.approx(fits[1].log_likelihood)
    assert fits[0].concordance == pytest.approx(fits[1].concordance)
    np.testing.assert_allclose(
        fits[0].ph_test["chi2"], fits[1].ph_test["chi2"], rtol=1e-5, atol=1e-8
    )


@given(patients)
@SOME
def test_a_covariate_turned_round_turns_its_effect_round(rows):
    frame = columns(rows)
    model, turned = model_of(frame), model_of(frame.assign(x=5 - 2 * frame["x"]))
    assert (model is None) == (turned is None)
    if model is not None:
        assert turned.summary["coef"][0] == pytest.approx(-model.summary["coef"][0] / 2, abs=1e-8)
        assert turned.log_likelihood == pytest.approx(model.log_likelihood)
    index = concordance_index(frame["time"], frame["event"], frame["x"])
    if not np.isnan(index):
        opposite = concordance_index(frame["time"], frame["event"], -frame["x"])
        assert opposite == pytest.approx(1 - index)
        assert opposite.std_error == pytest.approx(index.std_error, abs=1e-12)


@given(patients, st.randoms(use_true_random=False))
@SOME
def test_a_screen_does_not_depend_on_the_order_of_patients_or_features(rows, random):
    frame = columns(rows)
    alterations = pd.DataFrame({"a": frame["x"] > 0, "b": frame["group"] == 1}, dtype=float)
    place = list(range(len(rows)))
    random.shuffle(place)
    found = survival_scan(frame["time"], frame["event"], alterations, min_altered=1)
    again = survival_scan(
        frame["time"].iloc[place],
        frame["event"].iloc[place],
        alterations.iloc[place][["b", "a"]],
        min_altered=1,
    )
    both = [table.set_index("feature").sort_index() for table in (found, again)]
    numeric = [table.select_dtypes("number").astype(float) for table in both]
    pd.testing.assert_frame_equal(*numeric, rtol=1e-6)


def test_events_that_fit_exactly_leave_no_standard_error_and_that_is_said():
    """Found by the search for tiny cohorts: a robust variance of zero, negative by rounding."""
    frame = pd.DataFrame(
        {"t": [0, 2, 2, 2], "c": [1, 1, 1, 0], "x": [1, 0, 0, 1], "y": [-1, -3e8, -1, 0]}
    )
    with pytest.raises(ValueError, match="fits every patient exactly"):
        fine_gray(frame, "t", "c", ["x", "y"])
