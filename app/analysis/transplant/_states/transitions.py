"""Cox models of every transition, on the clock that fits it.

Before the transplant hazards run on the clock since time zero (clock-forward); after a transplant
or progression the clock is set to zero on entry to the state (clock-reset), for the danger of both
is greatest at their beginning (Putter 2007, Stat Med 26:2389). After a transplant the wait for it
is a covariate.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats, Ints
from app.analysis.transplant._hazards import FittedHazard, HazardRows, baseline_jumps, fit_hazard
from app.analysis.transplant._states.paths import (
    DEAD,
    RELAPSED,
    RESCUED,
    TRANSPLANTED,
    UNTREATED,
    Paths,
    paths_of,
)
from app.analysis.transplant._trial_data import TrialData

WAIT = "wait for the transplant"
_EVENTS_PER_TERM = 10
# A baseline is read up to where this many are at risk; then its last rate goes on.
_FEWEST_AT_RISK = 10
# A normal prior of variance one a standard deviation: it matters only where events are few, and
# keeps coefficients drawn from their uncertainty within reason there.
SHRINKAGE = 1.0
_Z = 1.959963984540054


@dataclass(frozen=True, eq=False)
class Transition:
    """One transition and its model.

    Attributes
    ----------
    origin, target
        States, by number: see ``paths``.
    n, events
        Stays at risk, and transitions.
    forward
        Whether the clock runs from time zero; else from entry to the state.
    fitted, rows
        The model and its rows.
    read_until
        Clock time up to which the baseline hazard is read from the data.
    wait_scale
        Mean and standard deviation of the wait where it is the last covariate; None otherwise.
    """

    origin: int
    target: int
    n: int
    events: int
    forward: bool
    fitted: FittedHazard
    rows: HazardRows = field(repr=False)
    read_until: float
    wait_scale: tuple[float, float] | None

    def draw(self, rng: np.random.Generator | None) -> tuple[Floats, Floats, Floats]:
        """Coefficients and cumulative baseline hazard; drawn from their uncertainty with a ``rng``.

        Coefficients are drawn from their normal distribution; the baseline is that of the drawn
        coefficients, each jump with the variation of a Poisson process.

        Returns
        -------
        tuple of arrays
            Coefficients, and times and values of the cumulative baseline hazard, from zero on; its
            last stretch carries on with the average rate of the last third read.
        """
        beta, jumps = self.fitted.beta, self.fitted.jumps
        if rng is not None:
            if len(beta):
                beta = rng.multivariate_normal(beta, self.fitted.covariance, method="eigh")
            jumps = baseline_jumps(self.rows, beta) * rng.gamma(1.0, 1.0, len(jumps))
        read = self.rows.event_time <= self.read_until
        times = np.concatenate([[0.0], self.rows.event_time[read]])
        # Straight lines through the middle of each jump: through its top they would run ahead.
        total = np.concatenate([[0.0], np.cumsum(jumps[read]) - jumps[read] / 2])
        end = float(jumps[read].sum())
        rate = jumps[read & (self.rows.event_time > self.read_until * 2 / 3)].sum()
        rate /= max(self.read_until / 3, 1e-9)
        far = 100 * max(self.read_until, 1.0)
        times = np.concatenate([times, [max(self.read_until, times[-1]), far]])
        tail = rate * (far - times[-2])
        return beta, times, np.concatenate([total, [end, end + tail]])


@dataclass(frozen=True, eq=False)
class TransitionModels:
    """The models of all transitions.

    Attributes
    ----------
    models
        By (origin, target).
    summary
        transition, clock, n, events, term, hr (per standard deviation or level), lower, upper.
    states
        Names of the states, by number (the absorbing last).
    notes
        Transitions with few events, and what was assumed.
    """

    models: dict[tuple[int, int], Transition]
    summary: pd.DataFrame
    states: tuple[str, ...]
    data: TrialData
    paths: Paths
    notes: tuple[str, ...]


def transition_models(data: TrialData, progression: str | None = None) -> TransitionModels:
    """Fit a Cox model to every transition that occurred.

    Parameters
    ----------
    progression
        As in :func:`app.analysis.transplant.paths_of`.

    Raises
    ------
    ValueError
        If nobody was transplanted, or nobody died without or after a transplant.
    """
    paths = paths_of(data, progression)
    dead = len(paths.states) - 1
    models: dict[tuple[int, int], Transition] = {}
    notes = []
    tables = []
    for origin in range(dead):
        for target in range(dead + 1):
            found = _fit(data, paths, origin, target)
            if found is None:
                continue
            key = (origin, DEAD if target == dead else target)
            models[key] = found
            words = f"{paths.states[origin]} → {paths.states[target]}"
            terms = data.terms + ((WAIT,) if found.wait_scale else ())
            tables.append(_summary(found, words, terms))
            if found.events < _EVENTS_PER_TERM * len(terms):
                notes.append(
                    f"{words}: {found.events} transitions for {len(terms)} terms; "
                    f"{_EVENTS_PER_TERM} for each are a common minimum."
                )
    for key, sentence in (
        ((UNTREATED, TRANSPLANTED), "Nobody was transplanted"),
        ((UNTREATED, DEAD), "Nobody died without a transplant"),
        ((TRANSPLANTED, DEAD), "Nobody died after a transplant"),
    ):
        if key not in models:
            raise ValueError(f"{sentence}, so this part of the model cannot be estimated.")
    notes.append(
        "Each transition has its own hazard, proportional in the covariates, whose coefficients "
        "are shrunk lightly (ridge of one); clock-forward before a transplant or progression, "
        "clock-reset after."
    )
    return TransitionModels(
        models=models,
        summary=pd.concat(tables, ignore_index=True),
        states=paths.states,
        data=data,
        paths=paths,
        notes=tuple(notes),
    )


def _fit(data: TrialData, paths: Paths, origin: int, target: int) -> Transition | None:
    own = np.flatnonzero(paths.origin == origin)
    event = paths.target[own] == target
    if not event.any():
        return None
    patient = paths.patient[own]
    forward = origin == UNTREATED
    zero = _entered(data, paths, own, origin)
    start, stop = paths.start[own], paths.stop[own]
    x = data.x[patient]
    scale = None
    if not forward:
        # Observation that began within the state is a delayed entry on its clock too.
        start = np.where(start <= zero, -np.inf, start - zero)
        stop = stop - zero
    wait = data.treated[patient]
    if origin in (TRANSPLANTED, RELAPSED, RESCUED) and wait.std() > 0:
        scale = (float(wait.mean()), float(wait.std()))
        x = np.column_stack([x, (wait - scale[0]) / scale[1]])
    rows = HazardRows(start, stop, event, x, np.zeros(len(own), dtype=np.int64))
    fitted = fit_hazard(rows, np.ones(len(own)), ridge=SHRINKAGE)
    ends = np.sort(stop)
    enough = max(len(ends) - min(_FEWEST_AT_RISK, len(ends)), 0)
    return Transition(
        origin=origin,
        target=target,
        n=len(own),
        events=int(event.sum()),
        forward=forward,
        fitted=fitted,
        rows=rows,
        read_until=float(ends[enough]),
        wait_scale=scale,
    )


def _entered(data: TrialData, paths: Paths, own: Ints, origin: int) -> Floats:
    """When each stay began, observed or not."""
    patient = paths.patient[own]
    if origin == UNTREATED:
        return np.zeros(len(own))
    if origin == TRANSPLANTED:
        return np.asarray(data.treated[patient])
    return np.asarray(np.maximum(paths.start[own], 0.0))


def _summary(found: Transition, words: str, terms: tuple[str, ...]) -> pd.DataFrame:
    beta, half = found.fitted.beta, _Z * found.fitted.std_error
    return pd.DataFrame(
        {
            "transition": words,
            "clock": "since time zero" if found.forward else "since entry to the state",
            "n": found.n,
            "events": found.events,
            "term": list(terms),
            "hr": np.exp(beta),
            "lower": np.exp(beta - half),
            "upper": np.exp(beta + half),
        }
    )
