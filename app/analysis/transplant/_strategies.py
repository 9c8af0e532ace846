"""Strategies of transplant timing: what each asks for, and when within its window.

A window leaves open when in it the transplant takes place, and a trial needs to know: a strategy
here spreads the transplants over its window by a stated distribution (a stochastic strategy with a
grace period; Cain 2010, Int J Biostat 6:18; Wanis 2024, JRSS A 187:1). The distribution is fixed
once, so every class, draw and patient follows the same one, whoever is still alive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.analysis.arrays import Floats
from app.analysis.transplant._trial_data import TrialData

Spread = Literal["practice", "even"]


@dataclass(frozen=True)
class Strategy:
    """One arm of the emulated trial.

    Attributes
    ----------
    kind
        ``within``: transplant within ``months`` of time zero; ``delayed``: none before ``months``,
        then within the grace period; ``progression``: none until progression (or ``months``, if
        earlier), then within the grace period; ``never``: no transplant.
    months
        Its time, in the unit of the data.
    """

    kind: Literal["within", "delayed", "progression", "never"]
    months: float = float("inf")

    def __post_init__(self) -> None:
        if self.kind in ("within", "delayed") and not np.isfinite(self.months):
            raise ValueError(f"A strategy '{self.kind}' needs its number of months.")
        if not self.months >= 0 or (self.kind == "within" and self.months == 0):
            raise ValueError("The months of a strategy must be a positive time.")

    @property
    def label(self) -> str:
        """The strategy in words."""
        if self.kind == "within":
            return f"Transplant within {self.months:g} months"
        if self.kind == "delayed":
            return f"Transplant delayed to {self.months:g} months"
        if self.kind == "progression":
            or_later = f" or {self.months:g} months" if np.isfinite(self.months) else ""
            return f"Transplant delayed until progression{or_later}"
        return "No transplant"

    def window(self, data: TrialData, grace: float, progression: str | None) -> _Window:
        """When each patient's window opens and how long it lasts.

        Raises
        ------
        ValueError
            If it waits for a progression that the data do not record.
        """
        if self.kind == "within":
            return _Window(np.zeros(data.n), self.months)
        if self.kind == "progression":
            if progression is None or progression not in data.onsets:
                raise ValueError(
                    "To wait for progression, the data must record when it came: choose another "
                    "strategy."
                )
            return _Window(np.minimum(data.onsets[progression], self.months), grace)
        return _Window(np.full(data.n, self.months), grace)


@dataclass(frozen=True, eq=False)
class _Window:
    """Opening time of each patient's window, shape (n,), infinite for never; and its length."""

    opens: Floats
    length: float

    @property
    def closes(self) -> Floats:
        return np.asarray(self.opens + self.length)


@dataclass(frozen=True, eq=False)
class Timing:
    """Distribution of the transplants over a window, time counted from its opening.

    Attributes
    ----------
    at, share
        The share transplanted by each time, ascending from 0 to 1, straight in between.
    """

    at: Floats
    share: Floats

    def by(self, since: Floats) -> Floats:
        """Share transplanted by a time since the opening of the window."""
        return np.asarray(np.interp(since, self.at, self.share, left=0.0, right=1.0))


def timing_of(data: TrialData, window: _Window, spread: Spread) -> Timing:
    """How a strategy spreads its transplants over its window.

    Parameters
    ----------
    spread
        ``even``; or ``practice``: as they were spread in these data among the patients alive and
        not yet transplanted, confounding aside.
    """
    length = window.length
    even = Timing(np.array([0.0, length]), np.array([0.0, 1.0]))
    if spread == "even" or not np.isfinite(window.opens).any():
        return even
    end = np.minimum(data.time, data.treated)
    waiting = np.isfinite(window.opens) & (end >= window.opens)
    since = (end - window.opens)[waiting]
    given = data.ever_treated[waiting] & (since <= length)
    if not given.any():
        return even
    at, counts = np.unique(since[given], return_counts=True)
    at_risk = len(since) - np.searchsorted(np.sort(since), at)
    share = 1.0 - np.cumprod(1.0 - counts / at_risk)
    share = share / share[-1]
    # Straight lines between midpoints: the jump at each observed time is spread around it.
    middle = np.concatenate([[0.0], (at[1:] + at[:-1]) / 2, [length]])
    return Timing(middle, np.concatenate([[0.0], share]))
