"""Where patients are over time: without transplant, transplanted, with AML or relapse, dead.

Occupancy probabilities by Aalen & Johansen (1978), in their multi-state form: the product over the
event times of one plus the matrix of hazards. They sum to 1 at every time. Right also without the
Markov property where censoring is independent (Datta & Satten 2001, Stat Probab Lett 55:403).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.transplant._trial_data import TrialData
from data_loaders.wording import mid_sentence

UNTREATED, TRANSPLANTED, PROGRESSED, RELAPSED, RESCUED, DEAD = range(6)
_FEW_AT_RISK = 10


@dataclass(frozen=True, eq=False)
class Paths:
    """Stays of patients in states, as counting-process rows.

    Attributes
    ----------
    states
        Names of the states, the last absorbing.
    patient
        Whose stay, shape (r,).
    origin, target
        State of the stay, and the state it ended with; -1 where it was censored, shape (r,).
    start, stop
        The stay (start, stop], shape (r,); minus infinity from time zero on.
    initial
        State of each patient at time zero, shape (n,).
    """

    states: tuple[str, ...]
    patient: Ints
    origin: Ints
    target: Ints
    start: Floats
    stop: Floats
    initial: Ints

    @property
    def counts(self) -> pd.DataFrame:
        """Transitions: origin, target, n."""
        moved = self.target >= 0
        pairs, n = np.unique(
            np.column_stack([self.origin[moved], self.target[moved]]), axis=0, return_counts=True
        )
        names = np.array(self.states, dtype=object)
        return pd.DataFrame({"origin": names[pairs[:, 0]], "target": names[pairs[:, 1]], "n": n})


@dataclass(frozen=True, eq=False)
class Occupancy:
    """Aalen-Johansen occupancy probabilities.

    Attributes
    ----------
    table
        time, state, probability, n_risk.
    """

    table: pd.DataFrame
    states: tuple[str, ...]
    counts: pd.DataFrame
    n: int
    method: str
    notes: tuple[str, ...] = field(default=())


def paths_of(data: TrialData, progression: str | None = None) -> Paths:
    """States of every patient: transplanted or not, progression before, after or not, dead.

    Parameters
    ----------
    progression
        Name of the onset that is a state of its own (AML, relapse); None where the cohort does not
        record it, which leaves three states.
    """
    treated, end = data.treated, data.time
    progressed = np.full(data.n, np.inf)
    names: tuple[str, ...] = ("Alive, no transplant", "Alive after transplant")
    if progression is not None:
        if progression not in data.onsets:
            raise ValueError(f"These data do not record when {progression} came.")
        onset = data.onsets[progression]
        # Both on one day: the transplant came first, the other a moment later.
        tied = (onset == treated) & (onset > 0)
        onset = np.where(tied, onset + 1e-6 * float(end.max()), onset)
        progressed = np.where(onset < end, onset, np.inf)
        names = (
            *names,
            f"{progression}, no transplant",
            f"Transplant, then {mid_sentence(progression)}",
            f"{progression}, then transplant",
        )
    edges = np.sort(np.column_stack([treated, progressed]), axis=1)
    # What has come by time zero is the state that a patient starts in, not a transition.
    edges = np.where(edges <= 0, -np.inf, edges)
    edges = np.minimum(np.column_stack([np.full(data.n, -np.inf), edges, end]), end[:, None])
    treated, progressed = (np.where(came <= 0, -np.inf, came) for came in (treated, progressed))
    # Who relapses after a transplant and who is transplanted after a relapse are two states.
    first = progressed <= treated
    dead = len(names)
    rows: list[tuple[Ints, Ints, Ints, Floats, Floats]] = []
    for number in range(3):
        low, high = edges[:, number], edges[:, number + 1]
        low, there = np.maximum(low, data.entry), (high > np.maximum(low, data.entry))
        last = there & (high == end)
        origin = _state(treated <= edges[:, number], progressed <= edges[:, number], first)
        after = _state(treated <= high, progressed <= high, first)
        target = np.where(last, np.where(data.event, dead, -1), after)
        who = np.flatnonzero(there)
        rows.append((who, origin[who], target[who], low[who], high[who]))
    patient, origin, target, start, stop = (
        np.concatenate(values) for values in zip(*rows, strict=True)
    )
    initial = _state(treated <= 0, progressed <= 0, first)
    return Paths((*names, "Dead"), patient, origin, target, start, stop, initial)


def occupancy(paths: Paths, times: Floats) -> Occupancy:
    """Estimate the probability of being in each state at each time.

    Raises
    ------
    ValueError
        If nobody changed state.
    """
    if not (paths.target >= 0).any():
        raise ValueError("Nobody was transplanted or had an event, so there is nothing to show.")
    inside = (paths.start[:, None] < times) & (times <= paths.stop[:, None])
    at_risk = np.array(
        [(inside & (paths.origin == s)[:, None]).sum(axis=0) for s in range(len(paths.states))]
    )
    k = len(paths.states)
    table = pd.DataFrame(
        {
            "time": np.repeat(times, k),
            "state": list(paths.states) * len(times),
            "probability": aalen_johansen(paths, times).ravel(),
            "n_risk": at_risk.T.ravel(),
        }
    )
    few = times[at_risk.sum(axis=0) < _FEW_AT_RISK]
    notes = ["Occupancy describes what happened to these patients; it compares no strategies."]
    if len(few):
        notes.append(
            f"Fewer than {_FEW_AT_RISK} patients are under observation from {few[0]:.3g} on."
        )
    return Occupancy(
        table=table,
        states=paths.states,
        counts=paths.counts,
        n=len(paths.initial),
        method="Aalen-Johansen state occupancy",
        notes=tuple(notes),
    )


def aalen_johansen(paths: Paths, times: Floats) -> Floats:
    """Occupancy probabilities at chosen times.

    Returns
    -------
    array of shape (times, states)
    """
    moved = (paths.target >= 0) & (paths.stop <= times[-1])
    event_times, position = np.unique(paths.stop[moved], return_inverse=True)
    k, m = len(paths.states), len(event_times)
    steps = np.zeros((m, k, k))
    np.add.at(steps, (position, paths.origin[moved], paths.target[moved]), 1.0)
    risk = np.column_stack([_at_risk(paths, paths.origin == s, event_times) for s in range(k)])
    hazard = np.divide(steps, risk[:, :, None], out=steps, where=risk[:, :, None] > 0)
    hazard[:, np.arange(k), np.arange(k)] = -hazard.sum(axis=2)
    current = np.bincount(paths.initial, minlength=k) / len(paths.initial)
    result = np.empty((m + 1, k))
    result[0] = current
    for number in range(m):
        current = current + current @ hazard[number]
        result[number + 1] = current
    return np.asarray(result[np.searchsorted(event_times, times, side="right")])


def _at_risk(paths: Paths, own: Bools, at: Floats) -> Ints:
    """Number in a state just before each time: start < t <= stop."""
    begun, ended = (np.searchsorted(np.sort(edge[own]), at) for edge in (paths.start, paths.stop))
    return begun - ended


def _state(treated: Bools, progressed: Bools, first: Bools) -> Ints:
    """State of each patient; ``first``: the progression came, if at all, before the transplant."""
    both = np.where(first, RESCUED, RELAPSED)
    one = treated.astype(np.int64) + 2 * progressed.astype(np.int64)
    return np.asarray(np.where(treated & progressed, both, one))
