"""Groups by the entity of a classification, as far as it is decided."""

from __future__ import annotations

import numpy as np

from app.cohort.classification import SYSTEMS, classify
from app.cohort.colours import assign_colours
from app.cohort.groupings._grouping import (
    MAX_GROUPS,
    NOT_DRAWN,
    OTHER_DISEASE,
    UNKNOWN,
    Grouping,
    GroupingError,
)
from data_loaders import Cohort


def by_classification(cohort: Cohort, system: str) -> Grouping:
    """One group an entity of WHO 2022 or ICC 2022; who is not decided is in none.

    Of more entities than a figure shows, the largest are kept.

    Raises
    ------
    GroupingError
        If there is no such classification, or it gives nobody an entity.
    """
    if system not in SYSTEMS:
        raise GroupingError(f"There is no classification {system}; choose one from the list.")
    result = classify(cohort, system)
    entities = result.table["entity"]
    largest = entities.value_counts().index[:MAX_GROUPS]
    names = tuple(entity for entity in result.entities if entity in largest)
    if not names:
        raise GroupingError(
            f"{result.label} gives nobody here an entity: the Prognosis page says what is missing."
        )
    place = {entity: i for i, entity in enumerate(names)}
    codes = np.array([place.get(entity, NOT_DRAWN) for entity in entities], dtype=np.int16)
    codes[entities.isna().to_numpy()] = UNKNOWN
    codes[(result.table["disease"] == "").to_numpy()] = OTHER_DISEASE
    note = "An entity is given only where nothing that is missing could change it."
    return Grouping(f"{result.label} (computed)", names, codes, assign_colours(names), note=note)
