"""Rows that stand for several patients: the same as the patients one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.regression import (
    compare_landmarks,
    counting_process,
    cox,
    cox_time_varying,
    simon_makuch,
)
from app.analysis.survival import kaplan_meier, logrank_test

CLOSE: dict[str, Any] = {"rtol": 1e-12, "atol": 1e-12}
NUMBERS = ["coef", "se", "hr", "lower", "upper", "p_value"]


def drawn(seed: int, n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows with numbers of patients, many ties among them, and these patients one by one."""
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 12, n).astype(float)
    rows = pd.DataFrame(
        {
            "time": time,
            "event": rng.random(n) < 0.6,
            "entry": np.where(rng.random(n) < 0.4, rng.integers(0, 3, n), 0) * (time > 3),
            "began": np.where(rng.random(n) < 0.5, rng.integers(0, 9, n) + 0.5, np.nan),
            "x": rng.normal(size=n).round(1),
            "group": np.where(rng.random(n) < 0.5, "b", "a"),
            "site": rng.choice(["north", "south"], n),
            "n": rng.integers(1, 5, n),
        }
    )
    return rows, rows.loc[rows.index.repeat(rows["n"])].reset_index(drop=True)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(12, 60))
def test_curves_tests_and_models_are_those_of_the_patients(seed: int, n: int):
    rows, patients = drawn(seed, n)
    for entry in (None, "entry"):
        ends = [None if entry is None else frame[entry] for frame in (rows, patients)]
        own = kaplan_meier(rows["time"], rows["event"], ends[0], copies=rows["n"])
        each = kaplan_meier(patients["time"], patients["event"], ends[1])
        pd.testing.assert_frame_equal(own.table, each.table, **CLOSE)
        assert (own.n, own.events) == (each.n, each.events)
        if rows["group"].nunique() < 2:
            continue
        for strata in (None, "site"):
            tests = [
                logrank_test(
                    frame["time"], frame["event"], frame["group"], end,
                    None if strata is None else frame[strata], copies=copies,
                )
                for frame, end, copies in (
                    (rows, ends[0], rows["n"]), (patients, ends[1], None)
                )
            ]  # fmt: skip
            assert tests[0].statistic == pytest.approx(tests[1].statistic, nan_ok=True, **REL)
            models = [
                fitted(frame, entry, strata, copies)
                for frame, copies in ((rows, "n"), (patients, None))
            ]
            same_model(*models)


REL = {"rel": 1e-12, "abs": 1e-12}


def fitted(frame: pd.DataFrame, entry: Any, strata: Any, copies: Any) -> Any:
    try:
        return cox(frame, "time", "event", ["group", "x"], entry, strata=strata, copies=copies)
    except ValueError as error:
        return str(error)


_ENDLESS = 1e8


def same_model(own: Any, each: Any) -> None:
    if isinstance(each, str):
        assert isinstance(own, str)
        return
    # A likelihood that has next to no maximum is climbed to the same place less exactly.
    wild = (each.summary["coef"].abs() > 8).any() or "Firth" in " ".join(each.notes)
    near = {"rtol": 1e-5, "atol": 1e-5} if wild else {"rtol": 1e-10, "atol": 1e-12}
    # Where it is flat a limit of 1e17 is as good as one of 1e27.
    numbers = [one.summary[NUMBERS].clip(-_ENDLESS, _ENDLESS) for one in (own, each)]
    pd.testing.assert_frame_equal(*numbers, **near)
    assert own.summary[["n", "events"]].equals(each.summary[["n", "events"]])
    assert (own.n, own.events, own.patients) == (each.n, each.events, each.patients)
    assert own.log_likelihood == pytest.approx(each.log_likelihood, rel=1e-6 if wild else 1e-12)
    with pytest.raises(ValueError, match="a row a patient"):
        _ = own.concordance


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(12, 60))
def test_events_during_follow_up_are_those_of_the_patients(seed: int, n: int):
    rows, patients = drawn(seed, n)
    follow_up = [(frame["time"], frame["event"], frame["began"]) for frame in (rows, patients)]
    marks = (1.0, 4.0, 20.0)
    own = compare_landmarks(*follow_up[0], marks, rows["n"])
    each = compare_landmarks(*follow_up[1], marks)
    finite = each["hr"].between(1e-3, 1e3) & ~each["note"].str.contains("Firth")
    pd.testing.assert_frame_equal(own[finite], each[finite], rtol=1e-10, atol=1e-12)
    assert (own["note"] == "").equals(each["note"] == "")
    assert own["n"].equals(each["n"])
    try:
        curves = simon_makuch(*follow_up[1], start=1.0)
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)):
            simon_makuch(*follow_up[0], start=1.0, copies=rows["n"])
        return
    found = simon_makuch(*follow_up[0], start=1.0, copies=rows["n"])
    for name in ("unexposed", "exposed"):
        pd.testing.assert_frame_equal(
            getattr(found, name).table, getattr(curves, name).table, **CLOSE
        )
    assert found.test.statistic == pytest.approx(curves.test.statistic, nan_ok=True, **REL)
    assert (found.n_switched, found.n_left_out) == (curves.n_switched, curves.n_left_out)
    models = []
    for frame, copies in ((rows, "n"), (patients, None)):
        split = counting_process(frame, "time", "event", {"exposed": "began"})
        try:
            models.append(
                cox_time_varying(
                    split, "start", "stop", "event", ["exposed"], patient="patient", copies=copies
                )
            )
        except ValueError as error:
            models.append(str(error))
    same_model(*models)


def test_a_row_stands_for_whole_patients():
    for copies in ([1, 0], [1, 1.5], [1, np.nan]):
        with pytest.raises(ValueError, match=r"whole number|must be known"):
            kaplan_meier([1, 2], [1, 0], copies=copies)
