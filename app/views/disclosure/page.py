"""Which pages are shown while disclosure control is on, and what the others say instead."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.cohort.disclosure import Disclosure
from app.shell.accounts import disclosure_policy
from app.shell.disclosure_words import refusal
from app.shell.layout import page_header
from app.shell.session import Looking
from app.views.disclosure.page_cohort import draw_cohort, draw_home
from app.views.disclosure.page_data import draw_data
from app.views.disclosure.page_genomics import draw_genomics
from app.views.disclosure.page_survival import draw_survival

# These pages show no data.
_WITHOUT_DATA = ("methods", "audit")
DATA = "data"
_View = Callable[[Looking, Disclosure], None]
VIEWS: dict[str, tuple[str, str, _View]] = {
    "": ("The cohort at a glance", "Who is in it, and what do they carry?", draw_home),
    "cohort": ("Cohort", "Who is in it, what do they carry, how do groups differ?", draw_cohort),
    "survival": ("Survival", "How do they fare, and how do groups differ?", draw_survival),
    "genomics": ("Genomics", "What do they carry, and what goes together?", draw_genomics),
    DATA: ("Data", "What is loaded, and what was understood.", draw_data),
}
_REFUSED = {
    "subgroups": "the map of subgroups has a point for every patient",
    "patient": "it is about single patients",
    "prognosis": "classes of scores and entities are often few patients",
    "compare": "groups of the user's own making can be made to differ by one patient",
    "transplant": "its protocol counts patients step by step, and few in many places",
}


def draw_disclosed(path: str) -> bool:
    """Draw the page of a path as it may be shown; whether that was done.

    Only views made of released counts are drawn. A page without one is refused, so that a page
    added later is not shown before somebody has thought of it.

    Parameters
    ----------
    path
        The page's path in the address; empty for Home.
    """
    policy = disclosure_policy()
    if policy is None or path in _WITHOUT_DATA:
        return False
    if path not in VIEWS:
        page_header(path.capitalize(), "Not shown on this server.")
        why = _REFUSED.get(path, "its numbers cannot be protected yet")
        st.info(
            f"Disclosure control: this page is not shown here, because {why}. Home, Cohort, "
            "Survival and Genomics have what can be said of many."
        )
        return True
    title, question, draw = VIEWS[path]
    looking = page_header(title, question)
    refused = refusal(looking)
    if refused and path != DATA:
        st.info(refused)
        return True
    draw(looking, policy)
    return True
