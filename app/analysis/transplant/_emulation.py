"""The emulated target trial: clone, censor at deviation, weight, compare.

The method is that of Hernán 2016 (J Clin Epidemiol 79:70) and Maringe 2020 (Int J Epidemiol
49:1719).

Every eligible patient enters every arm at time zero as a clone, which is censored when the patient
departs from the arm's strategy and weighted for it. No arm is credited with the time one had to
survive to be transplanted. What remains assumed is said in the result's notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.progress import Progress, ShouldCancel, report
from app.analysis.transplant._balance import balance_notes, balance_table
from app.analysis.transplant._strategies import Spread, Strategy
from app.analysis.transplant._support import (
    arm_notes,
    general_notes,
    support_table,
    weight_notes,
)
from app.analysis.transplant._tables import (
    Findings,
    Limits,
    adherence_table,
    contrast_table,
    curve_table,
    estimate,
    estimate_table,
    heterogeneity_table,
    weight_table,
)
from app.analysis.transplant._trial import Trial
from app.analysis.transplant._trial_data import EVERYONE, TrialData
from app.analysis.transplant._weights import DrawnWeights

FEWEST_FOR_AN_ESTIMATE = 10
_CURVE_POINTS = 97


@dataclass(frozen=True)
class EmulationSettings:
    """How the trial is emulated.

    Attributes
    ----------
    horizon
        Time up to which survival and its mean are compared, in the unit of the data.
    grace
        How long after its moment a delayed transplant may take place.
    spread
        How transplants are spread over a strategy's window; see ``timing_of``.
    truncation
        Quantile of the stabilised weights above which they are cut off; None for no truncation,
        which is without bias in simulated trials where cutting off is not.
    adjust_losses
        Whether losses to follow-up are weighted by the same confounders.
    progression
        Name of the onset that a strategy until progression waits for.
    draws, seed, conf_level
        Bootstrap draws of patients (0 for none), their seed, level of the percentile intervals.
    """

    horizon: float
    grace: float = 6.0
    spread: Spread = "practice"
    truncation: float | None = None
    adjust_losses: bool = True
    progression: str | None = None
    draws: int = 200
    seed: int = 0
    conf_level: float = 0.95

    def __post_init__(self) -> None:
        if not (np.isfinite(self.horizon) and self.horizon > 0):
            raise ValueError("The horizon must be a positive time.")
        if not (np.isfinite(self.grace) and self.grace > 0):
            raise ValueError("The grace period must be a positive time.")
        if self.truncation is not None and not 0.5 < self.truncation < 1:
            raise ValueError("Weights are truncated at a quantile between 0.5 and 1, such as 0.99.")
        if self.draws < 0 or not 0 < self.conf_level < 1:
            raise ValueError("Draws must not be negative and the level lie between 0 and 1.")


@dataclass(frozen=True, eq=False)
class Emulation:
    """What the emulated trial found.

    Attributes
    ----------
    curves
        group, strategy, time, survival, lower, upper, at_risk (weighted), effective (effective
        number at risk).
    estimates
        One row a class and strategy: group, strategy, n, adherent (followed the strategy to the end
        of its window), events (unweighted, in its clones), survival and rmst at the horizon with
        limits, supported, note.
    contrasts
        One row a class and strategy against the reference: survival_difference, rmst_difference,
        hazard_ratio, risk_ratio (of the event by the horizon), each with ``_lower`` and ``_upper``;
        e_value, e_value_limit (of the risk ratio, and of its limit nearer to 1), e_value_hazard
        (from the hazard ratio by an approximation), supported, note.
    heterogeneity
        Difference of ``rmst_difference`` between each class and the first: group, against,
        strategy, difference, lower, upper.
    adherence
        The models, for inspection: model (transplant or loss), term, hr (per standard deviation of
        the confounder or 0/1 for an onset), lower, upper, note where classes with a baseline hazard
        of their own leave nothing to estimate.
    weights
        Distribution of the stabilised weights: strategy, state, n, mean, sd, minimum, median, p99,
        maximum, cap, n_cut, effective.
    balance
        Confounders of those who follow each strategy against the reference's, before and after
        weighting: strategy, reference, at, term, smd_before, smd_after, n, n_reference.
    draws
        RMST by draw, class and strategy, shape (draws, classes, strategies).
    strategies, groups, reference
        Names of the arms and classes, and the arm compared with.
    n, events, treated, left_out
        Patients, their events and transplants by the horizon, and who was left out and why.
    settings, method, notes
        How; what was done, in words; assumptions and what limits them here.
    trial, drawn
        The trial and its fitted weights, for diagnostics.
    """

    curves: pd.DataFrame
    estimates: pd.DataFrame
    contrasts: pd.DataFrame
    heterogeneity: pd.DataFrame
    adherence: pd.DataFrame
    weights: pd.DataFrame
    balance: pd.DataFrame
    draws: Floats
    strategies: tuple[str, ...]
    groups: tuple[str, ...]
    reference: str
    n: int
    events: int
    treated: int
    left_out: dict[str, int]
    settings: EmulationSettings
    method: str
    notes: tuple[str, ...]
    trial: Trial = field(repr=False)
    drawn: DrawnWeights = field(repr=False)


def emulate(
    data: TrialData,
    strategies: Sequence[Strategy],
    settings: EmulationSettings,
    *,
    progress: Progress | None = None,
    should_cancel: ShouldCancel | None = None,
) -> Emulation:
    """Emulate the trial.

    Parameters
    ----------
    data
        The patients; see :func:`app.analysis.transplant.trial_data`.
    progress, should_cancel
        Called as in the subgroup search, before every tenth draw.

    Returns
    -------
    Emulation
        A class in which too few were transplanted in a window has no estimate there, and a note.

    Raises
    ------
    ValueError
        If there are fewer than two different arms, no transplant or no event by the horizon, or
        everyone was transplanted at time zero.
    Cancelled
        If ``should_cancel`` says so.
    """
    arms = tuple(strategies)
    _check(data, arms, settings)
    # "No transplant" is what the others are compared with; without that arm, the last.
    kinds = [arm.kind for arm in arms]
    reference = kinds.index("never") if "never" in kinds else len(arms) - 1
    report(progress, should_cancel, "Weighting", 0.0)
    trial = Trial(
        data,
        arms,
        settings.horizon,
        grace=settings.grace,
        spread=settings.spread,
        progression=settings.progression,
        adjust_losses=settings.adjust_losses,
    )
    ones = np.ones(data.n)
    drawn = trial.model.draw(ones)
    caps = trial.caps(drawn, settings.truncation)
    sums = trial.sums(drawn, caps, ones, squares=True)
    grid = np.linspace(0.0, settings.horizon, _CURVE_POINTS)
    point = estimate(trial, sums, reference, grid)
    rng = np.random.Generator(np.random.PCG64(settings.seed))
    points = []
    for number in range(settings.draws):
        if number % 10 == 0:
            report(progress, should_cancel, "Bootstrap", number / settings.draws)
        counts = rng.multinomial(data.n, np.full(data.n, 1 / data.n)).astype(np.float64)
        again = trial.model.draw(counts, drawn)
        points.append(estimate(trial, trial.sums(again, caps, counts), reference, grid))
    names = tuple(arm.label for arm in arms)
    groups = data.names if len(data.names) == 1 else (EVERYONE, *data.names)
    support = support_table(trial, drawn, groups, FEWEST_FOR_AN_ESTIMATE)
    limits = Limits(points, settings.conf_level, len(groups), len(arms))
    found = Findings(trial, sums, point, limits, groups, names, reference, grid, support)
    balance = balance_table(trial, drawn, caps, reference)
    weights = weight_table(trial, drawn, caps)
    report(progress, should_cancel, "Done", 1.0)
    return Emulation(
        curves=curve_table(found),
        estimates=estimate_table(found),
        contrasts=contrast_table(found),
        heterogeneity=heterogeneity_table(found),
        adherence=adherence_table(trial, drawn),
        weights=weights,
        balance=balance,
        draws=limits.rmst,
        strategies=names,
        groups=groups,
        reference=names[reference],
        n=data.n,
        events=int((data.event & (data.time <= settings.horizon)).sum()),
        treated=int(trial.model.treated.sum()),
        left_out=data.left_out,
        settings=settings,
        method=_method(settings),
        notes=(
            *data.notes,
            *general_notes(trial, drawn, sums),
            *weight_notes(weights),
            *balance_notes(balance),
            *arm_notes(support),
        ),
        trial=trial,
        drawn=drawn,
    )


def _check(data: TrialData, arms: tuple[Strategy, ...], settings: EmulationSettings) -> None:
    if len(set(arms)) < 2 or len(set(arms)) < len(arms):
        raise ValueError("A trial needs at least two different strategies.")
    treated = data.treated <= settings.horizon
    if not treated.any():
        raise ValueError(
            "Nobody eligible was transplanted before the horizon and the end of follow-up, so no "
            "strategy with a transplant can be emulated."
        )
    if (data.treated <= 0).all():
        raise ValueError(
            "Everyone was transplanted at time zero, so there is nobody to compare with."
        )
    if not (data.event & (data.time <= settings.horizon)).any():
        raise ValueError(
            "No event was observed before the horizon, so there is no difference to estimate."
        )


def _method(settings: EmulationSettings) -> str:
    spread = "as in these data" if settings.spread == "practice" else "evenly"
    cut = (
        "not truncated"
        if settings.truncation is None
        else f"truncated at their {100 * settings.truncation:g}th percentile"
    )
    losses = " and to follow-up" if settings.adjust_losses else ""
    return (
        "Target trial emulated by cloning, artificial censoring at deviation and inverse-"
        f"probability weighting for adherence{losses} (Cox models); transplants spread {spread} "
        f"over each window; weights stabilised and {cut}; weighted Kaplan-Meier curves; "
        + (
            f"{settings.conf_level:.0%} percentile intervals from {settings.draws} bootstrap draws "
            f"of patients (seed {settings.seed})"
            if settings.draws
            else "no intervals"
        )
    )
