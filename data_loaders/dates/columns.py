"""Columns of dates, however they are written, and which of them says what.

2019-03-31, 31.03.2019, 31.03.19, 31/03/2019, 03/31/2019, 31-Mar-2019, 2019-03 and Excel's serial
numbers. Whether day or month comes first is decided by the values (no month is above 12), first of
the column, then of the table's other columns, and by nothing else: where they do not tell, or
contradict each other, the column stays as it is and a finding asks.

Excel with another country's settings turns what it can: of 05/02/2019 it makes the second of May,
and 16/02/2019 it leaves as text. A column in which every date is within the first twelve days of
its month and every text beyond them proves that, and is turned back.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from data_loaders.arrays import Bools, Ints
from data_loaders.dates._orders import decided
from data_loaders.dates.entries import (
    NOT_A_DATE,
    ORDERS,
    Dates,
    Entries,
    Order,
    calendar_day,
    entries_of,
    may_be_dates,
)
from data_loaders.dates.formats import MONTH, SERIAL, SLASHES
from data_loaders.files.columns import NO_WORDS, UNKNOWN_WORDS, TextColumn
from data_loaders.meaning.event_codes import says_alive
from data_loaders.model import Issue
from data_loaders.wording import at_rows, listed, plural, shown

DATE_FORMATS = (*ORDERS, "Excel")
_DATE_WORDS = frozenset({"date", "dates", "datum", "dt", "dob", "fecha"})
_BIRTH = re.compile(r"birth|born|dob|geb|nasc|naiss|nacim", re.IGNORECASE)
_NONE = frozenset(
    {
        "none", "nein", "non", "keine", "kein", "nessuna", "nessuno", "aucune", "aucun", "ninguna",
        "never", "nie", "mai", "jamais", "nunca", "not reached", "not achieved", "not occurred",
        "nicht erreicht", "non raggiunta", "non raggiunto", "non atteint", "non atteinte",
        "no alcanzado", "no alcanzada", "no progression", "no relapse", "kein progress",
        "kein rezidiv", "nessuna progressione", "nessuna recidiva", "pas de progression",
        "pas de rechute",
    }
)  # fmt: skip
_MOSTLY = 0.8


@dataclass(frozen=True, eq=False)
class DateColumn:
    """A column of dates, read.

    Parameters
    ----------
    cells
        One a row, datetime64[s]; NaT where blank or not read.
    past
        The same without dates that are still to come: no time can be counted to them.
    how
        The format in words, for the reason.
    unread
        Rows that hold something which is no date, words of "unknown" excepted.
    none
        Rows that say that there is no date: a dash, no, a date of death "alive".
    """

    name: str
    cells: Dates
    past: Dates
    how: str
    unread: Bools
    none: Bools
    issues: tuple[Issue, ...]


def find_dates(
    columns: Mapping[str, TextColumn],
    rows: Ints,
    stated: Mapping[str, Mapping[str, Any]],
    today: dt.date | None = None,
) -> tuple[dict[str, DateColumn], list[Issue]]:
    """The columns of dates among those of a table.

    A column is one if at least 80% of its filled rows are dates, words of "unknown" and "none" set
    aside. Numbers are dates only where the
    mapping says so or the column is named a date and they lie between 10,000 and 60,000 (1927 to
    2064). A year of two digits is the last such year that is not in the future; a birth is before
    the patient's other dates.

    Parameters
    ----------
    stated
        What a mapping says of columns: ``kind`` and ``date_format`` are looked at.
    today
        Later dates are counted in a finding; default the day of the call.

    Returns
    -------
    found
        By name.
    asked
        Findings about columns whose dates the values do not tell, which stay as they are.
    """
    today = today or dt.datetime.now(tz=dt.UTC).date()
    entries: dict[str, Entries] = {}
    for name, column in columns.items():
        wish = stated.get(name, {})
        if wish.get("kind", "date") != "date":
            continue
        excel = wish.get("date_format") == "Excel" or wish.get("kind") == "date"
        excel = excel or (wish.get("date_format") is None and bool(_words(name) & _DATE_WORDS))
        if may_be_dates(column, today, excel=excel):
            entries[name] = entries_of(column, today, excel=excel)
    stated_orders = {n: _stated_order(stated.get(n, {}).get("date_format")) for n in entries}
    decision = decided(entries, stated_orders, rows)
    found: dict[str, DateColumn] = {}
    for name, parts in decision.entries.items():
        if name not in decision.kept:
            read = _date_column(parts, rows, decision.orders[name], today)
            found |= {name: read} if read is not None else {}
    return _births_before_the_rest(found, entries), decision.issues


def _stated_order(date_format: object) -> Order | None:
    if date_format == "day first":
        return "day first"
    return "month first" if date_format == "month first" else None


def _words(name: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return set(re.sub(r"[\W_]+", " ", spaced.lower()).split())


def _date_column(
    parts: Entries, rows: Ints, order: Order | None, today: dt.date
) -> DateColumn | None:
    """The column with its slashes in order; None unless most rows are dates."""
    column, dates = parts.column, parts.dates.copy()
    for i in np.flatnonzero(parts.first):
        # Without a single order, each entry proves its own.
        own = order or ("day first" if parts.first[i] > 12 else "month first")
        day, month = parts.first[i], parts.second[i]
        if own == "month first":
            day, month = month, day
        dates[i] = calendar_day(int(parts.year[i]), int(month), int(day))
    read = ~np.isnat(dates)
    none = np.array([_says_none(word) for word in column.words], dtype=bool) & ~read
    unknown = np.array([word in UNKNOWN_WORDS for word in column.words], dtype=bool)
    total = int(column.counts[~none & ~unknown].sum())
    if not total or column.counts[read].sum() < _MOSTLY * total:
        return None
    cells = np.append(dates, NOT_A_DATE)[column.codes]
    unread = column.rows_holding(~read & ~unknown & ~none)
    sizes: Counter[str] = Counter()
    for name, size in zip(parts.formats[read], column.counts[read], strict=True):
        sizes[str(name)] += int(size)
    words = [f"{order}" if name == SLASHES and order else name for name, _ in sizes.most_common()]
    how = f"dates, {listed(words)}"
    past = np.where(cells > np.datetime64(today, "s"), NOT_A_DATE, cells)
    found_date = DateColumn(column.name, cells, past, how, unread, column.rows_holding(none), ())
    return replace(
        found_date,
        issues=tuple(_findings(found_date, rows, sizes, parts.rows(parts.two_digits & read))),
    )


def _says_none(word: str) -> bool:
    return (
        not any(letter.isalnum() for letter in word.replace("?", "x"))
        or word in NO_WORDS
        or word in _NONE
        or says_alive(word)
    )


def _findings(column: DateColumn, rows: Ints, sizes: Counter[str], two_digits: int) -> list[Issue]:
    name, issues = column.name, []
    if two_digits:
        issues.append(
            Issue(
                "info",
                f"{shown(name)} writes years with two digits in {plural(two_digits, 'row')}; each "
                "is the last such year that is not in the future, a birth before the patient's "
                "other dates.",
                name,
                two_digits,
                code="date_century",
            )
        )
    if len(sizes) > 1:
        counts = listed([f"{plural(n, 'row')} as {how}" for how, n in sizes.most_common()])
        issues.append(
            Issue(
                "warning",
                f"{shown(name)} holds dates in {len(sizes)} formats ({counts}); each was read in "
                "its own, check them.",
                name,
                sum(sizes.values()) - max(sizes.values()),
                code="date_formats",
            )
        )
    if sizes.get(MONTH):
        issues.append(
            Issue(
                "info",
                f"{shown(name)} gives the month without the day in "
                f"{plural(sizes[MONTH], 'row')}; the 15th stands for the day.",
                name,
                sizes[MONTH],
                code="date_month",
            )
        )
    if sizes.get(SERIAL):
        issues.append(
            Issue(
                "info",
                f"{shown(name)} holds Excel's serial numbers in {plural(sizes[SERIAL], 'row')}, "
                "days since 1899-12-30; they were read as dates.",
                name,
                sizes[SERIAL],
                code="date_serial",
            )
        )
    for mask, code, words in (
        (column.unread, "date_unread", "no date that can be read; it counts as missing"),
        (~np.isnat(column.cells) & np.isnat(column.past), "future_date",
         "a date in the future; no time is counted to it"),
    ):  # fmt: skip
        hits = rows[mask].tolist()
        if hits:
            issues.append(
                Issue.at(
                    "warning",
                    f"{shown(name)} holds in {plural(len(hits), 'row')} ({at_rows(hits)}) {words}.",
                    hits,
                    name,
                    code,
                )
            )
    return issues


def _births_before_the_rest(
    found: dict[str, DateColumn], entries: Mapping[str, Entries]
) -> dict[str, DateColumn]:
    """Births whose century was not written, moved before the patient's other dates."""
    for name, birth in found.items():
        parts = entries[name]
        if not _BIRTH.search(name) or not parts.two_digits.any():
            continue
        others = [column.cells for other, column in found.items() if not _BIRTH.search(other)]
        if not others:
            continue
        early = np.fmin.reduce(others)
        late = parts.column.rows_holding(parts.two_digits) & (birth.cells > early)
        cells = birth.cells.copy()
        for place in np.flatnonzero(late):
            day = cells[place].astype(object)
            cells[place] = calendar_day(day.year - 100, day.month, day.day)
        past = np.where(np.isnat(birth.past) & ~late, NOT_A_DATE, cells)
        found[name] = replace(birth, cells=cells, past=past)
    return found
