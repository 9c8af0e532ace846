"""What the worker computes for the transplant page: intervals, sensitivity, life-years by delay.

The page has its estimates at once; what takes long are the draws. Only tables come back: the
patients stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from app.analysis.transplant import (
    EmulationSettings,
    Microsimulation,
    SameTerms,
    Strategy,
    TrialData,
    emulate,
    microsimulate,
    same_terms,
    sensitivity,
    transition_models,
)
from app.views.transplant.benefits.analysis import benefit
from app.views.transplant.benefits.profile import life_of

INTERVALS, SENSITIVITY = "transplant intervals", "transplant sensitivity"
SAME_TERMS = "transplant same terms"
DELAYS, BENEFIT, PROFILE = "transplant delays", "transplant benefit", "transplant profile"
# What of an emulated trial its draws change, none of it about single patients.
_DRAWN = (
    *("curves", "estimates", "contrasts", "horizons", "tests", "differences", "influence"),
    *("draws", "settings", "method"),
)


class TrialError(ValueError):
    """These data do not allow it; the message is a sentence for the user."""


def _intervals(**asked: Any) -> dict[str, Any]:
    """What the draws change, to be laid on the same trial emulated without them."""
    found = emulate(**asked)
    return {name: getattr(found, name) for name in _DRAWN}


def _same_terms(
    *,
    data: TrialData,
    strategies: tuple[Strategy, ...],
    settings: EmulationSettings,
    landmarks: tuple[float, ...],
    **asked: Any,
) -> SameTerms:
    return same_terms(emulate(data, strategies, settings), landmarks, **asked)


def _delays(*, data: TrialData, progression: str | None, **asked: Any) -> Microsimulation:
    return microsimulate(transition_models(data, progression), **asked)


def _profile(*, data: TrialData, progression: str | None, **asked: Any) -> Microsimulation:
    return life_of(transition_models(data, progression), **asked)


def _refusing(task: Callable[..., object]) -> Callable[..., object]:
    @wraps(task)
    def run(**asked: Any) -> object:
        try:
            return task(**asked)
        except ValueError as error:
            raise TrialError(str(error)) from error

    return run


# By name, what takes the keywords that the page sends, and ``progress``.
TRIAL_TASKS: Mapping[str, Callable[..., object]] = {
    INTERVALS: _refusing(_intervals),
    SENSITIVITY: _refusing(sensitivity),
    SAME_TERMS: _refusing(_same_terms),
    DELAYS: _refusing(_delays),
    BENEFIT: _refusing(benefit),
    PROFILE: _refusing(_profile),
}
