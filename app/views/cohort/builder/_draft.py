"""A filter while it is being built: groups and conditions that may still be incomplete."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Literal

from app.cohort.filters import (
    All,
    Altered,
    AnyOf,
    Between,
    Clause,
    Filter,
    InSet,
    Known,
    MutatedGenes,
    Not,
    Patients,
    Tested,
    Variant,
)

Mode = Literal["all", "any", "none"]
ALTERED, TESTED, VARIANT, NUMBER, LISTED, KNOWN = (
    "altered", "tested", "variant", "mutated_genes", "patients", "known",
)  # fmt: skip
VARIABLE = "variable:"
_NUMBERS = count(1)


@dataclass
class Condition:
    """One condition: what it is about, and the widgets' values so far."""

    what: str = ""
    negated: bool = False
    parts: dict[str, Any] = field(default_factory=dict)
    id: int = field(default_factory=lambda: next(_NUMBERS))


@dataclass
class Group:
    """Conditions and groups of which all, any or none are to hold."""

    mode: Mode = "all"
    children: list[Group | Condition] = field(default_factory=list)
    id: int = field(default_factory=lambda: next(_NUMBERS))


def draft_of(chosen: Filter) -> Group:
    """A filter as groups and conditions to be edited."""
    found = _node(chosen.root)
    return found if isinstance(found, Group) else Group(children=[found])


def filter_of(draft: Group) -> tuple[Filter, int]:
    """The filter that a draft says, and how many conditions are incomplete and left out."""
    clause, left_out = _clause_of_group(draft)
    if clause is None:
        return Filter(), left_out
    return Filter(clause if isinstance(clause, All) else All((clause,))), left_out


def without(group: Group, wanted: int) -> None:
    """Take a condition or a group, by its id, out of a draft."""
    group.children = [child for child in group.children if child.id != wanted]
    for child in group.children:
        if isinstance(child, Group):
            without(child, wanted)


def typed_ids(text: str) -> tuple[str, ...]:
    """Identifiers from pasted text: separated by lines, commas, semicolons or tabs, each once."""
    parts = (part.strip().strip("\"'") for part in re.split(r"[\n\r,;\t]+", text))
    return tuple(dict.fromkeys(part for part in parts if part))


def clause_of(condition: Condition) -> Clause | None:
    """The clause of one condition; None while it is incomplete."""
    found = _plain_clause(condition.what, condition.parts)
    return Not(found) if found is not None and condition.negated else found


def _plain_clause(what: str, parts: dict[str, Any]) -> Clause | None:
    if what == ALTERED:
        altered = tuple(Altered(name) for name in parts.get("features") or ())
        return altered[0] if len(altered) == 1 else AnyOf(altered) if altered else None
    if what == TESTED and parts.get("feature"):
        return Tested(parts["feature"])
    if what == KNOWN and parts.get("column"):
        return Known(parts["column"])
    if what == VARIANT and parts.get("gene"):
        low, high = (end / 100 for end in parts.get("vaf") or (0, 100))
        ends = (low if low > 0 else None, high if high < 1 else None)
        return Variant(parts["gene"], tuple(parts.get("classes") or ()), *ends)
    if what == NUMBER:
        return _range(parts, MutatedGenes)
    if what == LISTED:
        ids = typed_ids(parts.get("ids") or "")
        return Patients(ids) if ids else None
    if what.startswith(VARIABLE):
        column = what.removeprefix(VARIABLE)
        if parts.get("values"):
            return InSet(column, tuple(parts["values"]))
        return _range(parts, partial(Between, column))
    return None


def _range(parts: dict[str, Any], make: Any) -> Clause | None:
    low, high = parts.get("low"), parts.get("high")
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        return None
    clause: Clause = make(low, high)
    return clause


def _clause_of_group(group: Group) -> tuple[Clause | None, int]:
    clauses: list[Clause] = []
    left_out = 0
    for child in group.children:
        if isinstance(child, Group):
            clause, missing = _clause_of_group(child)
            left_out += missing
        else:
            clause = clause_of(child)
            left_out += clause is None
        if clause is not None:
            clauses.append(clause)
    if not clauses:
        return None, left_out
    if group.mode == "none":
        return Not(clauses[0] if len(clauses) == 1 else AnyOf(tuple(clauses))), left_out
    if group.mode == "any":
        return (clauses[0] if len(clauses) == 1 else AnyOf(tuple(clauses))), left_out
    return All(tuple(clauses)), left_out


def _node(clause: Clause) -> Group | Condition:
    match clause:
        case All(clauses):
            return Group("all", [_node(inner) for inner in clauses])
        case AnyOf(clauses):
            features = [inner.feature for inner in clauses if isinstance(inner, Altered)]
            if clauses and len(features) == len(clauses):
                return Condition(ALTERED, parts={"features": features})
            return Group("any", [_node(inner) for inner in clauses])
        case Not(AnyOf(clauses)):
            return Group("none", [_node(inner) for inner in clauses])
        case Not(inner):
            found = _node(inner)
            if isinstance(found, Condition) and not found.negated:
                found.negated = True
                return found
            return Group("none", [found])
    return Condition(*_condition_of(clause))


def _condition_of(clause: Clause) -> tuple[str, bool, dict[str, Any]]:
    match clause:
        case Altered(feature):
            return ALTERED, False, {"features": [feature]}
        case Tested(feature):
            return TESTED, False, {"feature": feature}
        case Known(column):
            return KNOWN, False, {"column": column}
        case Variant(gene, classes, low, high):
            ends = (100 * (low or 0.0), 100.0 if high is None else 100 * high)
            return VARIANT, False, {"gene": gene, "classes": list(classes), "vaf": ends}
        case MutatedGenes(low, high):
            return NUMBER, False, {"low": low, "high": high}
        case Patients(ids):
            return LISTED, False, {"ids": "\n".join(ids)}
        case InSet(column, values):
            return f"{VARIABLE}{column}", False, {"values": list(values)}
        case Between(column, low, high):
            return f"{VARIABLE}{column}", False, {"low": low, "high": high}
    raise TypeError(f"{type(clause).__name__} is not a condition that the builder knows.")
