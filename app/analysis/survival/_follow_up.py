"""Who is followed when: numbers at risk, risk tables, and the time limit of an analysis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.survival_input import (
    Groups,
    SurvivalData,
    group_codes,
    numbers,
    slack,
    survival_data,
)


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
    return risk_table_of(
        data, group_codes(["All"] * data.n if groups is None else groups, data.n), ticks
    )


def risk_table_of(data: SurvivalData, groups: Groups, ticks: Any) -> pd.DataFrame:
    """Risk table of checked data, whose rows stand for their copies; see :func:`risk_table`."""
    wanted = numbers(ticks, "Ticks")
    first = np.searchsorted(data.times, wanted - slack(wanted))

    def before(places: Ints, who: Bools) -> Ints:
        """How many of them have a time before each tick."""
        copies = None if data.copies is None else data.copies[who]
        counts = np.bincount(places[who], copies, minlength=len(data.times))
        return np.append(0, np.cumsum(counts))[first].astype(np.int64)

    parts = []
    for code, label in enumerate(groups.labels):
        own = groups.codes == code
        n = int(own.sum() if data.copies is None else data.copies[own].sum())
        died, left = before(data.exit, own & data.event), before(data.exit, own & ~data.event)
        came = np.full(len(wanted), n) if data.entry is None else before(data.entry, own)
        parts.append(
            pd.DataFrame(
                {
                    "group": [label] * len(wanted),
                    "time": wanted,
                    "n_risk": came - died - left,
                    "n_events": died,
                    "n_censored": left,
                    "n_not_entered": n - came,
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
