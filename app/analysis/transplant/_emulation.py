"""The emulated target trial: clone, censor at deviation, weight, compare.

The method is that of Hernán 2016 (J Clin Epidemiol 79:70) and Maringe 2020 (Int J Epidemiol
49:1719).

Every eligible patient enters every arm at time zero as a clone, which is censored when the patient
departs from the arm's strategy and weighted for it. No arm is credited with the time one had to
survive to be transplanted. What remains assumed is said in the result's notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.analysis.progress import Progress, untold
from app.analysis.transplant._balance import balance_notes, balance_table
from app.analysis.transplant._claims.groups import groups_of
from app.analysis.transplant._claims.horizon import (
    effective_numbers,
    freedoms,
    last_deaths,
    own_horizons,
    supported_until,
)
from app.analysis.transplant._claims.influence import influence_table
from app.analysis.transplant._claims.tables import difference_table, horizon_table, test_table
from app.analysis.transplant._strategies import Spread, Strategy
from app.analysis.transplant._support import (
    FEWEST_DEATHS,
    arm_notes,
    deaths_behind,
    general_notes,
    support_table,
    weight_notes,
)
from app.analysis.transplant._tables import (
    Findings,
    Layout,
    Limits,
    adherence_table,
    contrast_table,
    curve_table,
    estimate,
    estimate_table,
    weight_table,
)
from app.analysis.transplant._trial import ArmSums, Caps, Trial
from app.analysis.transplant._trial_data import TrialData
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
        Bootstrap draws of patients (0 for none), their seed, level of the intervals.
    higher
        Names of the classes of higher risk, which are compared with the others; none for no split.
    effective
        Effective number that every arm needs: the horizon becomes the latest time at which those
        that are compared first have it, and a group without it, or with fewer than 10 deaths in an
        arm, has no estimate there; a half of the classes has one at the latest time of its own. 0
        estimates whatever can be.
    beside
        Horizons that are told besides, estimated where they come before the own.
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
    higher: tuple[str, ...] = ()
    effective: float = 0.0
    beside: tuple[float, ...] = (36.0, 60.0)

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
        One row a group and strategy against the reference: survival_difference, rmst_difference,
        hazard_ratio, risk_ratio (of the event by the horizon), each with ``_lower`` and ``_upper``
        (those of the classes hold together); rmst_difference_error (of simulation, of a limit),
        verdict; e_value, e_value_limit (of the risk ratio, and of its limit nearer to 1),
        e_value_hazard (from the hazard ratio by an approximation), effective, supported, note.
    horizons, tests, differences, influence
        See :mod:`app.analysis.transplant._claims`: gain by other horizons; higher against lower
        risk, trend and heterogeneity; difference of survival over time with a band for all times;
        what the gain would be without the one patient who moves it most.
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
    strategies, groups, classes, halves, reference
        Names of the arms; of everyone, the halves and the classes together; of the classes, and of
        the halves (None without); and the arm compared with.
    n, events, treated, left_out
        Patients, their events and transplants by the horizon, and who was left out and why.
    trial, drawn, layout
        The trial, its fitted weights, of whom and between what it speaks: for diagnostics.
    """

    curves: pd.DataFrame
    estimates: pd.DataFrame
    contrasts: pd.DataFrame
    horizons: pd.DataFrame
    tests: pd.DataFrame
    differences: pd.DataFrame
    influence: pd.DataFrame
    adherence: pd.DataFrame
    weights: pd.DataFrame
    balance: pd.DataFrame
    draws: Floats
    strategies: tuple[str, ...]
    groups: tuple[str, ...]
    classes: tuple[str, ...]
    halves: tuple[str, str] | None
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
    layout: Layout = field(repr=False)

    def members(self, group: str) -> Bools:
        """Who of the trial's patients is in a group, shape (n,)."""
        made = self.layout.groups
        return made.inside(made.names.index(group), self.trial.data)


def emulate(
    data: TrialData,
    strategies: Sequence[Strategy],
    settings: EmulationSettings,
    *,
    progress: Progress = untold,
) -> Emulation:
    """Emulate the trial.

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
        If ``progress`` raises it.
    """
    arms = tuple(strategies)
    _check(data, arms, settings)
    # "No transplant" is what the others are compared with; without that arm, the last.
    kinds = [arm.kind for arm in arms]
    reference = kinds.index("never") if "never" in kinds else len(arms) - 1
    progress("Weighting", 0.0)
    groups = groups_of(data, settings.higher)
    wide = [g for g, name in enumerate(groups.names) if g == 0 or name in (groups.halves or ())]
    pair = [1 if reference == 0 else 0, reference]
    asked = settings.horizon
    trial, drawn, caps, sums = _laid_out(data, arms, settings)
    reach = trial, effective_numbers(sums, groups.members)
    while settings.effective:
        now = effective_numbers(sums, groups.members)[wide][:, pair]
        until = supported_until(trial, now, settings.effective)
        if until >= settings.horizon:
            break
        settings = replace(settings, horizon=until)
        trial, drawn, caps, sums = _laid_out(data, arms, settings)
    effective = effective_numbers(sums, groups.members)
    least = settings.effective
    own = own_horizons(trial, effective[wide][:, pair], least) if least else []
    earlier = tuple(sorted({h for h in (*settings.beside, *own) if h < settings.horizon}))
    horizons = (
        settings.horizon,
        *earlier,
        *(h for h in sorted({*settings.beside, asked}) if h > settings.horizon and h <= asked),
    )
    grid = np.linspace(0.0, settings.horizon, _CURVE_POINTS)
    labels = tuple(arm.label for arm in arms)
    layout = Layout(groups, labels, reference, grid, earlier, settings.beside)
    point = estimate(trial, sums, layout)
    rng = np.random.Generator(np.random.PCG64(settings.seed))
    points = []
    for number in range(settings.draws):
        if number % 10 == 0:
            progress("Bootstrap", number / settings.draws)
        counts = data.resampled(rng)
        again = trial.sums(trial.model.draw(counts, drawn), caps, counts)
        points.append(estimate(trial, again, layout))
    support = support_table(
        trial, groups, effective[..., -1], FEWEST_FOR_AN_ESTIMATE, settings.effective
    )
    limits = Limits(points, settings.conf_level, point)
    estimated = 1 + len(earlier)
    reached = np.column_stack(
        [
            _smaller(trial, effective[:, pair], horizons[:estimated]),
            _smaller(reach[0], reach[1][:, pair], horizons[estimated:]),
        ]
    )
    told_at = [0 if fine else -1 for fine in _compared(support, groups.names, labels, pair)]
    for group, until in zip(wide, own, strict=False):
        if told_at[group] < 0 and until < settings.horizon:
            here = groups.inside(group, data)
            behind = (deaths_behind(trial, trial.arms[arm], here, until) for arm in pair)
            told_at[group] = horizons.index(until) if min(behind) >= FEWEST_DEATHS else -1
    at = last_deaths(trial, horizons[:estimated])
    freedom = freedoms(sums, groups.members)[..., at]
    found = Findings(trial, sums, point, limits, layout, support, freedom, tuple(told_at))
    balance = balance_table(trial, drawn, caps, reference)
    weights = weight_table(trial, drawn, caps)
    progress("Done", 1.0)
    return Emulation(
        curves=curve_table(found),
        estimates=estimate_table(found),
        contrasts=contrast_table(found),
        horizons=horizon_table(found, horizons, reached, least),
        tests=test_table(found),
        differences=difference_table(found, drawn, caps),
        influence=influence_table(found, drawn, caps),
        adherence=adherence_table(trial, drawn),
        weights=weights,
        balance=balance,
        draws=limits.values("rmst"),
        strategies=layout.names,
        groups=groups.names,
        classes=data.names if len(data.names) > 1 else (),
        halves=groups.halves,
        reference=layout.names[reference],
        n=data.n,
        events=int((data.event & (data.time <= settings.horizon)).sum()),
        treated=int(trial.model.treated.sum()),
        left_out=data.left_out,
        settings=settings,
        method=_method(settings, by_centre=bool(data.centres.any())),
        notes=(
            *data.notes,
            *general_notes(trial, sums),
            *weight_notes(weights),
            *balance_notes(balance),
            *arm_notes(support),
        ),
        trial=trial,
        drawn=drawn,
        layout=layout,
    )


def _laid_out(
    data: TrialData, arms: tuple[Strategy, ...], settings: EmulationSettings
) -> tuple[Trial, DrawnWeights, Caps, list[ArmSums]]:
    """The trial up to a horizon, its weights, and its weighted sums in the patients as they are."""
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
    return trial, drawn, caps, trial.sums(drawn, caps, ones, squares=True)


def _smaller(trial: Trial, effective: Floats, at: tuple[float, ...]) -> Floats:
    """Effective number of the smaller arm at the last event by each time, shape (groups, times)."""
    return np.asarray(effective.min(axis=1)[:, last_deaths(trial, at)])


def _compared(
    support: pd.DataFrame, names: tuple[str, ...], labels: tuple[str, ...], pair: list[int]
) -> Bools:
    """Whether each group has an estimate of the first comparison at the horizon."""
    fine = support["supported"].to_numpy(dtype=bool).reshape(len(names), len(labels))
    return np.asarray(fine[:, pair].all(axis=1))


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


def _method(settings: EmulationSettings, *, by_centre: bool) -> str:
    spread = "as in these data" if settings.spread == "practice" else "evenly"
    cut = (
        "not truncated"
        if settings.truncation is None
        else f"truncated at their {100 * settings.truncation:g}th percentile"
    )
    within = " within each centre" if by_centre else ""
    losses = " and to follow-up" if settings.adjust_losses else ""
    return (
        "Target trial emulated by cloning, artificial censoring at deviation and inverse-"
        f"probability weighting for adherence{losses} (Cox models); transplants spread {spread} "
        f"over each window; weights stabilised and {cut}; weighted Kaplan-Meier curves; "
        + (
            f"{settings.conf_level:.0%} intervals from the standard error over {settings.draws} "
            f"bootstrap draws of patients{within} (seed {settings.seed}), on Student's t with the "
            "degrees of freedom of both weighted arms (Satterthwaite); those of differences from "
            "the logarithm of what is lost under each strategy (MOVER); those of the classes hold "
            "together (Šidák)"
            if settings.draws
            else "no intervals"
        )
    )
