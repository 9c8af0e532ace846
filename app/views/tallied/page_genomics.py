"""Genomics from a tally: how often alterations occur, and which go together."""

from __future__ import annotations

import streamlit as st

from app.study.analyses import REGISTRY
from app.views.genomics.frequencies.answer import frequency_answer
from app.views.genomics.pairs.answer import pair_answer
from app.views.tallied.analysis import tallied_frequencies, tallied_pairs
from app.views.tallied.page_parts import Asked, draw_groups, draw_view, show_answer

FREQUENCIES, PAIRS = (REGISTRY[f"genomics.{name}"].label for name in ("frequencies", "pairs"))
_ROWS = 30
_NOT_HERE = (
    "Alterations together, their number a patient, the oncoprint, single variants and allele "
    "fractions count few patients in many places, so they are not shown under disclosure control."
)


def draw_genomics(asked: Asked) -> None:
    """Shares altered of the tested, and pairs."""
    cohort = asked.tally.cohort
    if not asked.tally.alterations:
        st.info("This cohort has no alterations that may be shown: the Data page lists them.")
        return
    if not asked.tally.exact:
        st.caption(_NOT_HERE)
    elif draw_view(asked, "genomics", (FREQUENCIES, PAIRS)) == PAIRS:
        pairs = asked.ask("pairs", lambda tally: tallied_pairs(tally, asked.filter))
        show_answer(asked, pair_answer(cohort, pairs))
        return
    spec = draw_groups(asked)
    found, notes = asked.ask(
        ("frequencies", spec), lambda tally: tallied_frequencies(tally, asked.filter, spec)
    )
    show_answer(asked, frequency_answer(cohort, found, most=_ROWS), notes)
