"""Groups made from groups: some of them, some joined against the rest, a selection against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from app.cohort.colours import SLATE, VERMILION
from app.cohort.groupings._grouping import ALTERATIONS, OUTSIDE, Grouping, GroupingError

REST = "All others"


def only_groups(grouping: Grouping, names: Sequence[str]) -> Grouping:
    """The grouping with some of its groups, in the order given.

    Patients of the other groups count as in none of the chosen groups.

    Raises
    ------
    GroupingError
        If the grouping has no group of such a name.
    """
    places = _places(grouping, names)
    lookup = np.full(len(grouping.names), OUTSIDE, dtype=np.int16)
    lookup[places] = np.arange(len(places))
    inside = grouping.codes >= 0
    codes = grouping.codes.copy()
    codes[inside] = lookup[grouping.codes[inside]]
    colours = tuple(grouping.colours[place] for place in places)
    kept = grouping.reference in places
    return replace(
        grouping,
        names=tuple(names),
        codes=codes,
        colours=colours,
        reference=places.index(grouping.reference) if kept else 0,
    )


def joined_groups(grouping: Grouping, names: Sequence[str], called: str) -> Grouping:
    """Some groups of a grouping joined into one, against all others of it.

    Raises
    ------
    GroupingError
        If the grouping has no group of such a name.
    """
    places = _places(grouping, names)
    codes = grouping.codes.copy()
    inside = codes >= 0
    codes[inside] = np.where(np.isin(codes[inside], places), 0, 1)
    colour = grouping.colours[places[0]] if len(places) == 1 else VERMILION
    return replace(
        grouping,
        label=called,
        names=(called, REST),
        codes=codes,
        colours=(colour, SLATE),
        ordered=False,
        reference=1,
    )


def selection_against_rest(
    positions: npt.NDArray[np.intp], mask: npt.NDArray[np.bool_], called: str, *, label: str
) -> Grouping:
    """Patients chosen by hand, such as those within a lasso, against the rest of a selection.

    Parameters
    ----------
    positions
        Positions in the cohort of the chosen patients.
    mask
        The selection they were chosen from; patients outside it are in neither group.
    called
        Name of the group they form.
    """
    chosen = np.zeros(len(mask), dtype=bool)
    chosen[positions] = True
    codes = np.select([chosen & mask, mask], [0, 1], OUTSIDE).astype(np.int16)
    return Grouping(
        label, (called, REST), codes, (VERMILION, SLATE), data_driven=True, reference=1,
        made_of=(ALTERATIONS,),
    )  # fmt: skip


def _places(grouping: Grouping, names: Sequence[str]) -> list[int]:
    missing = [name for name in names if name not in grouping.names]
    if missing or not names:
        raise GroupingError(f"{grouping.label} has no group called {missing[:1] or 'anything'}.")
    return [grouping.names.index(name) for name in names]
