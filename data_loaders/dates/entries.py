"""The entries of a column of dates, taken apart, and what they prove about day and month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from data_loaders.arrays import Bools, Ints, Texts
from data_loaders.dates.formats import ISO, SERIAL, SLASHES, is_day, read_date
from data_loaders.files.columns import TextColumn

Dates = npt.NDArray[np.datetime64]
Order = Literal["day first", "month first"]
ORDERS: tuple[Order, Order] = ("day first", "month first")
NOT_A_DATE = np.datetime64("NaT", "s")

# Excel counts days from here (its 1900 is a leap year). The range is 1927 to 2064: no count of days
# in follow-up and no year is in it.
_EXCEL_ZERO = np.datetime64("1899-12-30", "s")
_EXCEL_RANGE = (10_000, 60_000)
_LOOKED_AT = 50
# Against other columns, a column's own order stands if so many of its rows prove it: of true dates
# six in ten have a day above 12.
_OWN_PROOFS, _OWN_SHARE = 3, 0.25
_TURNED_TEXTS = 3


@dataclass(frozen=True, eq=False)
class Entries:
    """The distinct entries of a column by format; slashes not yet put in an order.

    Parameters
    ----------
    dates, formats
        One an entry: the date where the order is not in question, and its way of writing.
    first, second, year
        Of entries with slashes, 0 elsewhere.
    two_digits
        Whether the century was not written.
    """

    column: TextColumn
    dates: Dates
    formats: Texts
    first: Ints
    second: Ints
    year: Ints
    two_digits: Bools

    def proofs(self, order: Order) -> Bools:
        """Which entries can only be in this order."""
        above: Bools = np.greater(self.first if order == "day first" else self.second, 12)
        return above

    @property
    def orders(self) -> list[Order]:
        """What the values prove about the order of day and month."""
        return [order for order in ORDERS if self.proofs(order).any()]

    @property
    def open(self) -> Bools:
        """Which entries are another date in the other order."""
        either = (self.first > 0) & (self.first <= 12) & (self.second <= 12)
        open_: Bools = either & (self.first != self.second)
        return open_

    def rows(self, entries: Bools) -> int:
        """How many rows hold one of the marked entries."""
        return int(self.column.counts[entries].sum())

    @property
    def own_order(self) -> Order | None:
        """The one order that enough of its rows prove, whatever other columns say."""
        if len(self.orders) != 1:
            return None
        proven = self.rows(self.proofs(self.orders[0]))
        enough = proven >= max(_OWN_PROOFS, _OWN_SHARE * self.rows(self.first > 0))
        return self.orders[0] if enough else None

    @property
    def turned(self) -> Bools:
        """Which entries Excel may have turned: dates up to the 12th beside texts beyond them."""
        iso: Bools = np.equal(self.formats, ISO).astype(bool)
        none = np.zeros(len(iso), dtype=bool)
        texts = self.formats == SLASHES
        if not iso.any() or len(self.orders) != 1 or not self.proofs(self.orders[0])[texts].all():
            return none
        days = day_of_month(self.dates)
        if self.rows(texts) < _TURNED_TEXTS or (days[iso] > 12).any():
            return none
        return iso

    def turned_back(self) -> Entries:
        """The same with day and month of the turned entries exchanged."""
        dates = self.dates.copy()
        for place in np.flatnonzero(self.turned):
            day = dates[place].astype(object)
            dates[place] = np.datetime64(day.replace(month=day.day, day=day.month), "s")
        return replace(self, dates=dates)


def may_be_dates(column: TextColumn, today: dt.date, *, excel: bool) -> bool:
    """A look at the first entries, so that columns of other things cost nothing."""
    looked = [str(text) for text in column.texts[:_LOOKED_AT]]
    fitting = sum(1 for text in looked if read_date(text, today) is not None)
    if excel and not fitting:
        numbers = column.numbers[:_LOOKED_AT]
        fitting = int(((numbers >= _EXCEL_RANGE[0]) & (numbers <= _EXCEL_RANGE[1])).sum())
    return bool(looked) and fitting >= len(looked) / 2


def entries_of(column: TextColumn, today: dt.date, *, excel: bool) -> Entries:
    """The entries of a column by format.

    Parameters
    ----------
    today
        The last day that a year of two digits can mean.
    excel
        Whether numbers may be Excel's serial numbers.
    """
    n = len(column.texts)
    dates = np.full(n, NOT_A_DATE)
    formats = np.full(n, "", dtype=object)
    first, second, year = (np.zeros(n, dtype=np.int64) for _ in range(3))
    two_digits = np.zeros(n, dtype=bool)
    parts = Entries(column, dates, formats, first, second, year, two_digits)
    if column.dates is not None:
        formats[:] = ISO
        return replace(parts, dates=column.dates)
    for i, text in enumerate(column.texts):
        written = read_date(str(text), today)
        if written is None:
            continue
        formats[i], two_digits[i] = written.style, written.two_digits
        if written.first:
            first[i], second[i], year[i] = written.first, written.second, written.year
        else:
            dates[i] = calendar_day(written.year, written.month, written.day)
    if excel or (formats != "").any():
        numbers = column.numbers
        serial = (numbers >= _EXCEL_RANGE[0]) & (numbers <= _EXCEL_RANGE[1]) & (formats == "")
        seconds = np.round(numbers[serial] * 86_400).astype("timedelta64[s]")
        dates[serial] = _EXCEL_ZERO + seconds
        formats[serial] = SERIAL
    return parts


def calendar_day(year: int, month: int, day: int) -> np.datetime64:
    """The day, or not a date where the calendar has none."""
    return np.datetime64(dt.date(year, month, day), "s") if is_day(year, month, day) else NOT_A_DATE


def day_of_month(dates: Dates) -> Ints:
    """1 to 31 for each date."""
    days: Ints = (dates.astype("datetime64[D]") - dates.astype("datetime64[M]")).astype(np.int64)
    return days + 1
