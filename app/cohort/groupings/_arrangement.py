"""How groups are shown: renamed, reordered, recoloured, hidden, one of them the reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.cohort.groupings._grouping import (
    HIDDEN,
    MIN_GROUP_FOR_TEST,
    SMALL,
    Grouping,
    GroupingError,
)
from data_loaders.arrays import Bools

MAX_NAME = 60


@dataclass(frozen=True)
class Arrangement:
    """Changes to how a grouping is shown, as plain data; groups go by their original names.

    Parameters
    ----------
    names
        Group and what it is called instead, as pairs.
    order
        Groups in the order wanted; those not listed follow in their own.
    colours
        Group and its colour (``#2a7fc1``), as pairs.
    hidden
        Groups that are not shown; their patients are counted as in a hidden group.
    reference
        The group the others are compared with: it goes first. None for the grouping's own.
    aside
        Groups that are not shown because they are small; counted apart from the hidden ones.
    """

    names: tuple[tuple[str, str], ...] = ()
    order: tuple[str, ...] = ()
    colours: tuple[tuple[str, str], ...] = ()
    hidden: tuple[str, ...] = ()
    reference: str | None = None
    aside: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return self == Arrangement()

    def to_dict(self) -> dict[str, Any]:
        """The arrangement as plain data for JSON, what is not changed omitted."""
        whole = {
            "names": dict(self.names),
            "order": list(self.order),
            "colours": dict(self.colours),
            "hidden": list(self.hidden),
            "reference": self.reference,
            "aside": list(self.aside),
        }
        return {key: value for key, value in whole.items() if value}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Arrangement:
        """Read an arrangement from plain data.

        Raises
        ------
        GroupingError
            If the data are not an arrangement.
        """
        unreadable = GroupingError(
            "The names and colours of the groups cannot be read; arrange the groups anew."
        )
        try:
            names, colours = dict(data.get("names", {})), dict(data.get("colours", {}))
            order, hidden = list(data.get("order", [])), list(data.get("hidden", []))
            reference, aside = data.get("reference"), list(data.get("aside", []))
        except (AttributeError, TypeError, ValueError) as error:
            raise unreadable from error
        texts = [*names, *names.values(), *colours, *colours.values(), *order, *hidden, *aside]
        if not all(isinstance(text, str) for text in [*texts, reference or ""]):
            raise unreadable
        return cls(
            tuple(names.items()),
            tuple(order),
            tuple(colours.items()),
            tuple(hidden),
            reference,
            tuple(aside),
        )

    def to_text(self) -> str:
        """The arrangement as compact JSON, for a link; empty where it changes nothing."""
        if self.is_empty:
            return ""
        return json.dumps(self.to_dict(), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Arrangement:
        """Read the form that ``to_text`` writes.

        Raises
        ------
        GroupingError
            If the text is not an arrangement.
        """
        try:
            data = json.loads(text) if text else {}
        except (ValueError, RecursionError) as error:
            raise GroupingError(
                "The names and colours of the groups cannot be read; copy the whole link again."
            ) from error
        return cls.from_dict(data)


def arranged(grouping: Grouping, arrangement: Arrangement) -> Grouping:
    """The grouping as it is to be shown.

    What the arrangement says of groups that do not exist is ignored, as are empty names and what
    is no colour. Steps of a scale stay ordered where their order is kept or turned round.

    Raises
    ------
    GroupingError
        If every group is hidden, or two groups bear the same name.
    """
    if arrangement.is_empty:
        return grouping
    out = {*arrangement.hidden, *arrangement.aside}
    shown = [name for name in group_order(grouping, arrangement) if name not in out]
    places = [grouping.names.index(name) for name in shown]
    if not places:
        raise GroupingError("Every group is hidden; show at least one.")
    called = {old: new for old, text in arrangement.names if (new := one_line(text))}
    names = tuple(called.get(name, name) for name in shown)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise GroupingError(f"Two groups are called {twice}; give each a name of its own.")
    hues = {name: hue for name, hue in arrangement.colours if is_colour(hue)}
    small = [name in arrangement.aside for name in grouping.names]
    lookup = np.where(small, SMALL, HIDDEN).astype(np.int16)
    lookup[places] = np.arange(len(places))
    codes = grouping.codes.copy()
    codes[codes >= 0] = lookup[codes[codes >= 0]]
    return replace(
        grouping,
        names=names,
        codes=codes,
        colours=tuple(hues.get(grouping.names[place], grouping.colours[place]) for place in places),
        ordered=grouping.ordered and sorted(places) in (places, places[::-1]),
        reference=_reference(grouping, arrangement, places),
    )


def small_groups(grouping: Grouping, arrangement: Arrangement, mask: Bools) -> tuple[str, ...]:
    """Original names of the groups to set aside: too small to be tested, but not empty.

    None where fewer than two others would be left, for then there is nothing else to look at.
    """
    sizes = {
        name: size
        for name, size in zip(grouping.names, grouping.sizes(mask), strict=True)
        if size and name not in arrangement.hidden
    }
    small = tuple(name for name, size in sizes.items() if size < MIN_GROUP_FOR_TEST)
    return small if len(sizes) - len(small) >= 2 else ()


def _reference(grouping: Grouping, arrangement: Arrangement, places: list[int]) -> int:
    """Where the reference stands among those shown: the chosen one leads, else the grouping's."""
    chosen = arrangement.reference is not None and arrangement.reference in grouping.names
    return places.index(grouping.reference) if not chosen and grouping.reference in places else 0


def is_colour(text: object) -> bool:
    """Whether it is a colour of the form ``#2a7fc1``."""
    if not isinstance(text, str) or len(text) != 7 or not text.startswith("#"):
        return False
    return all(letter in "0123456789abcdefABCDEF" for letter in text[1:])


def group_order(grouping: Grouping, arrangement: Arrangement) -> tuple[str, ...]:
    """Original names of all groups in the order wanted, the reference first, hidden ones too."""
    own = grouping.names
    first = [] if arrangement.reference is None else [arrangement.reference]
    wanted = [name for name in (*first, *arrangement.order) if name in own]
    return tuple(dict.fromkeys([*wanted, *own]))


def one_line(text: str) -> str:
    """A name without line breaks and outer blanks, of at most :data:`MAX_NAME` characters."""
    return " ".join(text.split())[:MAX_NAME].strip()
