"""Conditions from plain data: what ``to_dict`` writes, read back and checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from app.cohort.filters._clauses import (
    All,
    Altered,
    AnyOf,
    Between,
    Clause,
    FilterError,
    InSet,
    Known,
    Not,
)
from app.cohort.filters._genomic import MutatedGenes, Patients, Tested, Variant


def _as_bound(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise FilterError("A range in the filter needs two numbers, or null for an open end.")
    return float(value)


def _parse_list(data: object, word: str, depth: int) -> tuple[Clause, ...]:
    if not isinstance(data, list):
        raise FilterError(f'"{word}" in the filter needs a list of conditions.')
    return tuple(parse_clause(item, depth + 1) for item in data)


def _parse_column(data: dict[str, Any]) -> Clause:
    column = data["column"]
    if not isinstance(column, str):
        raise FilterError('"column" in the filter needs the name of a column.')
    if set(data) == {"column", "in"}:
        values = data["in"]
        if not isinstance(values, list) or not values:
            raise FilterError(f'"in" for {column} in the filter needs a list of values.')
        if not all(isinstance(value, str | int | float | bool) for value in values):
            raise FilterError(f"The values for {column} in the filter need to be words or numbers.")
        return InSet(column, tuple(values))
    if set(data) == {"column", "between"}:
        return Between(column, *_parse_ends(data["between"], column))
    raise FilterError(f'The condition on {column} in the filter needs "in" or "between".')


def _parse_ends(ends: object, what: str) -> tuple[float | None, float | None]:
    if not isinstance(ends, list) or len(ends) != 2:
        raise FilterError(f"The range for {what} in the filter needs two ends.")
    low, high = _as_bound(ends[0]), _as_bound(ends[1])
    if low is not None and high is not None and low > high:
        raise FilterError(f"The range for {what} in the filter runs backwards; swap its ends.")
    return low, high


def _words(value: object, word: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FilterError(f'"{word}" in the filter needs a list of words.')
    return value


def _parse_variant(data: dict[str, Any]) -> Clause:
    if not set(data) <= {"variant", "class", "vaf"} or not isinstance(data["variant"], str):
        raise FilterError(
            'The condition on variants in the filter needs a gene, and may have "class" and "vaf".'
        )
    low, high = _parse_ends(data.get("vaf", [None, None]), "the allele fraction")
    return Variant(data["variant"], tuple(_words(data.get("class", []), "class")), low, high)


def _parse_single(word: str, value: object) -> Clause | None:
    """A condition of one word and what it is about; None for a word that is not known."""
    if word in _NAMED:
        make, what = _NAMED[word]
        if not isinstance(value, str):
            raise FilterError(f'"{word}" in the filter needs the name of {what}.')
        return make(value)
    if word == "mutated_genes":
        return MutatedGenes(*_parse_ends(value, "the number of mutated genes"))
    if word == "patients":
        return Patients(tuple(dict.fromkeys(_words(value, word))))
    return None


_NAMED: dict[str, tuple[Callable[[str], Clause], str]] = {
    "altered": (Altered, "a gene or event"),
    "tested": (Tested, "a gene or event"),
    "known": (Known, "a column"),
}
_JOINED: dict[str, Callable[[tuple[Clause, ...]], Clause]] = {"all": All, "any": AnyOf}
_MAX_DEPTH = 20


def parse_clause(data: object, depth: int = 0) -> Clause:
    """Read one condition from plain data, as written by ``to_dict``.

    Raises
    ------
    FilterError
        With a sentence that says what is wrong.
    """
    if depth > _MAX_DEPTH:
        raise FilterError(f"The filter is nested more than {_MAX_DEPTH} levels deep; simplify it.")
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise FilterError("Each condition of the filter needs to be an object with named parts.")
    if "column" in data:
        return _parse_column(data)
    if "variant" in data:
        return _parse_variant(data)
    if len(data) == 1:
        word, value = next(iter(data.items()))
        if word in _JOINED:
            return _JOINED[word](_parse_list(value, word, depth))
        if word == "not":
            return Not(parse_clause(value, depth + 1))
        found = _parse_single(word, value)
        if found is not None:
            return found
    raise FilterError(
        "The filter has a condition it does not know; use all, any, not, altered, tested, known, "
        "variant, mutated_genes, patients, or column with in or between."
    )
