"""The one evaluator of decision lists: which entities remain possible, and why.

Exact, not Kleene's: an entity is possible if some completion of what is not known leads to it.
Patients with the same knowledge are judged once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.cohort.classification._lists import Rule
from data_loaders.arrays import Positions, States

_Known = tuple[int, ...]


class Verdict(NamedTuple):
    """What a list says to one state of knowledge.

    Parameters
    ----------
    possible
        Entities that remain, in the order of the list; one if decided.
    matters
        Facts that are not known and change what remains.
    trail
        Known facts that the verdict rests on, the entity's own first.
    """

    possible: tuple[str, ...]
    matters: tuple[str, ...]
    trail: tuple[str, ...]


def fact_names(rules: Sequence[Rule]) -> list[str]:
    """The facts that a list names, in its order."""
    return list(dict.fromkeys(_plain(literal) for rule in rules for literal in rule.facts))


def verdicts(
    rules: Sequence[Rule],
    states: States,
    names: Sequence[str],
    implies: Sequence[tuple[str, str]] = (),
) -> tuple[Positions, list[Verdict]]:
    """Judge patients by a list.

    Parameters
    ----------
    rules
        The list; its last rule has no facts.
    states
        Facts in the order of ``names``, shape (patients, facts): 1, 0, -1 not known.
    implies
        Pairs of facts of which the first being so implies the second.

    Returns
    -------
    array, list of Verdict
        For each patient, which verdict is theirs; the verdicts.
    """
    place = {name: position for position, name in enumerate(names)}
    judge = _Judge(
        [(rule.entity, [(place[_plain(lit)], 0 if lit[0] == "!" else 1) for lit in rule.facts])
         for rule in rules],
        [(place[a], place[b]) for a, b in implies if a in place and b in place],
    )  # fmt: skip
    patterns, which = np.unique(states, axis=0, return_inverse=True)
    found = [judge.verdict(tuple(int(v) for v in row), names) for row in patterns]
    return which.reshape(-1), found


def _plain(literal: str) -> str:
    return literal.lstrip("!?")


class _Judge:
    """A list with its places of facts, and what it has found of states of knowledge."""

    def __init__(
        self, rules: list[tuple[str, list[tuple[int, int]]]], implies: list[tuple[int, int]]
    ) -> None:
        self._rules = rules
        self._implies = implies
        # What the rules from here on still ask: all else may differ and changes nothing.
        self._asked: list[list[int]] = []
        for start in range(len(rules)):
            later = {place for _, literals in rules[start:] for place, _ in literals}
            linked = {p for pair in implies for p in pair if set(pair) & later}
            self._asked.append(sorted(later | linked))
        self._found: dict[tuple[int, _Known], tuple[frozenset[str], frozenset[int]]] = {}

    def verdict(self, known: _Known, names: Sequence[str]) -> Verdict:
        known = self._closed(known)
        entities, matters = self._outcomes(0, known)
        order = list(dict.fromkeys(entity for entity, _ in self._rules if entity in entities))
        return Verdict(
            tuple(order),
            tuple(names[place] for place in sorted(matters)),
            tuple(names[place] for place in self._trail(known, order)),
        )

    def _outcomes(self, start: int, known: _Known) -> tuple[frozenset[str], frozenset[int]]:
        """Entities that some completion leads to, and the unknown facts that make a difference."""
        key = (start, tuple(known[place] for place in self._asked[start]))
        if key not in self._found:
            self._found[key] = self._searched(start, known)
        return self._found[key]

    def _searched(self, start: int, known: _Known) -> tuple[frozenset[str], frozenset[int]]:
        entity, literals = self._rules[start]
        if any(known[place] == 1 - wanted for place, wanted in literals):
            return self._outcomes(start + 1, known)
        open_ = next((place for place, _ in literals if known[place] < 0), None)
        if open_ is None:
            return frozenset([entity]), frozenset()
        ways = [self._outcomes(start, self._with(known, open_, value)) for value in (1, 0)]
        entities = ways[0][0] | ways[1][0]
        matters = ways[0][1] | ways[1][1]
        if ways[0][0] != ways[1][0]:
            matters |= {open_}
        return entities, matters if len(entities) > 1 else frozenset()

    def _with(self, known: _Known, place: int, value: int) -> _Known:
        return self._closed((*known[:place], value, *known[place + 1 :]))

    def _closed(self, known: _Known) -> _Known:
        """With what follows from what is known."""
        states = list(known)
        for _ in self._implies:
            before = tuple(states)
            for a, b in self._implies:
                if states[a] == 1 and states[b] < 0:
                    states[b] = 1
                if states[b] == 0 and states[a] < 0:
                    states[a] = 0
            if tuple(states) == before:
                break
        return tuple(states)

    def _trail(self, known: _Known, possible: Sequence[str]) -> list[int]:
        """The known facts of the rules that may hold, then one that excludes each rule before."""
        own: list[int] = []
        against: list[int] = []
        for entity, literals in self._rules:
            held = [place for place, wanted in literals if known[place] == wanted]
            broken = [place for place, wanted in literals if known[place] == 1 - wanted]
            if broken:
                against.append(broken[0])
                continue
            if entity in possible:
                own += held
            if len(held) == len(literals):
                break
        return list(dict.fromkeys([*own, *against]))
