"""The functions of the language, by name. Nothing else can be called."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from app.cohort.derived._values import (
    IN_WORDS,
    NO_UNIT,
    Array,
    Unit,
    Value,
    factor,
    known_numbers,
    raised,
    unit_of_text,
    unit_words,
)
from data_loaders.endpoints.find import MONTHS_PER
from data_loaders.meaning.vocabulary import unit_named
from data_loaders.wording import shown

if TYPE_CHECKING:
    from app.cohort.derived._evaluate import Evaluation

Function = Callable[["Evaluation", ast.Call | ast.expr, list[ast.expr]], Value]
_NOT_ABOVE_ZERO = "a logarithm of a value that is not above zero"
_TOO_LARGE = "the result is too large to be a number"
_MOST_CUTS, _FEW = 12, 3


def _count(of: Evaluation, node: ast.expr, args: list[ast.expr], least: int, most: int) -> None:
    if not least <= len(args) <= most:
        needed = f"{least} to {most}" if most <= _FEW else f"{least} or more"
        needed = f"{least}" if least == most else needed
        called = node.func if isinstance(node, ast.Call) else None
        name = called.id if isinstance(called, ast.Name) else "It"
        raise of.refusal(node, f"{name} takes {needed} values divided by commas, not {len(args)}")


def _typed_number(of: Evaluation, node: ast.expr) -> float:
    value = of.number(node)
    if not value.literal:
        raise of.refusal(node, "A plain number is needed here")
    return float(value.data[0]) if of.n else 0.0


def _typed_text(of: Evaluation, node: ast.expr, example: str) -> str:
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        raise of.refusal(node, f"A text between quotation marks is needed here, such as {example}")
    return node.value


# Numbers ----------------------------------------------------------------------------------------


def _of_number(
    work: Callable[[Array], Array],
    reason: str,
    unit: Callable[[Unit], Unit] = lambda _unit: NO_UNIT,
) -> Function:
    """A function of one number; ``reason`` says why it has no value where it has none."""

    def function(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
        _count(of, node, args, 1, 1)
        value = of.number(args[0])
        return known_numbers(Value("number", value.data, unit(value.unit)), of.losses, reason, work)

    return function


def _round(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
    _count(of, node, args, 1, 2)
    value = of.number(args[0])
    digits = int(np.clip(_typed_number(of, args[1]), -12, 12)) if len(args) > 1 else 0
    return Value("number", np.round(value.data, digits), value.unit)


def _number(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
    _count(of, node, args, 1, 1)
    return Value("number", of.number(args[0]).data)


def _in_unit(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
    _count(of, node, args, 2, 2)
    value, said = of.number(args[0]), _typed_text(of, args[1], '"g/dL"')
    target = said if said in MONTHS_PER else unit_named(said) or said
    held = unit_words(value.unit)
    words = shown(of.parsed.words(args[0]))
    if not held:
        raise of.refusal(args[0], f"{words} has no stated unit to convert from")
    times = factor(held, target)
    if times is None:
        raise of.refusal(
            args[1], f"{words} is in {held}, which cannot be turned into {shown(said)}"
        )
    return Value("number", value.data * times, unit_of_text(target))


def _several(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> tuple[list[Value], Unit]:
    """Numbers of one unit, or dates."""
    _count(of, node, args, 1, 99)
    values = [of.value(arg).as_number() for arg in args]
    for arg, value in zip(args, values, strict=True):
        if value.kind not in ("number", "date") or value.kind != values[0].kind:
            raise of.refusal(
                arg, f"All numbers or all dates are needed here, not {IN_WORDS[value.kind]}"
            )
    return values, of.common_unit(args, values, "compared")


def _extreme(
    pick: Callable[..., Any], of: Evaluation, node: ast.expr, args: list[ast.expr]
) -> Value:
    values, unit = _several(of, node, args)
    return Value(values[0].kind, pick.reduce([v.data for v in values]), unit)  # type: ignore[attr-defined]


def _how_many(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
    _count(of, node, args, 1, 99)
    states = np.stack([of.truth(arg).data for arg in args])
    unknown = (states < 0).any(axis=0)
    return Value("number", np.where(unknown, np.nan, (states == 1).sum(axis=0)).astype(np.float64))


# Categories and conditions ----------------------------------------------------------------------


def _cut(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
    """``cut(age, 60, 75)``, labels behind the cuts; a value at a cut belongs above it."""
    _count(of, node, args, 2, 2 + 2 * _MOST_CUTS)
    value = of.number(args[0])
    texts = [
        arg for arg in args[1:] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    ]
    cuts = [_typed_number(of, arg) for arg in args[1 : len(args) - len(texts)]]
    if not cuts or any(high <= low for low, high in pairwise(cuts)):
        raise of.refusal(
            node, "The values to cut at need to be numbers that rise, as in cut(x, 60, 75)"
        )
    if texts and len(texts) != len(cuts) + 1:
        raise of.refusal(
            texts[0],
            f"{len(cuts)} cuts make {len(cuts) + 1} categories; {len(texts)} names are given",
        )
    names = tuple(str(_typed_text(of, text, '"low"')) for text in texts) or _interval_names(cuts)
    if len(set(names)) < len(names):
        raise of.refusal(texts[0], "Two categories have the same name")
    codes = np.searchsorted(cuts, value.data, side="right")
    words = np.array([*names], dtype=object)[codes]
    words[np.isnan(value.data)] = None
    return Value("text", words, levels=names, ordered=True)


def _interval_names(cuts: list[float]) -> tuple[str, ...]:
    shown_cuts = [repr(cut).removesuffix(".0") for cut in cuts]
    between = [f"{low} to below {high}" for low, high in pairwise(shown_cuts)]
    return (f"below {shown_cuts[0]}", *between, f"{shown_cuts[-1]} or more")


def _unified(of: Evaluation, args: list[ast.expr]) -> tuple[list[Value], Value]:
    """Values that stand for each other: of one kind and unit; and an empty one like them."""
    values = [of.value(arg) for arg in args]
    if {value.kind for value in values} == {"number", "truth"}:
        values = [value.as_number() for value in values]
    first = values[0]
    for arg, value in zip(args, values, strict=True):
        if value.kind != first.kind:
            kinds = f"{IN_WORDS[first.kind]} and {IN_WORDS[value.kind]}"
            raise of.refusal(arg, f"These cannot stand for each other: {kinds}")
    empty: Array
    if first.kind == "number":
        empty = np.full(of.n, np.nan)
    elif first.kind == "date":
        empty = np.full(of.n, np.datetime64("NaT"), dtype="datetime64[s]")
    elif first.kind == "truth":
        empty = np.full(of.n, -1, dtype=np.int8)
    else:
        empty = np.full(of.n, None, dtype=object)
    levels = tuple(dict.fromkeys(level for value in values for level in value.levels))
    ordered = first.ordered and all(v.levels == first.levels for v in values)
    unit = of.common_unit(args, values, "chosen between")
    return values, Value(first.kind, empty, unit, levels, ordered)


def _choose(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
    """``choose(condition, value, condition, value, otherwise)``: the first that holds."""
    _count(of, node, args, 2, 99)
    pairs = len(args) // 2
    conditions = [of.truth(arg).data for arg in args[: 2 * pairs : 2]]
    chosen = [*args[1 : 2 * pairs : 2], *args[2 * pairs :]]
    values, result = _unified(of, chosen)
    data, open_still = result.data, np.ones(of.n, dtype=bool)
    for condition, value in zip(conditions, values, strict=False):
        taken = open_still & (condition == 1)
        data[taken] = value.data[taken]
        # Where it is not known whether one holds, none behind it can be said to be the first.
        open_still &= condition == 0
    if len(values) > pairs:
        data[open_still] = values[-1].data[open_still]
    return result


def _coalesce(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
    _count(of, node, args, 1, 99)
    values, result = _unified(of, args)
    for value in values:
        gone = result.missing
        result.data[gone] = value.data[gone]
    return result


def _known(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
    _count(of, node, args, 1, 1)
    return Value("truth", (~of.value(args[0]).missing).astype(np.int8))


def _altered(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
    """An alteration by its name, where a variable has the same."""
    _count(of, node, args, 1, 1)
    name = args[0]
    text = of.parsed.name(name) if isinstance(name, ast.Name) else ""
    names = list(map(str, of.names.cohort.features.index))
    if text not in names:
        raise of.refusal(
            name, f"This cohort has no alteration {shown(text or of.parsed.words(name))}"
        )
    value = of.names.alteration(text)
    of.used["alteration", text] = value.missing
    return value


# Dates ------------------------------------------------------------------------------------------


def _date(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
    _count(of, node, args, 1, 1)
    text = _typed_text(of, args[0], '"2015-01-31"')
    try:
        moment = np.datetime64(date.fromisoformat(text), "s")
    except ValueError as error:
        raise of.refusal(
            args[0], f"“{shown(text)}” is no date: write year, month and day as 2015-01-31"
        ) from error
    return Value("date", np.full(of.n, moment, dtype="datetime64[s]"), literal=True)


def _between(unit: str, of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
    """Whole days from the first date to the second, in a unit of 365.25 days a year."""
    _count(of, node, args, 2, 2)
    first, second = of.date(args[0]), of.date(args[1])
    found = months_between(first.data, second.data) / MONTHS_PER[unit]
    return Value("number", found, unit_of_text(unit))


def months_between(first: Array, second: Array) -> Array:
    """Months from one date to another, days / 30.4375, NaN where one is missing."""
    seconds = (second.astype("datetime64[s]") - first.astype("datetime64[s]")) / np.timedelta64(
        1, "s"
    )
    return np.asarray(np.floor(seconds / 86_400) * MONTHS_PER["days"], dtype=np.float64)


def _year(of: Evaluation, node: ast.expr, args: list[ast.expr]) -> Value:
    _count(of, node, args, 1, 1)
    held = of.date(args[0])
    years = held.data.astype("datetime64[Y]").astype(np.int64) + 1970
    return Value("number", np.where(held.missing, np.nan, years).astype(np.float64))


def _only_in_endpoints(of: Evaluation, node: ast.expr, _args: list[ast.expr]) -> Value:
    raise of.refusal(node, "event(time, condition) stands only among the events of an endpoint")


FUNCTIONS: Mapping[str, Function] = {
    "log": _of_number(np.log, _NOT_ABOVE_ZERO),
    "log2": _of_number(np.log2, _NOT_ABOVE_ZERO),
    "log10": _of_number(np.log10, _NOT_ABOVE_ZERO),
    "exp": _of_number(np.exp, _TOO_LARGE),
    "sqrt": _of_number(
        np.sqrt, "a square root of a negative value", lambda unit: raised(unit, 0.5)
    ),
    "abs": _of_number(np.abs, _TOO_LARGE, lambda unit: unit),
    "round": _round,
    "min": partial(_extreme, np.minimum),
    "max": partial(_extreme, np.maximum),
    "earliest": partial(_extreme, np.fmin),
    "latest": partial(_extreme, np.fmax),
    "number": _number,
    "in_unit": _in_unit,
    "count": _how_many,
    "cut": _cut,
    "choose": _choose,
    "coalesce": _coalesce,
    "known": _known,
    "altered": _altered,
    "date": _date,
    "days": partial(_between, "days"),
    "weeks": partial(_between, "weeks"),
    "months": partial(_between, "months"),
    "years": partial(_between, "years"),
    "year": _year,
    "event": _only_in_endpoints,
}
