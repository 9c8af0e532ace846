"""Prognostic scores of a whole cohort: tables read by one engine, and what is missing.

Not a diagnosis: a score is computed from what a file holds, and says what it lacked.
"""

from app.cohort.scores._columns import disease_of
from app.cohort.scores._definition import Definition
from app.cohort.scores._patient import contributions
from app.cohort.scores._score import (
    SCORES,
    alterations_of,
    available_scores,
    definition_of,
    events_called,
    parts_of_score,
    score,
)
from app.cohort.scores._variables import (
    codes_of,
    computed_by,
    offered_scores,
    score_called,
    score_variable,
    scores_among,
    scores_named_in,
    with_scores,
)
