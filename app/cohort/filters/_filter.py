"""Filters that say in words whom they select, and count whom each step loses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from app.cohort.filters._clauses import All, Clause, FilterError
from app.cohort.filters._parsing import parse_clause
from data_loaders import Cohort
from data_loaders.arrays import Bools

__all__ = ["Filter", "FilterError", "Selection"]


# What the keys of conditions as plain data name.
_NAMED = {
    "column": "variable", "known": "variable", "altered": "alteration", "tested": "alteration",
    "variant": "alleles", "mutated_genes": "burden",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Selection:
    """The patients of a cohort whom a filter keeps.

    Parameters
    ----------
    source
        The cohort the filter was applied to.
    mask
        One boolean a patient of ``source``.
    attrition
        One row a step, the first being everyone: ``clause`` (words), ``n`` (left after it),
        ``excluded`` (known not to match), ``missing`` (value missing or gene not tested, hence
        neither in nor known to be out). ``n`` before = ``n + excluded + missing``.
    """

    source: Cohort
    mask: Bools
    attrition: pd.DataFrame
    sentence: str

    @property
    def n(self) -> int:
        """Number of patients selected."""
        return int(self.attrition["n"].iloc[-1])

    @property
    def n_missing(self) -> int:
        """Patients lost because a value was missing or a gene was not tested."""
        return int(self.attrition["missing"].sum())

    @cached_property
    def cohort(self) -> Cohort:
        """The selected patients as a cohort of their own."""
        return self.source if self.mask.all() else self.source.subset(self.mask)


@dataclass(frozen=True)
class Filter:
    """A condition on patients: serialisable, hashable, and able to describe itself.

    Grammar of the plain form: ``{"all": [...]}``, ``{"any": [...]}``, ``{"not": ...}``,
    ``{"altered": FEATURE}``, ``{"tested": FEATURE}``, ``{"column": NAME, "in": [...]}``,
    ``{"column": NAME, "between": [low, high]}`` with null for an open end, ``{"known": NAME}``,
    ``{"variant": GENE, "class": [...], "vaf": [low, high]}``, ``{"mutated_genes": [low, high]}``
    and ``{"patients": [...]}``.
    """

    root: Clause = field(default_factory=lambda: All(()))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Filter:
        """Read a filter from plain data; an empty object selects everyone.

        Raises
        ------
        FilterError
            With a sentence that says what is wrong.
        """
        return cls() if data == {} else cls(parse_clause(data))

    @classmethod
    def from_json(cls, text: str) -> Filter:
        """Read a filter from JSON.

        Raises
        ------
        FilterError
            If the text is not JSON or not a filter.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FilterError("The filter is not valid JSON; copy the whole link again.") from error
        if not isinstance(data, dict):
            raise FilterError("A filter needs to be a JSON object.")
        return cls.from_dict(data)

    def to_dict(self) -> dict[str, Any]:
        """The filter as plain data; ``from_dict`` reads it back equal."""
        return {} if self.is_empty else self.root.to_dict()

    def to_json(self) -> str:
        """The filter as compact JSON with sorted keys: the same filter gives the same text."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))

    @property
    def names(self) -> tuple[str, ...]:
        """What it names, each once, as groupings do: ``variable:sex``, ``alteration:TP53``."""
        return tuple(dict.fromkeys(_names(self.to_dict())))

    @property
    def is_empty(self) -> bool:
        """Whether it selects everyone."""
        return self.root == All(())

    @property
    def steps(self) -> tuple[Clause, ...]:
        """The conditions that are counted one by one: those of a top-level "all"."""
        return self.root.clauses if isinstance(self.root, All) else (self.root,)

    def describe(self, cohort: Cohort | None = None) -> str:
        """The filter in words; the cohort's labels and units are used where one is given."""
        return "all patients" if self.is_empty else self.root.describe(cohort)

    def apply(self, cohort: Cohort) -> Selection:
        """Select patients and count the attrition.

        A patient is selected where every condition is known to hold. Where a value is missing or
        a gene was not tested the patient is left out and counted as missing, also under "not".

        Raises
        ------
        FilterError
            If the filter names a column or alteration that the cohort does not have.
        """
        inside = np.ones(cohort.n, dtype=bool)
        rows = [("All patients", cohort.n, 0, 0)]
        for clause in self.steps:
            truth = clause.evaluate(cohort)
            missing = int(np.count_nonzero(inside & (truth < 0)))
            before = rows[-1][1]
            inside &= truth == 1
            n = int(np.count_nonzero(inside))
            rows.append((clause.describe(cohort), n, before - n - missing, missing))
        attrition = pd.DataFrame(rows, columns=["clause", "n", "excluded", "missing"])
        inside.flags.writeable = False
        return Selection(cohort, inside, attrition, self.describe(cohort))


def _names(plain: dict[str, Any]) -> Iterator[str]:
    for key, value in plain.items():
        if key in _NAMED:
            yield f"{_NAMED[key]}:{value if isinstance(value, str) else ''}"
        elif key in ("all", "any", "not"):
            for inner in [value] if key == "not" else value:
                yield from _names(inner)
