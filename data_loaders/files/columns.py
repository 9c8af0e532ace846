"""A column as it stands in a file: text, kept once a distinct entry, and decoded the same way.

A table of 200,000 rows holds few distinct entries a column, so every question ("is this a
number?") is asked once an entry, not once a cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data_loaders.arrays import Bools, Floats, Ints, Texts
from data_loaders.files.notation import PLAIN, Notation, Written, is_bound, numbers_of, written

Codes = npt.NDArray[np.int32]

# Entries that stand for "nothing here" in any column. Words such as "unknown" or "none" are
# answers in some columns, so they are left to the decoder of each kind of column.
BLANKS = frozenset(
    {"", "na", "n/a", "nan", "null", "<na>", "#n/a", "#n/a n/a", "nat", "n.a.", ".", "\\n"}
)
_BLANK_WORDS = pa.array(sorted(BLANKS), type=pa.string())
# Words of "not known", and of what was not looked for or gave no result.
NOT_KNOWN_WORDS = frozenset(
    {
        "?", "not available", "not known", "unknown", "unk", "missing", "not reported",
        "not recorded", "no data", "s/d", "k.a.", "keine angabe", "unbekannt", "nicht bekannt",
        "fehlt", "sconosciuto", "sconosciuta", "ignoto", "non noto", "non nota",
        "non disponibile", "inconnu", "inconnue", "non renseigne", "non renseigné",
        "non disponible", "desconocido", "desconocida", "no disponible", "sin datos", "no consta",
    }
)  # fmt: skip
NOT_DONE_WORDS = frozenset(
    {
        "nd", "n.d.", "not done", "not tested", "not evaluable", "not assessed",
        "nicht bestimmt", "nicht erhoben", "nicht untersucht", "nicht durchgeführt",
        "nicht gemacht", "nicht getestet", "nicht auswertbar", "non eseguito", "non eseguita",
        "non effettuato", "non effettuata", "non determinato", "non determinata", "non testato",
        "non testata", "non valutabile", "non réalisé", "non réalisée", "non testé", "non testée",
        "non fait", "non faite", "no realizado", "no realizada",
    }
)  # fmt: skip
# Missing wherever numbers or yes/no were expected.
UNKNOWN_WORDS = NOT_KNOWN_WORDS | NOT_DONE_WORDS | frozenset(
    {
        "-", "--", "failed", "fehlgeschlagen", "inconclusive", "pending", "none",
        "not applicable", "u", "n/d", "n.b.",
    }
)  # fmt: skip

YES_WORDS = frozenset(
    {
        "1", "yes", "y", "true", "t", "positive", "pos", "present", "detected", "mut", "mutated",
        "mutant", "mutation", "altered", "abnormal", "ja", "oui", "sì", "sí", "si",
    }
)  # fmt: skip
NO_WORDS = frozenset(
    {
        "0", "no", "n", "false", "f", "negative", "neg", "absent", "not detected", "undetected",
        "wt", "wild type", "wildtype", "wild-type", "unmutated", "not mutated", "unaltered",
        "normal", "nein", "non",
    }
)  # fmt: skip

# Of a column, what stays the same whatever the notation of its numbers is.
_ANY_NOTATION = frozenset({"counts", "words", "answers", "written", "dates"})
# A column of more distinct entries cannot hold answers alone, however they are spelt.
_MOST_ANSWERS = len(YES_WORDS | NO_WORDS | UNKNOWN_WORDS) * 2

_SPACES = re.compile(r"[\s_]+")
_BETWEEN = "\0"  # what hardly any entry holds
_ISO_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$")


@dataclass(frozen=True, eq=False)
class TextColumn:
    """One column of a file.

    Parameters
    ----------
    codes
        One integer a row: the position in ``texts``, -1 where the cell is blank.
    texts
        The distinct entries, trimmed, in order of first appearance.
    notation
        How the file writes the column's numbers.
    """

    name: str
    codes: Codes
    texts: Texts
    notation: Notation = PLAIN

    @classmethod
    def from_entries(cls, name: str, indices: Ints, entries: Iterable[object]) -> TextColumn:
        """Build a column from dictionary-encoded cells (index -1 or a None entry = blank)."""
        texts = pa.array([None if e is None else str(e) for e in entries], type=pa.string())
        used = np.bincount(indices[indices >= 0], minlength=len(texts)) > 0
        trimmed = pc.utf8_trim_whitespace(texts)
        blank = pc.is_in(pc.utf8_lower(trimmed), value_set=_BLANK_WORDS)
        kept = pc.if_else(pc.and_(pa.array(used), pc.invert(blank)), trimmed, None)
        cleaned = np.empty(len(texts) + 1, dtype=object)
        cleaned[:-1] = kept.to_numpy(zero_copy_only=False)
        codes, distinct = pd.factorize(cleaned)
        return cls(name, codes.astype(np.int32)[indices], np.asarray(distinct, dtype=object))

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def counts(self) -> Ints:
        """How many rows hold each entry."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts))

    @property
    def filled(self) -> Bools:
        """Which rows are not blank."""
        return self.codes >= 0

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The entries in lower case with single spaces, for comparing."""
        # All at once: a column of free text has 100,000 entries.
        whole = _SPACES.sub(" ", _BETWEEN.join(self.texts).lower())
        found = tuple(whole.split(_BETWEEN))
        if len(found) == len(self.texts):
            return found
        return tuple(map(as_word, self.texts))

    def take(self, keep: Bools) -> TextColumn:
        """The column of some rows."""
        codes, texts = pd.factorize(self.objects()[keep])
        return TextColumn(
            self.name, codes.astype(np.int32), np.asarray(texts, dtype=object), self.notation
        )

    def objects(self) -> Texts:
        """The cells as text, None where blank."""
        cells = np.empty(len(self.texts) + 1, dtype=object)
        cells[:-1] = self.texts
        cells[-1] = None
        taken: Texts = cells[self.codes]
        return taken

    def spread(self, values: Floats) -> Floats:
        """One number an entry, laid out to one number a row; blank rows are NaN."""
        return np.append(values, np.nan)[self.codes]

    def rows_holding(self, entries: Bools) -> Bools:
        """Which rows hold one of the marked entries."""
        return np.append(entries, False)[self.codes]

    @cached_property
    def numbers(self) -> Floats:
        """Each entry as a number, NaN where it is none that a measurement can give.

        A per cent sign is set aside (see :attr:`percent`), a bound is its number, and a unit is
        turned into that of the column, as :attr:`notation` says.
        """
        return numbers_of(self.entries, self.written, self.notation)

    @property
    def entries(self) -> pa.StringArray:
        """The entries for Arrow."""
        return pa.array(self.texts, type=pa.string())

    @cached_property
    def written(self) -> Written:
        """Which entries are numbers, and how they are written."""
        return written(self.entries)

    def noted(self, notation: Notation) -> TextColumn:
        """The same column read in another notation; what does not depend on it is known still."""
        other = replace(self, notation=notation)
        for name in _ANY_NOTATION & vars(self).keys():
            vars(other)[name] = vars(self)[name]
        return other

    @cached_property
    def percent(self) -> Bools:
        """Which entries bear a per cent sign: 43% is 43 in :attr:`numbers`."""
        return np.array([str(text).endswith("%") for text in self.texts], dtype=bool)

    @cached_property
    def bounded(self) -> Bools:
        """Which entries are a bound, such as >90, that :attr:`numbers` takes for its number."""
        if not self.notation.bounds:
            return np.zeros(len(self.texts), dtype=bool)
        return np.array([is_bound(str(text)) for text in self.texts], dtype=bool)

    @property
    def share_numeric(self) -> float:
        """Share of the filled rows that hold a number; 0 in an empty column."""
        total = int(self.counts.sum())
        return float(self.counts[~np.isnan(self.numbers)].sum() / total) if total else 0.0

    @cached_property
    def answers(self) -> Floats:
        """Each entry as yes (1), no (0) or neither (NaN)."""
        return np.array([_answer(word) for word in self.words], dtype=np.float64)

    @cached_property
    def answers_only(self) -> bool:
        """Whether every entry is yes, no or a word of "unknown"; true of an empty column."""
        if len(self.texts) > _MOST_ANSWERS:
            return False
        unknown = np.array([word in UNKNOWN_WORDS for word in self.words], dtype=bool)
        return bool((~np.isnan(self.answers) | unknown).all())

    @property
    def is_binary(self) -> bool:
        """Whether the column answers yes or no, at least once."""
        return self.answers_only and not bool(np.isnan(self.answers).all())

    @cached_property
    def dates(self) -> npt.NDArray[np.datetime64] | None:
        """Each entry as a date such as 2019-03-31; None unless every entry is one."""
        if not len(self.texts) or not all(_ISO_DATE.match(text) for text in self.texts):
            return None
        try:
            # Seconds, because 9999-12-31 (the usual "never") does not fit in nanoseconds.
            return np.array([str(text) for text in self.texts], dtype="datetime64[s]")
        except ValueError:
            return None

    @property
    def is_dates(self) -> bool:
        """Whether every entry is a date such as 2019-03-31."""
        return self.dates is not None


def as_word(text: str) -> str:
    """An entry in lower case with single spaces, for comparing."""
    return _SPACES.sub(" ", text.lower())


def _answer(word: str) -> float:
    if word in YES_WORDS or word == "1.0":
        return 1.0
    return 0.0 if word in NO_WORDS or word == "0.0" else np.nan


def relabelled(column: TextColumn, rename: Callable[[str], str]) -> TextColumn:
    """The same column with every entry renamed; entries that become alike are merged."""
    codes, texts = pd.factorize(
        np.array([*(rename(str(text)) for text in column.texts), None], dtype=object)
    )
    return TextColumn(
        column.name,
        codes.astype(np.int32)[column.codes],
        np.asarray(texts, dtype=object),
        column.notation,
    )


def plainly_written(column: TextColumn) -> TextColumn:
    """The same column with its numbers as programs write them, whatever its notation was."""
    written = {
        str(text): f"{number:.0f}" if number % 1 == 0 else repr(float(number))
        for text, number in zip(column.texts, column.numbers, strict=True)
        if not np.isnan(number)
    }
    plain = relabelled(column, lambda text: written.get(text, text))
    return replace(plain, notation=replace(PLAIN, unit=column.notation.unit))
