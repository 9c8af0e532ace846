"""Adjusting p-values for the number of tests made."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from app.analysis.arrays import Floats

Adjustment = Literal["holm", "bh", "bonferroni", "none"]


def adjust_p_values(p_values: Any, method: Adjustment = "bh", families: Any = None) -> Floats:
    """Adjust p-values as R's ``p.adjust``; tests without a p-value (NaN) do not count.

    Parameters
    ----------
    p_values
        Shape (m,), NaN where no test was possible.
    method
        ``holm`` (Holm 1979) and ``bonferroni`` control the chance of any false finding, ``bh``
        (Benjamini & Hochberg 1995) the share of false findings; ``none`` changes nothing.
    families
        Family of each test, shape (m,): the tests of a family say the same and count once, each
        with its share of the weight (Benjamini & Hochberg 1997). None for each on its own.

    Raises
    ------
    ValueError
        If the method is unknown.
    """
    p = np.asarray(p_values, dtype=np.float64)
    adjusted = p.copy()
    known = ~np.isnan(p)
    tested = p[known]
    m = len(tested)
    if method == "none" or m == 0:
        return adjusted
    order = np.argsort(tested, kind="stable")
    ranked = tested[order]
    own = np.arange(m) if families is None else np.asarray(families)[known]
    _, own, size = np.unique(own, return_inverse=True, return_counts=True)
    number = len(size)
    if method == "holm":
        # Families that are still in: those with a test at this rank or a later one.
        last = np.zeros(number, dtype=np.int64)
        last[own[order]] = np.arange(m)
        left = number - np.searchsorted(np.sort(last), np.arange(m), side="left")
        result = np.maximum.accumulate(ranked * left)
    elif method == "bonferroni":
        result = ranked * number
    elif method == "bh":
        counted = np.cumsum(1.0 / size[own[order]])
        result = np.minimum.accumulate((ranked * number / counted)[::-1])[::-1]
    else:
        raise ValueError("The adjustment must be 'holm', 'bh', 'bonferroni' or 'none'.")
    back = np.empty(m)
    back[order] = np.minimum(result, 1.0)
    adjusted[known] = back
    return adjusted
