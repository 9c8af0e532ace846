"""An event during follow-up as an exposure: the naive comparison beside three honest ones.

A patient must live to be transplanted. Comparing the ever-transplanted with the others from time
zero credits that time, in which they could not die, to the transplant (immortal time; Suissa 2008,
Am J Epidemiol 167:492). Landmark analysis, Simon-Makuch curves and a Cox model with time-dependent
exposure count it where it belongs. None of them makes the exposed and the others alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.regression import (
    CoxModel,
    Landmark,
    SimonMakuch,
    compare_landmarks,
    counting_process,
    cox,
    cox_time_varying,
    landmark,
    simon_makuch,
)
from app.analysis.survival import KaplanMeier, LogrankResult, kaplan_meier, logrank_test
from app.analysis.survival_input import slack
from app.cohort.groupings import MIN_GROUP_FOR_TEST
from app.study.accounting import Accounting
from app.study.adjustment import covariate_frame
from app.study.exposures import Exposure, ExposureTimes, default_landmarks, exposure_times
from app.study.outcomes import Outcome, outcome_of
from data_loaders import Cohort
from data_loaders.wording import plural

T = TypeVar("T")

NAIVE, TIME_DEPENDENT, ADJUSTED = "naive", "time_dependent", "adjusted"
EXPOSED = "exposed"


@dataclass(frozen=True, eq=False)
class TwoCurves:
    """Kaplan-Meier curves of the unexposed and the exposed, and their test.

    Either curve is None where nobody is in it; the test is None where there is nothing to compare
    or fewer than ten patients are on a side.
    """

    unexposed: KaplanMeier | None
    exposed: KaplanMeier | None
    test: LogrankResult | None


@dataclass(frozen=True, eq=False)
class DuringFollowUp:
    """An exposure that begins during follow-up, analysed naively and with its time.

    Attributes
    ----------
    time, event, began
        Follow-up in months, 1 = event, and when the exposure began (NaN never), shape (rows,).
    naive
        Cox model of ever exposed against never, from time zero: wrong. None without an answer.
    naive_curves
        The curves that go with it.
    landmarks
        One row a landmark, as :func:`app.analysis.regression.compare_landmarks`, and
        ``events_before``, ``censored_before``, ``exposed_before`` (of these, exposed) and
        ``exposed_later`` (counted as unexposed).
    at, landmark_curves
        The landmark that is drawn, and its curves; None where nobody is followed beyond it.
    simon_makuch
        Curves of patients who move between states; None without an answer.
    time_dependent, adjusted
        Cox models with time-dependent exposure, alone and with covariates; None without an answer.
    n_after_end
        Patients whose exposure is dated at or after the end of their follow-up: they count as
        never exposed.
    immortal_months
        Follow-up of the exposed before their exposure, in all.
    start
        Months from which the Simon-Makuch curves follow patients.
    shifted_by
        The event that the clock starts at, if the times were moved.
    """

    outcome: Outcome
    exposure: Exposure
    accounting: Accounting
    time: Floats
    event: Floats
    began: Floats
    copies: Ints
    naive: CoxModel | None
    naive_curves: TwoCurves
    landmarks: pd.DataFrame
    at: Landmark | None
    landmark_curves: TwoCurves | None
    simon_makuch: SimonMakuch | None
    time_dependent: CoxModel | None
    adjusted: CoxModel | None
    adjusted_for: tuple[str, ...]
    why_not: dict[str, str]
    n_after_end: int
    immortal_months: float
    start: float
    shifted_by: str = ""

    @property
    def n(self) -> int:
        """Patients analysed."""
        return int(self.copies.sum())

    @property
    def n_events(self) -> int:
        """Events in these."""
        return int(self.copies[self.event == 1].sum())

    @property
    def median_began(self) -> float:
        """Months by which half of the exposed were."""
        return _median(self.began, self.copies)

    @property
    def n_exposed(self) -> int:
        """Patients exposed during follow-up."""
        return int(self.copies[np.isfinite(self.began)].sum())


def during_follow_up(
    cohort: Cohort,
    mask: Bools,
    *,
    endpoint_key: str,
    exposure: str,
    landmarks: Sequence[float],
    drawn: float,
    start: float = 0.0,
    adjust: Sequence[str] = (),
    limit: float | None = None,
) -> DuringFollowUp:
    """Compare who had an event during follow-up with who had not, from time zero.

    Parameters
    ----------
    landmarks, drawn, start, adjust
        As of :func:`analyse_during_follow_up`.

    Raises
    ------
    CohortError
        If the cohort has no such endpoint or exposure.
    ValueError
        If nobody is left to analyse, or nobody was exposed during follow-up.
    """
    return analyse_during_follow_up(
        cohort,
        outcome_of(cohort, mask, endpoint_key, limit=limit, truncated=False),
        exposure_times(cohort, exposure, endpoint_key),
        landmarks=landmarks,
        drawn=drawn,
        start=start,
        adjust=adjust,
    )


def analyse_during_follow_up(
    cohort: Cohort,
    outcome: Outcome,
    exposure: ExposureTimes,
    *,
    landmarks: Sequence[float],
    drawn: float,
    start: float = 0.0,
    adjust: Sequence[str] = (),
) -> DuringFollowUp:
    """Compare the exposed with the unexposed, naively and in three ways that respect time.

    Parameters
    ----------
    outcome
        Follow-up of the patients selected, from :func:`app.study.outcomes.outcome_of` with
        ``truncated=False``, or counts of them.
    exposure
        When each patient's exposure began, in the order of ``outcome.used``.
    drawn
        The one whose curves are drawn.
    start
        Months from which the Simon-Makuch curves follow patients.
    adjust
        Columns that the adjusted model has besides the exposure.

    Raises
    ------
    ValueError
        If nobody is left to analyse, or nobody was exposed during follow-up.
    """
    began = exposure.months[outcome.used]
    left_out = dict(outcome.left_out)
    noun = exposure.exposure.noun
    kept = np.ones(len(outcome.time), dtype=np.bool_)
    copies = np.ones(len(kept), dtype=np.int64) if outcome.copies is None else outcome.copies
    for reason, who in (
        (f"with {noun} at an unknown time", exposure.undated[outcome.used]),
        (f"in whom it is not known whether {noun} came", exposure.unknown[outcome.used]),
        (f"with {noun} dated before time zero", began < 0),
        ("without follow-up after time zero", outcome.time <= 0),
    ):
        number = int(copies[who & kept].sum())
        if number:
            left_out[reason] = number
            kept &= ~who
    if not kept.any():
        raise ValueError(
            "Nobody is left to analyse: widen the filter or choose another endpoint or event."
        )
    time, event, began = outcome.time[kept], outcome.event[kept], began[kept]
    copies = copies[kept]
    n = int(copies.sum())
    late = began >= time - slack(time)
    began = np.where(late, np.nan, began)
    ever = np.isfinite(began)
    if not ever.any():
        raise ValueError(
            f"None of the {plural(n, 'patient')} had {noun} before the end of follow-up: "
            "widen the filter or choose another event."
        )
    used = outcome.used.copy()
    used[outcome.used] = kept
    covariates = covariate_frame(cohort, used, adjust)[0] if adjust else pd.DataFrame()
    why_not: dict[str, str] = {}
    frame = covariates.assign(
        **{_TIME: time, _EVENT: event, _BEGAN: began, _EVER: ever, _MANY: copies}
    )
    rows = counting_process(frame, _TIME, _EVENT, {EXPOSED: _BEGAN})
    answer = _Answers(why_not)
    few = _too_few(ever, noun, copies)
    few_exposed = few if copies[ever].sum() < MIN_GROUP_FOR_TEST else ""
    at = answer("landmark", lambda: landmark(time, event, began, drawn, copies=copies))
    return DuringFollowUp(
        outcome=outcome,
        exposure=exposure.exposure,
        accounting=Accounting(outcome.selected, n, left_out, outcome.limit),
        time=time,
        event=event,
        began=began,
        copies=copies,
        naive=answer(NAIVE, lambda: cox(frame, _TIME, _EVENT, [_EVER], copies=_MANY), unless=few),
        naive_curves=_two_curves(time, event, ever, copies),
        landmarks=_landmarks(time, event, began, copies, landmarks),
        at=at,
        landmark_curves=(
            None
            if at is None or at.copies is None
            else _two_curves(at.time, at.event, at.exposed, at.copies)
        ),
        simon_makuch=_without_test(
            answer("simon_makuch", lambda: simon_makuch(time, event, began, start, copies=copies)),
            few_exposed,
        ),
        time_dependent=answer(
            TIME_DEPENDENT, lambda: _time_dependent(rows, []), unless=few_exposed
        ),
        adjusted=(
            answer(
                ADJUSTED,
                lambda: _time_dependent(rows, list(covariates.columns)),
                unless=few_exposed,
            )
            if len(covariates.columns)
            else None
        ),
        adjusted_for=tuple(str(name) for name in covariates.columns),
        why_not=why_not,
        n_after_end=int(copies[late].sum()),
        immortal_months=float(copies[ever] @ began[ever]),
        start=start,
        shifted_by=exposure.shifted_by,
    )


def usual_landmarks(outcome: Outcome, began: Floats) -> list[float]:
    """Landmarks near the quartiles of the times of an event, before the end of all follow-up.

    Parameters
    ----------
    began
        When it came to each entry of the outcome; NaN for never.
    """
    within = began < outcome.time
    # Quartiles need some thousands of many patients.
    share = max(1.0, outcome.n / _ENOUGH)
    many = np.ones(len(within)) if outcome.copies is None else outcome.copies / share
    usual = default_landmarks(np.repeat(began[within], np.ceil(many[within]).astype(np.int64)))
    last = float(outcome.time.max()) if outcome.n else 0.0
    return [mark for mark in usual if mark < last] or usual[:1]


_ENOUGH = 100_000
_TIME, _EVENT, _BEGAN, _EVER, _MANY = "_time", "_event", "_began", "_ever", "_many"


@dataclass(frozen=True)
class _Answers:
    """Calls an analysis; where it has no answer, keeps the sentence that says why."""

    why_not: dict[str, str]

    def __call__(self, name: str, analysis: Callable[[], T], *, unless: str = "") -> T | None:
        if unless:
            self.why_not[name] = unless
            return None
        try:
            return analysis()
        except ValueError as error:
            self.why_not[name] = str(error)
            return None


def _median(values: Floats, copies: Ints) -> float:
    """The median of the known ones, each as often as it occurs."""
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    reached = np.cumsum(copies[order])
    middle = [(reached[-1] - 1) // 2, reached[-1] // 2]
    return float(values[order[np.searchsorted(reached, middle, side="right")]].mean())


def _too_few(exposed: Bools, noun: str, copies: Ints) -> str:
    """Why exposed and unexposed are not compared; empty where there are enough of both."""
    sizes = {
        f"with {noun}": int(copies[exposed].sum()), f"without {noun}": int(copies[~exposed].sum())
    }  # fmt: skip
    who, size = min(sizes.items(), key=lambda item: item[1])
    if size >= MIN_GROUP_FOR_TEST:
        return ""
    return (
        f"Only {plural(size, 'patient')} {who}: a comparison needs {MIN_GROUP_FOR_TEST} on either "
        "side."
    )


def _without_test(curves: SimonMakuch | None, unless: str) -> SimonMakuch | None:
    """The curves without their test where a reason is given."""
    if curves is None or not unless:
        return curves
    nothing = float("nan")
    test = replace(curves.test, statistic=nothing, df=0, p_value=nothing, note=unless)
    return replace(curves, test=test)


def _time_dependent(rows: pd.DataFrame, covariates: list[str]) -> CoxModel:
    if not rows[EXPOSED].any():
        raise ValueError("Nobody was exposed while followed.")
    return cox_time_varying(
        rows, "start", "stop", _EVENT, [EXPOSED, *covariates], patient="patient", copies=_MANY
    )


def _two_curves(time: Floats, event: Floats | Bools, exposed: Bools, copies: Ints) -> TwoCurves:
    curves = [
        kaplan_meier(time[own], event[own], copies=copies[own]) if own.any() else None
        for own in (~exposed, exposed)
    ]
    enough = not _too_few(exposed, "", copies) and bool(np.any(event))
    test = logrank_test(time, event, exposed, copies=copies) if enough else None
    return TwoCurves(curves[0], curves[1], test)


def _landmarks(
    time: Floats, event: Floats, began: Floats, copies: Ints, landmarks: Sequence[float]
) -> pd.DataFrame:
    """The comparison at every landmark, and who was left out there."""
    marks = sorted({float(mark) for mark in landmarks})
    table = compare_landmarks(time, event, began, marks, copies)
    few = np.minimum(table["n_exposed"], table["n"] - table["n_exposed"]) < MIN_GROUP_FOR_TEST
    few = few.fillna(value=False).to_numpy(dtype=bool)
    table.loc[few, ["hr", "lower", "upper", "p_value"]] = np.nan
    table.loc[few, "note"] = f"fewer than {MIN_GROUP_FOR_TEST} patients on a side"
    gone = [time <= mark + slack(mark) for mark in marks]
    return table.assign(
        events_before=[int(copies[g & (event == 1)].sum()) for g in gone],
        censored_before=[int(copies[g & (event == 0)].sum()) for g in gone],
        exposed_before=[int(copies[g & np.isfinite(began)].sum()) for g in gone],
        exposed_later=[
            int(copies[~g & (began > mark + slack(mark))].sum())
            for mark, g in zip(marks, gone, strict=True)
        ],
    )
