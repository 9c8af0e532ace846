"""One date as it is written: 2019-03-31, 20190331, 31.03.19, 3/31/2019, 31-Mar-2019, 31MAR2019.

Or 31032019 and 1032019, which lost its zero: read like 31/03/2019, month first is possible.
Or 31. März 2019, and without the day 2019-03, 03/2019.

Day and month of ``3/4/2019`` are left open here: which comes first is decided from all dates of a
file (see :mod:`data_loaders.dates.columns`).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

ISO, POINTS, SLASHES, NAMED, MONTH, SERIAL = (
    "2019-03-31", "31.03.2019", "31/03/2019", "31-Mar-2019", "2019-03", "Excel serial number",
)  # fmt: skip
_LONGEST = 40
_CLOCK = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?[AaPp][Mm])?(?:Z|[+-]\d\d:?\d\d)?)?"
_BARE = re.compile(r"(\d{1,2})(\d{2})((?:19|20)\d{2})")  # 31032019
_LETTERS = r"[^\W\d_]{3,12}"
_PATTERNS = (
    (ISO, re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_CLOCK}")),
    (ISO, re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")),
    (POINTS, re.compile(rf"(\d{{1,2}})\. ?(\d{{1,2}})\. ?(\d{{4}}|\d{{2}}){_CLOCK}")),
    (SLASHES, re.compile(rf"(\d{{1,2}})([/-])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_CLOCK}")),
    (NAMED, re.compile(rf"(\d{{1,2}})\.?[-/ ] ?({_LETTERS})\.?[-/, ] ?(\d{{4}}|\d{{2}})")),
    (NAMED, re.compile(r"(\d{1,2})([^\W\d_]{3})(\d{4}|\d{2})")),
    (NAMED, re.compile(rf"({_LETTERS})\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})")),
    (MONTH, re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})")),
    (MONTH, re.compile(r"(?P<month>\d{1,2})[-/. ](?P<year>(?:19|20)\d{2})")),
    (MONTH, re.compile(rf"(?P<name>{_LETTERS})\.?[-/ ] ?(?P<year>\d{{4}})")),
)
# Months by their first letters without accents, in English, German, Italian, French and Spanish.
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan gen ene", "feb fev", "mar mrz mae", "apr avr abr", "may mai mag", "jun juin giu",
         "jul juil lug", "aug aou ago", "sep set", "oct okt ott out", "nov", "dec dez dic"), 1
    )
    for name in names.split()
}  # fmt: skip


@dataclass(frozen=True)
class WrittenDate:
    """The parts of a date.

    Parameters
    ----------
    style
        The way of writing, by its example.
    year
        With its century.
    first, second
        Day and month in the order they are written where that is not known, else 0.
    month, day
        Where they are known, else 0.
    two_digits
        Whether the century was not written.
    """

    style: str
    year: int
    first: int = 0
    second: int = 0
    month: int = 0
    day: int = 0
    two_digits: bool = False


def read_date(text: str, today: dt.date) -> WrittenDate | None:
    """A date taken apart; None if the text is none.

    A year of two digits is the last such year that is not in the future.

    Parameters
    ----------
    text
        Trimmed content of a cell.
    today
        The last day that a year of two digits can mean.
    """
    if not 6 <= len(text) <= _LONGEST:
        return None
    if bare := _BARE.fullmatch(text):  # as 20190331 it would be of month 19 or 20
        text = "/".join(bare.groups())
    for style, pattern in _PATTERNS:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        if style == ISO:
            return _known(style, match[1], match[2], match[3], today)
        if style == POINTS:
            return _known(style, match[3], match[2], match[1], today)
        if style == MONTH:
            named = match.groupdict()
            month = named.get("month") or str(_month(named["name"]))
            return _known(style, match["year"], month, "15", today)
        if style == NAMED:
            day, name = (match[1], match[2]) if match[1].isdigit() else (match[2], match[1])
            return _known(style, match[3], str(_month(name)), day, today)
        first, second = int(match[1]), int(match[3])
        year = _year(match[4], min(first, second), max(first, second), today)
        if not any(is_day(year, m, d) for m, d in ((first, second), (second, first))):
            return None
        return WrittenDate(style, year, first, second, two_digits=len(match[4]) == 2)
    return None


def is_day(year: int, month: int, day: int) -> bool:
    """Whether the calendar has the day."""
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def _known(style: str, year: str, month: str, day: str, today: dt.date) -> WrittenDate | None:
    full = _year(year, int(month), int(day), today)
    if not is_day(full, int(month), int(day)):
        return None
    return WrittenDate(style, full, month=int(month), day=int(day), two_digits=len(year) == 2)


def _year(text: str, month: int, day: int, today: dt.date) -> int:
    if len(text) == 4:
        return int(text)
    year = today.year - today.year % 100 + int(text)
    return year - 100 if (year, month, day) > (today.year, today.month, today.day) else year


def _month(name: str) -> int:
    decomposed = unicodedata.normalize("NFKD", name.lower().replace("ä", "ae"))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _MONTHS.get(plain[:4]) or _MONTHS.get(plain[:3], 0)
