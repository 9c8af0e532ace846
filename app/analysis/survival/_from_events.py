"""Curves and tests from event tables instead of rows a patient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from app.analysis.event_tables import follow_up, groups_of
from app.analysis.survival import _kaplan_meier, _logrank
from app.analysis.survival._kaplan_meier import ConfType, KaplanMeier
from app.analysis.survival._logrank import LogrankResult, Weights


def kaplan_meier_from_events(
    table: pd.DataFrame, conf_type: ConfType = "log-log", conf_level: float = 0.95
) -> KaplanMeier:
    """Estimate a survival curve from an event table: the same as from its patients' rows.

    Parameters
    ----------
    table
        As :func:`app.cohort.tally.event_table` makes it, of one group or of several taken
        together. Competing events censor.
    conf_type, conf_level
        As in :func:`app.analysis.survival.kaplan_meier`.

    Raises
    ------
    ValueError
        If the table or a choice is not possible.
    """
    _kaplan_meier.check_choices(conf_type, conf_level)
    data, causes = follow_up(table)
    return _kaplan_meier.fitted(replace(data, event=causes == 1), None, conf_type, conf_level)


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
    exponents = _logrank.exponents_of(weights)
    data, causes = follow_up(table)
    groups, strata = groups_of(table)
    if len(groups.labels) < 2:
        raise ValueError("A comparison needs patients in at least two groups; here is only one.")
    data = replace(data, event=causes == 1)
    return _logrank.tested(data, groups, strata, weights, exponents)


def logrank_trend_from_events(
    table: pd.DataFrame, scores: Any = None, *, weights: Weights = "logrank"
) -> LogrankResult:
    """Test for a trend over the ordered groups of an event table.

    Parameters
    ----------
    table, weights
        As in :func:`logrank_from_events`.
    scores
        As in :func:`app.analysis.survival.logrank_trend`.

    Raises
    ------
    ValueError
        As :func:`logrank_from_events`, or if the scores do not match the groups.
    """
    return _logrank.trend_of(logrank_from_events(table, weights=weights), scores)
