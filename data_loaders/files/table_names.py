"""The names of a table's columns: cleaned, of bearable length, each its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from data_loaders.files.columns import TextColumn
from data_loaders.model import CohortError, Issue
from data_loaders.wording import listed, plural, shown

LONGEST_NAME = 200
_NUMBER = re.compile(r"[\d.,]*\d([eE][-+]?\d+)?")


def cleaned_names(names: Sequence[str]) -> tuple[list[str], tuple[Issue, ...]]:
    """Names on one line, cut after ``LONGEST_NAME`` characters before anything looks at them.

    Names that are alike as far as they are kept are numbered.

    Returns
    -------
    tuple
        The names, and a finding if some were cut.
    """
    # What lies beyond cannot matter, and blanks would be sought in it.
    shortened = [name[: LONGEST_NAME * 10].replace("\ufeff", "") for name in names]
    cleaned = [re.sub(r"\s+", " ", name).strip() for name in shortened]
    long = [place for place, name in enumerate(cleaned) if len(name) > LONGEST_NAME]
    if not long:
        return cleaned, ()
    seen: Counter[str] = Counter()
    for place in long:
        name = cleaned[place][: LONGEST_NAME - 8].rstrip() + "…"
        seen[name] += 1
        cleaned[place] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    words = (
        f"{plural(len(long), 'column')} had a name of more than {LONGEST_NAME} characters "
        f"({listed([cleaned[place] for place in long], limit=3)}), which was cut."
    )
    return cleaned, (Issue("warning", words, cleaned[long[0]], len(long), code="long_names"),)


def check_names(file: str, built: list[TextColumn]) -> None:
    """Refuse a first row that holds no names, and names that occur twice.

    Without a row of names the first patient stands in their place: numbers, and words that occur
    again further down. Those are never repeated in the message.
    """
    names = [column.name for column in built]
    numeric = sum(bool(_NUMBER.fullmatch(name)) for name in names)
    recurring = [column for column in built if column.name and column.name in column.texts]
    if built and len(recurring) == sum(map(bool, names)) > 1:
        raise CohortError(
            f"{shown(file)} repeats its row of names further down; delete the repeat."
        )
    if numeric + len(recurring) > len(names) / 4:
        raise CohortError(
            f"{shown(file)} seems to begin with values instead of column names; "
            "put a row of names on top."
        )
    repeated = [name for name, count in Counter(names).items() if count > 1 and name]
    if repeated:
        positions = [i for i, name in enumerate(names, 1) if name == repeated[0]]
        raise CohortError(
            f"{shown(file)} gives {plural(len(repeated), 'name')} to more than one column: "
            f"{listed(repeated)} (the first at positions {listed([str(p) for p in positions])}); "
            "give every column its own name."
        )
