"""Exposures that begin during follow-up: landmark analysis, Simon-Makuch curves, row splitting.

A transplant given after a year cannot be a baseline group: who had it lived that year ("immortal
time"). An exposure time is the time an exposure began, missing for who never had it; one at or
after the end of follow-up never counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.likelihood import check_names
from app.analysis.regression._cox import cox
from app.analysis.survival import ConfType, KaplanMeier, LogrankResult, kaplan_meier, logrank_test
from app.analysis.survival_input import numbers, same_patients, slack, survival_data

_EXPOSURES = "Exposure times"


@dataclass(frozen=True)
class Landmark:
    """Patients still followed at a landmark, with the clock reset to zero there.

    Attributes
    ----------
    at
        The landmark, in the unit of the input.
    time, event, entry
        Follow-up from the landmark on; ``entry`` is None unless entries were given.
    exposed
        True where the exposure had begun by the landmark.
    kept
        Which of the patients given are in the analysis, shape (n given,).
    n_events_before, n_censored_before
        Patients left out because follow-up had ended by the landmark: with the event, and without.
    """

    at: float
    time: Floats
    event: Bools
    entry: Floats | None
    exposed: Bools
    kept: Bools
    n_events_before: int
    n_censored_before: int
    method: str
    copies: Ints | None = None


def landmark(
    time: Any, event: Any, exposure_time: Any, at: float, entry: Any = None, *, copies: Any = None
) -> Landmark:
    """Set up a landmark analysis (Anderson, Cain & Gelber 1983).

    Who had the event or was censored by the landmark, or exactly at it, is left out; groups are by
    the exposure status at the landmark and do not change afterwards.

    Parameters
    ----------
    exposure_time
        When the exposure began; missing if never.
    at
        The landmark, zero or later.

    Raises
    ------
    ValueError
        If nobody is followed beyond the landmark, or the input is missing or impossible.
    """
    if not (np.isfinite(at) and at >= 0):
        raise ValueError("A landmark must be a time of zero or later.")
    data = survival_data(time, event, entry, copies=copies, beside={_EXPOSURES: exposure_time})
    exits = data.times[data.exit]
    began = _exposure_times(exposure_time, data.rows)
    at = float(at)
    kept = exits - slack(exits) > at
    if not kept.any():
        raise ValueError(
            f"Nobody is followed beyond the landmark at {at:g}: choose an earlier one."
        )
    after, before = data.subset(kept), data.subset(~kept)
    return Landmark(
        at=at,
        time=exits[kept] - at,
        event=data.event[kept],
        entry=None if data.entry is None else np.maximum(data.times[data.entry][kept] - at, 0.0),
        exposed=began[kept] <= at + slack(at),
        kept=kept,
        n_events_before=before.events,
        n_censored_before=before.n - before.events,
        method=f"Landmark analysis at {at:g}, clock reset, follow-up ended by then left out",
        copies=after.copies,
    )


def compare_landmarks(
    time: Any, event: Any, exposure_time: Any, landmarks: Sequence[float], copies: Any = None
) -> pd.DataFrame:
    """Compare exposed and unexposed at several landmarks side by side.

    Parameters
    ----------
    time, event, exposure_time, copies
        As in :func:`landmark`.

    Returns
    -------
    DataFrame
        landmark, n, n_exposed, events, events_exposed, left_out, hr (Cox, exposed against not),
        lower, upper, p_value (log-rank), note where a landmark has no answer.
    """
    rows = []
    for at in landmarks:
        row: dict[str, Any] = {"landmark": float(at), "note": ""}
        rows.append(row)
        try:
            part = landmark(time, event, exposure_time, at, copies=copies)
        except ValueError as error:
            row["note"] = str(error)
            continue
        many = np.ones(len(part.time), dtype=np.int64) if part.copies is None else part.copies
        row |= {
            "n": int(many.sum()),
            "n_exposed": int(many[part.exposed].sum()),
            "events": int(many[part.event].sum()),
            "events_exposed": int(many[part.event & part.exposed].sum()),
            "left_out": part.n_events_before + part.n_censored_before,
        }
        frame = pd.DataFrame({"t": part.time, "e": part.event, "exposed": part.exposed, "n": many})
        try:
            model = cox(frame, "t", "e", ["exposed"], copies="n")
            test = logrank_test(part.time, part.event, part.exposed, copies=part.copies)
        except ValueError as error:
            row["note"] = str(error)
            continue
        row |= model.summary.iloc[0][["hr", "lower", "upper"]].to_dict()
        row["p_value"] = test.p_value
        row["note"] = " ".join(note for note in model.notes if "Firth" in note)
    counts = ["n", "n_exposed", "events", "events_exposed", "left_out"]
    columns = ["landmark", *counts, "hr", "lower", "upper", "p_value", "note"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype(dict.fromkeys(counts, "Int64"))


@dataclass(frozen=True)
class SimonMakuch:
    """Curves of an exposure that patients move into during follow-up.

    Attributes
    ----------
    unexposed, exposed
        Kaplan-Meier curves in which patients leave the first for the second when exposed. They
        describe hazards while in each state, not the survival of a fixed group of patients.
    n_switched
        Patients who were first in one and then in the other.
    test
        Mantel-Byar test: the log-rank test with exposure changing over time.
    n_left_out
        Patients whose follow-up had ended by the start.
    method, note
        What was done, in words; a sentence if a curve fell to zero too early to be read.
    """

    unexposed: KaplanMeier
    exposed: KaplanMeier
    n_switched: int
    test: LogrankResult
    n_left_out: int
    method: str
    note: str = ""


def simon_makuch(
    time: Any,
    event: Any,
    exposure_time: Any,
    start: float = 0.0,
    *,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    copies: Any = None,
) -> SimonMakuch:
    """Estimate Simon & Makuch's (1984) curves and the Mantel-Byar (1974) test.

    Parameters
    ----------
    exposure_time
        When the exposure began; missing if never.
    start
        Time from which to follow patients. A later start avoids a curve that falls to zero while
        only one or two patients have been exposed; the clock is not reset.
    conf_type, conf_level, copies
        As in :func:`app.analysis.survival.kaplan_meier`.

    Raises
    ------
    ValueError
        If nobody was exposed before the end of follow-up, or everyone was from the start.
    """
    same_patients({"Follow-up times": time, "The events": event, _EXPOSURES: exposure_time})
    columns = {"t": np.asarray(time), "e": np.asarray(event), "x": np.asarray(exposure_time)}
    columns["n"] = np.ones(len(columns["t"]), np.int64) if copies is None else np.asarray(copies)
    rows = counting_process(pd.DataFrame(columns), "t", "e", {"exposed": "x"})
    later = rows["stop"] - slack(rows["stop"].to_numpy()) > start
    rows = rows[later].assign(start=rows["start"].clip(lower=start))
    exposed = rows["exposed"].to_numpy() == 1
    if not exposed.any():
        raise ValueError("Nobody was exposed before the end of follow-up.")
    if exposed.all():
        raise ValueError("Everyone was exposed from the start, so there is nobody to compare with.")
    curves = [
        kaplan_meier(own["stop"], own["e"], own["start"], conf_type, conf_level, copies=own["n"])
        for own in (rows[~exposed], rows[exposed])
    ]
    early = [km.time[np.argmax(km.survival == 0)] for km in curves if (km.survival[:-1] == 0).any()]
    note = ""
    if early:
        note = (
            f"A curve falls to zero at {early[0]:.4g}, where everyone then in that state had the "
            "event, although others come later: choose a later start."
        )
    again = rows["patient"].duplicated()
    return SimonMakuch(
        unexposed=curves[0],
        exposed=curves[1],
        n_switched=int(rows.loc[again, "n"].sum()),
        test=logrank_test(rows["stop"], rows["e"], exposed, rows["start"], copies=rows["n"]),
        n_left_out=int(columns["n"].sum() - rows.loc[~again, "n"].sum()),
        method="Simon-Makuch curves, Mantel-Byar test" + (f", from {start:g}" if start else ""),
        note=note,
    )


def counting_process(
    frame: pd.DataFrame, time: str, event: str, exposures: Mapping[str, str]
) -> pd.DataFrame:
    """Split follow-up into intervals within which no exposure changes.

    Parameters
    ----------
    time, event
        Columns: end of follow-up and 1 = event or 0 = censored, none missing.
    exposures
        New 0/1 column to the column with the time that exposure began (missing: never).

    Returns
    -------
    DataFrame
        The rows of ``frame``, as many for each patient as there are intervals, with ``patient``
        (its index), ``start``, ``stop``, ``event`` column (1 only at the end) and the exposures.
        ``attrs["n_without_follow_up"]`` patients had a follow-up of zero and have no row.

    Raises
    ------
    ValueError
        If a column is absent or already there, or holds missing or impossible values.
    """
    check_names(frame, [time, event, *exposures.values()])
    for name in ["patient", "start", "stop", *exposures]:
        if name in frame.columns:
            raise ValueError(f"The table already has a column '{name}': rename it.")
    data = survival_data(frame[time], frame[event])
    exits = data.times[data.exit]
    began = np.column_stack([_exposure_times(frame[x], data.n) for x in exposures.values()])
    # An exposure at the end of follow-up, or never, begins at the end: an interval of no length.
    ended = began >= (exits - slack(exits))[:, None]
    began = np.clip(np.where(ended, np.inf, began), 0.0, exits[:, None])
    edges = np.sort(np.column_stack([np.zeros(data.n), began, exits]), axis=1)
    start, stop = edges[:, :-1].ravel(), edges[:, 1:].ravel()
    patient = np.repeat(np.arange(data.n), edges.shape[1] - 1)
    some = stop - slack(stop) > start
    start, stop, patient = start[some], stop[some], patient[some]
    rows = frame.iloc[patient].reset_index(drop=True)
    rows["patient"] = frame.index.to_numpy()[patient]
    rows["start"], rows["stop"] = start, stop
    rows[event] = (data.event[patient] & (stop == exits[patient])).astype(np.int64)
    for position, name in enumerate(exposures):
        mine = began[patient, position]
        on = (mine <= start + slack(start)) & (mine < exits[patient])
        rows[name] = on.astype(np.int64)
    rows.attrs["n_without_follow_up"] = data.n - len(np.unique(patient))
    return rows


def _exposure_times(values: Any, length: int) -> Floats:
    """Exposure times with infinity for never."""
    series = pd.Series(np.asarray(values))
    absent = series.isna().to_numpy()
    known = numbers(series[~absent], _EXPOSURES)
    if len(series) != length:
        raise ValueError(
            f"Exposure times have {len(series)} values where {length} patients are given."
        )
    times = np.full(length, np.inf)
    times[~absent] = known
    return times
