"""Event tables: follow-up as counts at distinct times, from which curves and tests can be had.

Where rows a patient are out of reach (a policy hides them, a database is too large, they lie in
other hospitals) this is what can be asked for. On ungrouped times nothing is lost by it; on a grid,
whoever leaves between two points is counted at the later one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.analysis.arrays import Ints
from app.analysis.survival_input import Groups, SurvivalData, group_codes, numbers

ENTERED, EVENTS, COMPETING, CENSORED = "entered", "events", "competing", "censored"
COUNTS = (ENTERED, EVENTS, COMPETING, CENSORED)
# What ends follow-up, by its cause: 0 is censored, as in every analysis of competing risks.
_ENDS = {EVENTS: 1, COMPETING: 2, CENSORED: 0}


def follow_up(table: pd.DataFrame) -> tuple[SurvivalData, Ints]:
    """Read an event table as follow-up, each row of it standing for all its patients.

    Who entered when is not told for each patient, and no curve or test depends on it: those who
    come first are taken to leave first.

    Parameters
    ----------
    table
        As :func:`app.cohort.tally.event_table` makes it; without ``entered`` everyone is followed
        from the start, without ``competing`` there are none. A column ``site`` keeps sites apart.

    Returns
    -------
    tuple
        The follow-up with an event where any cause occurred, in the order of ``groups_of``; the
        cause of each row, 1 = event, 2 = competing event, 0 = censored.

    Raises
    ------
    ValueError
        If columns are missing, or counts are not whole numbers that fit each other.
    """
    return _read(table)[:2]


def groups_of(table: pd.DataFrame) -> tuple[Groups, Groups | None]:
    """Groups and, where the table has sites, strata of the rows that :func:`follow_up` gives.

    Raises
    ------
    ValueError
        As :func:`follow_up`.
    """
    _, _, groups, sites = _read(table)
    strata = None if "site" not in table else group_codes(sites, len(sites))
    return group_codes(groups, len(groups)), strata


def _read(table: pd.DataFrame) -> tuple[SurvivalData, Ints, pd.Series, pd.Series]:
    needed = [name for name in ("time", EVENTS, CENSORED) if name not in table]
    if needed:
        raise ValueError(
            f"An event table has no column '{needed[0]}': it needs time, events, censored."
        )
    times, place = np.unique(numbers(table["time"], "Times"), return_inverse=True)
    ones = {name: _counts(table, name) for name in COUNTS}
    group = table["group"] if "group" in table else pd.Series(["All"] * len(table))
    site = table["site"] if "site" in table else pd.Series([""] * len(table))
    blocks = pd.DataFrame({"site": site.to_numpy(), "group": group.to_numpy()})
    same = blocks.groupby(["site", "group"], sort=False, observed=True, dropna=False)
    block_of = same.ngroup().to_numpy()
    firsts = np.unique(block_of, return_index=True)[1]
    rows: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []
    for which in range(len(firsts)):
        at = np.flatnonzero(block_of == which)
        at = at[np.argsort(place[at], kind="stable")]
        leave = np.column_stack([ones[name][at] for name in _ENDS]).ravel()
        when = np.repeat(place[at], len(_ENDS))
        cause = np.tile(list(_ENDS.values()), len(at))
        came = ones[ENTERED][at] if ENTERED in table else None
        if came is not None and came.sum() != leave.sum():
            raise ValueError(
                f"In the event table {came.sum():,} patients enter and {leave.sum():,} leave: the "
                "counts must be of the same patients."
            )
        # Where both sums are cut, everyone between two cuts came at one time and left at one.
        out = np.cumsum(leave)
        into = out if came is None else np.cumsum(came)
        cuts = np.unique(np.concatenate([out, into]))
        cuts = cuts[cuts > 0]
        copies = np.diff(cuts, prepend=0)
        leaving = np.searchsorted(out, cuts)
        entering = np.zeros(len(cuts), dtype=np.int64)
        if came is not None:
            entering = place[at][np.searchsorted(into, cuts)]
        rows.append((when[leaving], cause[leaving], copies, entering, np.full(len(cuts), which)))
    exits, causes, copies, entries, block = (
        np.concatenate(column).astype(np.int64) for column in zip(*rows, strict=True)
    )
    if not len(exits):
        raise ValueError("There is no patient to analyse: choose a larger selection.")
    late = times[entries] > 0
    if late.any() and (entries[late] >= exits[late]).any():
        raise ValueError("In the event table patients leave before they have entered.")
    data = SurvivalData(times, exits, causes > 0, None, copies)
    if late.any():
        # Position 0 is before every time: who comes at the start is there from the start.
        before = np.concatenate([[-1.0], times])
        data = SurvivalData(before, exits + 1, causes > 0, np.where(late, entries + 1, 0), copies)
    first = firsts[block]
    labels = group.iloc[first].reset_index(drop=True)
    return data, causes, labels, site.iloc[first].reset_index(drop=True)


def _counts(table: pd.DataFrame, name: str) -> Ints:
    if name not in table:
        return np.zeros(len(table), dtype=np.int64)
    found = numbers(table[name], f"Counts of '{name}'")
    if (found < 0).any() or (found != np.round(found)).any():
        raise ValueError(f"Counts of '{name}' in the event table must be whole numbers from 0 up.")
    return found.astype(np.int64)
