"""Small helpers that put counts, names and row positions into words."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MAX_NAME = 60
_EXAMPLES = 5


def plural(count: int, word: str, words: str | None = None) -> str:
    """A count with its noun: ``1 row``, ``1,875 rows``."""
    return f"{count:,} {word if count == 1 else (words or word + 's')}"


def shown(name: object) -> str:
    """A column's or file's name as it may stand in a message: one line, no control characters."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]+", " ", str(name)).strip()
    return text if len(text) <= _MAX_NAME else text[: _MAX_NAME - 1] + "…"


def listing(words: Sequence[str], conjunction: str = "and") -> str:
    """All words joined for prose: ``A, B and C``."""
    head, last = ", ".join(words[:-1]), "".join(words[-1:])
    return f"{head} {conjunction} {last}" if head else last


def capitalised(text: str) -> str:
    """Text that begins with a capital; what stands behind the first letter stays."""
    return text[:1].upper() + text[1:]


def listed(words: Sequence[str], conjunction: str = "and", limit: int = 12) -> str:
    """Names of files and columns joined for reading; what exceeds ``limit`` is counted."""
    names = [shown(word) for word in words]
    if len(names) > limit:
        return f"{', '.join(names[:limit])} and {len(names) - limit:,} more"
    return listing(names, conjunction)


def at_rows(rows: Sequence[int]) -> str:
    """Row positions in the file, 1 = first data row: ``row 3``, ``rows 3, 17 and 4 more``."""
    numbers = [str(row) for row in rows[:_EXAMPLES]]
    if len(rows) == 1:
        return f"row {numbers[0]}"
    if len(rows) == len(numbers):
        return f"rows {listed(numbers)}"
    return f"rows {', '.join(numbers)} and {len(rows) - len(numbers):,} more"


def mid_sentence(label: str) -> str:
    """A label within a sentence: ``driver mutation``, but ``JAK2`` and ``Ann Arbor stage``."""
    first = label.partition(" ")[0].rstrip(",")
    head = first.partition("-")[0]
    plain = first[1:].islower() and first.replace("-", "").isalpha() and first not in _NAMES
    return label[:1].lower() + label[1:] if plain and len(head) > 1 else label


# Stages, scores and events are called after people and places.
_NAMES = {"Ann", "Binet", "Deauville", "Lugano", "Rai", "Richter", "Sokal"}


def with_range(value: str, low: str, high: str) -> str:
    """A number and its range: ``63 (52–71)``, ``−1.02 (−1.46 to −0.5)`` if an end has a sign."""
    between = " to " if "-" in {low[:1], high[:1]} else "–"
    return f"{value} ({low}{between}{high})".replace("-", "−")
