"""What the worker computes for the transplant page: intervals, sensitivity, life-years by delay.

The page has its estimates at once; what takes long are the draws. Only tables come back: the
patients stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, TypeVar

import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.progress import Progress, ShouldCancel
from app.analysis.transplant import (
    Emulation,
    EmulationSettings,
    Microsimulation,
    emulate,
    microsimulate,
    sensitivity,
    transition_models,
)
from app.views.transplant.benefits.analysis import Benefit, benefit
from app.views.transplant.benefits.profile import life_of

T = TypeVar("T")
Payload = Mapping[str, Any]


class TrialError(ValueError):
    """These data do not allow it; the message is a sentence for the user."""


@dataclass(frozen=True, eq=False)
class Intervals:
    """The tables of an emulated trial with their intervals, without its patients."""

    curves: pd.DataFrame
    estimates: pd.DataFrame
    contrasts: pd.DataFrame
    heterogeneity: pd.DataFrame
    draws: Floats
    settings: EmulationSettings
    method: str

    def on(self, point: Emulation) -> Emulation:
        """The same trial, emulated without draws, with these intervals."""
        return replace(
            point,
            curves=self.curves,
            estimates=self.estimates,
            contrasts=self.contrasts,
            heterogeneity=self.heterogeneity,
            draws=self.draws,
            settings=self.settings,
            method=self.method,
        )


def _refusing(
    task: Callable[[Payload, Progress, ShouldCancel], T],
) -> Callable[[Payload, Progress, ShouldCancel], T]:
    @wraps(task)
    def run(payload: Payload, progress: Progress, should_cancel: ShouldCancel) -> T:
        try:
            return task(payload, progress, should_cancel)
        except ValueError as error:
            raise TrialError(str(error)) from error

    return run


@_refusing
def trial_intervals(payload: Payload, progress: Progress, should_cancel: ShouldCancel) -> Intervals:
    """Emulate the trial with its bootstrap draws: ``data``, ``strategies``, ``settings``."""
    found = emulate(
        payload["data"],
        payload["strategies"],
        payload["settings"],
        progress=progress,
        should_cancel=should_cancel,
    )
    return Intervals(
        found.curves,
        found.estimates,
        found.contrasts,
        found.heterogeneity,
        found.draws,
        found.settings,
        found.method,
    )


@_refusing
def trial_sensitivity(
    payload: Payload, progress: Progress, should_cancel: ShouldCancel
) -> pd.DataFrame:
    """Emulate it again under other choices: the same and ``graces``."""
    return sensitivity(
        payload["data"],
        payload["strategies"],
        payload["settings"],
        graces=payload["graces"],
        progress=progress,
        should_cancel=should_cancel,
    )


@_refusing
def life_by_delay(
    payload: Payload, progress: Progress, should_cancel: ShouldCancel
) -> Microsimulation:
    """Simulate life by class and delay: ``data``, ``progression`` and ``settings``."""
    models = transition_models(payload["data"], payload["progression"])
    return microsimulate(
        models, payload["settings"], progress=progress, should_cancel=should_cancel
    )


@_refusing
def life_of_profile(
    payload: Payload, progress: Progress, should_cancel: ShouldCancel
) -> Microsimulation:
    """Simulate life of patients like a profile, ``alike``: that, and as in ``life_by_delay``."""
    models = transition_models(payload["data"], payload["progression"])
    return life_of(
        models,
        payload["alike"],
        payload["settings"],
        progress=progress,
        should_cancel=should_cancel,
    )


@_refusing
def who_benefits(payload: Payload, progress: Progress, should_cancel: ShouldCancel) -> Benefit:
    """Gain by parts of the patients: ``data``, ``strata``, ``settings`` and ``progression``."""
    return benefit(
        payload["data"],
        payload["strata"],
        payload["settings"],
        progression=payload["progression"],
        progress=progress,
        should_cancel=should_cancel,
    )
