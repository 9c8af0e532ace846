"""The tables of what is claimed: gain by horizon, between classes, and over time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.transplant._claims.horizon import freedoms, last_deaths
from app.analysis.transplant._claims.intervals import (
    Interval,
    apart,
    band_of_less_lost,
    class_tests,
)
from app.analysis.transplant._support import (
    FEWEST_DEATHS,
    death_weights,
    deaths_behind,
    effective_by,
)
from app.analysis.transplant._tables import Findings
from app.analysis.transplant._trial import Caps
from app.analysis.transplant._weights import DrawnWeights

# Smallest effective number of a half for their contrast, and of a class to be part of a test: with
# five in each class the tests of 28 simulated cohorts without effect rejected in 11 to 14%.
FEWEST_FOR_A_CONTRAST, FEWEST_FOR_A_TEST = 5.0, 10.0
_TESTS = ("strategy", "test", "value", "lower", "upper", "verdict", "p_value", "classes",
          "supported", "note")  # fmt: skip


def horizon_table(
    found: Findings, horizons: tuple[float, ...], effective: Floats, least: float
) -> pd.DataFrame:
    """Gain of the first strategy by earlier and later horizons, in everyone and in both halves.

    A half that the horizon of everyone outruns is told up to the latest that its own sides support.

    Parameters
    ----------
    horizons
        The own, then the earlier ones (estimated), then later ones (their support only).
    effective
        Effective number at each, shape (groups, horizons): the smaller of both arms.
    least
        Effective number that an estimate needs, and then ten deaths an arm; 0 for neither.
    """
    arm, reference, estimated = found.primary, found.reference, found.point.earlier.shape[-1]
    means, rows = found.point.earlier, []
    for group, name in enumerate(found.groups.names):
        if name in found.groups.names[1:] and name not in (found.groups.halves or ()):
            continue
        last = found.told_at[group]
        for position, horizon in enumerate(horizons):
            of_another = horizon in found.layout.earlier and horizon not in found.layout.beside
            if of_another and position != last:
                continue
            told = last >= 0 and horizon <= horizons[last] and position < estimated
            if told and position and least:
                here = found.groups.inside(group, found.trial.data)
                behind = [deaths_behind(found.trial, found.trial.arms[a], here, horizon)
                          for a in (arm, reference)]  # fmt: skip
                told = min(behind) >= FEWEST_DEATHS
            own = found.gain(group, arm, horizon=position) if told else Interval()
            value = means[group, arm, position] - means[group, reference, position] if told else 0.0
            rows.append(
                {
                    "group": name,
                    "horizon": horizon,
                    "effective": effective[group, position],
                    "rmst_difference": value if told else np.nan,
                    "lower": own.lower,
                    "upper": own.upper,
                    "verdict": own.verdict,
                    "supported": told,
                }
            )
    return pd.DataFrame(rows).sort_values(["group", "horizon"], kind="stable", ignore_index=True)


def test_table(found: Findings) -> pd.DataFrame:
    """Higher against lower risk, trend and heterogeneity over the classes, of each strategy.

    Returns
    -------
    DataFrame
        strategy, test (contrast, trend, heterogeneity), value (months; a class for a trend), lower,
        upper, verdict, p_value, classes (that take part), supported, note.
    """
    groups, reference = found.groups, found.reference
    if groups.halves is None:
        return pd.DataFrame(columns=[*_TESTS])
    low, high = (groups.names.index(name) for name in groups.halves)
    means = found.point.rmst
    drawn = found.limits.values("rmst")
    rows = []
    for arm, name in enumerate(found.names):
        if arm == reference:
            continue
        gains, drawn_gains = means[:, arm] - means[:, reference], drawn[..., arm]
        drawn_gains = drawn_gains - drawn[..., reference]
        effective = np.minimum(found.effective[:, arm], found.effective[:, reference])
        fewest = float(min(effective[low], effective[high]))
        fine = fewest >= FEWEST_FOR_A_CONTRAST
        value = float(gains[high] - gains[low])
        own = Interval()
        if fine:
            both = [(float(gains[half]), found.gain(half, arm)) for half in (high, low)]
            own = apart(*both[0], *both[1])
        common = {"strategy": name, "supported": fine}
        rows.append(
            common
            | {
                "test": "contrast", "value": value if fine else np.nan, "lower": own.lower,
                "upper": own.upper, "verdict": own.verdict, "classes": 2,
                "note": "" if fine else f"effective number of the smaller half: {int(fewest)}",
            }
        )  # fmt: skip
        first = len(groups.names) - groups.members.shape[1]
        own_classes = np.arange(first, len(groups.names))
        usable = own_classes[effective[own_classes] >= FEWEST_FOR_A_TEST]
        tests = class_tests(
            gains[usable], drawn_gains[:, usable], (usable - first).astype(float), effective[usable]
        )
        for test, value, p in (
            ("trend", tests.slope, tests.p_trend),
            ("heterogeneity", np.nan, tests.p_heterogeneity),
        ):
            rows.append(
                common
                | {"test": test, "value": value, "p_value": p, "classes": tests.classes,
                   "supported": tests.classes > 2, "note": ""}
            )  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=[*_TESTS])


def difference_table(found: Findings, drawn: DrawnWeights, caps: Caps) -> pd.DataFrame:
    """Difference of survival of each strategy to the reference over time, with its band.

    The band begins where deaths after a transplant that say as much as ten are behind the strategy:
    before, both arms are nearly the same clones, and a tenth of a percent would be a difference. At
    each time it is as wide as the fewer ask: the degrees of freedom of the patients at risk, among
    whom early on most still wait and are in both arms, or these deaths, which tell the arms apart.
    """
    curves, draws = found.point.curves, found.limits.values("curves")
    trial, grid = found.trial, found.layout.grid
    at_risk = freedoms(found.sums, found.groups.members)[..., last_deaths(trial, grid)]
    parts = []
    for group, arm in np.ndindex(found.supported.shape):
        pair = [arm, found.reference]
        if arm == found.reference or not found.supported[group, pair].all():
            continue
        own = curves[group, arm] - curves[group, found.reference]
        here = found.groups.inside(group, trial.data)
        died = [death_weights(trial, drawn, caps, trial.arms[a], here) for a in pair]
        deaths = np.stack([effective_by(times, weights, grid) for times, weights in died])
        later = deaths[0] >= FEWEST_DEATHS
        lower, upper = np.full((2, len(grid)), np.nan)
        lower[later], upper[later] = band_of_less_lost(
            1 - curves[group][pair][:, later],
            1 - draws[:, group][:, pair][..., later],
            found.limits.level,
            np.minimum(at_risk[group, pair], deaths - 1)[:, later],
        )
        frame = {"group": found.groups.names[group], "strategy": found.names[arm]}
        numbers = {"time": grid, "difference": own, "lower": lower, "upper": upper}
        parts.append(pd.DataFrame(frame | numbers))
    columns = ["group", "strategy", "time", "difference", "lower", "upper"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
