"""Numbers and words that stand for "not known" in columns of values: 999, -9, ``unk``.

A code is told from a value by what stands around it: it is impossible for the variable, or negative
among numbers that are not, or repeated far above everything else. What is taken for a code counts
as missing and is said; it is never zero, a value or a class of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from data_loaders.arrays import Bools, Floats, Ints
from data_loaders.dates.columns import DateColumn
from data_loaders.dates.entries import NOT_A_DATE
from data_loaders.files.columns import NOT_DONE_WORDS, NOT_KNOWN_WORDS, TextColumn
from data_loaders.meaning.spelling import folded
from data_loaders.meaning.vocabulary import Term, parse_name
from data_loaders.model import Issue
from data_loaders.wording import at_rows, listed, plural, shown

_NEGATIVE = (-9.0, -99.0, -999.0, -9999.0)
_POSITIVE = (
    9.0, 88.0, 88.8, 99.0, 99.9, 888.0, 888.8, 999.0, 999.9, 8888.0, 9999.0, 99999.0,
)  # fmt: skip
_MINUS_ONE = 3  # so many patients with -1 where nothing else is negative
_CODES = (*_NEGATIVE, *_POSITIVE)
_LONG = (
    888.0,
    999.0,
    8888.0,
    9999.0,
    99999.0,
)  # no class has so many, and few follow-ups are so round
_FEW = 8  # different numbers of a column of classes
# Words of a class that say nothing of the patient.
_UNKNOWN = frozenset(map(folded, NOT_KNOWN_WORDS))
# What was not done is no class either; among numbers it is found with other words that are none.
_NOT_DONE = frozenset(map(folded, NOT_DONE_WORDS))


def without_codes(
    column: TextColumn, rows: Ints, term: Term | None
) -> tuple[TextColumn, Bools, list[Issue]]:
    """A column without its codes of "unknown", which entries these are, and a finding on them.

    Parameters
    ----------
    term
        The variable that it holds; None if it is not known.
    """
    marked = np.zeros(len(column.texts), dtype=bool)
    if term is None or term.kind not in {"text", "identifier"}:
        candidates = np.isin(column.numbers, _CODES)
        if (column.numbers == 9).any():
            candidates |= column.numbers == 8  # "not applicable" beside "unknown"
        if term is not None and term.units and all(low >= 0 for _, low, _ in term.units):
            candidates |= _minus_one(column)
        if candidates.any() and (term is None or term.role != "study" or term.units):
            marked |= _numbers(column, candidates, term)
        if len(column.texts) <= _MOST_CLASSES:
            marked |= _words(column, term)
    if not marked.any() or marked.all():
        return column, np.zeros(len(column.texts), dtype=bool), []
    hits = rows[column.rows_holding(marked)].tolist()
    shown_codes = [str(text) for text in column.texts[marked]]
    numeric = bool((marked & ~np.isnan(column.numbers)).any())
    issue = Issue.at(
        "warning" if numeric else "info",
        f"{shown(column.name)}: {plural(len(hits), 'patient')} had {listed(shown_codes, 'or')} "
        f'({at_rows(hits)}), taken for "unknown"; they count as missing'
        + ("; if it is a value, state the kind of the column in a mapping." if numeric else "."),
        hits,
        column.name,
        "unknown_code",
    )
    return _blanked(column, marked), marked, [issue]


def answers_without_codes(
    columns: Mapping[str, TextColumn], rows: Ints
) -> tuple[dict[str, TextColumn], dict[str, Issue]]:
    """Columns of 0, 1 and a code such as 9 without the code, and a finding on each.

    A 9 beside 0 and 1 is no count of nine mutations.

    Parameters
    ----------
    columns
        By name; those of anything else stay as they are.
    """
    cleaned, issues = dict(columns), {}
    for name, column in columns.items():
        if not 2 < len(column.texts) <= _FEW or column.answers_only:
            continue
        if not np.isin(column.numbers, _CODES).any():
            continue
        known, marked, found = without_codes(column, rows, None)
        if marked.any() and known.is_binary:
            cleaned[name], issues[name] = known, found[0]
    return cleaned, issues


def time_codes(column: TextColumn) -> Bools:
    """Which entries of a column of times stand for "unknown": 9999 or -9, alone out there.

    Parameters
    ----------
    column
        Of numbers; other entries are never marked.
    """
    numbers, counts = column.numbers, column.counts
    marked = (np.isin(numbers, _CODES) & (counts > 0)) | _minus_one(column)
    rest = numbers[~marked & ~np.isnan(numbers)]
    if not marked.any() or not len(rest):
        return np.zeros(len(numbers), dtype=bool)
    highest = float(rest.max())
    negative = (numbers < 0) & bool((rest >= 0).all())
    far = numbers > 2 * highest
    repeated = (counts >= 2) & (numbers > 1.25 * highest)
    long = np.isin(numbers, _LONG) & (far | repeated)
    codes: Bools = marked & (negative | long | ((numbers == 99) & far & (counts >= 2)))
    return codes


def date_codes(column: DateColumn, rows: Ints, *, birth: bool) -> DateColumn:
    """A column of dates in which no time is counted to the days that stand for "unknown".

    1900-01-01 and the like are what databases and Excel make of nothing; in a date of birth the
    first of January 1900 may be one.

    Parameters
    ----------
    birth
        Whether it holds dates of birth.
    """
    days = column.cells.astype("datetime64[D]")
    coded = days < np.datetime64("1850-01-01") if birth else days <= np.datetime64("1901-01-01")
    if not coded.any():
        return column
    hits = rows[coded].tolist()
    issue = Issue.at(
        "warning",
        f"{shown(column.name)} holds in {plural(len(hits), 'row')} ({at_rows(hits)}) a day such as "
        f'{days[coded][0]}, which stands for "unknown"; no time is counted to it.',
        hits,
        column.name,
        "unknown_code",
    )
    past = np.where(coded, NOT_A_DATE, column.past)
    return replace(column, past=past, issues=(*column.issues, issue))


_MOST_CLASSES = 60


def _minus_one(column: TextColumn) -> Bools:
    """-1 where many have it and nothing else is negative but other codes."""
    one = (column.numbers == -1) & (column.counts >= _MINUS_ONE)
    others = (column.numbers < 0) & ~one & ~np.isin(column.numbers, _NEGATIVE)
    marked: Bools = one & ~others.any()
    return marked


def _numbers(column: TextColumn, candidates: Bools, term: Term | None) -> Bools:
    """Which of the candidates stand for "unknown" rather than for the number."""
    numbers, counts = column.numbers, column.counts
    rest = numbers[~candidates & ~np.isnan(numbers) & (counts > 0)]
    words = np.isnan(numbers) & (counts > 0)
    if not len(rest):
        # Codes among words: "low", "high", 9.
        return candidates & bool(words.any())
    highest = float(rest.max())
    negative = (numbers < 0) & bool((rest >= 0).all())
    impossible = numbers > _limit(column.name, rest, term)
    few = bool((rest % 1 == 0).all()) and len(rest) <= _FEW
    apart = numbers >= highest + 3 if few else (counts >= 2) & (numbers != 9)
    codes: Bools = candidates & (negative | impossible | ((numbers > 2 * highest) & apart))
    return codes


def _limit(name: str, rest: Floats, term: Term | None) -> float:
    """The highest value that the variable can have, in the unit that the other values fit."""
    if term is None or not term.units:
        return np.inf
    named = parse_name(name).unit
    own = [high for unit, _, high in term.units if unit == named]
    median = float(np.median(rest))
    fitting = [high for _, low, high in term.units if low <= median <= high]
    return (
        own[0]
        if own and median <= own[0]
        else fitting[0]
        if fitting
        else max(high for _, _, high in term.units)
    )


def _words(column: TextColumn, term: Term | None) -> Bools:
    """Words of "unknown"; a single U only beside yes and no, numbers or the sexes."""
    words = [folded(word) for word in column.words]
    unknown = _UNKNOWN if column.share_numeric > 0 else _UNKNOWN | _NOT_DONE
    marked = np.array([word in unknown for word in words], dtype=bool)
    letters = np.array([word in {"u", "uk"} for word in words], dtype=bool)
    if letters.any():
        others = ~letters & ~marked
        told = ~np.isnan(column.answers) | ~np.isnan(column.numbers)
        sex = term is not None and term.key == "sex"
        if others.any() and (told[others].all() or (sex and len(words) > 2)):
            marked |= letters
    return marked


def _blanked(column: TextColumn, marked: Bools) -> TextColumn:
    """The column with the marked entries blank."""
    place = np.append(np.where(marked, -1, np.cumsum(~marked) - 1), -1).astype(np.int32)
    return TextColumn(column.name, place[column.codes], column.texts[~marked], column.notation)
