"""Differences between survival curves: at chosen times, in mean, and conditional on survival."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.survival._kaplan_meier import KaplanMeier, confidence_band
from app.analysis.survival_input import numbers, slack, wald

Curves = Mapping[Hashable, KaplanMeier]
NO_VARIANCE = "A group has no event that leaves uncertainty here, so no interval and no test."


def survival_differences(
    curves: Curves, times: float | Sequence[float] | Floats, reference: Hashable | None = None
) -> pd.DataFrame:
    """Compare groups with a reference group at chosen times.

    Parameters
    ----------
    curves
        Kaplan-Meier curve of each group, groups independent of each other.
    times
        Times in the unit of the curves.
    reference
        Group to compare with; the first by default.

    Returns
    -------
    DataFrame
        group, reference, time, survival, survival_reference, difference, std_error, lower, upper
        (Wald, from the Greenwood variances, within -1 and 1), p_value, note where a curve has
        ended. Where the variance of a curve is zero, before its first event or after all have had
        it, there is no standard error, interval or p-value: the test would be of the other group
        against a constant.

    Raises
    ------
    ValueError
        If there are fewer than two groups, or the reference is not among them.
    """
    wanted = numbers(times, "Times")
    base = _reference(curves, reference)
    theirs = curves[base].at(wanted)
    parts = []
    for group, curve in curves.items():
        if group == base:
            continue
        ours = curve.at(wanted)
        # A curve that has reached zero has no Greenwood error left.
        errors = [x["std_error"].mask(x["survival"] == 0, 0.0).to_numpy() for x in (ours, theirs)]
        difference = (ours["survival"] - theirs["survival"]).to_numpy()
        std_error = _joint_error(*errors)
        frame = pd.DataFrame(
            {
                "group": pd.Series([group] * len(wanted), dtype=object),
                "reference": pd.Series([base] * len(wanted), dtype=object),
                "time": wanted,
                "survival": ours["survival"],
                "survival_reference": theirs["survival"],
                **wald(difference, std_error, curve.conf_level, (-1.0, 1.0)),
            }
        )
        frame["note"] = np.select(
            [np.isnan(difference), np.isnan(std_error)],
            ["Follow-up of a group ends before this time.", NO_VARIANCE],
            "",
        )
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def rmst_differences(curves: Curves, tau: float, reference: Hashable | None = None) -> pd.DataFrame:
    """Compare restricted mean survival times with a reference group (Royston & Parmar 2013).

    Parameters
    ----------
    curves, reference
        As in :func:`survival_differences`.
    tau
        Horizon, within the follow-up of every group.

    Returns
    -------
    DataFrame
        group, reference, tau, rmst, rmst_reference, difference, std_error, lower, upper (within
        -tau and tau), p_value, note where a curve had to be carried on to the horizon. Where the
        variance of a group is zero there is no standard error, interval or p-value.

    Raises
    ------
    ValueError
        As :func:`survival_differences`, or if tau is not positive.
    """
    base = _reference(curves, reference)
    theirs = curves[base].rmst(tau)
    rows = []
    for group, curve in curves.items():
        if group == base:
            continue
        ours = curve.rmst(tau)
        error = _joint_error(np.array([ours.std_error]), np.array([theirs.std_error]))
        difference = np.array([float(ours) - float(theirs)])
        contrast = wald(difference, error, curve.conf_level, (-float(tau), float(tau)))
        rows.append(
            {
                "group": group,
                "reference": base,
                "tau": tau,
                "rmst": float(ours),
                "rmst_reference": float(theirs),
                **{name: values[0] for name, values in contrast.items()},
                "note": NO_VARIANCE if np.isnan(error[0]) else ours.note or theirs.note,
            }
        )
    return pd.DataFrame(rows)


def longest_common_time(curves: Curves) -> float:
    """Latest horizon at which every group's curve is still known, for a fair RMST.

    The end of follow-up of the group that ends first; a curve that has reached zero never ends.
    """
    ends = [km.time[-1] for km in curves.values() if km.survival[-1] > 0]
    return float(min(ends) if ends else max(km.time[-1] for km in curves.values()))


def conditional_survival(
    curve: KaplanMeier, given: float, times: float | Sequence[float] | Floats
) -> pd.DataFrame:
    """Survival from a later day on: the chance of a further time for who has lived so far.

    S(given + t) / S(given), the Kaplan-Meier curve of the patients still at risk after ``given``.

    Parameters
    ----------
    curve
        Kaplan-Meier curve from time zero.
    given
        Time already survived.
    times
        Further times, counted from ``given``.

    Returns
    -------
    DataFrame
        given, time (further), n_risk (at risk at ``given`` + time), survival, lower, upper by the
        curve's interval type.

    Raises
    ------
    ValueError
        If nobody is known to have survived so far.
    """
    further = numbers(times, "Times")
    start = curve.at(given).iloc[0]
    if not start["survival"] > 0:
        raise ValueError(
            f"Nobody is known to be event-free at {given:g}, so nothing can be said given that."
        )
    later = curve.at(given + further)
    survival = (later["survival"] / start["survival"]).to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        log_variance = (later["std_error"] / later["survival"]).to_numpy() ** 2
    log_variance = log_variance - (start["std_error"] / start["survival"]) ** 2
    log_se = np.sqrt(np.maximum(log_variance, 0.0))
    lower, upper = confidence_band(survival, log_se, curve.conf_type, curve.conf_level)
    # While nobody's follow-up has ended since, survival is 1 with limits 1, as on any curve.
    asked = np.append(given, given + further)
    reached = np.searchsorted(curve.time, asked + slack(asked))
    still = (reached[1:] == reached[0]) & (survival == 1)
    lower, upper = np.where(still, 1.0, lower), np.where(still, 1.0, upper)
    return pd.DataFrame(
        {
            "given": given,
            "time": further,
            "n_risk": later["n_risk"],
            "survival": survival,
            "lower": lower,
            "upper": upper,
        }
    )


def _joint_error(ours: Floats, theirs: Floats) -> Floats:
    """Standard error of a difference of independent estimates; NaN where either has none."""
    both = (ours > 0) & (theirs > 0)
    return np.asarray(np.where(both, np.hypot(ours, theirs), np.nan))


def _reference(curves: Curves, reference: Hashable | None) -> Hashable:
    if len(curves) < 2:
        raise ValueError("A comparison needs at least two groups.")
    base = next(iter(curves)) if reference is None else reference
    if base not in curves:
        raise ValueError(f"The reference group '{base}' is not among the groups.")
    return base
