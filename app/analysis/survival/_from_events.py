"""Curves and tests from event tables instead of rows a patient."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from app.analysis.event_tables import follow_up, groups_of
from app.analysis.survival import _logrank
from app.analysis.survival._kaplan_meier import ConfType, KaplanMeier, kaplan_meier_of
from app.analysis.survival._logrank import LogrankResult, Weights


def kaplan_meier_from_events(table: pd.DataFrame, conf_type: ConfType = "log-log") -> KaplanMeier:
    """Estimate a survival curve from an event table: the same as from its patients' rows.

    Parameters
    ----------
    table
        As :func:`app.cohort.tally.event_table` makes it, of one group or of several taken
        together. Competing events censor.
    conf_type
        As in :func:`app.analysis.survival.kaplan_meier`.

    Raises
    ------
    ValueError
        If the table or a choice is not possible.
    """
    data, causes = follow_up(table)
    data = replace(data, event=causes == 1)
    return kaplan_meier_of(data, conf_type=conf_type)


def logrank_from_events(table: pd.DataFrame, *, weights: Weights = "logrank") -> LogrankResult:
    """Compare the groups of an event table; stratified by its sites where it has any.

    Parameters
    ----------
    table
        As :func:`app.cohort.tally.event_table` makes it, with ``group`` and perhaps
        ``site``. Competing events censor.
    weights
        As in :func:`app.analysis.survival.logrank_test`.

    Raises
    ------
    ValueError
        If there are fewer than two groups, or the table is not possible.
    """
    _logrank.exponents_of(weights)
    data, causes = follow_up(table)
    groups, strata = groups_of(table)
    if len(groups.labels) < 2:
        raise ValueError("A comparison needs patients in at least two groups; here is only one.")
    data = replace(data, event=causes == 1)
    return _logrank.logrank_of(data, groups, strata, weights)


def one_step_ratio(test: LogrankResult, group: str) -> tuple[float, float]:
    """Log hazard ratio of one of two groups, and its standard error, from a log-rank test.

    Peto's: (O - E) / V, one step of Newton's method from no difference (Yusuf et al. 1985). It lies
    close to Cox's unless the ratio is far from 1 or the groups are very unequal.

    Returns
    -------
    tuple
        NaN twice where the groups cannot be compared.
    """
    place = list(test.table["group"]).index(group)
    variance = float(test.variance[place, place])
    if not variance > 0:
        return float("nan"), float("nan")
    row = test.table.iloc[place]
    return float(row["observed"] - row["expected"]) / variance, variance**-0.5
