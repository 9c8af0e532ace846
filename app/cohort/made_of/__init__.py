"""What groups are made of: that they differ in it is no finding, so it is described and not tested.

Of all that the app makes (alterations, ranges, formulas, scores, classifications, filters,
subgroups) it is known; of a file's own columns as far as their name is one of the vocabulary. For
the others it is inferred from counts, in ``_by_counts``.
"""

from app.cohort.made_of._by_counts import cut_from, same_classes
from app.cohort.made_of._parts import (
    ALIKE,
    PART,
    alterations_in,
    parts_of,
    why_no_finding,
)
