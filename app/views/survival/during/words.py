"""What an analysis of an event during follow-up says: its answers side by side, and in words."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.regression import CoxModel
from app.study.wording import count, format_p, format_ratio, listing, mid_sentence
from app.views.survival.during.analysis import ADJUSTED, NAIVE, TIME_DEPENDENT, DuringFollowUp

NOT_CAUSAL = (
    "None of these is the effect of the event: who had it differs from who did not in age, risk, "
    "fitness and remission. A causal reading needs these confounders measured and handled, as in a "
    "target-trial emulation."
)


def exposed_row(model: CoxModel | None) -> pd.Series | None:
    """The row of a model's summary that is about the exposure."""
    return None if model is None else model.summary.iloc[0]


def ratio_words(row: pd.Series | None) -> str:
    """The hazard ratio of a row with its interval, for the corner of a figure; may be empty."""
    if row is None or pd.isna(row["hr"]):
        return ""
    return f"HR {format_ratio(row['hr'], row['lower'], row['upper'])}"


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
        "label": f"At {row['landmark']:g} month{'s' * (row['landmark'] != 1)}",
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
    median = result.median_began
    sentences = []
    naive, honest = exposed_row(result.naive), exposed_row(result.time_dependent)
    if naive is not None and honest is not None:
        sentences.append(_error(noun, float(naive["hr"]), honest))
    sentences.append(
        f"{result.n_exposed:,} of {count(result.n, 'patient')} had {noun} during follow-up, half "
        f"of them by month {median:.1f}. Until then they had to be alive and free of the event: "
        f"{count(round(years), 'patient-year')} that the naive comparison credits to {noun} "
        "(immortal time)."
    )
    adjusted = exposed_row(result.adjusted)
    if adjusted is not None:
        sentences.append(
            f"Adjusted for {listing([mid_sentence(name) for name in result.adjusted_for])} it is "
            f"{format_ratio(adjusted['hr'], adjusted['lower'], adjusted['upper'])}, "
            f"{format_p(adjusted['p_value'])}: taking out immortal time and adjusting for who "
            "was chosen can move the ratio in opposite directions."
        )
    if len(result.landmarks):
        sentences.append(_left_out(result.landmarks, noun))
    if result.simon_makuch is not None and result.simon_makuch.test.df:
        test = result.simon_makuch.test
        sentences.append(
            f"With patients moving from one curve to the other at {noun}, the Mantel-Byar test "
            f"gives {format_p(test.p_value)}."
        )
    return sentences


def _error(noun: str, naive: float, honest: pd.Series) -> str:
    right = float(honest["hr"])
    words = (
        f"Hazard ratio of {noun}: **naive {naive:.2f}, time-dependent {right:.2f}** (95% interval "
        f"{honest['lower']:.2f} to {honest['upper']:.2f}, {format_p(honest['p_value'])})."
    )
    if not (np.isfinite(naive) and np.isfinite(right) and naive > 0 and right > 0):
        return words
    factor = max(naive / right, right / naive)
    if factor < 1.05:
        return f"{words} Here immortal time changes little."
    direction = "lower" if naive < right else "higher"
    return (
        f"{words} Counted from time zero the ratio comes out {factor:.2f} times {direction}, by "
        "immortal time alone."
    )


def _left_out(landmarks: pd.DataFrame, noun: str) -> str:
    rows = landmarks.to_dict("records")
    gone = [
        f"by month {row['landmark']:g} ({row['events_before']:,} with the event, "
        f"{row['censored_before']:,} censored)"
        for row in rows
    ]
    later = listing([f"{row['exposed_later']:,}" for row in rows])
    return (
        f"A landmark leaves out who was no longer followed {listing(gone)}. Who had {noun} "
        f"only later ({later}) counts as without it."
    )


def during_notes(result: DuringFollowUp) -> list[str]:
    """What a reader must know before reading the result, one sentence each."""
    noun = result.exposure.noun
    notes = []
    if result.n_after_end:
        notes.append(
            f"{count(result.n_after_end, 'patient')} had {noun} at or after the end of this "
            "follow-up and count as without it."
        )
    endpoint = result.outcome.endpoint
    if result.shifted_by:
        notes.append(
            f"{endpoint.label} is counted from {mid_sentence(result.shifted_by)}, so the "
            f"time of {noun} is too."
        )
    if endpoint.competing is not None:
        notes.append(
            f"Hazard ratios are cause-specific: a death without {endpoint.event_label} "
            "counts as censoring."
        )
    if endpoint.entry is not None:
        notes.append("Entry times of this endpoint are not used here.")
    notes += dict.fromkeys(result.why_not.values())
    if result.simon_makuch is not None and result.simon_makuch.note:
        notes.append(result.simon_makuch.note)
    return notes
