"""Columns of dates, however they are written, and which of them says what.

2019-03-31, 31.03.2019, 31/03/2019, 03/31/2019, 31-Mar-2019, 2019-03 and Excel's serial numbers.
Whether day or month comes first is decided by the values (no month is above 12), first of the
column, then of the table's other columns, and by nothing else: where they do not tell, the column
stays as it is and a finding asks.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from data_loaders.columns import UNKNOWN_WORDS, TextColumn
from data_loaders.model import Issue
from data_loaders.wording import at_rows, listed, plural, shown

Dates = npt.NDArray[np.datetime64]
Order = Literal["day first", "month first"]
DATE_FORMATS = ("day first", "month first", "Excel")
NOT_A_DATE = np.datetime64("NaT", "s")

_ISO, _POINTS, _SLASHES, _NAMED, _MONTH, _SERIAL = (
    "2019-03-31", "31.03.2019", "31/03/2019", "31-Mar-2019", "2019-03", "Excel serial number",
)  # fmt: skip
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (_ISO, re.compile(rf"^(\d{{4}})[-/](\d{{1,2}})[-/](\d{{1,2}}){_TIME}$")),
    (_POINTS, re.compile(rf"^(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}}){_TIME}$")),
    (_SLASHES, re.compile(rf"^(\d{{1,2}})([/-])(\d{{1,2}})\2(\d{{4}}){_TIME}$")),
    (_NAMED, re.compile(r"^(\d{1,2})[- ]([A-Za-z]{3})[a-z]*[- ](\d{4})$")),
    (_MONTH, re.compile(r"^(\d{4})-(\d{2})$")),
)
_MONTHS = {name: i for i, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
)}  # fmt: skip
# Excel counts days from here (its 1900 is a leap year). The range is 1927 to 2064: no count of days
# in follow-up and no year is in it.
_EXCEL_ZERO = np.datetime64("1899-12-30", "s")
_EXCEL_RANGE = (10_000, 60_000)
_DATE_WORDS = frozenset({"date", "dates", "datum", "dt", "dob", "fecha"})
_LOOKED_AT = 50
_MOSTLY = 0.8
_EXAMPLE_ROWS = 5


@dataclass(frozen=True, eq=False)
class DateColumn:
    """A column of dates, read.

    Parameters
    ----------
    name
        The column's name in the file.
    cells
        One a row, datetime64[s]; NaT where blank or not read.
    past
        The same without dates that are still to come: no time can be counted to them.
    how
        The format in words, for the reason.
    unread
        Rows that hold something which is no date, words of "unknown" excepted.
    issues
        What was assumed and what was found wrong.
    """

    name: str
    cells: Dates
    past: Dates
    how: str
    unread: npt.NDArray[np.bool_]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, eq=False)
class _Entries:
    """The distinct entries of a column by format; slashes not yet put in an order."""

    dates: Dates
    formats: npt.NDArray[np.object_]
    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    year: npt.NDArray[np.int64]

    @property
    def orders(self) -> set[Order]:
        """What the values prove about the order of day and month."""
        proven: set[Order] = set()
        if (self.first > 12).any():
            proven.add("day first")
        if (self.second > 12).any():
            proven.add("month first")
        return proven

    @property
    def undecided(self) -> bool:
        """Whether some entry is another date in the other order."""
        either = (self.first > 0) & (self.first <= 12) & (self.second <= 12)
        return bool((either & (self.first != self.second)).any())


def find_dates(
    columns: Mapping[str, TextColumn],
    rows: npt.NDArray[np.int64],
    stated: Mapping[str, Mapping[str, Any]],
    today: dt.date | None = None,
) -> tuple[dict[str, DateColumn], list[Issue]]:
    """The columns of dates among those of a table.

    A column is one if at least 80% of its filled rows are dates. Numbers are dates only where the
    mapping says so or the column is named a date and they lie between 10,000 and 60,000 (1927 to
    2064).

    Parameters
    ----------
    columns
        As they stand in the file, by name.
    rows
        Position of each row in the file.
    stated
        What a mapping says of columns: ``kind`` and ``date_format`` are looked at.
    today
        Later dates are counted in a finding; default the day of the call.

    Returns
    -------
    found
        By name.
    asked
        One finding for each column whose order of day and month the values do not tell.
    """
    entries: dict[str, _Entries] = {}
    for name, column in columns.items():
        wish = stated.get(name, {})
        if wish.get("kind", "date") != "date":
            continue
        excel = wish.get("date_format") == "Excel" or wish.get("kind") == "date"
        excel = excel or (wish.get("date_format") is None and bool(_words(name) & _DATE_WORDS))
        if _may_be_dates(column, excel=excel):
            entries[name] = _entries(column, excel=excel)
    proven = set().union(*(found.orders for found in entries.values()))
    elsewhere = next(iter(proven)) if len(proven) == 1 else None
    found, asked = {}, []
    for name, parts in entries.items():
        order = _stated_order(stated.get(name, {}).get("date_format"))
        if order is None and len(parts.orders) == 1:
            (order,) = parts.orders
        if order is None and len(parts.orders) == 2 and parts.undecided:
            asked.append(_ask(columns[name], parts, mixed=True))
            continue
        if order is None and not parts.orders and parts.undecided:
            order = elsewhere
            if order is None:
                asked.append(_ask(columns[name], parts, mixed=False))
                continue
        read = _date_column(
            columns[name], rows, parts, order, today or dt.datetime.now(tz=dt.UTC).date()
        )
        if read is not None:
            found[name] = read
    return found, asked


def _stated_order(date_format: object) -> Order | None:
    if date_format == "day first":
        return "day first"
    return "month first" if date_format == "month first" else None


def _words(name: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return set(re.sub(r"[\W_]+", " ", spaced.lower()).split())


def _may_be_dates(column: TextColumn, *, excel: bool) -> bool:
    """A look at the first entries, so that columns of other things cost nothing."""
    looked = [str(text) for text in column.texts[:_LOOKED_AT]]
    fitting = sum(1 for text in looked if _format_of(text)[0])
    if excel and not fitting:
        numbers = column.numbers[:_LOOKED_AT]
        fitting = int(((numbers >= _EXCEL_RANGE[0]) & (numbers <= _EXCEL_RANGE[1])).sum())
    return bool(looked) and fitting >= len(looked) / 2


def _format_of(text: str) -> tuple[str, re.Match[str] | None]:
    for name, pattern in _PATTERNS:
        match = pattern.match(text)
        if match:
            return name, match
    return "", None


def _entries(column: TextColumn, *, excel: bool) -> _Entries:
    n = len(column.texts)
    dates = np.full(n, NOT_A_DATE)
    formats = np.full(n, "", dtype=object)
    first, second, year = (np.zeros(n, dtype=np.int64) for _ in range(3))
    if column.dates is not None:
        formats[:] = _ISO
        return _Entries(column.dates, formats, first, second, year)
    for i, text in enumerate(column.texts):
        name, match = _format_of(str(text))
        if match is None:
            continue
        if name == _SLASHES:
            a, b, y = int(match[1]), int(match[3]), int(match[4])
            if _date(y, a, b) is not None or _date(y, b, a) is not None:
                first[i], second[i], year[i], formats[i] = a, b, y, name
            continue
        if name == _ISO:
            day = _date(int(match[1]), int(match[2]), int(match[3]))
        elif name == _POINTS:
            day = _date(int(match[3]), int(match[2]), int(match[1]))
        elif name == _NAMED:
            day = _date(int(match[3]), _MONTHS.get(match[2].lower(), 0), int(match[1]))
        else:
            day = _date(int(match[1]), int(match[2]), 15)
        if day is not None:
            dates[i], formats[i] = day, name
    if excel or (formats != "").any():
        numbers = column.numbers
        serial = (numbers >= _EXCEL_RANGE[0]) & (numbers <= _EXCEL_RANGE[1])
        seconds = np.round(numbers[serial] * 86_400).astype("timedelta64[s]")
        dates[serial] = _EXCEL_ZERO + seconds
        formats[serial] = _SERIAL
    return _Entries(dates, formats, first, second, year)


def _date(year: int, month: int, day: int) -> np.datetime64 | None:
    try:
        return np.datetime64(dt.date(year, month, day), "s")
    except ValueError:
        return None


def _date_column(
    column: TextColumn,
    rows: npt.NDArray[np.int64],
    parts: _Entries,
    order: Order | None,
    today: dt.date,
) -> DateColumn | None:
    """The column with its slashes in order; None unless most rows are dates."""
    dates = parts.dates.copy()
    for i in np.flatnonzero(parts.first):
        # Without a single order, each entry proves its own.
        own = order or ("day first" if parts.first[i] > 12 else "month first")
        day, month = parts.first[i], parts.second[i]
        if own == "month first":
            day, month = month, day
        found = _date(int(parts.year[i]), int(month), int(day))
        dates[i] = NOT_A_DATE if found is None else found
    read = ~np.isnat(dates)
    total = int(column.counts.sum())
    if not total or column.counts[read].sum() < _MOSTLY * total:
        return None
    cells = np.append(dates, NOT_A_DATE)[column.codes]
    unknown = np.array([word in UNKNOWN_WORDS for word in column.words], dtype=bool)
    unread = column.rows_holding(~read & ~unknown)
    sizes: Counter[str] = Counter()
    for name, size in zip(parts.formats[read], column.counts[read], strict=True):
        sizes[str(name)] += int(size)
    words = [f"{order}" if name == _SLASHES and order else name for name, _ in sizes.most_common()]
    how = f"dates, {listed(words)}"
    past = np.where(cells > np.datetime64(today, "s"), NOT_A_DATE, cells)
    found_date = DateColumn(column.name, cells, past, how, unread, ())
    return replace(found_date, issues=tuple(_findings(found_date, rows, sizes)))


def _findings(column: DateColumn, rows: npt.NDArray[np.int64], sizes: Counter[str]) -> list[Issue]:
    name, issues = column.name, []
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
    if sizes.get(_MONTH):
        issues.append(
            Issue(
                "info",
                f"{shown(name)} gives the month without the day in "
                f"{plural(sizes[_MONTH], 'row')}; the 15th stands for the day.",
                name,
                sizes[_MONTH],
                code="date_month",
            )
        )
    if sizes.get(_SERIAL):
        issues.append(
            Issue(
                "info",
                f"{shown(name)} holds Excel's serial numbers in {plural(sizes[_SERIAL], 'row')}, "
                "days since 1899-12-30; they were read as dates.",
                name,
                sizes[_SERIAL],
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
                Issue(
                    "warning",
                    f"{shown(name)} holds in {plural(len(hits), 'row')} ({at_rows(hits)}) {words}.",
                    name,
                    len(hits),
                    tuple(hits[:_EXAMPLE_ROWS]),
                    code,
                )
            )
    return issues


def _ask(column: TextColumn, parts: _Entries, *, mixed: bool) -> Issue:
    size = int(column.counts[parts.first > 0].sum())
    what = (
        "holds dates with the day first and others with the month first, so that those which could "
        "be either cannot be told apart"
        if mixed
        else "holds dates such as 3/4/2019, and no value tells whether day or month comes first"
    )
    return Issue(
        "warning",
        f"{shown(column.name)} {what}; it was kept as text: write the dates like 2019-03-31 or "
        'state in a mapping "date_format": "day first" or "month first".',
        column.name,
        size,
        code="date_order",
    )
