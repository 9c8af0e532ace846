"""How strong an unmeasured confounder would have to be (VanderWeele & Ding 2017)."""

from __future__ import annotations

import numpy as np


def e_value(ratio: float, lower: float, upper: float) -> tuple[float, float]:
    """E-value of a risk ratio, and of the limit of its interval that is nearer to 1.

    The smallest association, as a risk ratio, that an unmeasured confounder would need with both
    the strategy and the event, beyond the measured confounders, to explain the estimate away
    (VanderWeele & Ding 2017, Ann Intern Med 167:268).

    Returns
    -------
    tuple of float
        1 for the limit if the interval holds 1; missing where the ratio or limit is not known.
    """
    estimate = _of(ratio)
    if np.isnan(lower) or np.isnan(upper):
        return estimate, float("nan")
    if lower <= 1 <= upper:
        return estimate, 1.0
    return estimate, _of(lower if lower > 1 else upper)


def rate_to_risk_ratio(hazard_ratio: float) -> float:
    """Risk ratio that a hazard ratio stands for where the event is common (more than 15%).

    An approximation: (1 - 0.5 ** sqrt(HR)) / (1 - 0.5 ** sqrt(1 / HR)) (VanderWeele 2017,
    Epidemiology 28:e58).
    """
    if not hazard_ratio > 0:
        return float("nan")
    root = float(np.sqrt(hazard_ratio))
    return float(np.expm1(-np.log(2) * root) / np.expm1(-np.log(2) / root))


def _of(ratio: float) -> float:
    if np.isnan(ratio) or ratio < 0:
        return float("nan")
    if ratio == 0:
        return float("inf")
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))
