# %%
"""Kaplan-Meier curves and the log-rank test by hand, beside the library's.

Run it from the project's folder: ``PYTHONPATH=. python docs/kaplan_meier_by_hand.py``.
"""

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from app.analysis.survival import kaplan_meier, logrank_test
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.study.outcomes import outcome_of
from data_loaders import load_cohort

# %% Who is followed: myelofibrosis, with and without a mutation of ASXL1
cohort = load_cohort("demo:mpn")
selection = Filter.from_dict({"column": "diagnosis", "in": ["MF"]}).apply(cohort)
grouping = GroupingSpec.parse("alteration:ASXL1").build(cohort, selection.mask)
outcome = outcome_of(cohort, selection.mask, "os", grouping)
print(f"{outcome.n} of {selection.n} selected patients; left out: {dict(outcome.left_out)}")

# %% The curve: at every death, the survivors are multiplied by the share that came through
Z = norm.ppf(0.975)


def curve_of(time: np.ndarray, event: np.ndarray) -> pd.DataFrame:
    """A row a time of death: at risk, deaths, survival, Greenwood's error, log-log limits."""
    deaths_at = np.unique(time[event])
    at_risk = np.array([(time >= t).sum() for t in deaths_at])
    deaths = np.array([(event & (time == t)).sum() for t in deaths_at])
    survival = np.cumprod(1 - deaths / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):  # where nobody is left there is no error
        greenwood = np.cumsum(deaths / (at_risk * (at_risk - deaths)))
        # On the scale of log(-log S) the interval stays between 0 and 1.
        wide = np.exp(Z * np.sqrt(greenwood) / np.log(survival))
    return pd.DataFrame(
        {
            "time": deaths_at,
            "n_risk": at_risk,
            "n_event": deaths,
            "survival": survival,
            "lower": survival ** (1 / wide),
            "upper": survival**wide,
        }
    )


curves = {}
for code, name in enumerate(outcome.names):
    own = outcome.codes == code
    time, event = outcome.time[own], outcome.event[own].astype(bool)
    curve = curves[name] = curve_of(time, event)
    median = curve["time"][(curve["survival"] <= 0.5).to_numpy()].min()
    at_5_years = curve[curve["time"] <= 60].iloc[-1]
    print(f"\n{name}: {own.sum()} patients, {event.sum()} deaths, median {median:.6g} months")
    print("by hand at 5 years  {survival:.6f} ({lower:.6f} to {upper:.6f})".format(**at_5_years))
    library = kaplan_meier(time, event)
    print(
        "library at 5 years  {survival:.6f} ({lower:.6f} to {upper:.6f})".format(
            **library.at([60]).iloc[0]
        )
    )

# %% The log-rank test: deaths seen in a group against those expected if all were alike
observed = expected = variance = 0.0
first = outcome.codes == 0
for t in np.unique(outcome.time[outcome.event.astype(bool)]):
    risk, dying = outcome.time >= t, outcome.event.astype(bool) & (outcome.time == t)
    n, n_first, d = risk.sum(), (risk & first).sum(), dying.sum()
    observed += (dying & first).sum()
    expected += d * n_first / n
    if n > 1:  # hypergeometric: which of the n die is a draw without replacement
        variance += d * (n_first / n) * (1 - n_first / n) * (n - d) / (n - 1)
statistic = (observed - expected) ** 2 / variance
print(f"\n{outcome.names[0]}: {observed:.0f} deaths, {expected:.6f} expected")
print(f"by hand  chi-squared {statistic:.6f}, p = {chi2.sf(statistic, 1):.6g}")
test = logrank_test(outcome.time, outcome.event, outcome.groups)
print(f"library  chi-squared {test.statistic:.6f}, p = {test.p_value:.6g}")
