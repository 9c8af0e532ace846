"""Optimal cut-points of a number: maximally selected rank statistics, corrected and checked.

Trying every cut and keeping the best makes p-values far too small and hazard ratios too large. The
p-value here is corrected for the search, and the hazard ratio is shown beside what is left of it
when each patient is classed by a cut found without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import erfc

from app.analysis.arrays import Floats
from app.analysis.regression._cox import cox
from app.analysis.regression._cox_model import CoxModel
from app.analysis.survival_input import SurvivalData, at_risk_counts, numbers, survival_data

FOLDS = 10
FEWEST = 20


@dataclass(frozen=True)
class Cutpoint:
    """The cut with the largest difference in survival.

    Attributes
    ----------
    cut
        Groups are: at most the cut, and above it.
    statistic
        Standardised log-rank statistic of that cut; positive if events come earlier above it.
    p_value
        Corrected for having searched.
    naive_p_value
        What an uncorrected test of the two groups would claim.
    hr, lower, upper
        Hazard ratio above the cut against at most it, optimistic: found on the same patients.
    cross_validated_hr, cross_validated_lower, cross_validated_upper
        The same where each patient was classed by a cut found without them; NaN if not estimable.
    fold_cuts
        The cuts found in the ten parts of that cross-validation: how stable the cut is.
    profile
        cut, n_low (patients at most the cut), statistic, for every cut tried.
    method, note
        What was done, in words; how far to trust it.
    """

    cut: float
    statistic: float
    p_value: float
    naive_p_value: float
    hr: float
    lower: float
    upper: float
    cross_validated_hr: float
    cross_validated_lower: float
    cross_validated_upper: float
    fold_cuts: tuple[float, ...]
    profile: pd.DataFrame
    n: int
    events: int
    method: str
    note: str


def optimal_cutpoint(
    time: Any,
    event: Any,
    values: Any,
    min_fraction: float = 0.1,
    entry: Any = None,
    *,
    seed: int = 0,
) -> Cutpoint:
    """Find the cut of a number that separates survival most, and correct for having looked.

    The statistic is the standardised sum of log-rank scores (Lausen & Schumacher 1992); the p-value
    is the smaller of their approximation, good for many cuts, and the improved Bonferroni bound of
    Lausen, Sauerbrei & Schumacher (1994), good for few. Cross-validation after Faraggi & Simon
    (1996).

    Parameters
    ----------
    min_fraction
        Smallest share of patients on either side of a cut.
    seed
        Seed of the division into ten parts.

    Raises
    ------
    ValueError
        If there are fewer than 20 patients, no event, or no cut leaves enough on both sides.
    """
    if not 0 < min_fraction < 0.5:
        raise ValueError("The smallest share on a side must lie between 0 and 0.5, such as 0.1.")
    data = survival_data(time, event, entry, beside={"Values": values})
    x = numbers(values, "Values", data.n)
    if data.n < FEWEST:
        raise ValueError(f"A cut-point search needs at least {FEWEST} patients; here are {data.n}.")
    if not data.event.any():
        raise ValueError("No event was observed, so no cut separates survival.")
    profile = _profile(data, x, min_fraction)
    best = int(np.argmax(np.abs(profile["statistic"])))
    cut, statistic = float(profile["cut"][best]), float(profile["statistic"][best])
    model = _two_groups(data, x > cut)
    fold_cuts, above = _cross_validate(data, x, min_fraction, seed)
    validated = _hazard_ratio(data, above)
    naive = float(erfc(abs(statistic) / np.sqrt(2)))
    p_value = max(naive, _corrected(abs(statistic), profile["n_low"].to_numpy(), data.n))
    hr, lower, upper = (float(model.summary[name][0]) for name in ("hr", "lower", "upper"))
    return Cutpoint(
        cut=cut,
        statistic=statistic,
        p_value=p_value,
        naive_p_value=naive,
        hr=hr,
        lower=lower,
        upper=upper,
        cross_validated_hr=validated[0],
        cross_validated_lower=validated[1],
        cross_validated_upper=validated[2],
        fold_cuts=fold_cuts,
        profile=profile,
        n=data.n,
        events=int(data.event.sum()),
        method=(
            f"Maximally selected log-rank statistic over {len(profile)} cuts with at least "
            f"{min_fraction:.0%} of patients on each side, p-value corrected for the search"
        ),
        note=(
            f"The cut was chosen on these patients: the hazard ratio {hr:.2f} is optimistic, "
            + (
                f"{validated[0]:.2f} is what cross-validation leaves of it."
                if np.isfinite(validated[0])
                else "and cross-validation leaves nothing that can be estimated."
            )
        ),
    )


def _scores(data: SurvivalData) -> Floats:
    """Log-rank scores: the event less the Nelson-Aalen hazard each patient was exposed to."""
    died = np.bincount(data.exit[data.event], minlength=len(data.times))
    risk = at_risk_counts(data)
    hazard = np.cumsum(np.divide(died, risk, out=np.zeros_like(risk), where=died > 0))
    exposed = hazard[data.exit]
    if data.entry is not None:
        exposed = exposed - hazard[data.entry]
    return np.asarray(data.event - exposed)


def _profile(data: SurvivalData, x: Floats, min_fraction: float) -> pd.DataFrame:
    """Standardised statistic of every cut that leaves enough patients on both sides."""
    n = data.n
    scores = _scores(data)
    order = np.argsort(x, kind="stable")
    sums, sizes = np.cumsum(scores[order]), np.arange(1, n + 1)
    ends = np.append(np.diff(x[order]) > 0, [False])
    allowed = ends & (sizes >= min_fraction * n) & (n - sizes >= min_fraction * n)
    if not allowed.any():
        raise ValueError(
            f"No cut leaves {min_fraction:.0%} of the patients on both sides: the values are too "
            "few or too much alike."
        )
    low = sizes[allowed]
    centred = sums[allowed] - low * scores.mean()
    spread = float(scores.var(ddof=1)) * low * (n - low) / n
    if not spread.min() > 0:
        raise ValueError("All patients have the same log-rank score, so no cut separates them.")
    return pd.DataFrame(
        {"cut": x[order][allowed], "n_low": low, "statistic": -centred / np.sqrt(spread)}
    )


def _corrected(b: float, low: Floats, n: int) -> float:
    """P-value of the largest of the correlated statistics."""
    density = np.exp(-(b**2) / 2) / np.sqrt(2 * np.pi)
    first, last = low[0] / n, low[-1] / n
    odds = last * (1 - first) / ((1 - last) * first)
    many = density * (4 / b + (b - 1 / b) * np.log(odds)) if b > 1 else 1.0
    step = np.sqrt(np.maximum(0.0, 1 - low[:-1] * (n - low[1:]) / ((n - low[:-1]) * low[1:])))
    joint = (step - (b**2 / 4 - 1) * step**3 / 6) * np.exp(-(b**2) / 2) / np.pi
    few = erfc(b / np.sqrt(2)) + np.sum(np.maximum(joint, 0.0))
    return float(min(1.0, many, few))


def _two_groups(data: SurvivalData, above: Any) -> CoxModel:
    frame = pd.DataFrame(
        {"t": data.times[data.exit], "e": data.event, "above": np.asarray(above, dtype=float)}
    )
    if data.entry is None:
        return cox(frame, "t", "e", ["above"])
    return cox(frame.assign(start=data.times[data.entry]), "t", "e", ["above"], "start")


def _cross_validate(
    data: SurvivalData, x: Floats, min_fraction: float, seed: int
) -> tuple[tuple[float, ...], Floats]:
    """Class every patient by the best cut of the others; -1 where none was found."""
    fold = np.random.default_rng(seed).permutation(data.n) % FOLDS
    above = np.full(data.n, np.nan)
    cuts = []
    for part in range(FOLDS):
        rest = fold != part
        try:
            profile = _profile(data.subset(rest), x[rest], min_fraction)
        except ValueError:
            continue
        best = int(np.argmax(np.abs(profile["statistic"])))
        cut = float(profile["cut"][best])
        cuts.append(cut)
        above[~rest] = x[~rest] > cut
    return tuple(cuts), above


def _hazard_ratio(data: SurvivalData, above: Floats) -> tuple[float, float, float]:
    known = ~np.isnan(above)
    try:
        model = _two_groups(data.subset(known), above[known])
    except ValueError:
        return float("nan"), float("nan"), float("nan")
    row = model.summary.iloc[0]
    return float(row["hr"]), float(row["lower"]), float(row["upper"])
