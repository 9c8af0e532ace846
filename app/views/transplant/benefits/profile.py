"""Strategies for patients of a stated kind, what supports them, and what befell the nearest ones.

Life by delay comes from the transition models, for virtual patients who have what the profile
states and vary in everything else as the real patients of the class do. It is an average over many,
never a forecast for one, and no strategy is recommended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.analysis.progress import Progress, untold
from app.analysis.transplant import (
    NEVER,
    Microsimulation,
    MicrosimulationSettings,
    TransitionModels,
    TrialData,
    microsimulate,
    rows_of,
)
from app.study.wording import count, signed
from app.views.transplant.benefits.analysis import support_of
from app.views.transplant.protocol.analysis import Protocol
from app.views.transplant.protocol.trial import TargetTrial
from data_loaders import Cohort

NO_ADVICE = (
    "This describes groups of patients under a model; it is not a recommendation for any one of "
    "them. Fitness, donor and wish decide on a transplant and are not recorded here."
)
NEIGHBOURS = 20
_NEAR_YEARS = 5.0
_FEWEST_NEAR, _FEWEST_TRANSPLANTED, _FEWEST_DEATHS = 10, 5, 5


@dataclass(frozen=True)
class Profile:
    """What is stated of a kind of patient; None or absent is anything.

    Attributes
    ----------
    alterations
        Alteration to whether it is present.
    """

    age: float | None = None
    group: str | None = None
    alterations: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Alike:
    """Virtual patients of a profile: those of the class, with what the profile states."""

    data: TrialData
    words: str


@dataclass(frozen=True, eq=False)
class ProfileAnswer:
    """What the data and the model say of patients like a profile.

    Attributes
    ----------
    simulation
        Life by delay, one group. Its cells are supported where the profile's class supports them
        and enough patients are near the profile.
    support
        what, n, transplanted, deaths, deaths_after: everyone eligible, then with one thing stated
        after the other, the last being all of them near the profile.
    supported
        Whether enough patients, transplants and deaths lie near the profile; otherwise the numbers
        are carried over from others by the model and should be greyed.
    nearest
        The nearest real patients, nearest first: position (in the cohort), distance (0 to 1), age,
        group, one column an alteration, transplant_months (missing: none), months, event.
    """

    profile: Profile
    words: str
    simulation: Microsimulation
    support: pd.DataFrame
    supported: bool
    nearest: pd.DataFrame
    reading: tuple[str, ...]


def patients_alike(
    cohort: Cohort, trial: TargetTrial, protocol: Protocol, profile: Profile, age: str | None
) -> Alike:
    """Patients who have what the profile states and else are those of its class.

    Raises
    ------
    ValueError
        If the profile states nothing or something that the trial's models do not hold.
    """
    data = protocol.data
    fixed = _fixed(trial, data, profile, age)
    words = _words(cohort, profile)
    here = np.ones(data.n, dtype=np.bool_)
    if profile.group is not None:
        here = data.groups == data.names.index(profile.group)
    part = rows_of(data, np.flatnonzero(here))
    x = part.x.copy()
    for position, value in fixed.items():
        x[:, position] = value
    return Alike(replace(part, x=x, groups=np.zeros(part.n, dtype=np.int64), names=(words,)), words)


def life_of(
    models: TransitionModels,
    alike: TrialData,
    settings: MicrosimulationSettings,
    *,
    progress: Progress = untold,
) -> Microsimulation:
    """Life by delay of the patients of a profile, under the models of the whole trial.

    Parameters
    ----------
    alike
        From :func:`patients_alike`.
    settings, progress
        As in :func:`app.analysis.transplant.microsimulate`.
    """
    return microsimulate(replace(models, data=alike), settings, progress=progress)


def explore_profile(
    cohort: Cohort,
    trial: TargetTrial,
    protocol: Protocol,
    profile: Profile,
    simulation: Microsimulation,
    *,
    age: str | None = None,
) -> ProfileAnswer:
    """Lay life by delay of patients like a profile beside the real ones near it.

    Parameters
    ----------
    cohort, trial, protocol
        The trial on its cohort; what the profile states must be among its confounders or classes.
    simulation
        From :func:`life_of`, with or without intervals.

    Raises
    ------
    ValueError
        If the profile states nothing or something that the trial's models do not hold.
    """
    _fixed(trial, protocol.data, profile, age)
    words = _words(cohort, profile)
    steps = _steps(cohort, protocol, profile, age)
    data = protocol.data
    support = pd.DataFrame([{"what": what, **support_of(data, here)} for what, here in steps])
    last = support.iloc[-1]
    supported = bool(
        last["n"] >= _FEWEST_NEAR
        and last["transplanted"] >= _FEWEST_TRANSPLANTED
        and last["deaths"] >= _FEWEST_DEATHS
    )
    nearest = _nearest(cohort, protocol, profile, age)
    if not supported:
        simulation = _greyed(simulation)
    return ProfileAnswer(
        profile=profile,
        words=words,
        simulation=simulation,
        support=support,
        supported=supported,
        nearest=nearest,
        reading=tuple(_reading(simulation, support, nearest, words, supported=supported)),
    )


def _greyed(simulation: Microsimulation) -> Microsimulation:
    """The same without support anywhere but for no transplant: nobody near shows a delay."""
    delayed = simulation.cells["delay"] != NEVER
    note = "Too few real patients are near this profile, so the model only extrapolates."
    cells = simulation.cells.copy()
    cells.loc[delayed, "supported"] = False
    cells.loc[delayed, "note"] = note
    return replace(simulation, cells=cells, differences=simulation.differences.iloc[:0])


def _fixed(
    trial: TargetTrial, data: TrialData, profile: Profile, age: str | None
) -> dict[int, float]:
    """Columns of the design that the profile sets, and to what."""
    if profile.group is not None and profile.group not in data.names:
        raise ValueError(f"The trial has no class called {profile.group}: choose one of its own.")
    if profile.age is None and profile.group is None and not profile.alterations:
        raise ValueError("State at least one thing of the patients: age, class or an alteration.")
    column = dict(zip(trial.confounders, data.confounders.columns, strict=False))
    stated = {f"alteration:{name}": float(on) for name, on in profile.alterations.items()}
    if profile.age is not None:
        stated[f"variable:{age}"] = profile.age
    fixed: dict[int, float] = {}
    for spec, value in stated.items():
        if spec not in column:
            raise ValueError(
                f"{spec.partition(':')[2]} is not among the confounders of this trial, so its "
                "models say nothing of it: add it to them first."
            )
        name = column[spec]
        known = data.confounders[name].to_numpy(dtype=np.float64)
        if known.std() == 0:
            continue
        number = (known - known.mean()) / known.std()
        at = (value - known.mean()) / known.std()
        fixed[data.terms.index(str(name))] = at
        if f"{name} squared" in data.terms:
            square = number**2
            position = data.terms.index(f"{name} squared")
            fixed[position] = (at**2 - square.mean()) / square.std()
    return fixed


def _words(cohort: Cohort, profile: Profile) -> str:
    said = [] if profile.group is None else [profile.group]
    if profile.age is not None:
        said.append(f"age {profile.age:g}")
    for name, on in profile.alterations.items():
        said.append(f"{'with' if on else 'without'} {_label(cohort, name)}")
    return ", ".join(said)


def _label(cohort: Cohort, name: str) -> str:
    return str(cohort.features.loc[name, "label"]) if name in cohort.features.index else name


def _steps(
    cohort: Cohort, protocol: Protocol, profile: Profile, age: str | None
) -> list[tuple[str, Bools]]:
    """Who has what the profile states, one thing after the other."""
    data, rows = protocol.data, protocol.patients
    inside = np.ones(data.n, dtype=np.bool_)
    steps = [("All eligible", inside)]
    if profile.group is not None:
        inside = inside & (data.groups == data.names.index(profile.group))
        steps.append((profile.group, inside))
    for name, on in profile.alterations.items():
        state = cohort.alterations[name].iloc[rows].to_numpy(dtype=np.float64, na_value=np.nan)
        inside = inside & (state == float(on))
        steps.append((f"{'with' if on else 'without'} {_label(cohort, name)}", inside))
    if profile.age is not None:
        years = cohort.patients[age].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
        inside = inside & (np.abs(years - profile.age) <= _NEAR_YEARS)
        steps.append((f"within {_NEAR_YEARS:g} years of age {profile.age:g}", inside))
    return steps


def _nearest(cohort: Cohort, protocol: Protocol, profile: Profile, age: str | None) -> pd.DataFrame:
    """Gower's distance over what is stated: ages by their ranks, classes by their order."""
    data, rows = protocol.data, protocol.patients
    columns: dict[str, object] = {"position": rows}
    parts: list[Floats] = []
    if profile.age is not None:
        years = cohort.patients[age].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
        columns["age"] = years
        from scipy.stats import rankdata  # that few pages need

        ranks = rankdata(years) / data.n
        at = (np.count_nonzero(years < profile.age) + 0.5) / data.n
        parts.append(np.minimum(np.abs(ranks - at), 1.0))
    if profile.group is not None:
        columns["group"] = np.array(data.names, dtype=object)[data.groups]
        apart = np.abs(data.groups - data.names.index(profile.group))
        parts.append(apart / max(len(data.names) - 1, 1))
    for name, on in profile.alterations.items():
        state = cohort.alterations[name].iloc[rows].to_numpy(dtype=np.float64, na_value=np.nan)
        columns[name] = state
        parts.append(np.where(np.isnan(state), np.nan, np.abs(state - float(on))))
    distance = np.nanmean(np.array(parts), axis=0)
    order = np.lexsort((rows, distance))[:NEIGHBOURS]
    frame = pd.DataFrame(columns).iloc[order].reset_index(drop=True)
    frame.insert(1, "distance", distance[order])
    given = data.treated[order]
    return frame.assign(
        transplant_months=np.where(np.isfinite(given), given, np.nan),
        months=data.time[order],
        event=data.event[order].astype(np.int64),
    )


def _reading(
    found: Microsimulation,
    support: pd.DataFrame,
    nearest: pd.DataFrame,
    words: str,
    *,
    supported: bool,
) -> list[str]:
    last = support.iloc[-1]
    sentences = [
        f"{count(int(last['n']), 'eligible patient')} {'is' if last['n'] == 1 else 'are'} near "
        f"this profile ({words}): {int(last['transplanted']):,} transplanted, "
        f"{int(last['deaths']):,} died."
    ]
    if not supported:
        sentences.append(
            "That is too few: what the model says is carried over from other patients, and these "
            "data do not tell whether it holds here."
        )
    cells = found.cells
    never = cells[cells["delay"] == NEVER].iloc[0]
    usable = cells[(cells["delay"] != NEVER) & cells["supported"]]
    if usable.empty:
        sentences.append(
            f"Without a transplant such patients live {never['life']:.0f} of "
            f"{found.settings.horizon:g} months on average in the model; too few were transplanted "
            "at any delay to say more."
        )
    else:
        sentences.append(_gain(usable.iloc[0], never, found.settings.horizon))
    if len(nearest):
        transplanted = int(nearest["transplant_months"].notna().sum())
        sentences.append(
            f"Of the {len(nearest)} nearest real patients {transplanted} were transplanted and "
            f"{int(nearest['event'].sum())} died, after {nearest['months'].median():.0f} months of "
            "follow-up in the middle one."
        )
    return [*sentences, NO_ADVICE]


def _gain(first: pd.Series, never: pd.Series, horizon: float) -> str:
    words = (
        f"In the model such patients live {never['life']:.0f} of {horizon:g} months without a "
        f"transplant; with one at month {first['delay']:g}, the earliest that the data support, "
        f"{signed(first['gain'])} months"
    )
    low, high = first["gain_lower"], first["gain_upper"]
    if np.isnan(low):
        return f"{words} (interval still being computed)."
    words += f" ({signed(low)} to {signed(high)})"
    if low <= 0 <= high:
        return f"{words}: these data do not tell whether a transplant lengthens or shortens life."
    if high < 0:
        return f"{words}: life is shorter with it, on average."
    return f"{words}, on average, if who is transplanted when depends on nothing unrecorded."
