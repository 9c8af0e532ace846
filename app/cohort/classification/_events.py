"""What a cohort knows of chromosomes: from its columns of events, and from its karyotypes.

Three-valued throughout: 1 there, 0 not there, -1 not known. A column of several events
(``-7/del(7q)``) that is altered leaves open which of them it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data_loaders import Cohort
from data_loaders.arrays import Bools, Floats, Positions, States
from data_loaders.karyotype import Karyotype, parse_karyotype
from data_loaders.karyotype.events import read_events
from data_loaders.meaning.vocabulary import term_of


@dataclass(frozen=True)
class Fusion:
    """A rearrangement that defines an entity.

    Parameters
    ----------
    whole
        Events whose column speaks for all of the rearrangement.
    part
        Events that are one of its forms: without them the others remain.
    named
        How columns name it by its genes, a pattern.
    written
        How karyotypes write it, a pattern.
    """

    whole: tuple[str, ...]
    named: str
    written: str
    part: tuple[str, ...] = ()


FUSIONS: Mapping[str, Fusion] = {
    "PML::RARA": Fusion(("t(15;17)",), r"pml\W{0,3}_?rara", r"t\(15;17\)"),
    "RUNX1::RUNX1T1": Fusion(("t(8;21)",), r"runx1\W{0,3}_?runx1t1|aml1\W{0,2}_?eto", r"t\(8;21\)"),
    "CBFB::MYH11": Fusion(
        ("inv(16)", "t(16;16)"), r"cbfb\W{0,3}_?myh11", r"(?:inv\(16\)|t\(16;16\))"
    ),
    "DEK::NUP214": Fusion(("t(6;9)",), r"dek\W{0,3}_?nup214", r"t\(6;9\)"),
    "KMT2A": Fusion(
        (), r"(?:kmt2a|mll)[\s_:-]{0,3}(?:r\b|rearr|fusion)|t\((?:v;11|11;v)",
        r"t\((?:[\dxy]+;)*11(?:;[\dxy]+)*\)\([^)]*q23|t\((?:[469];11|10;11|11;19)\)(?!\()",
        ("t(9;11)", "t(6;11)", "t(4;11)", "t(10;11)", "t(11;19)"),
    ),
    "MECOM": Fusion(("inv(3)", "t(3;3)"), r"mecom|\bevi1\b",
                    r"(?:inv\(3\)|t\(3;3\))(?!\([^)]*p)|t\(3;[\dxy]+\)\(q26"),
    "BCR::ABL1": Fusion(("t(9;22)",), r"bcr\W{0,3}_?abl1?", r"t\(9;22\)"),
}  # fmt: skip
_SPLIT = re.compile(r"\s+or\s+|/|,")
_LOSS = re.compile(r"^(\d+[pq])\s+loss$")
_NAMED = ("complex", "complex karyotype")


@dataclass(frozen=True, eq=False)
class Cytogenetics:
    """The chromosomes of a cohort.

    Parameters
    ----------
    unrecorded_absent
        Whether an event that neither a column nor a karyotype can show counts as absent in
        patients with other events tested; an assumption of the user's.
    """

    cohort: Cohort
    unrecorded_absent: bool = False

    def has(self, names: Collection[str]) -> States:
        """Whether a patient has any of the events, by their names (``del(5q)``, ``-7``)."""
        each = [self._assumed(self._seen_event(name)) for name in names]
        own: States = np.max(each, axis=0)
        unknown = (own == 0) & (np.min(each, axis=0) < 0)
        own = np.where(unknown, -1, own).astype(np.int8)
        wanted = frozenset(names)
        for parts, states in self._columns:
            if parts <= wanted:
                own[states == 1] = 1
        return own

    def fusion(self, key: str) -> States:
        """Whether a patient has the rearrangement of :data:`FUSIONS`."""
        return self._assumed(self._seen_fusion(key))

    def records(self, key: str) -> bool:
        """Whether anything of the cohort can show the rearrangement."""
        return bool((self._seen_fusion(key) >= 0).any())

    def _seen_fusion(self, key: str) -> States:
        if key not in self._seen:
            self._seen[key] = self._fusion(key)
        return self._seen[key]

    def _fusion(self, key: str) -> States:
        known = FUSIONS[key]
        found = np.full(len(self.cohort), -1, dtype=np.int8)
        named = re.compile(known.named)
        for position, (name, label) in enumerate(self._names):
            parts = events_named(name) | events_named(label)
            is_whole = bool(parts & set(known.whole)) or bool(
                named.search(name.lower()) or named.search(label.lower())
            )
            if is_whole or parts & set(known.part):
                states = self.cohort.states[:, self._positions[position]]
                found[states == 1] = 1
                if is_whole:
                    found[(states == 0) & (found < 0)] = 0
        own = self._fusions_written(re.compile(known.written))[self._which]
        found[(own == 1) & (self._which >= 0)] = 1
        found[self.read_in_full & (own == 0) & (found < 0)] = 0
        return found

    def _fusions_written(self, written: re.Pattern[str]) -> States:
        """Of each different karyotype, and of none: is the rearrangement among its clonal events.

        Not known where it only stands among doubts, or among what FISH or PCR looked for.
        """
        answers = []
        for text in self._texts:
            hit = written.search(text)
            if hit is None:
                answers.append(0)
                continue
            head, read = hit[0].split(")")[0] + ")", self._read(text)
            sure = [name.lower() for name in read.events if name not in read.uncertain]
            single = [name.lower() for name in (*read.not_clonal, *read.constitutional)]
            if any(head in name for name in sure):
                answers.append(1)
            else:
                answers.append(0 if any(head in name for name in single) else -1)
        return np.array([*answers, 0], dtype=np.int8)

    @cached_property
    def complex(self) -> States:
        """Three or more abnormalities, as the cohort says it or as the karyotypes count them."""
        found = np.full(len(self.cohort), -1, dtype=np.int8)
        for position, (name, label) in zip(self._positions, self._names, strict=True):
            if name.lower() in _NAMED or label.lower() in _NAMED:
                states = self.cohort.states[:, position]
                found = np.where(found < 0, states, found).astype(np.int8)
        for name in self._of_term("complex_karyotype"):
            codes, values = self.cohort.factor(name)
            answers = np.array([*(_answer(str(value)) for value in values), -1], dtype=np.int8)
            found = np.where(found < 0, answers[codes], found).astype(np.int8)
        counts = self._counts
        found[(found < 0) & (counts >= 3)] = 1
        found[(found < 0) & (counts < 3)] = 0
        found[self._normal & (found < 0)] = 0
        return found

    @cached_property
    def read_in_full(self) -> Bools:
        """Patients with a karyotype of which every part was read, or that is said to be normal."""
        return ~np.isnan(self._counts) & (self._which >= 0) | self._normal

    @cached_property
    def tested(self) -> Bools:
        """Patients with any event tested, or a karyotype read."""
        states = self.cohort.states[:, self._positions] if self._positions else None
        any_column = (states >= 0).any(axis=1) if states is not None else self._normal
        return any_column | self.read_in_full

    @property
    def states(self) -> list[States]:
        """The states of every column of an event."""
        return [self.cohort.states[:, position] for position in self._positions]

    def named(self, pattern: re.Pattern[str]) -> list[States]:
        """The states of columns whose name or label a pattern matches."""
        return [
            self.cohort.states[:, position]
            for position, texts in zip(self._positions, self._names, strict=True)
            if any(pattern.search(text) for text in texts)
        ]

    def unrecorded(self, names: Collection[str]) -> tuple[str, ...]:
        """The events that neither a column nor a karyotype of the cohort can show."""
        return tuple(name for name in names if (self._seen_event(name) < 0).all())

    def _seen_event(self, name: str) -> States:
        if name not in self._seen:
            self._seen[name] = self._event(name)
        return self._seen[name]

    def _event(self, name: str) -> States:
        found = np.full(len(self.cohort), -1, dtype=np.int8)
        for parts, states in self._columns:
            if name in parts:
                found[(states == 0) & (found < 0)] = 0
                if len(parts) == 1:
                    found[states == 1] = 1
        open_ = self.read_in_full & (found < 0)
        if open_.any():
            found[open_] = self._written(name)[self._which[open_]]
        return found

    def _assumed(self, found: States) -> States:
        if self.unrecorded_absent and (found < 0).all():
            return np.where(self.tested, 0, -1).astype(np.int8)
        return found

    def _written(self, name: str) -> States:
        """Of each different karyotype, and of none that is said to be normal: does it have it."""
        chromosome = re.sub(r"[^\d;xy]", "", name.lower())
        # Neither a band (q13) nor a number of cells ([13]): most texts need no reading.
        there = re.compile(rf"(?<![\dpq.\[]){chromosome}(?!\d)")
        answers = [
            there.search(text) is not None and name in self._read(text).events
            for text in self._texts
        ]
        return np.array([*answers, False], dtype=np.int8)

    def _read(self, text: str) -> Karyotype:
        if text not in self._parsed:
            self._parsed[text] = parse_karyotype(text)
        return self._parsed[text]

    @cached_property
    def _seen(self) -> dict[str, States]:
        return {}

    @cached_property
    def _parsed(self) -> dict[str, Karyotype]:
        return {}

    @cached_property
    def _positions(self) -> list[int]:
        return [i for i, kind in enumerate(self.cohort.features["kind"]) if kind == "cytogenetic"]

    @cached_property
    def _names(self) -> list[tuple[str, str]]:
        names, labels = list(self.cohort.features.index), list(self.cohort.features["label"])
        return [(str(names[i]), str(labels[i] or "")) for i in self._positions]

    @cached_property
    def _columns(self) -> list[tuple[frozenset[str], States]]:
        """Columns of events that are understood: their events and states."""
        found = []
        for position, (name, label) in zip(self._positions, self._names, strict=True):
            parts = events_named(label) or events_named(name)
            if parts:
                found.append((parts, self.cohort.states[:, position]))
        return found

    def _of_term(self, key: str) -> list[str]:
        return [
            name
            for name, variable in self.cohort.variables.items()
            if (known := term_of(variable.source_column or name)) and known.key == key
        ]

    @cached_property
    def _karyotypes(self) -> tuple[Positions, tuple[str, ...]]:
        """Which karyotype each patient has, and the different ones; -1 and none without."""
        for name in self._of_term("karyotype"):
            if name in self.cohort.patients and self.cohort.variables[name].kind == "text":
                codes, values = self.cohort.factor(name)
                return codes, tuple(str(value).lower().replace(" ", "") for value in values)
        return np.full(len(self.cohort), -1, dtype=np.intp), ()

    @property
    def _which(self) -> Positions:
        return self._karyotypes[0]

    @property
    def _texts(self) -> tuple[str, ...]:
        return self._karyotypes[1]

    @cached_property
    def _counts(self) -> Floats:
        """Abnormalities of karyotypes read in full; the loader counted them once."""
        if "n_abnormalities" in self.cohort.variables:
            return self.cohort.numbers("n_abnormalities")
        counts = []
        for text in self._texts:
            read = self._read(text)
            whole = read.readable and not read.problems and not read.incomplete
            counts.append(float(read.n_abnormalities or 0) if whole else np.nan)
        return np.array([*counts, np.nan])[self._which]

    @cached_property
    def _normal(self) -> Bools:
        """Patients whose karyotype is said to be normal."""
        found = np.zeros(len(self.cohort), dtype=bool)
        for name in self._of_term("normal_karyotype"):
            if self.cohort.variables[name].kind == "binary":
                found |= self.cohort.numbers(name) == 1
        return found


def _answer(text: str) -> int:
    word = text.strip().lower()
    if "complex" in word:
        return 0 if re.match(r"(?:no|non|not)\W", word) else 1
    return {"1": 1, "1.0": 1, "true": 1, "yes": 1, "0": 0, "0.0": 0, "false": 0, "no": 0}.get(
        word, -1
    )


def events_named(text: str) -> frozenset[str]:
    """The events that a column's name lists; none if a part of it is not understood."""
    found = set()
    for part in _SPLIT.split(text.strip()):
        events = read_events(_LOSS.sub(r"\1-", part.strip().lower())) if part.strip() else None
        if not events or len(events) != 1 or events[0].kind == "variant":
            return frozenset()
        found.add(events[0].name)
    return frozenset(found)
