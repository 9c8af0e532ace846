"""The names that a formula can use: variables, alterations and endpoints of a cohort."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from keyword import kwlist
from typing import Literal

import numpy as np
import pandas as pd

from app.cohort.derived._parsing import parse
from app.cohort.derived._values import Value, unit_of_text
from data_loaders import Cohort, Variable

Origin = Literal["variable", "alteration", "endpoint"]
_LONGEST_SOUGHT = 60
_PLAIN_NAME = re.compile(r"[^\W\d]\w*\Z")
_RESERVED = frozenset({*kwlist, "AND", "OR", "NOT", "IN"})


@dataclass(frozen=True, eq=False)
class Names:
    """What a name of a formula means in a cohort.

    A name is that of a column; its label or its name in the file do as well where only one bears
    it. Where a variable and an alteration share a name, the variable is meant.
    """

    cohort: Cohort

    @cached_property
    def _variables(self) -> Mapping[str, str]:
        held = self.described.values()
        exact = {v.name: v.name for v in held}
        return self._with(exact, [(t, v.name) for v in held for t in (v.label, v.source_column)])

    @cached_property
    def described(self) -> Mapping[str, Variable]:
        """The columns of the patients by name, those that endpoints are made of included."""
        cohort = self.cohort
        held = {n: v for n, v in cohort.variables.items() if n in cohort.patients.columns}
        for endpoint in cohort.endpoints.values():
            for name in endpoint.columns:
                number = name in (endpoint.time, endpoint.entry)
                column = Variable(
                    name,
                    f"{name}: {endpoint.label}",
                    "numeric" if number else "binary",
                    unit="months" if number else None,
                    role="outcome",
                )
                held.setdefault(name, column)
        return held

    @cached_property
    def _features(self) -> Mapping[str, str]:
        features = self.cohort.features
        exact = {str(name): str(name) for name in features.index}
        also = zip(features["label"], features["source_column"], exact, strict=True)
        return self._with(exact, [(t, name) for *texts, name in also for t in texts])

    @cached_property
    def endpoints(self) -> Mapping[str, str]:
        """Keys of endpoints by key and by label."""
        held = self.cohort.endpoints
        exact = {key: key for key in held}
        return self._with(exact, [(one.label, key) for key, one in held.items()])

    @staticmethod
    def _with(exact: dict[str, str], also: list[tuple[object, str]]) -> dict[str, str]:
        """Exact names first, then labels and the like that only one bears, then without case."""
        found = {_folded(name): held for name, held in exact.items()}
        bearers: dict[str, set[str]] = {}
        for text, name in also:
            if isinstance(text, str) and text.strip():
                bearers.setdefault(_folded(text), set()).add(name)
        for text, names in bearers.items():
            if len(names) == 1:
                found.setdefault(text, next(iter(names)))
        # Two columns may differ in case alone: as typed comes first.
        return found | {_plain(name): held for name, held in exact.items()}

    def find(self, name: str, *, endpoints: bool = False) -> tuple[Origin, str] | None:
        """What a name means; None where nothing bears it."""
        places: list[tuple[Origin, Mapping[str, str]]] = [
            ("variable", self._variables),
            ("alteration", self._features),
        ]
        if endpoints:
            places.insert(0, ("endpoint", self.endpoints))
        for text in (_plain(name), _folded(name)):
            for origin, held in places:
                if text in held:
                    return origin, held[text]
        return None

    def all(self, *, endpoints: bool = False) -> list[str]:
        """Every name as it is typed, endpoints last."""
        names = [*dict.fromkeys((*self.described, *map(str, self.cohort.features.index)))]
        return [*map(typed, names), *(map(typed, self.cohort.endpoints) if endpoints else ())]

    def nearest(self, name: str, *, endpoints: bool = False) -> str | None:
        """The known name most like one that is not known, as it is typed."""
        places = [self._variables, self._features, *([self.endpoints] if endpoints else [])]
        known = {text: held for place in reversed(places) for text, held in place.items()}
        wanted = _folded(name[:_LONGEST_SOUGHT])
        # "hb" is meant by hb_g_per_l, which is not spelt alike.
        begun = [text for text in known if re.match(re.escape(wanted) + r"[ _(]", text)]
        found = begun or get_close_matches(wanted, list(known), n=1, cutoff=0.6)
        return typed(known[found[0]]) if found else None

    def variable(self, name: str) -> Value | None:
        """A variable's values; None where they are of no kind that a formula can use."""
        variable, column = self.described[name], self.cohort.patients[name]
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            return Value("date", column.to_numpy(dtype="datetime64[s]"))
        if pd.api.types.is_bool_dtype(column.dtype) or variable.kind == "binary":
            answers = _answers(column)
            if answers is not None:
                return Value("truth", answers)
        if pd.api.types.is_numeric_dtype(column.dtype):
            return Value("number", self.cohort.numbers(name), unit_of_text(variable.unit))
        if variable.kind in ("identifier", "date"):
            return None
        codes, values = self.cohort.factor(name)
        words = [str(value) for value in values]
        levels = [*variable.levels, *sorted(set(words) - set(variable.levels))]
        texts = np.array([*words, None], dtype=object)[codes]
        return Value("text", texts, levels=tuple(levels), ordered=variable.kind == "ordinal")

    def alteration(self, name: str) -> Value:
        """An alteration's states: not tested is not known."""
        return Value("truth", self.cohort.feature_state(name).astype(np.int8))


def typed(name: str) -> str:
    """A name as it stands in a formula: between backticks where it is more than one word."""
    return name if _PLAIN_NAME.match(name) and name not in _RESERVED else f"`{name}`"


def names_in(cohort: Cohort, formula: str) -> set[str]:
    """Variables and alterations that a formula names: ``variable:hb``, ``alteration:TP53``."""
    parsed, names = parse(formula), Names(cohort)
    nodes = [node for node in ast.walk(parsed.root) if isinstance(node, ast.Name)]
    held = {found for node in nodes if (found := names.find(parsed.name(node))) is not None}
    return {f"{origin}:{name}" for origin, name in held}


def _answers(column: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.int8]] | None:
    """A column of yes and no as 1, 0 and -1; None where it holds something else."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return None
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(numbers)
    if not np.isin(numbers[known], (0, 1)).all():
        return None
    return np.where(known, np.nan_to_num(numbers), -1).astype(np.int8)


def _plain(name: str) -> str:
    # As Python's parser writes names: µ and the like in one form.
    return unicodedata.normalize("NFKC", name).strip()


def _folded(name: str) -> str:
    return f"\x00{_plain(name).casefold()}"
