"""What goes in: the order of patients, dates, rounding error, absurd times. Never a silent answer.

R's numbers were printed by survival 3.5 on the data written out or drawn here.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.competing_risks import (
    cumulative_incidence,
    fine_gray,
    gray_test,
    group_cox,
    group_fine_gray,
)
from app.analysis.regression import (
    counting_process,
    cox,
    cox_time_varying,
    landmark,
    optimal_cutpoint,
    simon_makuch,
    survival_scan,
)
from app.analysis.regression._concordance import concordance_index
from app.analysis.survival import (
    administrative_censoring,
    kaplan_meier,
    logrank_test,
    pairwise_logrank,
    risk_table,
)

N = 40
RNG = np.random.default_rng(61)
ORDERED = pd.DataFrame(
    {
        "time": RNG.exponential(20, N).round(1) + 0.1,
        "event": RNG.integers(0, 2, N),
        "cause": RNG.integers(0, 3, N),
        "group": np.tile(["a", "b"], N // 2),
        "score": RNG.normal(size=N),
        "later": np.where(RNG.random(N) < 0.5, RNG.exponential(5, N), np.nan),
    },
    index=[f"P{i}" for i in range(N)],
)

# Every public function that takes patients in more than one column: its name and its columns.
PAIRED: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "kaplan_meier": (kaplan_meier, ("time", "event")),
    "kaplan_meier, weights": (
        lambda time, event, w: kaplan_meier(time, event, weights=w.abs() + 1),
        ("time", "event", "score"),
    ),
    "logrank_test": (logrank_test, ("time", "event", "group")),
    "logrank_test, strata": (
        lambda time, event, g: logrank_test(time, event, np.tile([1, 2], N // 2), strata=g),
        ("time", "event", "group"),
    ),
    "pairwise_logrank": (pairwise_logrank, ("time", "event", "group")),
    "cumulative_incidence": (cumulative_incidence, ("time", "cause")),
    "gray_test": (gray_test, ("time", "cause", "group")),
    "group_cox": (group_cox, ("time", "cause", "group")),
    "group_fine_gray": (group_fine_gray, ("time", "cause", "group")),
    "concordance_index": (concordance_index, ("time", "event", "score")),
    "optimal_cutpoint": (optimal_cutpoint, ("time", "event", "score")),
    "landmark": (lambda *columns: landmark(*columns, at=2), ("time", "event", "later")),
    "simon_makuch": (simon_makuch, ("time", "event", "later")),
    "risk_table": (
        lambda time, event, groups: risk_table(time, event, [0, 5], groups),
        ("time", "event", "group"),
    ),
    "administrative_censoring": (
        lambda time, event: administrative_censoring(time, event, 5),
        ("time", "event"),
    ),
    "survival_scan": (
        lambda time, event: survival_scan(
            time, event, pd.DataFrame({"g": [0, 1] * (N // 2)}, index=ORDERED.index), min_altered=1
        ),
        ("time", "event"),
    ),
}


@pytest.mark.parametrize(("function", "columns"), PAIRED.values(), ids=PAIRED)
def test_columns_of_one_table_in_different_orders_are_refused(function, columns):
    given_columns = [ORDERED[name] for name in columns]
    function(*given_columns)
    for place in range(len(columns)):
        mixed = list(given_columns)
        mixed[place] = mixed[place].sort_values(kind="stable")
        with pytest.raises(ValueError, match="same patients in the same order"):
            function(*mixed)


@pytest.mark.parametrize("form", [list, np.asarray, lambda x: x.reset_index(drop=True)])
def test_what_bears_no_names_is_paired_by_position(form):
    expected = logrank_test(ORDERED["time"], ORDERED["event"], ORDERED["group"]).statistic
    ours = logrank_test(ORDERED["time"], form(ORDERED["event"]), form(ORDERED["group"]))
    assert ours.statistic == expected


@given(st.permutations(range(12)), st.booleans())
def test_indexes_are_accepted_only_if_they_pair_the_right_patients(order, named):
    """A table in any order gives the same; two columns of it in different orders never answer."""
    frame = ORDERED.head(12) if named else ORDERED.head(12).reset_index(drop=True)
    mixed = frame.iloc[list(order)]
    straight = kaplan_meier(frame["time"], frame["event"]).survival
    np.testing.assert_array_equal(kaplan_meier(mixed["time"], mixed["event"]).survival, straight)
    if list(order) != sorted(order):
        with pytest.raises(ValueError, match="another order"):
            kaplan_meier(frame["time"], mixed["event"])


def test_columns_of_other_patients_are_refused():
    with pytest.raises(ValueError, match="of other patients"):
        kaplan_meier(ORDERED["time"], ORDERED["event"].rename(lambda name: f"{name}x"))


DAYS = pd.to_datetime(pd.Series(["2018-03-01", "2018-09-12", "2021-05-30", None]))
DATED = pd.DataFrame(
    {"time": [5.0, 3, 8, 2], "event": [1, 0, 1, 1], "day": DAYS, "x": [1, 0, 0, 1]}
)
SINCE = DAYS - pd.Timestamp("2018-01-01")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: kaplan_meier(DAYS, DATED["event"]), "not dates"),
        (lambda: kaplan_meier(SINCE, DATED["event"]), "not durations"),
        (lambda: kaplan_meier(SINCE.to_numpy(), DATED["event"]), "not durations"),
        (lambda: kaplan_meier(SINCE.tolist(), DATED["event"]), "not durations"),
        (lambda: kaplan_meier([1, 2, 3, 4], DAYS), "not dates"),
        (lambda: kaplan_meier([1, 2, 3, 4], [1, 0, 1, 0], DAYS), "not dates"),
        (lambda: simon_makuch([1, 2, 3, 4], [1, 0, 1, 0], DAYS), "not dates"),
        (lambda: cox(DATED, "day", "event", ["x"]), "not dates"),
        (lambda: cox(DATED, "time", "event", ["day"]), "'day' must be numbers, not dates"),
        (lambda: cumulative_incidence(SINCE, [1, 2, 0, 1]), "not durations"),
        # NaT is missing, never a negative time.
        (lambda: kaplan_meier([pd.NaT] * 4, DATED["event"]), "4 patients are without one"),
        (lambda: kaplan_meier([5, 6, pd.NaT, 8], DATED["event"]), "1 patient is without one"),
    ],
)
def test_dates_and_durations_are_no_numbers(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_an_exposure_at_nat_is_never():
    nobody = pd.Series([pd.NaT] * 3)
    assert not landmark([4, 5, 6], [1, 0, 1], nobody, 2).exposed.any()


TABLE = pd.DataFrame(
    {"time": [5, 3, 8, 2, 9], "event": [1, 1, 0, 1, 0], "age": [50, 61, 42, 73, 54]}
)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda f: cox(pd.concat([f, f[["age"]]], axis=1), "time", "event", ["age"]), "2 columns"),
        (lambda f: cox(pd.concat([f, f[["time"]]], axis=1), "time", "event", ["age"]), "2 columns"),
        (lambda f: cox(f.rename(columns={"age": 7}), "time", "event", [7]), "7 is not named"),
        (lambda f: cox(f.set_axis([0, 1, 2], axis=1), 0, 1, [2]), "0 is not named by text"),
        (
            lambda f: fine_gray(pd.concat([f, f[["age"]]], axis=1), "time", "event", ["age"]),
            "2 columns called 'age'",
        ),
        (
            lambda f: cox_time_varying(
                pd.concat([f.assign(start=0)] * 2, axis=1), "start", "time", "event", ["age"]
            ),
            "2 columns",
        ),
        (
            lambda f: counting_process(
                pd.concat([f, f[["time"]]], axis=1), "time", "event", {"on": "age"}
            ),
            "2 columns called 'time'",
        ),
    ],
)
def test_columns_named_twice_or_by_numbers_have_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(TABLE)


# Rounding error -----------------------------------------------------------------------------


def test_one_absurd_time_does_not_merge_the_others():
    """R's aeqSurv takes differences relative to the mean of all times, and merges 1 to 7 here."""
    km = kaplan_meier([1, 2, 3, 4, 5, 6, 7, 1e11], [1] * 7 + [0])
    assert km.time.tolist() == [1, 2, 3, 4, 5, 6, 7, 1e11]
    assert km.median == 4
    assert km.at([3, 6.5])["n_risk"].tolist() == [6, 2]
    assert logrank_test([1, 2, 3, 4, 5, 6, 7, 1e11], [1] * 7 + [0], [0, 1] * 4).events == 7
    table = risk_table([1, 2, 3, 1e11], [1, 1, 1, 0], [2.5])
    assert table["n_risk"].tolist() == [2]


@given(
    st.lists(st.integers(1, 400), min_size=2, max_size=12, unique=True),
    st.lists(st.integers(-3, 3), min_size=12, max_size=12),
    st.sampled_from([0.0, 1e9, 1e14]),
)
def test_rounding_error_and_absurd_times_change_no_other_time(tenths, shifts, absurd):
    """Decimals moved by a few units in the last place, with a sentinel or none."""
    exact = np.array(tenths) / 10
    moved = exact + np.array(shifts[: len(exact)]) * np.spacing(exact)
    event = np.ones(len(exact))
    extra = ([absurd], [0]) if absurd else ([], [])
    both = kaplan_meier(
        np.concatenate([exact, moved, extra[0]]), np.concatenate([event, event, extra[1]])
    )
    n = 2 * len(exact) + len(extra[0])
    times = np.sort(exact)
    expected = 1 - 2 * np.arange(1, len(times) + 1) / n
    np.testing.assert_allclose(both.at(times)["survival"], expected, atol=1e-12)
    np.testing.assert_array_equal(both.at(times)["n_risk"], n - 2 * np.arange(len(times)))
    assert all(b > a for a, b in pairwise(both.time))


def test_a_simon_makuch_start_has_the_tolerance_of_a_landmark():
    """R, coxph's score test on the rows after the start, without the first patient."""
    time = [0.1 + 0.6, 0.9, 1.1, 1.4, 2.0, 2.6, 3.1]
    event = [1, 1, 0, 1, 1, 0, 1]
    exposure = [np.nan, 0.4, 0.2, np.nan, 0.8, np.nan, 1.2]
    found = simon_makuch(time, event, exposure, start=0.7)
    assert found.n_left_out == 1
    assert found.n_left_out == (~landmark(time, event, exposure, 0.7).kept).sum()
    without = simon_makuch(time[1:], event[1:], exposure[1:], start=0.7)
    assert found.test.statistic == without.test.statistic
    assert found.test.statistic == pytest.approx(0.153846154, abs=1e-8)


def test_splitting_leaves_no_sliver_and_no_patient_out():
    frame = pd.DataFrame({"t": [0.1 + 0.2, 5.0], "e": [1, 1], "x": [0.3, 0.1 + 0.2]})
    rows = counting_process(frame, "t", "e", {"on": "x"})
    assert rows[["patient", "on", "e"]].to_numpy().tolist() == [[0, 0, 1], [1, 0, 0], [1, 1, 1]]


def test_a_score_out_of_all_bounds_ties_no_others():
    found = concordance_index([1, 2, 3, 4, 5, 6], [1] * 6, [1e15, 9, 8, 7, 6, 5])
    assert found == 1
    # No pair disagrees, so the jackknife has no variance: that is no certainty.
    assert np.isnan(found.lower)
    assert np.isnan(found.upper)
    # Sums in another order still tie.
    noisy = concordance_index([1, 2, 3], [1, 1, 1], [0.1 + 0.2, 0.3, 0.6 - 0.3])
    assert noisy == 0.5
