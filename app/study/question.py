"""A Question: what one asks of a cohort, as plain data.

It is the key of every result that is kept, and what a link, a step of a story and a script are
written from. Everything that a result depends on stands in it, and nothing else does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from app.cohort.derived import DerivedError, definition_of
from app.cohort.filters import Filter
from app.cohort.groupings import (
    LARGEST_CONTENT,
    SAVED,
    Arrangement,
    Grouping,
    GroupingSpec,
    SavedGroups,
    arranged,
    saved_of_text,
    saved_to_text,
)
from data_loaders import Cohort
from data_loaders.arrays import Bools
from data_loaders.loading import is_everybodys

# Cohorts that everybody has: what names their patients tells nobody anything.
# A setting that names a second cohort: by its key, or as ``Second.to_dict`` says it.
OTHER = "other"
# The keyword under which an analysis gets the groups saved of it.
SAVED_OF_OTHER = "saved_of_other"
# Settings of stories told before groups knew what they are made of.
_FORMER = frozenset({"own", "without"})
_LIST_IN_TEXT = re.compile(r'"patients"\s*:\s*\[')


class QuestionError(ValueError):
    """A question that cannot be written or read; the message is one sentence for the user."""


@dataclass(frozen=True)
class Second:
    """A second cohort that a question is put to.

    Parameters
    ----------
    key, fingerprint, derived
        As of the first one, see :class:`Question`; the fingerprint is empty where it is not known.
    saved
        Groups saved of it that the question names, as text.
    """

    key: str
    fingerprint: str = ""
    derived: tuple[Mapping[str, Any], ...] = ()
    saved: tuple[str, ...] = ()

    @classmethod
    def of(cls, key: str, cohort: Cohort, saved: SavedGroups | None = None) -> Second:
        """A cohort as it is under its key, with groups saved of it."""
        texts = tuple(str(_as_text(name, groups)) for name, groups in (saved or {}).items())
        return cls(key, cohort.fingerprint, cohort.provenance.derived, texts)

    @property
    def groups(self) -> SavedGroups:
        """The groups saved of it, by name."""
        return dict(saved_of_text(text, LARGEST_CONTENT) for text in self.saved)

    def to_dict(self) -> dict[str, Any]:
        """As plain data: the setting ``other``."""
        plain = {"cohort": self.key, "fingerprint": self.fingerprint, "derived": self.derived}
        return plain | ({"saved": self.saved} if self.saved else {})


@dataclass(frozen=True, eq=False)
class Question:
    """Who is asked about, by what they are compared, and what is asked; equal where all is.

    Parameters
    ----------
    cohort
        Key of the cohort: ``demo:mpn``; empty for a question that is put to none, and answered
        from its settings alone.
    analysis
        Stable short key of what is computed: ``survival.incidence``.
    grouping, arrangement
        How they are grouped, None for everyone together, and how the groups are shown.
    saved
        Groups saved by name; of those given, the question keeps what it names.
    derived
        Definitions of what was derived of the cohort's columns, as plain data: with them the cohort
        is had again wherever it is loaded.
    settings
        Keywords of the analysis: texts, numbers, truth values, None, and sequences (kept as tuples)
        and mappings of them.
    shown
        How the answer is drawn (unit, band, ...), plain as well: no result depends on it, so
        ``key`` leaves it out.

    Raises
    ------
    TypeError
        If a setting is not plain data.
    DerivedError
        If something that it derives is no definition.
    QuestionError
        If the second cohort that its settings name is none.
    """

    cohort: str
    fingerprint: str
    analysis: str
    filter: Filter = field(default_factory=Filter)
    grouping: GroupingSpec | None = None
    arrangement: Arrangement = field(default_factory=Arrangement)
    saved: SavedGroups = field(default_factory=dict)
    derived: tuple[Mapping[str, Any], ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings, shown = _plain(self.settings), _plain(self.shown)
        if not (isinstance(settings, Mapping) and isinstance(shown, Mapping)):
            raise TypeError("Settings are a mapping.")
        named = {str(self.grouping), *_texts(settings)}
        kept = {name: held for name, held in self.saved.items() if f"{SAVED}:{name}" in named}
        derived = tuple(definition_of(one).to_dict() for one in self.derived)
        plain = {"settings": settings, "shown": shown, "saved": kept, "derived": derived}
        for name, value in plain.items():
            object.__setattr__(self, name, value)
        self.second  # noqa: B018  (refused here where it is damaged)

    @cached_property
    def key(self) -> str:
        """SHA-256 of all that the result depends on, saved groups by what they hold."""
        held = {name: _content(groups) for name, groups in sorted(self.saved.items())}
        return _digest([self._without_groups(), held])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Question):
            return NotImplemented
        return (self.key, _digest(self.shown)) == (other.key, _digest(other.shown))

    def __hash__(self) -> int:
        return hash(self.key)

    @cached_property
    def second(self) -> Second | None:
        """The second cohort that it is put to; None where there is none."""
        said = self.settings.get(OTHER)
        if said is None or isinstance(said, str):
            return None if said is None else Second(said)
        try:
            key, fingerprint = str(said["cohort"]), str(said["fingerprint"])
            derived = tuple(definition_of(one).to_dict() for one in said.get("derived", ()))
            saved = tuple(map(str, said.get("saved", ())))
        except (KeyError, TypeError, AttributeError, DerivedError) as error:
            raise QuestionError("The second cohort of this question is damaged.") from error
        return Second(key, fingerprint, derived, saved)

    @property
    def of_no_cohort(self) -> bool:
        """Whether it is answered from its settings alone."""
        return not self.cohort

    @property
    def saved_in_settings(self) -> bool:
        """Whether the settings name saved groups, so that the analysis needs them too."""
        return any(f"{SAVED}:{name}" in _texts(self.settings) for name in self.saved)

    @property
    def lists_patients_in_settings(self) -> bool:
        """Whether a filter among the settings lists patients of a cohort not everybody has."""
        return not is_everybodys(self.cohort) and _lists_patients(self.settings)

    def groups(self, cohort: Cohort, mask: Bools) -> Grouping | None:
        """The groups as they are shown; None for everyone together.

        Raises
        ------
        GroupingError
            If this cohort has no such groups.
        """
        if self.grouping is None:
            return None
        return arranged(self.grouping.build(cohort, mask, self.saved), self.arrangement)

    def to_dict(self, *, whole: bool = False) -> dict[str, Any]:
        """The question as plain data for JSON; ``from_dict`` reads it back.

        Saved groups say who is in them: they are written only where everybody has the cohort, as
        a link writes them, and whoever is in no group comes back as outside.

        Parameters
        ----------
        whole
            Write them and lists of patients all the same, for a store that holds the cohort.

        Raises
        ------
        QuestionError
            If it lists patients of a cohort that not everybody has.
        """
        public = whole or is_everybodys(self.cohort)
        plain = self._without_groups()
        second = self.second
        if second is not None and second.saved and not (whole or is_everybodys(second.key)):
            unsaved = replace(second, saved=()).to_dict()
            plain["settings"] = {**self.settings, OTHER: unsaved}
        if not public and _lists_patients(plain):
            raise QuestionError("A filter holds a list of patients, which never leaves a session.")
        if public and self.saved:
            plain["saved"] = [
                _as_text(name, groups, exact=whole) for name, groups in self.saved.items()
            ]
        return plain | ({"shown": dict(self.shown)} if self.shown else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Question:
        """Read a question from plain data.

        Raises
        ------
        QuestionError
            If it is not a question; or FilterError or GroupingError for that part of it.
        """
        try:
            grouping = data.get("grouping")
            return cls(
                cohort=str(data["cohort"]),
                fingerprint=str(data["fingerprint"]),
                analysis=str(data["analysis"]),
                filter=Filter.from_dict(data.get("filter", {})),
                grouping=None if grouping is None else GroupingSpec.parse(grouping),
                arrangement=Arrangement.from_dict(data.get("arrangement", {})),
                saved=dict(saved_of_text(text, LARGEST_CONTENT) for text in data.get("saved", ())),
                derived=data.get("derived", ()),
                settings={k: v for k, v in data.get("settings", {}).items() if k not in _FORMER},
                shown=data.get("shown", {}),
            )
        except (KeyError, TypeError, AttributeError, DerivedError) as error:
            raise QuestionError("This is not a question that this version can read.") from error

    def _without_groups(self) -> dict[str, Any]:
        whole = {
            "cohort": self.cohort,
            "fingerprint": self.fingerprint,
            "analysis": self.analysis,
            "filter": self.filter.to_dict(),
            "grouping": None if self.grouping is None else str(self.grouping),
            "arrangement": self.arrangement.to_dict(),
            "derived": [dict(definition) for definition in self.derived],
            "settings": dict(self.settings),
        }
        return {name: part for name, part in whole.items() if part not in (None, {}, [])}


def _as_text(name: str, groups: Grouping, *, exact: bool = True) -> str | None:
    return saved_to_text(name, groups, longest=None, exact=exact)


def _plain(value: Any) -> Any:
    """Plain data, sequences as tuples: what JSON gives back is equal to what it was given."""
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("Names of settings are texts.")
        return {name: _plain(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_plain(held) for held in value)
    if value is None or isinstance(value, str | bool | int):
        return value
    # A number that is no number would not equal itself, nor is it JSON.
    if isinstance(value, float) and np.isfinite(value):
        return float(value)
    raise TypeError(f"A setting is plain data, not {value!r}.")


def _texts(value: Any) -> set[str]:
    """Every text within plain data."""
    if isinstance(value, str):
        return {value}
    held = value.values() if isinstance(value, Mapping) else value
    return set().union(*map(_texts, held)) if isinstance(value, Mapping | tuple) else set()


def _lists_patients(value: Any) -> bool:
    """Whether plain data hold a filter with identifiers of patients, also one written as text."""
    if isinstance(value, str):
        return _LIST_IN_TEXT.search(value) is not None
    if isinstance(value, Mapping):
        listed = isinstance(value.get("patients"), list | tuple)
        return listed or any(map(_lists_patients, value.values()))
    return isinstance(value, list | tuple) and any(map(_lists_patients, value))


def _content(groups: Grouping) -> str:
    """A text that is another one where anything about the groups is."""
    told = {name: held for name, held in vars(groups).items() if name != "codes"}
    return _digest([told, np.asarray(groups.codes, dtype=np.int16).tobytes().hex()])


def _digest(plain: Any) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
