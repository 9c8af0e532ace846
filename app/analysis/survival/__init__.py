"""Survival curves and their tests: arrays in, frozen results out."""

from app.analysis.survival._contrasts import (
    Curves,
    conditional_survival,
    longest_common_time,
    rmst_differences,
    survival_differences,
)
from app.analysis.survival._follow_up import administrative_censoring, risk_table
from app.analysis.survival._from_events import (
    kaplan_meier_from_events,
    logrank_from_events,
    logrank_trend_from_events,
)
from app.analysis.survival._kaplan_meier import (
    ConfType,
    Estimate,
    KaplanMeier,
    confidence_band,
    kaplan_meier,
)
from app.analysis.survival._logrank import (
    LogrankResult,
    Weights,
    logrank_test,
    logrank_trend,
    pairwise_logrank,
)
from app.analysis.survival._supported import (
    FEWEST_AT_RISK,
    SHARE_AT_RISK,
    last_with,
    supported_by_all,
    supported_until,
)

__all__ = [
    "FEWEST_AT_RISK",
    "SHARE_AT_RISK",
    "ConfType",
    "Curves",
    "Estimate",
    "KaplanMeier",
    "LogrankResult",
    "Weights",
    "administrative_censoring",
    "conditional_survival",
    "confidence_band",
    "kaplan_meier",
    "kaplan_meier_from_events",
    "last_with",
    "logrank_from_events",
    "logrank_test",
    "logrank_trend",
    "logrank_trend_from_events",
    "longest_common_time",
    "pairwise_logrank",
    "risk_table",
    "rmst_differences",
    "supported_by_all",
    "supported_until",
    "survival_differences",
]
