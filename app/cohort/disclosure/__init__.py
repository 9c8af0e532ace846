"""Statistical disclosure control of a deployment: policy, questions, audited release."""

from app.cohort.disclosure._policy import HIDDEN, Disclosure, DisclosureError, printed
from app.cohort.disclosure._questions import (
    Condition,
    Dimension,
    Published,
    conditions_of,
    is_asked,
)
from app.cohort.disclosure._release import AT_RISK, COMPETING, EVENTS, GRID, Release
from app.cohort.disclosure._tally import ReleasedTally

__all__ = [
    "AT_RISK",
    "COMPETING",
    "EVENTS",
    "GRID",
    "HIDDEN",
    "Condition",
    "Dimension",
    "Disclosure",
    "DisclosureError",
    "Published",
    "Release",
    "ReleasedTally",
    "conditions_of",
    "is_asked",
    "printed",
]
