"""A Cox model of death with the transplant as it comes, early and late after it.

The hazard of the transplanted is highest in the first months and falls below that of the others
later: one ratio would average the two away. Confounders are those of the weights; onsets
such as leukaemia count from when they come, before a transplant and after it, so that the ratios
compare patients alike in them (what a transplant does by preventing one is not in the ratio).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.transplant._hazards import HazardRows, fit_hazard
from app.analysis.transplant._trial_data import TrialData

EARLY_UNTIL = 6.0
EARLY, LATE, THROUGHOUT = "early", "late", "throughout"
_Z = 1.959963984540054


def timed_cox(data: TrialData, until: float = EARLY_UNTIL) -> pd.DataFrame:
    """Hazard ratios of the transplanted against the others, early, late, and taken together.

    Parameters
    ----------
    until
        How long after a transplant is early, in the unit of the data.

    Returns
    -------
    DataFrame
        period (early, late, throughout), hr, lower, upper, patients (at risk after a transplant in
        it), events (theirs in it); the ratio is missing where either has none.
    """
    start, stop, patient, since = exposure_rows(data, until)
    event = data.event[patient] & (stop == data.time[patient])
    early, late = since == 0, since == 1
    common = [data.x[patient], *_onsets(data, start, patient)]
    rows = []
    for periods in (((EARLY, early), (LATE, late)), ((THROUGHOUT, early | late),)):
        used = [(name, now) for name, now in periods if (event & now).any()]
        exposed = [now.astype(np.float64)[:, None] for _, now in used]
        x = np.column_stack([*exposed, *common]) if used or data.x.shape[1] else common[0]
        made = HazardRows(start, stop, event, x, np.zeros(len(start), dtype=np.int64))
        fitted = fit_hazard(made, np.ones(len(start)))
        for name, now in periods:
            row = {"period": name, "patients": len(np.unique(patient[now]))}
            row |= {"events": int((event & now).sum())}
            place = [n for n, _ in used].index(name) if name in dict(used) else None
            ratio: Floats = np.full(3, np.nan)
            if place is not None:
                beta, half = fitted.beta[place], _Z * fitted.std_error[place]
                ratio = np.exp([beta, beta - half, beta + half])
            rows.append(row | dict(zip(("hr", "lower", "upper"), ratio, strict=True)))
    return pd.DataFrame(rows)[["period", "hr", "lower", "upper", "patients", "events"]]


def exposure_rows(data: TrialData, until: float) -> tuple[Floats, Floats, Ints, Ints]:
    """Start, stop, patient and period (-1 before, 0 early, 1 late) of each row of follow-up."""
    cuts = [np.full(data.n, -np.inf), data.treated, data.treated + until]
    parts = []
    for period, cut in enumerate(cuts):
        start = np.maximum(cut, data.entry)
        following = cuts[period + 1] if period < 2 else np.full(data.n, np.inf)
        stop = np.minimum(following, data.time)
        there = np.flatnonzero(start < stop)
        parts.append((start[there], stop[there], there, np.full(len(there), period - 1)))
    start, stop, patient, since = (np.concatenate(p) for p in zip(*parts, strict=True))
    for onset in data.onsets.values():
        own = onset[patient]
        cut = (start < own) & (own < stop)
        start = np.concatenate([start, own[cut]])
        patient, since = (np.concatenate([v, v[cut]]) for v in (patient, since))
        stop = np.concatenate([np.where(cut, own, stop), stop[cut]])
    return start, stop, patient, since


def _onsets(data: TrialData, start: Floats, patient: Ints) -> list[Floats]:
    """Whether each onset has come by the start of a row."""
    at = np.maximum(start, 0.0)
    found: list[Bools] = [onset[patient] <= at for onset in data.onsets.values()]
    return [came.astype(np.float64)[:, None] for came in found]


def landmark_cox(data: TrialData, at: float) -> dict[str, float]:
    """Hazard ratio of the transplanted by a landmark among who is followed beyond it, adjusted.

    Onsets count if they had come by the landmark; later transplants and earlier deaths do not.

    Returns
    -------
    dict
        at, hr, lower, upper, n, transplanted, events, died_before; the ratio is missing where
        nobody, or everybody, was transplanted by then or nobody died afterwards.
    """
    there = np.flatnonzero((data.time > at) & (data.entry < at))
    given = data.treated[there] <= at
    event = data.event[there]
    came = [(onset[there] <= at).astype(np.float64)[:, None] for onset in data.onsets.values()]
    found = {
        "at": at,
        "n": len(there),
        "transplanted": int(given.sum()),
        "events": int(event.sum()),
    }
    found["died_before"] = int((data.event & (data.time <= at)).sum())
    ratio: Floats = np.full(3, np.nan)
    if given.any() and not given.all() and event.any():
        x = np.column_stack([given.astype(np.float64)[:, None], data.x[there], *came])
        start = np.full(len(there), -np.inf)
        zeros = np.zeros(len(there), dtype=np.int64)
        rows = HazardRows(start, data.time[there] - at, event, x, zeros)
        fitted = fit_hazard(rows, np.ones(len(there)))
        beta, half = fitted.beta[0], _Z * fitted.std_error[0]
        ratio = np.exp([beta, beta - half, beta + half])
    return found | dict(zip(("hr", "lower", "upper"), map(float, ratio), strict=True))
