"""How the numbers of a cell are written: marks, bounds, signs of per cent and units.

Nearly every way of writing a number says itself what it means: ``9.1``, ``9,1``, ``1.234,5``,
``1'400``, ``>90``, ``50 y``. The exception is one mark with three digits behind it: ``1,400`` and
``2.300`` are two numbers each. What such a mark is, and which units are cells of one column, is
decided by :func:`data_loaders.files.notation_evidence.settled` from all columns of a file; a
:class:`Notation` holds the decision, and this module reads single cells by it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_loaders.arrays import Floats
from data_loaders.meaning.vocabulary import unit_named

Mark = Literal["decimal", "thousands"]
# What a body of digits and marks is: "." and "," prove the decimal mark, "1." and "1," are a mark
# with three digits behind it, "" has digits alone (or spaces and apostrophes between thousands).
Shape = Literal["", ".", ",", "1.", "1,"]

DECIMAL_MARKS = {"point": ".", "comma": ","}  # what a mapping may state
PERCENT = "%"
_LARGEST = 1e15  # what exceeds it is no measurement, and its sums would overflow
_LONGEST = 48  # characters of a number with its unit
_PLAIN = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
_THREE_BEHIND_POINT = r"^[-+]?[1-9]\d{0,2}\.\d{3}$"
_DATE = r"^\d{1,4}[-/]\d{1,2}[-/]\d{1,4}([ T]\d.*)?$"  # no number, and frequent
_BEGINS_LIKE_A_NUMBER = r"^(?:[<>]=?|=[<>]|[≤≥⩽⩾])?\s*[-+−]?\s?[.,]?\d"
_GAP = " '’\u00a0\u2009\u202f"
_CELL = re.compile(
    r"(?P<bound>[<>]=?|=[<>]|[≤≥⩽⩾])?\s*(?P<sign>[-+−])?\s?"
    rf"(?P<body>\d{{1,3}}(?:[{_GAP}]\d{{3}})+(?!\d)(?:[.,]\d+)?|[.,]?\d+(?:[.,]\d+)*[.,]?)"
    r"(?P<power>[eE][-+]?\d+(?![\d/]))?(?P<tail>.*)",
    re.DOTALL,
)
_GROUPS = {mark: re.compile(rf"\d{{1,3}}(?:\{mark}\d{{3}})+") for mark in ".,"}
_NO_GAPS = str.maketrans("", "", _GAP)
_BOUNDS = {"≤": "<=", "⩽": "<=", "=<": "<=", "≥": ">=", "⩾": ">=", "=>": ">="}
_OWN_UNIT = re.compile(r"[^\W\d_]{2,}[\w/%²³. ]*|/\s?[^\W\d]\w*")  # a unit that is in no list
_LONGEST_UNIT = 16


@dataclass(frozen=True)
class Notation:
    """How the numbers of one column are written.

    Parameters
    ----------
    comma, point
        What the mark is where three digits follow it and nothing else says it.
    bounds
        Whether ``>90`` is the number 90 with a bound; otherwise it is a word.
    unit
        The unit of the column's numbers, where its cells state one.
    factors
        By unit that a cell may carry: what turns its number into ``unit``. A cell with another unit
        holds no number.
    open
        Whether the evidence contradicts itself: nothing is read as a number then.
    """

    comma: Mark = "thousands"
    point: Mark = "decimal"
    bounds: bool = False
    unit: str | None = None
    factors: Mapping[str, float] = field(default_factory=dict)
    open: bool = False


PLAIN = Notation()


@dataclass(frozen=True)
class Cell:
    """One cell that may be a number.

    Parameters
    ----------
    shape
        What its marks prove.
    body
        Sign, digits and marks without spaces and apostrophes.
    bound
        ``<``, ``<=``, ``>`` or ``>=``, empty if there is none.
    unit
        Unit or per cent sign behind it, None if there is none.
    """

    shape: Shape
    body: str
    bound: str = ""
    unit: str | None = None

    def value(self, notation: Notation) -> float:
        """The number in the unit of the cell; NaN where ``notation`` does not take it for one."""
        if notation.open or (self.bound and not notation.bounds):
            return np.nan
        comma = notation.comma if self.shape != "," else "decimal"
        point = notation.point if self.shape != "." else "decimal"
        if self.shape in {",", "1,"} and comma == "decimal":
            text = self.body.replace(".", "").replace(",", ".")
        elif self.shape == "1." and point == "thousands":
            text = self.body.replace(".", "")
        else:
            text = self.body.replace(",", "")
        number = float(text)
        return number if abs(number) < _LARGEST else np.nan

    def in_column(self, notation: Notation) -> float:
        """The number in the unit of its column; NaN where it is none."""
        if self.unit is None or self.unit == PERCENT:
            return self.value(notation)
        factor = notation.factors.get(self.unit)
        if factor is None:
            return np.nan
        number = self.value(notation)
        # 36 months are 3 years exactly, not 3.0000000000000004.
        return number / (1 / factor) if 0 < factor < 1 else number * factor


def read_cell(text: str) -> Cell | None:
    """A cell taken apart; None if it cannot be a number, however it is written.

    Parameters
    ----------
    text
        Trimmed content, such as ``1.234,5``, ``>= 90`` or ``9.0 g/dL``.
    """
    match = _CELL.match(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    body = match["body"].translate(_NO_GAPS)
    shape = _shape(body, gaps=len(body) < len(match["body"]))
    if shape is None or (match["power"] and shape not in {"", ".", "1."}):
        return None
    if match["power"]:
        shape, body = ".", body + match["power"]
    bound = _BOUNDS.get(match["bound"] or "", match["bound"] or "")
    tail = match["tail"].strip()
    sign = "-" if match["sign"] in {"-", "−"} else ""
    if tail == "+" and not bound:
        return Cell(shape, sign + body, ">=")
    if not tail:
        return Cell(shape, sign + body, bound)
    unit = PERCENT if tail == PERCENT else unit_named(tail)
    if unit is None:
        apart = match["tail"][0].isspace() or tail.startswith("/")
        if not apart or len(tail) > _LONGEST_UNIT or not _OWN_UNIT.fullmatch(tail):
            return None
        unit = tail
    return Cell(shape, sign + body, bound, unit)


def _shape(body: str, *, gaps: bool) -> Shape | None:
    """What the marks of a body of digits prove; None if they are not those of a number."""
    points, commas = body.count("."), body.count(",")
    if not points and not commas:
        return ""
    if points and commas:
        last: Literal[".", ","] = "." if body.rfind(".") > body.rfind(",") else ","
        whole, _, _ = body.rpartition(last)
        other = "," if last == "." else "."
        return last if _GROUPS[other].fullmatch(whole) else None
    mark: Literal[".", ","] = "." if points else ","
    if points + commas > 1:
        if not _GROUPS[mark].fullmatch(body):
            return None
        return "," if mark == "." else "."  # thousands; the decimal mark is the other
    whole, _, behind = body.partition(mark)
    if len(behind) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0" and not gaps:
        return "1." if mark == "." else "1,"
    return mark


def is_bound(text: str) -> bool:
    """Whether a text is a number with a bound, such as ``>90`` or ``90+``."""
    if text[:1] not in "<>=≤≥⩽⩾" and text[-1:] != "+":
        return False
    cell = read_cell(text)
    return cell is not None and bool(cell.bound)


def numbers_of(entries: pa.StringArray, how: Written, notation: Notation) -> Floats:
    """Each entry of a column as a number in its notation, NaN where it is none.

    A bound is its number, a per cent sign and a known unit are set aside; ``how`` is what
    :func:`written` says of the entries.
    """
    if notation.open or not len(entries):
        return np.full(len(entries), np.nan)
    plain, cells = how.plain, dict(how.cells)
    if notation.point == "thousands":
        grouped = is_open_point(entries)
        plain = pc.and_not(plain, grouped)
        for place in np.flatnonzero(grouped.to_numpy(zero_copy_only=False)).tolist():
            cell = read_cell(entries[place].as_py())
            if cell is not None:
                cells[place] = cell
    # Arrow reads decimals to the last bit and by column; pandas.to_numeric is off by one bit in
    # one of six.
    numbers = pc.cast(pc.if_else(plain, entries, None), pa.float64())
    values: Floats = numbers.to_numpy(zero_copy_only=False).astype(np.float64)
    values[~(np.abs(values) < _LARGEST)] = np.nan
    for place, cell in cells.items():
        values[place] = cell.in_column(notation)
    return values


@dataclass(frozen=True, eq=False)
class Written:
    """How the entries of a column are written, whatever their marks mean.

    Parameters
    ----------
    plain
        Which entries are numbers as programs write them.
    cells
        The other entries that may be numbers, by their places.
    """

    plain: pa.BooleanArray
    cells: Mapping[int, Cell]


def written(entries: pa.StringArray) -> Written:
    """Which entries are numbers, and how they are written.

    Parameters
    ----------
    entries
        Of a column, trimmed.
    """
    plain = pc.match_substring_regex(entries, _PLAIN)
    if pc.all(plain).as_py():
        return Written(plain, {})
    candidates = pc.and_not(pc.match_substring_regex(entries, _BEGINS_LIKE_A_NUMBER), plain)
    places = np.flatnonzero(candidates.to_numpy(zero_copy_only=False))
    if not len(places):
        return Written(plain, {})
    left = entries.take(pa.array(places))
    dates = pc.match_substring_regex(left, _DATE).to_numpy(zero_copy_only=False)
    read = (
        (int(place), read_cell(text))
        for place, text, date in zip(places, left.to_pylist(), dates, strict=True)
        if not date
    )
    return Written(plain, {place: cell for place, cell in read if cell is not None})


def is_open_point(entries: pa.StringArray) -> pa.BooleanArray:
    """Which plain numbers have a point with three digits behind it, as ``2.300`` has."""
    return pc.match_substring_regex(entries, _THREE_BEHIND_POINT)
