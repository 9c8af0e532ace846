# %%
"""Competing risks: why one minus Kaplan-Meier is too high, and what to ask instead.

Run it from the project's folder: ``PYTHONPATH=. python docs/competing_risks.py``.
"""

import numpy as np
import pandas as pd

from app.analysis.competing_risks import cumulative_incidence, fine_gray, gray_test
from app.analysis.regression import cox
from app.analysis.survival import kaplan_meier
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.study.outcomes import outcome_of
from data_loaders import load_cohort

# %% Progression to AML; death without AML prevents it. Cause 0 is censored, 1 AML, 2 that death.
cohort = load_cohort("demo:mds")
mask = Filter().apply(cohort).mask
grouping = GroupingSpec.parse("alteration:TP53").build(cohort, mask)
outcome = outcome_of(cohort, mask, "aml", grouping)
print(f"{outcome.n} of {outcome.selected} patients; left out: {dict(outcome.left_out)}")

# %% The incidence by hand: whoever gets AML at a time was free of both events until just before
FIVE_YEARS = 60.0


def incidence_of(time: np.ndarray, cause: np.ndarray, until: float) -> tuple[float, float]:
    """The share with event 1, and with event 2, by a time (Aalen and Johansen 1978)."""
    free, share = 1.0, {1: 0.0, 2: 0.0}
    for t in np.unique(time[(cause > 0) & (time <= until)]):
        at_risk = (time >= t).sum()
        now = {k: (cause[time == t] == k).sum() / at_risk for k in share}
        share = {k: share[k] + free * now[k] for k in share}
        free *= 1 - now[1] - now[2]
    return share[1], share[2]


by_hand = {}
for code, name in enumerate(outcome.names):
    own = outcome.codes == code
    time, cause = outcome.time[own], outcome.cause[own]
    aml, death = by_hand[name] = incidence_of(time, cause, FIVE_YEARS)
    at = cumulative_incidence(time, cause).at([FIVE_YEARS])
    one = at[at["cause"] == 1].iloc[0]
    # Kaplan-Meier lets the dead go on living, only unseen, and so gives AML to some of them.
    wrong = 1 - kaplan_meier(time, cause == 1).at([FIVE_YEARS])["survival"].iloc[0]
    print(f"\n{name}: {own.sum()} patients, {(cause == 1).sum()} AML, {(cause == 2).sum()} deaths")
    print(f"by hand at 5 years  {aml:.6f} AML, {death:.6f} died without")
    print("library at 5 years  {incidence:.6f} AML ({lower:.6f} to {upper:.6f})".format(**one))
    print(f"one minus Kaplan-Meier, wrong: {wrong:.6f}")

# %% Do the groups differ? Gray's test compares incidences, a log-rank test would compare hazards.
tests = {}
for cause, what in ((1, "AML"), (2, "death without AML")):
    test = tests[cause] = gray_test(outcome.time, outcome.cause, outcome.codes, cause)
    print(f"\nGray's test, {what}: chi-squared {test.statistic:.6f}, p = {test.p_value:.6g}")

# %% By how much? Two ratios for two questions
frame = pd.DataFrame(
    {
        "time": outcome.time,
        "cause": outcome.cause,
        "aml": outcome.cause == 1,
        "group": pd.Categorical.from_codes(outcome.codes, list(outcome.names)),
    }
)
against = {"group": outcome.names[1]}
hazards = cox(frame, "time", "aml", ["group"], references=against)
shares = fine_gray(frame, "time", "cause", ["group"], references=against)
for what, model in (
    ("cause-specific: how fast AML comes to those still free of both", hazards),
    ("subdistribution (Fine-Gray): how many get AML in the end", shares),
):
    row = model.summary.iloc[0]
    print(
        f"\n{what}\n{outcome.names[0]} against {outcome.names[1]}: "
        f"{row['hr']:.6f} ({row['lower']:.6f} to {row['upper']:.6f})"
    )
