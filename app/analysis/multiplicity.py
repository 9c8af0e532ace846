"""Adjusting p-values for the number of tests made."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from app.analysis._survival_data import Floats

Adjustment = Literal["holm", "bh", "bonferroni", "none"]


def adjust_p_values(p_values: Any, method: Adjustment = "bh") -> Floats:
    """Adjust p-values as R's ``p.adjust``; tests without a p-value (NaN) do not count.

    Parameters
    ----------
    p_values
        Shape (m,), NaN where no test was possible.
    method
        ``holm`` (Holm 1979) and ``bonferroni`` control the chance of any false finding, ``bh``
        (Benjamini & Hochberg 1995) the share of false findings; ``none`` changes nothing.

    Returns
    -------
    array of shape (m,)

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
    order = np.argsort(tested)
    ranked = tested[order]
    if method == "holm":
        result = np.maximum.accumulate(ranked * (m - np.arange(m)))
    elif method == "bonferroni":
        result = ranked * m
    elif method == "bh":
        result = np.minimum.accumulate((ranked * m / np.arange(1, m + 1))[::-1])[::-1]
    else:
        raise ValueError("The adjustment must be 'holm', 'bh', 'bonferroni' or 'none'.")
    back = np.empty(m)
    back[order] = np.minimum(result, 1.0)
    adjusted[known] = back
    return adjusted
