"""Tests and standardised differences between groups, as table one prints them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, fdtrc, ndtr

from app.analysis.associations._steps import Moments

Counts = npt.NDArray[np.int64]
Tested = tuple[str, float, float]

# As many as R's chisq.test draws by default.
_SIMULATIONS = 2_000
_SEED = 0
NO_SPREAD = "no test (no spread)"


def rank_test(counts: Counts) -> Tested:
    """Compare numbers by rank: name of the test, statistic, p-value.

    Two groups: Wilcoxon's W (of the first group) with normal approximation, correction for ties
    and continuity, as R's ``wilcox.test(exact = FALSE)``; more: Kruskal-Wallis with correction for
    ties, as R's ``kruskal.test``. No test, as in R, where all values are the same.

    Parameters
    ----------
    counts
        Groups x distinct values, ascending: their ranks are all that counts.
    """
    tied = counts.sum(axis=0)
    n, k = int(tied.sum()), len(counts)
    ranks = np.cumsum(tied) - tied + (tied + 1) / 2
    sizes = counts.sum(axis=1).astype(float)
    sums = counts @ ranks
    ties = tied.astype(float)
    lost = float((ties**3 - ties).sum())
    if k == 2:
        w = float(sums[0] - sizes[0] * (sizes[0] + 1) / 2)
        spread = sizes[0] * sizes[1] / 12 * (n + 1 - lost / (n * (n - 1)))
        if spread <= 0:
            return NO_SPREAD, float("nan"), float("nan")
        apart = w - sizes[0] * sizes[1] / 2
        z = (apart - np.sign(apart) * 0.5) / np.sqrt(spread)
        return "Wilcoxon rank-sum", w, float(min(1.0, 2 * ndtr(-abs(z))))
    correction = 1 - lost / (n**3 - n)
    if correction <= 0:
        return NO_SPREAD, float("nan"), float("nan")
    h = float((12 / (n * (n + 1)) * (sums**2 / sizes).sum() - 3 * (n + 1)) / correction)
    return "Kruskal-Wallis", h, float(chdtrc(k - 1, max(h, 0.0)))


def mean_test(known: Sequence[Moments]) -> Tested:
    """Compare means without assuming equal variances: name of the test, statistic, p-value.

    Two groups: Welch's t test; more: Welch's analysis of variance (Biometrika 1951;38:330), as R's
    ``oneway.test``. Of each group its moments are given.
    """
    sizes, means, variances = np.transpose(known)
    k = len(known)
    if not (variances > 0).all():
        return NO_SPREAD, float("nan"), float("nan")
    if k == 2:
        from scipy.stats import ttest_ind_from_stats  # that few pages need

        each = np.transpose([means, np.sqrt(variances), sizes]).ravel()
        found = ttest_ind_from_stats(*each, equal_var=False)
        return "Welch t", float(found.statistic), float(found.pvalue)
    weights = sizes / variances
    centre = (weights * means).sum() / weights.sum()
    uneven = ((1 - weights / weights.sum()) ** 2 / (sizes - 1)).sum() / (k**2 - 1)
    f = (weights * (means - centre) ** 2).sum() / (k - 1) / (1 + 2 * (k - 2) * uneven)
    return "Welch ANOVA", float(f), float(fdtrc(k - 1, 1 / (3 * uneven), f))


def category_test(counts: Counts) -> Tested:
    """Compare shares: name of the test, statistic, p-value.

    Pearson's chi-square; where an expected count is below 1 or more than a fifth are below 5
    (Cochran, Biometrics 1954;10:417), Fisher's exact test of a two-by-two table and otherwise a
    chi-square whose distribution is simulated with fixed margins, always from the same seed.

    Parameters
    ----------
    counts
        Groups x levels.
    """
    table = counts[:, counts.sum(axis=0) > 0]
    rows, columns, n = table.sum(axis=1), table.sum(axis=0), int(table.sum())
    expected = np.outer(rows, columns) / n
    chi = float(((table - expected) ** 2 / expected).sum())
    if expected.min() >= 1 and (expected < 5).mean() <= 0.2:
        freedom = (len(rows) - 1) * (len(columns) - 1)
        return "chi-square", chi, float(chdtrc(freedom, chi))
    from scipy import stats  # that few pages need

    if table.shape == (2, 2):
        found = stats.fisher_exact(table)
        return "Fisher exact", float(found.statistic), float(found.pvalue)
    drawn = stats.random_table(rows, columns).rvs(
        _SIMULATIONS, random_state=np.random.default_rng(_SEED)
    )
    simulated = ((drawn - expected) ** 2 / expected).sum(axis=(1, 2))
    as_large = int(np.count_nonzero(simulated >= chi * (1 - 1e-9)))
    return "chi-square, simulated", chi, (1 + as_large) / (_SIMULATIONS + 1)


def number_smd(known: Sequence[Moments]) -> float:
    """Largest standardised mean difference between pairs of groups (Austin, Stat Med 2009;28:3083).

    Difference of means over the root of the mean of both sample variances; infinite where two
    groups differ and neither varies, NaN where no two groups have two values each.
    """
    found = []
    for a, b in combinations([own for own in known if own.n > 1], 2):
        spread, apart = np.sqrt((a.variance + b.variance) / 2), abs(a.mean - b.mean)
        found.append(float(apart / spread) if spread > 0 else (np.inf if apart else 0.0))
    return max(found, default=float("nan"))


def category_smd(counts: Counts) -> float:
    """Largest standardised difference of shares between pairs of groups.

    Mahalanobis distance of the vectors of shares (Yang & Dalton, SAS Global Forum 2012;335);
    infinite where two groups share no level, NaN where fewer than two groups have anybody.

    Parameters
    ----------
    counts
        Groups x levels.
    """
    found = []
    for a, b in combinations([row for row in counts if row.sum()], 2):
        if not (a * b).any():
            return float("inf")
        present = np.flatnonzero(a + b)[1:]
        p, q = a[present] / a.sum(), b[present] / b.sum()
        covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
        apart = p - q
        found.append(float(np.sqrt(max(apart @ np.linalg.pinv(covariance) @ apart, 0.0))))
    return max(found, default=float("nan"))
