"""The columns of a file as they stand there, so that people can check what was made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # columns read notations, whose units are of the model that holds these
    from data_loaders.arrays import Floats
    from data_loaders.files.columns import TextColumn

MOST_VALUES = 40
_ALWAYS = 8  # entries that are listed although hardly any occurs twice


@dataclass(frozen=True)
class FileColumn:
    """One column of a file.

    Parameters
    ----------
    name
        As in the file; that of the joined table, where there are several.
    file
        Which file it comes from; empty where there is only one.
    entries
        The entries and their counts, the most frequent first; empty above 40 different ones and
        where most occur once.
    lowest, highest
        Of its numbers; None where it holds none.
    meanings
        What each entry was taken for, by the key of an endpoint (event, competing, censored,
        unknown) or the name of a feature (altered, not altered, not tested).
    answers
        Whether its entries say yes or no, or that it is not known.
    """

    name: str
    file: str
    filled: int
    different: int
    entries: tuple[tuple[str, int], ...] = ()
    lowest: float | None = None
    highest: float | None = None
    meanings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    identifier: bool = False
    answers: bool = False


def describe_column(
    column: TextColumn, meanings: Mapping[str, Mapping[str, str]] | None = None
) -> FileColumn:
    """What a column holds.

    Parameters
    ----------
    meanings
        See :class:`FileColumn`.
    """
    counts = column.counts
    entries: tuple[tuple[str, int], ...] = ()
    few = len(column.texts) <= MOST_VALUES
    if few and (len(column.texts) <= _ALWAYS or 2 * len(column.texts) <= counts.sum()):
        order = np.argsort(-counts, kind="stable")
        entries = tuple((str(column.texts[i]), int(counts[i])) for i in order if counts[i])
    numbers = column.numbers[~np.isnan(column.numbers)]
    return FileColumn(
        name=column.name,
        file="",
        filled=int(counts.sum()),
        different=len(column.texts),
        entries=entries,
        lowest=float(numbers.min()) if len(numbers) else None,
        highest=float(numbers.max()) if len(numbers) else None,
        meanings=meanings or {},
        answers=bool(len(column.texts)) and column.answers_only,
    )


def entry_meanings(column: TextColumn, states: Mapping[str, Floats], rest: str) -> dict[str, str]:
    """What each entry of a column was taken for.

    Parameters
    ----------
    states
        For each meaning one number a row, 1 where it holds; the first that holds anywhere counts.
    rest
        The meaning of an entry for which none holds.
    """
    if len(column.texts) > MOST_VALUES:
        return {}
    found = {
        meaning: np.bincount(
            column.codes[(values == 1) & column.filled], minlength=len(column.texts)
        )
        for meaning, values in states.items()
    }
    return {
        str(text): next((meaning for meaning, hits in found.items() if hits[i]), rest)
        for i, text in enumerate(column.texts)
    }
