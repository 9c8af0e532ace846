"""Who is followed when: numbers at risk, risk tables, and the time limit of an analysis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats, Ints
from app.analysis.survival_input import group_codes, numbers, same_patients, slack, survival_data


def at_risk(time: Any, entry: Any, ticks: Any) -> Ints:
    """Count who is under observation just before each tick: entry < t and time >= t.

    Parameters
    ----------
    time
        End of follow-up, shape (n,).
    entry
        Entry times, shape (n,), or None if everyone is observed from the start.
    ticks
        Times to count at, shape (m,).

    Returns
    -------
    array of int, shape (m,)
    """
    wanted = numbers(ticks, "Ticks")
    same_patients({"Follow-up times": time, "Entry times": entry})
    exits = np.sort(numbers(time, "Follow-up times"))
    before = wanted - slack(wanted)
    remaining = len(exits) - np.searchsorted(exits, before)
    if entry is not None:
        entries = np.sort(numbers(entry, "Entry times", len(exits)))
        remaining = remaining - (len(entries) - np.searchsorted(entries, before))
    return remaining.astype(np.int64)


def risk_table(
    time: Any, event: Any, ticks: Any, groups: Any = None, entry: Any = None
) -> pd.DataFrame:
    """Make the extended risk table under a curve (KMunicate, Morris et al. 2019).

    At every tick the four counts of a group sum to its number of patients: events and censored are
    those strictly before the tick, because who leaves at the tick is still at risk just before it.

    Parameters
    ----------
    groups
        Group of each patient; None for one group, labelled ``All``.

    Returns
    -------
    DataFrame
        group, time, n_risk, n_events, n_censored (both cumulative), n_not_entered.
    """
    data = survival_data(time, event, entry, beside={"Groups": groups})
    exits = data.times[data.exit]
    entries = None if data.entry is None else data.times[data.entry]
    wanted = numbers(ticks, "Ticks")
    known = group_codes(["All"] * data.n if groups is None else groups, data.n)
    before = wanted - slack(wanted)
    parts = []
    for code, label in enumerate(known.labels):
        own = known.codes == code
        died = np.sort(exits[own & data.event])
        left = np.sort(exits[own & ~data.event])
        risk = at_risk(exits[own], None if entries is None else entries[own], wanted)
        n_died, n_left = (np.searchsorted(x, before) for x in (died, left))
        parts.append(
            pd.DataFrame(
                {
                    "group": [label] * len(wanted),
                    "time": wanted,
                    "n_risk": risk,
                    "n_events": n_died,
                    "n_censored": n_left,
                    "n_not_entered": int(own.sum()) - risk - n_died - n_left,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def administrative_censoring(time: Any, event: Any, limit: float) -> tuple[Floats, Floats]:
    """End follow-up at a time limit, so that statistics follow what the axis shows.

    Events at exactly the limit count.

    Parameters
    ----------
    limit
        Last time to look at, positive.

    Returns
    -------
    tuple of arrays
        Times and events (1.0 or 0.0) up to the limit.

    Raises
    ------
    ValueError
        If the limit is not positive.
    """
    if not (np.isfinite(limit) and limit > 0):
        raise ValueError("The time limit must be a positive time.")
    data = survival_data(time, event)
    exits = data.times[data.exit]
    seen = exits <= limit + slack(limit)
    return np.minimum(exits, limit), (data.event & seen).astype(np.float64)
