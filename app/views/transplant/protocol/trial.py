"""The target trial as plain data: who, against what, from when, weighted for what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from app.analysis.transplant import Strategy
from app.cohort.filters import Filter

DEFAULT_STRATEGIES = (Strategy("within", 6.0), Strategy("delayed", 12.0), Strategy("never"))


@dataclass(frozen=True)
class TargetTrial:
    """The trial one would run, as plain data.

    Attributes
    ----------
    treatment
        Key of the transplant among ``exposure_options``: ``column:transplant_months``.
    time_zero
        Key of the event that starts the clock (``column:cr_months`` for first remission); None for
        the start of the endpoint's own clock, diagnosis or sampling.
    endpoint
        Key of the endpoint; one in which death is an event.
    strategies
        The arms.
    grace_months, horizon_months
        How long after its moment a delayed transplant may take place, and when the trial ends.
    confounders
        ``variable:age_years``, ``alteration:TP53``, as in a Cox model.
    classes
        Risk classes in which strategies are compared too: ``variable:ipssm``; None for none.
    progression
        Key of the event that is a time-dependent confounder and that a strategy may wait for:
        ``endpoint:aml``; None for none.
    kind
        ``allogeneic`` or ``autologous``: transplants of the other kind end the follow-up; empty
        for every transplant alike.
    versions
        How the transplant has to be done, column and level: ``("donor", "MSD")``; any other ends
        the follow-up.
    higher_from
        The first class of higher risk, which is compared with lower risk; empty for the upper half.
    """

    eligibility: Filter = field(default_factory=Filter)
    treatment: str = "column:transplant_months"
    time_zero: str | None = None
    endpoint: str = "os"
    strategies: tuple[Strategy, ...] = DEFAULT_STRATEGIES
    grace_months: float = 6.0
    horizon_months: float = 96.0
    confounders: tuple[str, ...] = ()
    classes: str | None = None
    progression: str | None = None
    kind: str = ""
    versions: tuple[tuple[str, str], ...] = ()
    higher_from: str = ""

    @property
    def primary(self) -> Strategy:
        """The strategy that is compared first: with a transplant, where there is one."""
        return next((arm for arm in self.strategies if arm.kind != "never"), self.strategies[0])

    def to_dict(self) -> dict[str, Any]:
        """The trial as plain data; ``from_dict`` reads it back equal."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain["eligibility"] = self.eligibility.to_dict()
        plain["confounders"] = list(self.confounders)
        plain["versions"] = [list(pair) for pair in self.versions]
        plain["strategies"] = [
            {name: value for name, value in asdict(arm).items() if value != np.inf}
            for arm in self.strategies
        ]
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TargetTrial:
        """Read a trial from plain data.

        Raises
        ------
        ValueError
            If a name is not known or a strategy or filter is not one.
        """
        unknown = set(data) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"A trial has no part called {min(unknown)}.")
        values = dict(data)
        try:
            if "strategies" in values:
                values["strategies"] = tuple(Strategy(**arm) for arm in values["strategies"])
            if "eligibility" in values:
                values["eligibility"] = Filter.from_dict(values["eligibility"])
            if "confounders" in values:
                values["confounders"] = tuple(values["confounders"])
            if "versions" in values:
                values["versions"] = tuple(_pair(*pair) for pair in values["versions"])
        except TypeError as error:
            raise ValueError("The trial cannot be read; copy the whole link again.") from error
        return cls(**values)

    def to_json(self) -> str:
        """The trial as compact JSON: the same trial gives the same text."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))


def _pair(column: str, level: str) -> tuple[str, str]:
    return column, level
