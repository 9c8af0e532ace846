"""Groups by the class of a computed score, from good to bad."""

from __future__ import annotations

import numpy as np

from app.cohort.colours import assign_colours
from app.cohort.groupings._grouping import OTHER_DISEASE, UNCERTAIN, Grouping, GroupingError
from app.cohort.scores import codes_of, computed_by, definition_of
from data_loaders import Cohort, CohortError


def by_score(cohort: Cohort, key: str) -> Grouping:
    """One group a class; patients whose class is not certain are in none.

    Nor are patients who are said to have another disease than the one the score was made for.

    Raises
    ------
    GroupingError
        If there is no such score, or nobody's class is certain.
    """
    try:
        definition = definition_of(key)
    except CohortError as error:
        raise GroupingError(str(error)) from error
    found = codes_of(cohort, key)
    if not (found >= 0).any():
        raise GroupingError(
            f"{definition.label} cannot be computed here: no patient has all that it needs."
        )
    codes = np.select([found >= 0, found == -1], [found, UNCERTAIN], OTHER_DISEASE)
    names = definition.categories
    return Grouping(
        f"{definition.label} (computed)",
        names,
        codes.astype(np.int16),
        assign_colours(names, ordered=True),
        ordered=True,
        note=f"{computed_by(definition)} {definition.note}".strip(),
    )
