"""An event during follow-up as an exposure: the naive comparison beside three honest ones.

A patient must live to be transplanted. Comparing the ever-transplanted with the others from time
zero credits that time, in which they could not die, to the transplant (immortal time; Suissa 2008,
Am J Epidemiol 167:492). Landmark analysis, Simon-Makuch curves and a Cox model with time-dependent
exposure count it where it belongs. None of them makes the exposed and the others alike.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from app.analysis._survival_data import Bools, Floats
from app.analysis.adjustment import covariate_frame
from app.analysis.cohort_screen import format_ratio
from app.analysis.cox_model import CoxModel
from app.analysis.exposures import Exposure, ExposureTimes
from app.analysis.logrank import LogrankResult
from app.analysis.outcomes import Outcome
from app.analysis.regression import cox, cox_time_varying
from app.analysis.survival import ConfType, KaplanMeier, kaplan_meier, logrank_test
from app.analysis.time_dependent import (
    Landmark,
    SimonMakuch,
    compare_landmarks,
    counting_process,
    landmark,
    simon_makuch,
)
from app.analysis.wording import count, format_p, listing, mid_sentence
from data_loaders import Cohort, Endpoint

T = TypeVar("T")

NAIVE, TIME_DEPENDENT, ADJUSTED = "naive", "time_dependent", "adjusted"
EXPOSED = "exposed"
MIN_EXPOSED = 10


@dataclass(frozen=True, eq=False)
class TwoCurves:
    """Kaplan-Meier curves of the unexposed and the exposed, and their test.

    Either curve is None where nobody is in it; the test is None where there is nothing to compare.
    """

    unexposed: KaplanMeier | None
    exposed: KaplanMeier | None
    test: LogrankResult | None


@dataclass(frozen=True, eq=False)
class DuringFollowUp:
    """An exposure that begins during follow-up, analysed naively and with its time.

    Attributes
    ----------
    endpoint, exposure
        What was followed, and what was compared.
    time, event, began
        Follow-up in months, 1 = event, and when the exposure began (NaN never), shape (n,).
    naive
        Cox model of ever exposed against never, from time zero: wrong. None without an answer.
    naive_curves
        The curves that go with it.
    landmarks
        One row a landmark, as :func:`app.analysis.time_dependent.compare_landmarks`, and
        ``events_before``, ``censored_before``, ``exposed_before`` (of these, exposed) and
        ``exposed_later`` (counted as unexposed).
    at, landmark_curves
        The landmark that is drawn, and its curves; None where nobody is followed beyond it.
    simon_makuch
        Curves of patients who move between states; None without an answer.
    time_dependent, adjusted
        Cox models with time-dependent exposure, alone and with covariates; None without an answer.
    adjusted_for
        Labels of the covariates.
    why_not
        Why an analysis has no answer, by its name.
    selected, left_out
        Patients selected, and why some are not analysed: reason to number.
    n_after_end
        Patients whose exposure is dated at or after the end of their follow-up: they count as
        never exposed.
    immortal_months
        Follow-up of the exposed before their exposure, in all.
    limit, shifted_by
        Time limit in months, or None; the event that the clock starts at, if the times were moved.
    """

    endpoint: Endpoint
    exposure: Exposure
    time: Floats
    event: Floats
    began: Floats
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
    selected: int
    left_out: dict[str, int]
    n_after_end: int
    immortal_months: float
    limit: float | None
    shifted_by: str = ""

    @property
    def n(self) -> int:
        """Patients analysed."""
        return len(self.time)

    @property
    def n_exposed(self) -> int:
        """Patients exposed during follow-up."""
        return int(np.isfinite(self.began).sum())


def analyse_during_follow_up(
    cohort: Cohort,
    outcome: Outcome,
    exposure: ExposureTimes,
    *,
    landmarks: Sequence[float],
    drawn: float,
    start: float = 0.0,
    adjust: Sequence[str] = (),
    conf_type: ConfType = "log-log",
) -> DuringFollowUp:
    """Compare the exposed with the unexposed, naively and in three ways that respect time.

    Parameters
    ----------
    cohort
        The cohort.
    outcome
        Follow-up of the patients selected, from :func:`app.analysis.outcomes.outcome_of` with
        ``truncated=False``.
    exposure
        When each patient's exposure began.
    landmarks
        Landmarks in months.
    drawn
        The one whose curves are drawn.
    start
        Months from which the Simon-Makuch curves follow patients.
    adjust
        Columns that the adjusted model has besides the exposure.
    conf_type
        Scale of the confidence bands.

    Raises
    ------
    ValueError
        If nobody is left to analyse, or nobody was exposed during follow-up.
    """
    began = exposure.months[outcome.used]
    left_out = dict(outcome.left_out)
    noun = exposure.exposure.noun
    kept = np.ones(outcome.n, dtype=np.bool_)
    for reason, who in (
        (f"with {noun} at an unknown time", exposure.undated[outcome.used]),
        (f"with {noun} dated before time zero", began < 0),
        ("without follow-up after time zero", outcome.time <= 0),
    ):
        number = int((who & kept).sum())
        if number:
            left_out[reason] = number
            kept &= ~who
    if not kept.any():
        raise ValueError(
            "Nobody is left to analyse: widen the filter or choose another endpoint or event."
        )
    time, event, began = outcome.time[kept], outcome.event[kept], began[kept]
    late = began >= time - 1e-9 * max(1.0, float(time.max()))
    began = np.where(late, np.nan, began)
    ever = np.isfinite(began)
    if not ever.any():
        raise ValueError(
            f"None of the {count(len(time), 'patient')} had {noun} before the end of follow-up: "
            "widen the filter or choose another event."
        )
    used = outcome.used.copy()
    used[outcome.used] = kept
    covariates, _ = covariate_frame(cohort, used, adjust)
    why_not: dict[str, str] = {}
    frame = covariates.assign(**{_TIME: time, _EVENT: event, _BEGAN: began, _EVER: ever})
    rows = counting_process(frame, _TIME, _EVENT, {EXPOSED: _BEGAN})
    answer = _Answers(why_not)
    at = answer("landmark", lambda: landmark(time, event, began, drawn))
    return DuringFollowUp(
        endpoint=outcome.endpoint,
        exposure=exposure.exposure,
        time=time,
        event=event,
        began=began,
        naive=answer(NAIVE, lambda: cox(frame, _TIME, _EVENT, [_EVER])),
        naive_curves=_two_curves(time, event, ever, conf_type),
        landmarks=_landmarks(time, event, began, landmarks),
        at=at,
        landmark_curves=(
            None if at is None else _two_curves(at.time, at.event, at.exposed, conf_type)
        ),
        simon_makuch=answer(
            "simon_makuch", lambda: simon_makuch(time, event, began, start, conf_type=conf_type)
        ),
        time_dependent=answer(TIME_DEPENDENT, lambda: _time_dependent(rows, [])),
        adjusted=(
            answer(ADJUSTED, lambda: _time_dependent(rows, list(covariates.columns)))
            if len(covariates.columns)
            else None
        ),
        adjusted_for=tuple(str(name) for name in covariates.columns),
        why_not=why_not,
        selected=outcome.selected,
        left_out=left_out,
        n_after_end=int(late.sum()),
        immortal_months=float(np.nansum(began)),
        limit=outcome.limit,
        shifted_by=exposure.shifted_by,
    )


_TIME, _EVENT, _BEGAN, _EVER = "_time", "_event", "_began", "_ever"


@dataclass(frozen=True)
class _Answers:
    """Calls an analysis; where it has no answer, keeps the sentence that says why."""

    why_not: dict[str, str]

    def __call__(self, name: str, analysis: Callable[[], T]) -> T | None:
        try:
            return analysis()
        except ValueError as error:
            self.why_not[name] = str(error)
            return None


def _time_dependent(rows: pd.DataFrame, covariates: list[str]) -> CoxModel:
    if not rows[EXPOSED].any():
        raise ValueError("Nobody was exposed while followed.")
    return cox_time_varying(
        rows, "start", "stop", _EVENT, [EXPOSED, *covariates], patient="patient"
    )


def _two_curves(time: Floats, event: Floats, exposed: Bools, conf_type: ConfType) -> TwoCurves:
    curves = [
        kaplan_meier(time[own], event[own], conf_type=conf_type) if own.any() else None
        for own in (~exposed, exposed)
    ]
    both = all(curve is not None for curve in curves) and bool(np.any(event))
    return TwoCurves(curves[0], curves[1], logrank_test(time, event, exposed) if both else None)


def _landmarks(
    time: Floats, event: Floats, began: Floats, landmarks: Sequence[float]
) -> pd.DataFrame:
    """The comparison at every landmark, and who was left out there."""
    marks = sorted({float(mark) for mark in landmarks})
    table = compare_landmarks(time, event, began, marks)
    gone = [time <= mark + 1e-9 * max(1.0, float(time.max())) for mark in marks]
    return table.assign(
        events_before=[int((event[g] == 1).sum()) for g in gone],
        censored_before=[int((event[g] == 0).sum()) for g in gone],
        exposed_before=[int(np.isfinite(began[g]).sum()) for g in gone],
        exposed_later=[int((began[~g] > mark).sum()) for mark, g in zip(marks, gone, strict=True)],
    )


# What it says -------------------------------------------------------------------------------


def exposed_row(model: CoxModel | None) -> pd.Series | None:
    """The row of a model's summary that is about the exposure."""
    return None if model is None else model.summary.iloc[0]


def answers_table(result: DuringFollowUp) -> pd.DataFrame:
    """Every answer side by side, the naive one first: the rows of the forest.

    Returns
    -------
    DataFrame
        key, label, group, n, events, hr, lower, upper, p_value, note.
    """
    rows = [_model_row(result, NAIVE, "Ever against never", "Naive: wrong", result.naive)]
    rows += [_landmark_row(row) for row in result.landmarks.to_dict("records")]
    group = "Time-dependent Cox model"
    rows.append(_model_row(result, TIME_DEPENDENT, "Unadjusted", group, result.time_dependent))
    if result.adjusted_for:
        label = f"Adjusted for {listing([mid_sentence(name) for name in result.adjusted_for])}"
        rows.append(_model_row(result, ADJUSTED, label, group, result.adjusted))
    frame = pd.DataFrame(rows)
    numbers = ["n", "events", "hr", "lower", "upper", "p_value"]
    frame[numbers] = frame[numbers].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    return frame


def _landmark_row(row: dict[Hashable, Any]) -> dict[str, object]:
    numbers = ("n", "events", "hr", "lower", "upper", "p_value")
    return {
        "key": f"landmark:{row['landmark']:g}",
        "label": f"At {row['landmark']:g} months",
        "group": "Landmark, clock reset",
        **{name: row[name] for name in numbers},
        "note": row["note"] if pd.isna(row["hr"]) else "",
    }


def _model_row(
    result: DuringFollowUp, key: str, label: str, group: str, model: CoxModel | None
) -> dict[str, object]:
    row: dict[str, object] = {"key": key, "label": label, "group": group}
    if model is None:
        return row | {"note": result.why_not.get(key, "no estimate")}
    own = model.summary.iloc[0]
    values = {name: float(own[name]) for name in ("hr", "lower", "upper", "p_value")}
    return row | values | {"n": model.patients or model.n, "events": model.events, "note": ""}


def during_reading(result: DuringFollowUp) -> list[str]:
    """The result in plain words, one sentence each, from rules."""
    noun = result.exposure.noun
    years = result.immortal_months / 12
    median = float(np.nanmedian(result.began))
    sentences = [
        f"{result.n_exposed:,} of {count(result.n, 'patient')} had {noun} during follow-up, half "
        f"of them by month {median:.1f}. Until then they had to be alive and free of the event: "
        f"{years:,.0f} patient-years that the naive comparison credits to {noun} (immortal time)."
    ]
    naive, honest = exposed_row(result.naive), exposed_row(result.time_dependent)
    if naive is not None and honest is not None:
        sentences.append(_error(noun, float(naive["hr"]), honest))
    adjusted = exposed_row(result.adjusted)
    if adjusted is not None:
        sentences.append(
            f"Adjusted for {listing([mid_sentence(name) for name in result.adjusted_for])} it is "
            f"{format_ratio(adjusted['hr'], adjusted['lower'], adjusted['upper'])} "
            f"({format_p(adjusted['p_value'])}): taking out immortal time and adjusting for who "
            "was chosen can move the ratio in opposite directions."
        )
    sentences += [_left_out_at(row, noun) for row in result.landmarks.to_dict("records")]
    if result.simon_makuch is not None:
        test = result.simon_makuch.test
        sentences.append(
            f"With patients moving from one curve to the other at {noun}, the Mantel-Byar test "
            f"gives {format_p(test.p_value)}."
        )
    return sentences


def _error(noun: str, naive: float, honest: pd.Series) -> str:
    right = float(honest["hr"])
    words = (
        f"Hazard ratio of {noun}: naive {naive:.2f}, time-dependent "
        f"{format_ratio(right, honest['lower'], honest['upper'])}, {format_p(honest['p_value'])}."
    )
    if not (np.isfinite(naive) and np.isfinite(right) and naive > 0 and right > 0):
        return words
    factor = max(naive / right, right / naive)
    if factor < 1.05:
        return f"{words} Here immortal time changes little."
    direction = "lower" if naive < right else "higher"
    return f"{words} From time zero the hazard looks {factor:.2f} times {direction} than it is."


def _left_out_at(row: dict[Hashable, Any], noun: str) -> str:
    gone = [
        f"{row['events_before']:,} with the event",
        f"{row['censored_before']:,} censored",
    ]
    later = f"; {row['exposed_later']:,} with {noun} later count as without it"
    return f"Landmark {row['landmark']:g} months leaves out {listing(gone)} by then{later}."


def during_notes(result: DuringFollowUp) -> list[str]:
    """What a reader must know before reading the result, one sentence each."""
    noun = result.exposure.noun
    notes = []
    if result.n_after_end:
        notes.append(
            f"{count(result.n_after_end, 'patient')} had {noun} at or after the end of this "
            "follow-up and count as without it."
        )
    if result.shifted_by:
        notes.append(
            f"{result.endpoint.label} is counted from {mid_sentence(result.shifted_by)}, so the "
            f"time of {noun} is too."
        )
    if result.endpoint.competing is not None:
        notes.append(
            f"Hazard ratios are cause-specific: a death without {result.endpoint.event_label} "
            "counts as censoring."
        )
    if result.endpoint.entry is not None:
        notes.append("Entry times of this endpoint are not used here.")
    if result.n_exposed < MIN_EXPOSED:
        notes.append(
            f"Only {count(result.n_exposed, 'patient')} had {noun}: read every number as a "
            "description of these few."
        )
    if result.simon_makuch is not None and result.simon_makuch.note:
        notes.append(result.simon_makuch.note)
    return notes


NOT_CAUSAL = (
    "None of these is the effect of the event: who had it differs from who did not in age, risk, "
    "fitness and remission. A causal reading needs these confounders measured and handled, as in a "
    "target-trial emulation."
)
