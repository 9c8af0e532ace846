"""The karyotypes of a column: each different one read once, and who has which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data_loaders.arrays import Positions, States
from data_loaders.files.columns import TextColumn
from data_loaders.karyotype.events import read_events
from data_loaders.karyotype.reading import parse_karyotype
from data_loaders.karyotype.record import SEX_UNCLEAR, Karyotype

_IN_APART = re.compile(
    r"(?:t|inv|del|i|add)\([^()]{1,20}\)(?:\([^()]{1,30}\))?|(?:mono|tri)som\w{1,3} ?\w{1,2}|"
    r"[+-]\d{1,2}"
)


@dataclass(frozen=True, eq=False)
class Read:
    """The karyotypes of a column: the different ones, and which one each patient has."""

    column: TextColumn
    karyotypes: list[Karyotype]
    which: Positions

    def states(self, entries: Sequence[bool | None]) -> States:
        """One state a patient from one answer a different karyotype."""
        codes = {True: 1, False: 0, None: -1}
        return np.array([codes[entry] for entry in entries], dtype=np.int8)[self.which]

    def has(self, names: Sequence[str]) -> States:
        """Whether a karyotype has any of these events: 1, 0, or -1 if not known."""
        states = self._without.copy()
        for marked, state in ((self._open, -1), (self.sure, 1)):
            for name in names:
                states[marked.get(name, [])] = state
        return states[self.which]

    @cached_property
    def sure(self) -> dict[str, list[int]]:
        """The karyotypes that have an event without doubt, by its name."""
        return _by_name(
            (i, set(k.events) - set(k.uncertain)) for i, k in enumerate(self.karyotypes)
        )

    @cached_property
    def _open(self) -> dict[str, list[int]]:
        """Those where it is doubted, or was looked for by other means with a result not read."""
        return _by_name(
            (i, {*k.uncertain, *(_named_apart(k.apart) if k.apart else ())})
            for i, k in enumerate(self.karyotypes)
            if k.readable
        )

    @cached_property
    def _without(self) -> States:
        """What a karyotype says of an event that it does not name."""
        return np.array(
            [0 if k.readable and not k.problems and not k.incomplete else -1
             for k in self.karyotypes],
            dtype=np.int8,
        )  # fmt: skip


def _by_name(entries: Iterable[tuple[int, set[str]]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, names in entries:
        for name in names:
            found.setdefault(name, []).append(place)
    return found


def read_karyotypes(column: TextColumn, sexes: list[str]) -> Read:
    """Read each different entry once; ``sexes`` are those of the rows, empty where not known."""
    texts = [str(text) for text in column.texts]
    karyotypes = [parse_karyotype(text) for text in texts] + [parse_karyotype(None)]
    which = np.where(column.codes < 0, len(texts), column.codes).astype(np.intp)
    # "45,X" alone has lost an X or the Y: the patient's sex decides.
    unclear = [i for i, k in enumerate(karyotypes) if SEX_UNCLEAR in k.problems]
    places: dict[tuple[int, str], int] = {}
    for row in np.flatnonzero(np.isin(which, unclear)) if sexes else ():
        entry = (int(which[row]), sexes[row])
        if entry not in places:
            places[entry] = len(karyotypes)
            karyotypes.append(parse_karyotype(texts[entry[0]], entry[1]))
        which[row] = places[entry]
    return Read(column, karyotypes, which)


def _named_apart(text: str) -> set[str]:
    """Events that FISH, arrays or PCR name: they were looked for, with what result is not read."""
    found: set[str] = set()
    for match in _IN_APART.finditer(text):
        found |= {event.name for event in read_events(match[0]) or []}
    return found
