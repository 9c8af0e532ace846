"""Life-years by delay of the transplant: virtual patients walked through the transition models.

A virtual patient has the covariates of a real one of the class. Without a transplant progression
and death compete on the clock since time zero; whoever lives to the delay without progression is
transplanted then; after progression there is no transplant. The same random numbers serve every
delay, so that delays differ by their hazards and not by chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats, Ints
from app.analysis.progress import Progress, untold
from app.analysis.transplant._claims.intervals import band, interval
from app.analysis.transplant._states.paths import (
    DEAD,
    PROGRESSED,
    RELAPSED,
    TRANSPLANTED,
    UNTREATED,
)
from app.analysis.transplant._states.transitions import Transition, TransitionModels
from data_loaders.wording import plural

Key = tuple[int, int]
Drawn = Mapping[Key, tuple[Floats, Floats, Floats]]
_WALKED: tuple[Key, ...] = (
    (UNTREATED, PROGRESSED),
    (UNTREATED, DEAD),
    (TRANSPLANTED, RELAPSED),
    (TRANSPLANTED, DEAD),
    (PROGRESSED, DEAD),
    (RELAPSED, DEAD),
)
NEVER = float("inf")


@dataclass(frozen=True)
class MicrosimulationSettings:
    """How virtual patients are simulated.

    Attributes
    ----------
    horizon
        Time up to which life is counted, in the unit of the data.
    delays
        Times of transplant compared; no transplant is always added.
    virtual, virtual_per_draw
        Virtual patients of each class for the estimate, and for each draw of the parameters.
    draws, seed, conf_level
        Draws of the parameters, seed, level of the intervals.
    near
        A transplant counts as support of a delay if given within this time of it.
    min_patients, min_events
        Transplants near the delay, and deaths after a transplant in the class, below which a cell
        is not supported. Without a transplant: patients and deaths of the class.
    """

    horizon: float = 96.0
    delays: tuple[float, ...] = tuple(float(month) for month in range(0, 61, 6))
    virtual: int = 10_000
    virtual_per_draw: int = 1_000
    draws: int = 200
    seed: int = 0
    conf_level: float = 0.95
    near: float = 6.0
    min_patients: int = 10
    min_events: int = 5

    def __post_init__(self) -> None:
        if not (np.isfinite(self.horizon) and self.horizon > 0):
            raise ValueError("The horizon must be a positive time.")
        if not self.delays or min(self.delays) < 0 or max(self.delays) >= self.horizon:
            raise ValueError("Delays must lie between zero and the horizon.")
        if self.virtual < 1 or self.virtual_per_draw < 1 or self.draws < 0:
            raise ValueError("There must be at least one virtual patient, and no negative draws.")


@dataclass(frozen=True, eq=False)
class Microsimulation:
    """Restricted mean survival by class and delay.

    Attributes
    ----------
    cells
        group, delay (infinite for no transplant), life (restricted mean survival), lower, upper,
        gain (over no transplant), gain_lower, gain_upper (of all supported cells together),
        transplanted (share who live to be),
        n_near (real transplants near the delay), events (deaths behind the cell), supported, note.
    differences
        group, delay (the earliest supported), against (no transplant; the latest supported delay),
        difference (of life), lower, upper (all of the table hold together), verdict. A class in
        which there is nothing to compare has no row.
    draws
        Life by draw, class and delay, no transplant last, shape (draws, classes, delays + 1).
    groups, delays, settings
        Classes; delays, infinite last; how.
    """

    cells: pd.DataFrame
    differences: pd.DataFrame
    draws: Floats
    groups: tuple[str, ...]
    delays: tuple[float, ...]
    settings: MicrosimulationSettings
    method: str
    notes: tuple[str, ...] = field(default=())


def microsimulate(
    models: TransitionModels,
    settings: MicrosimulationSettings,
    *,
    progress: Progress = untold,
) -> Microsimulation:
    """Simulate every class under every delay.

    Raises
    ------
    Cancelled
        If ``progress`` raises it.
    """
    data = models.data
    rng = np.random.Generator(np.random.PCG64(settings.seed))
    delays = (*settings.delays, NEVER)
    fitted = {key: model.draw(None) for key, model in models.models.items()}
    large = [_Virtual(models, g, settings.virtual, rng) for g in range(len(data.names))]
    small = [_Virtual(models, g, settings.virtual_per_draw, rng) for g in range(len(data.names))]
    estimate, reached = (
        np.array(values)
        for values in zip(
            *(v.lives(models, fitted, delays, settings.horizon) for v in large), strict=True
        )
    )
    centre = np.array([v.lives(models, fitted, delays, settings.horizon)[0] for v in small])
    draws = np.empty((settings.draws, len(data.names), len(delays)))
    for number in range(settings.draws):
        if number % 10 == 0:
            progress("Drawing parameters", number / settings.draws)
        drawn = {key: model.draw(rng) for key, model in models.models.items()}
        lives = [v.lives(models, drawn, delays, settings.horizon)[0] for v in small]
        # Fewer virtual patients serve a draw: what they miss of the estimate is taken out.
        draws[number] = np.clip(np.array(lives) - centre + estimate, 0.0, settings.horizon)
    progress("Done", 1.0)
    cells = _cells(models, settings, (delays, estimate, reached, draws))
    return Microsimulation(
        cells=cells,
        differences=_differences(cells, data.names, (delays, estimate, draws), settings.conf_level),
        draws=draws,
        groups=data.names,
        delays=delays,
        settings=settings,
        method=(
            f"Microsimulation of {settings.virtual:,} virtual patients a cell from transition-"
            f"specific Cox models; {settings.conf_level:.0%} intervals from {settings.draws} draws "
            f"of coefficients and baseline hazards (seed {settings.seed}): of life their "
            "percentiles, of gains, which hold together, the largest standardised departure of "
            "the draws, wider where deaths after a transplant are few"
        ),
        notes=(
            *models.notes,
            "Virtual patients are transplanted at the delay if alive without progression, and "
            "never after it; given the covariates of the model, who was really transplanted when "
            "is taken to be unrelated to prognosis.",
            *_beyond(models, settings),
        ),
    )


class _Virtual:
    """Virtual patients of one class: covariates of real ones, and their luck."""

    def __init__(
        self, models: TransitionModels, group: int, number: int, rng: np.random.Generator
    ) -> None:
        rows: Ints = np.flatnonzero(models.data.groups == group)
        # Everyone of the class as often as the others, and luck spread evenly: a Latin hypercube
        # (McKay 1979, Technometrics 21:239) leaves little of the estimate to chance.
        self.x = models.data.x[rng.permutation(np.resize(rng.permutation(rows), number))]
        self.luck = {
            key: -np.log((rng.permutation(number) + 1.0 - rng.random(number)) / number)
            for key in _WALKED
        }

    def lives(
        self, models: TransitionModels, drawn: Drawn, delays: tuple[float, ...], horizon: float
    ) -> tuple[Floats, Floats]:
        """Restricted mean survival, and share transplanted, at each delay."""
        progressed = self._when(models, drawn, (UNTREATED, PROGRESSED))
        died = self._when(models, drawn, (UNTREATED, DEAD))
        after = progressed + self._when(models, drawn, (PROGRESSED, DEAD))
        untreated = np.where(progressed < died, after, died)
        leaves = np.minimum(progressed, died)
        lives, shares = np.empty(len(delays)), np.empty(len(delays))
        for position, delay in enumerate(delays):
            life = np.minimum(untreated, horizon)
            given = leaves > delay
            if given.any():
                relapse = self._when(models, drawn, (TRANSPLANTED, RELAPSED), delay)
                death = self._when(models, drawn, (TRANSPLANTED, DEAD), delay)
                later = relapse + self._when(models, drawn, (RELAPSED, DEAD), delay)
                since = np.where(relapse < death, later, death)
                life = np.where(given, np.minimum(delay + since, horizon), life)
            lives[position], shares[position] = life.mean(), given.mean()
        return lives, shares

    def _when(
        self, models: TransitionModels, drawn: Drawn, key: Key, wait: float | None = None
    ) -> Floats:
        """Clock time of a transition if nothing else came first; infinite where it never occurs."""
        model = models.models.get(key)
        if model is None:
            return np.full(len(self.x), np.inf)
        beta, times, total = drawn[key]
        score = self.x @ beta[: self.x.shape[1]]
        if model.wait_scale is not None and wait is not None:
            mean, deviation = model.wait_scale
            score = score + (wait - mean) / deviation * beta[-1]
        return np.asarray(np.interp(self.luck[key] / np.exp(score), total, times))


def _cells(
    models: TransitionModels,
    settings: MicrosimulationSettings,
    found: tuple[tuple[float, ...], Floats, Floats, Floats],
) -> pd.DataFrame:
    delays, estimate, reached, draws = found
    data = models.data
    tails = [(1 - settings.conf_level) / 2, (1 + settings.conf_level) / 2]
    lower, upper = _limits(draws, tails)
    rows = []
    for group, name in enumerate(data.names):
        here = data.groups == group
        after = int((here & data.ever_treated & data.event).sum())
        for position, delay in enumerate(delays):
            if delay == NEVER:
                patients = int((here & ~data.ever_treated).sum())
                deaths = int((here & ~data.ever_treated & data.event).sum())
            else:
                near = np.abs(data.treated - delay) <= settings.near
                patients, deaths = int((here & near).sum()), after
            fine = patients >= settings.min_patients and deaths >= settings.min_events
            what = (
                plural(patients, "patient") + " without a transplant"
                if delay == NEVER
                else plural(patients, "transplant") + " near it"
            )
            cell = (group, position)
            rows.append(
                {
                    "group": name,
                    "delay": delay,
                    "life": estimate[cell],
                    "lower": lower[cell],
                    "upper": upper[cell],
                    "gain": estimate[cell] - estimate[group, -1],
                    "gain_lower": np.nan,
                    "gain_upper": np.nan,
                    "transplanted": reached[cell],
                    "n_near": patients,
                    "events": deaths,
                    "supported": fine,
                    "note": ""
                    if fine
                    else f"Rests on {what} and {plural(deaths, 'death')}: extrapolated.",
                }
            )
    table = pd.DataFrame(rows)
    supported = (table["supported"] & (table["delay"] != NEVER)).to_numpy()
    if supported.any() and len(draws):
        gains = (draws - draws[..., -1:]).reshape(len(draws), -1)[:, supported]
        value, events = (table.loc[supported, name].to_numpy() for name in ("gain", "events"))
        limits = band(value, gains, settings.conf_level, events)
        table.loc[supported, ["gain_lower", "gain_upper"]] = np.column_stack(limits)
    return table


def _limits(draws: Floats, tails: list[float]) -> Floats:
    if not len(draws):
        return np.full((2, *draws.shape[1:]), np.nan)
    return np.asarray(np.quantile(draws, tails, axis=0, method="weibull"))


def _differences(
    cells: pd.DataFrame,
    groups: tuple[str, ...],
    found: tuple[tuple[float, ...], Floats, Floats],
    level: float,
) -> pd.DataFrame:
    """Earliest supported delay against none, and against the latest supported one, by class."""
    delays, estimate, draws = found
    pairs = []
    for group, name in enumerate(groups):
        own = cells[cells["group"] == name]
        usable = np.flatnonzero(own["supported"].to_numpy())
        later = usable[usable < len(delays) - 1]
        if not len(later):
            continue
        events = float(own["events"].iloc[later[0]])
        if usable[-1] == len(delays) - 1:
            pairs.append((group, later[0], usable[-1], events))
        if len(later) > 1:
            pairs.append((group, later[0], later[-1], events))
    rows = []
    for group, first, other, events in pairs:
        value = float(estimate[group, first] - estimate[group, other])
        drawn = draws[:, group, first] - draws[:, group, other]
        own = interval(value, drawn, level, events, several=len(pairs))
        limits = (own.lower, own.upper, own.verdict)
        rows.append((groups[group], delays[first], delays[other], value, *limits))
    columns = ["group", "delay", "against", "difference", "lower", "upper", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def _beyond(models: TransitionModels, settings: MicrosimulationSettings) -> list[str]:
    """Transitions whose hazard is carried on beyond what was read."""
    short: list[Transition] = [
        model
        for key, model in models.models.items()
        if key in _WALKED and model.read_until < settings.horizon
    ]
    if not short:
        return []
    until = min(model.read_until for model in short)
    return [
        f"Beyond the follow-up of a transition (at the shortest {until:.3g}) its hazard is taken "
        "to stay at its last average."
    ]
