"""Scores as variables of the cohort looked at: chosen in the sidebar, kept in the link."""

from __future__ import annotations

from app.cohort.scores import SCORES, offered_scores
from app.shell.controls.choice import several
from app.shell.session import SCORE_VARIABLES
from data_loaders import Cohort

_HELP = (
    "Computed from the cohort's own columns and then there wherever its variables are: filters, "
    "covariates, tables, risk classes, tracks, downloads. A class is missing where an input is. "
    "Not a diagnosis."
)


def draw_score_variables(cohort: Cohort) -> None:
    """Offer the scores that this cohort can feed, where there are any."""
    offered = offered_scores(cohort)
    if offered:
        labels = {key: SCORES[key].label for key in offered}
        several(
            "Scores as variables", offered, SCORE_VARIABLES, labels=labels, placeholder="None",
            help=_HELP,
        )  # fmt: skip
