"""Prognostic scores of a whole cohort: tables read by one engine, and what is missing.

Not a diagnosis: a score is computed from what a file holds, and says what it lacked.
"""

from app.cohort.scores._definition import GRADES, Band, Definition
from app.cohort.scores._score import (
    SCORES,
    ScoreResult,
    available_scores,
    definition_of,
    score,
)

__all__ = [
    "GRADES",
    "SCORES",
    "Band",
    "Definition",
    "ScoreResult",
    "available_scores",
    "definition_of",
    "score",
]
