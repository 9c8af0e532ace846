"""The karyotypes of a column: each different one read once, and who has which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_loaders.columns import TextColumn
from data_loaders.karyotype.events import read_events
from data_loaders.karyotype.reading import parse_karyotype
from data_loaders.karyotype.record import SEX_UNCLEAR, Karyotype

_IN_APART = re.compile(
    r"(?:t|inv|del|i|add)\([^()]{1,20}\)(?:\([^()]{1,30}\))?|(?:mono|tri)som\w{1,3} ?\w{1,2}|"
    r"[+-]\d{1,2}"
)

States = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Read:
    """The karyotypes of a column: the different ones, and which one each patient has."""

    column: TextColumn
    karyotypes: list[Karyotype]
    which: npt.NDArray[np.intp]

    def states(self, entries: Sequence[bool | None]) -> States:
        """One state a patient from one answer a different karyotype."""
        codes = {True: 1, False: 0, None: -1}
        return np.array([codes[entry] for entry in entries], dtype=np.int8)[self.which]

    def has(self, names: Sequence[str]) -> States:
        """Whether a karyotype has any of these events: 1, 0, or -1 if not known."""
        return self.states([_has(k, names) for k in self.karyotypes])


def read_karyotypes(column: TextColumn, sexes: list[str]) -> Read:
    """Read each different entry once; ``sexes`` are those of the rows, empty where not known."""
    texts = [str(text) for text in column.texts]
    karyotypes = [parse_karyotype(text) for text in texts] + [parse_karyotype(None)]
    which = np.where(column.codes < 0, len(texts), column.codes).astype(np.intp)
    # "45,X" alone has lost an X or the Y: the patient's sex decides.
    unclear = [i for i, k in enumerate(karyotypes) if SEX_UNCLEAR in k.problems]
    for row in np.flatnonzero(np.isin(which, unclear)) if sexes else ():
        if sexes[row]:
            karyotypes.append(parse_karyotype(texts[which[row]], sexes[row]))
            which[row] = len(karyotypes) - 1
    return Read(column, karyotypes, which)


def _has(karyotype: Karyotype, names: Sequence[str]) -> bool | None:
    if not karyotype.readable:
        return None
    seen = [name for name in names if name in karyotype.events]
    if any(name not in karyotype.uncertain for name in seen):
        return True
    if seen or karyotype.problems or karyotype.incomplete:
        return None
    return None if karyotype.apart and set(names) & _named_apart(karyotype.apart) else False


def _named_apart(text: str) -> set[str]:
    """Events that FISH, arrays or PCR name: they were looked for, with what result is not read."""
    found: set[str] = set()
    for match in _IN_APART.finditer(text):
        found |= {event.name for event in read_events(match[0]) or []}
    return found
