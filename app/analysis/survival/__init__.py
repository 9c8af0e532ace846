"""Survival curves and their tests: arrays in, frozen results out."""

from app.analysis.survival._contrasts import (
    Curves,
    conditional_survival,
    longest_common_time,
    rmst_differences,
    survival_differences,
)
from app.analysis.survival._follow_up import administrative_censoring, risk_table, risk_table_of
from app.analysis.survival._from_events import (
    kaplan_meier_from_events,
    logrank_from_events,
    one_step_ratio,
)
from app.analysis.survival._kaplan_meier import (
    ConfType,
    Estimate,
    KaplanMeier,
    confidence_band,
    kaplan_meier,
    kaplan_meier_of,
)
from app.analysis.survival._logrank import (
    LogrankResult,
    Weights,
    logrank_of,
    logrank_test,
    pairwise_logrank,
    pairwise_logrank_of,
    trend_of,
)
from app.analysis.survival._supported import (
    FEWEST_AT_RISK,
    SHARE_AT_RISK,
    last_with,
    supported_by_all,
    supported_until,
)
