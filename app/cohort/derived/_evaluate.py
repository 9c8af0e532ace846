"""What a formula is worth in every patient: the tree walked, part by part, over whole columns."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from app.cohort.derived._definition import DerivedError
from app.cohort.derived._functions import FUNCTIONS
from app.cohort.derived._names import Names, Origin, typed
from app.cohort.derived._parsing import Parsed
from app.cohort.derived._values import (
    IN_WORDS,
    Losses,
    Unit,
    Value,
    ValueKind,
    factor,
    known_numbers,
    multiplied,
    raised,
    same_unit,
    unit_words,
)
from data_loaders.arrays import Bools, States
from data_loaders.wording import listed, shown

_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_VERBS: Mapping[type[ast.operator], str] = {ast.Add: "added", ast.Sub: "subtracted"}
_TOO_LARGE = "the result is too large to be a number"


@dataclass(eq=False)
class Evaluation:
    """A formula over a cohort.

    Attributes
    ----------
    parsed, names
        The formula, and what its names mean.
    losses
        Why patients lost their value on the way.
    used
        What the formula is made of, with who has no value of it.
    """

    parsed: Parsed
    names: Names
    losses: Losses = field(default_factory=Losses)
    used: dict[tuple[Origin, str], Bools] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Patients."""
        return self.names.cohort.n

    def refusal(self, node: ast.AST, sentence: str) -> DerivedError:
        """A sentence about a part, with where it stands."""
        return self.parsed.refusal(node, sentence)

    def value(self, node: ast.expr) -> Value:
        """The value of a part in every patient.

        Raises
        ------
        DerivedError
            Where the parts do not fit together, with the position.
        """
        match node:
            case ast.Constant(value=str(text)):
                filled = np.full(self.n, text, dtype=object)
                return Value("text", filled, levels=(text,), literal=True)
            case ast.Constant(value=number):
                filled = np.full(self.n, float(number))  # type: ignore[arg-type]
                return Value("number", filled, literal=True)
            case ast.Name():
                return self._name(node)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                data = self.truth(inner).data
                return Value("truth", np.where(data < 0, data, 1 - data).astype(np.int8))
            case ast.UnaryOp(op=sign, operand=inner):
                value = self.number(inner)
                data = -value.data if isinstance(sign, ast.USub) else value.data
                return Value("number", data, value.unit, literal=value.literal)
            case ast.BoolOp(op=joint, values=parts):
                return self._joined(parts, all_of=isinstance(joint, ast.And))
            case ast.Compare():
                return self._compared(node)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Call(func=ast.Name() as name, args=args):
                function = FUNCTIONS.get(self.parsed.name(name))
                if function is None:
                    near = get_close_matches(name.id, list(FUNCTIONS), n=1, cutoff=0.5)
                    hint = (
                        f"did you mean {near[0]}"
                        if near
                        else f"known are {listed(list(FUNCTIONS), limit=40)}"
                    )
                    raise self.refusal(node, f"There is no function {shown(name.id)}; {hint}")
                return function(self, node, list(args))
        raise self.refusal(node, "Values divided by commas stand only in a function or after “in”")

    # What is asked of a part ------------------------------------------------------------------

    def number(self, node: ast.expr) -> Value:
        """A part that has to be a number; a yes or no counts as 1 and 0."""
        value = self.value(node).as_number()
        return self._of_kind(node, value, "number")

    def truth(self, node: ast.expr) -> Value:
        """A part that has to be a yes or no."""
        value = self.value(node)
        if value.kind == "truth":
            return value
        hint = " > 10" if value.kind == "number" else ' == "…"'
        words = shown(self.parsed.words(node))
        raise self.refusal(
            node,
            f"{words} is {IN_WORDS[value.kind]}, not a yes or no: compare it, as in {words}{hint}",
        )

    def date(self, node: ast.expr) -> Value:
        """A part that has to be a date."""
        return self._of_kind(node, self.value(node), "date")

    def _of_kind(self, node: ast.expr, value: Value, kind: ValueKind) -> Value:
        if value.kind != kind:
            words = shown(self.parsed.words(node))
            hint = "; months(first, second) counts between dates" if value.kind == "date" else ""
            raise self.refusal(
                node, f"{words} is {IN_WORDS[value.kind]} where {IN_WORDS[kind]} is needed{hint}"
            )
        return value

    def common_unit(self, nodes: list[ast.expr], values: list[Value], verb: str) -> Unit:
        """The unit of numbers that are added, compared or chosen among.

        Raises
        ------
        DerivedError
            Where two have different ones.
        """
        first: tuple[ast.expr, Value] | None = None
        for node, value in zip(nodes, values, strict=True):
            if value.kind != "number" or value.unit is None:
                continue
            if first is None:
                first = node, value
            elif not same_unit(first[1].unit, value.unit):
                raise self.refusal(node, self._clash(first, (node, value), verb))
        return None if first is None else first[1].unit

    def _clash(self, one: tuple[ast.expr, Value], other: tuple[ast.expr, Value], verb: str) -> str:
        units = [unit_words(value.unit) for _, value in (one, other)]
        names = [shown(self.parsed.words(node)) for node, _ in (one, other)]
        said = [
            f"{name} is in {unit}" if unit else f"{name} has no unit"
            for name, unit in zip(names, units, strict=True)
        ]
        if all(units) and factor(units[1], units[0]) is not None:
            hint = f'write in_unit({names[1]}, "{units[0]}")'
        else:
            hint = "number(…) leaves a unit away where that is meant"
        return f"{' and '.join(said)}, which cannot be {verb}: {hint}"

    # Names and operators ----------------------------------------------------------------------

    def _name(self, node: ast.Name) -> Value:
        name = self.parsed.name(node)
        found = self.names.find(name)
        if found is None:
            near = self.names.nearest(name)
            hint = f"; did you mean {near}" if near else ""
            if self.names.find(name, endpoints=True):
                hint = ": it is an endpoint, of which a formula takes the columns of time and event"
            raise self.refusal(node, f"This cohort has no {shown(name)}{hint}")
        origin, held = found
        value = self.names.alteration(held) if origin == "alteration" else self.names.variable(held)
        if value is None:
            raise self.refusal(node, f"{typed(held)} holds nothing that a formula can use")
        self.used[found] = value.missing
        return value

    def _joined(self, parts: list[ast.expr], *, all_of: bool) -> Value:
        """Three-valued: no beats unknown and unknown beats yes in "and"; the reverse in "or"."""
        beats = 0 if all_of else 1
        states = np.stack([self.truth(part).data for part in parts])
        unknown = (states < 0).any(axis=0)
        data = np.where((states == beats).any(axis=0), beats, np.where(unknown, -1, 1 - beats))
        return Value("truth", data.astype(np.int8))

    def _compared(self, node: ast.Compare) -> Value:
        """``a < b <= c`` is ``a < b and b <= c``."""
        # Each side is worked out once: a chain of chains would double its work at every level.
        left, one = node.left, self.value(node.left)
        data = np.ones(self.n, dtype=np.int8)
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                held = self._among(left, one, right)
                held = np.where((held < 0) | isinstance(op, ast.In), held, 1 - held)
            else:
                other = self.value(right)
                held = self._pair(left, one, right, other, op)
                left, one = right, other
            data = np.where((data == 0) | (held == 0), 0, np.minimum(data, held)).astype(np.int8)
        return Value("truth", data)

    def _among(self, left: ast.expr, one: Value, right: ast.expr) -> States:
        entries = right.elts if isinstance(right, ast.Tuple | ast.List) else [right]
        if not entries or not all(isinstance(e, ast.Constant | ast.UnaryOp) for e in entries):
            raise self.refusal(right, 'After “in” stand values in brackets, as in ("ET", "PV")')
        found = [self._pair(left, one, e, self.value(e), ast.Eq()) for e in entries]
        states: States = np.max(np.stack(found), axis=0)
        return states

    def _pair(
        self, left: ast.expr, one: Value, right: ast.expr, other: Value, op: ast.cmpop
    ) -> States:
        ordered = not isinstance(op, ast.Eq | ast.NotEq)
        if {one.kind, other.kind} == {"date", "text"}:
            one, other = self._as_dates(left, one), self._as_dates(right, other)
        if {one.kind, other.kind} == {"truth", "number"}:
            one, other = one.as_number(), other.as_number()
        if one.kind != other.kind:
            kinds = f"{IN_WORDS[one.kind]} and {IN_WORDS[other.kind]}"
            raise self.refusal(right, f"These cannot be compared: {kinds}")
        if one.kind == "truth" and ordered:
            raise self.refusal(right, "A yes or no has no order; compare with == or !=")
        self.common_unit([left, right], [one, other], "compared")
        missing = one.missing | other.missing
        a, b = one.data, other.data
        if one.kind == "text":
            self._check_levels(left, one, right, other)
            a, b = self._codes(right, one, other) if ordered else (a, b)
        with np.errstate(invalid="ignore"):
            holds = np.asarray(_COMPARISONS[type(op)](a, b), dtype=bool)
        return np.where(missing, -1, holds).astype(np.int8)

    def _as_dates(self, node: ast.expr, value: Value) -> Value:
        if value.kind == "date":
            return value
        if not value.literal:
            raise self.refusal(node, 'A date is compared with a date, as in date("2015-01-31")')
        return FUNCTIONS["date"](self, node, [node])

    def _check_levels(self, left: ast.expr, one: Value, right: ast.expr, other: Value) -> None:
        """Refuse a typed category that the compared one does not have."""
        for node, typed_in, held in ((right, other, one), (left, one, other)):
            if typed_in.literal and not held.literal and typed_in.levels[0] not in held.levels:
                near = get_close_matches(typed_in.levels[0], held.levels, n=1, cutoff=0.5)
                known = f"did you mean “{near[0]}”" if near else f"it has {listed(held.levels)}"
                raise self.refusal(
                    node, f"There is no category “{shown(typed_in.levels[0])}” here; {known}"
                )

    def _codes(self, node: ast.expr, one: Value, other: Value) -> tuple[Any, Any]:
        """Places of ordered categories, -1 where missing."""
        scale = one if one.ordered else other
        if not scale.ordered:
            raise self.refusal(node, "These categories have no order; compare with == or in")
        place = {level: at for at, level in enumerate(scale.levels)}
        sides = [np.array([place.get(text, -1) for text in v.data]) for v in (one, other)]
        return sides[0], sides[1]

    def _arithmetic(self, node: ast.BinOp) -> Value:
        one, other = self.number(node.left), self.number(node.right)
        a, b = one.data, other.data
        literal = one.literal and other.literal
        unit: Unit
        with np.errstate(all="ignore"):
            match node.op:
                case ast.Add() | ast.Sub():
                    verb = _VERBS[type(node.op)]
                    unit = self.common_unit([node.left, node.right], [one, other], verb)
                    found = a + b if isinstance(node.op, ast.Add) else a - b
                case ast.Mult():
                    unit, found = multiplied(one.unit, other.unit), a * b
                case ast.Div():
                    unit = multiplied(one.unit, other.unit, -1)
                    self.losses.note("a division by zero", (b == 0) & ~np.isnan(a))
                    found = np.divide(a, b, out=np.full(self.n, np.nan), where=b != 0)
                case _:
                    unit, found = raised(one.unit, float(b[0]) if self.n else 1.0), a**b
        result = Value("number", np.asarray(found, dtype=np.float64), unit, literal=literal)
        lost = np.isnan(result.data) & ~np.isnan(a) & ~np.isnan(b)
        if isinstance(node.op, ast.Pow):
            self.losses.note("a power that is not defined", lost)
        return replace(known_numbers(result, self.losses, _TOO_LARGE, np.asarray), literal=literal)
