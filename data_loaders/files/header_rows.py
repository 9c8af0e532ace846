"""What stands above a table besides its row of names: comments, titles, a second row of names."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from data_loaders.files.columns import UNKNOWN_WORDS, TextColumn, as_word

DELIMITERS = (",", ";", "\t", "|")

MOST_TITLES = 10
_ROWS_LOOKED_AT = 1000
_LONGEST_LINE = 2**20  # a longer line is no title, and its cells would fill the memory
_SEQUENCED = re.compile(r"^#[ \t]*sequenced[_ ]samples[ \t]*:(.*)$", re.IGNORECASE)
_COMPARISON = re.compile(r"^[<>≤≥=~]")


def without_comments(text: str) -> str:
    """The text without the lines in front of the table that begin with # (MAF: ``#version 2.4``).

    A single such line with as many separators as the next is the row of names (``#ID``).
    """
    begin, lines = 0, 0
    while text.startswith("#", begin) and (end := text.find("\n", begin)) >= 0:
        begin, lines = end + 1, lines + 1
    if not lines:
        return text
    first, _, rest = text.partition("\n")
    second = rest.partition("\n")[0]
    if (
        lines == 1
        and not _SEQUENCED.match(first)
        and any(first.count(mark) == second.count(mark) > 0 for mark in DELIMITERS)
    ):
        return text
    return text[begin:].lstrip("\n")


def sequenced_samples(text: str) -> tuple[str, ...] | None:
    """Samples that the line ``#sequenced_samples:`` above a list of variants names, None without.

    Parameters
    ----------
    text
        The file, or its lines on top.
    """
    begin = 0
    while text.startswith("#", begin):
        end = text.find("\n", begin)
        match = _SEQUENCED.match(text[begin : end if end >= 0 else None])
        if match:
            return tuple(re.split(r"[\s,;]+", match[1].strip())) if match[1].strip() else None
        if end < 0:
            break
        begin = end + 1
    return None


def without_titles(text: str) -> tuple[str, int]:
    """The text without the lines of one cell in front of the table, and how many those were."""
    begin, lines = 0, []
    for _ in range(MOST_TITLES + 1):
        end = text.find("\n", begin)
        if end < 0 or end - begin > _LONGEST_LINE:
            break
        lines.append(text[begin:end])
        begin = end + 1
    cells = [max((line.split(mark) for mark in DELIMITERS), key=len) for line in lines]
    titles = title_rows(cells)
    return text[sum(len(line) + 1 for line in lines[:titles]) :], titles


def title_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many rows of one filled cell stand in front of a row of three or more."""
    for number, row in enumerate(rows[: MOST_TITLES + 1]):
        filled = sum(bool(cell.strip(' "')) for cell in row)
        if filled >= 3:
            return number
        if filled > 1:
            return 0
    return 0


def has_second_header(columns: Sequence[TextColumn]) -> bool:
    """Whether the first row below the names holds names or units as well.

    It does if it has words where the rest of the column has numbers: in two columns or more, with
    different words, and in half or more of all columns of numbers.
    """
    if not columns or len(columns[0]) < 3:
        return False
    words = []
    for column in columns:
        first = int(column.codes[0])
        if first >= 0 and np.isnan(column.numbers[first]) and _holds_numbers_below(column):
            word = as_word(column.texts[first])
            if word not in UNKNOWN_WORDS and not _COMPARISON.match(word):
                words.append(word)
    if len(set(words)) < 2:
        return False
    return len(words) >= sum(map(_holds_numbers_below, columns)) / 2


def _holds_numbers_below(column: TextColumn) -> bool:
    """Whether the rows looked at hold numbers, two or more, and nothing else below the first."""
    rest = column.codes[1:_ROWS_LOOKED_AT]
    filled = rest[rest >= 0]
    return len(filled) > 1 and not np.isnan(column.numbers[filled]).any()
