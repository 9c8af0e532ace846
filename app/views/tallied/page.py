"""Which pages are drawn from a tally, and what the others say under disclosure control."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.cohort.tally import EngineTally, TallyError
from app.shell.accounts import disclosure_policy
from app.shell.controls.views import control_of
from app.shell.disclosure_words import refusal
from app.shell.layout import draw_provenance, page_header
from app.shell.session import looking_at
from app.study.analyses import views_of
from app.views.tallied.page_cohort import draw_cohort, draw_home
from app.views.tallied.page_compare import GLANCE, draw_compare
from app.views.tallied.page_data import draw_data
from app.views.tallied.page_database import asked_database, draw_understood, look_at_sample
from app.views.tallied.page_genomics import FREQUENCIES, PAIRS, draw_genomics
from app.views.tallied.page_parts import Asked
from app.views.tallied.page_survival import COUNTED, draw_survival

# These pages show no data.
_WITHOUT_DATA = ("methods", "audit")
DATA = "data"
_DATA = ("Data", "What is loaded, and what was understood.")
_NOT_OFFERED = (
    "Findings, corrections with their preview, and saving the cohort show single patients, so "
    "they are not offered under disclosure control: prepare the file on a machine without it."
)
_View = Callable[[Asked], None]
VIEWS: dict[str, tuple[str, str, _View]] = {
    "": ("The cohort at a glance", "Who is in it, and what do they carry?", draw_home),
    "cohort": ("Cohort", "Who is in it, what do they carry, how do groups differ?", draw_cohort),
    "survival": ("Survival", "How do they fare, and how do groups differ?", draw_survival),
    "genomics": ("Genomics", "What do they carry, and what goes together?", draw_genomics),
}
_COMPARE = ("Compare", "How do these groups of patients differ?", draw_compare)
# The views that counts have, of a database; the others of these pages run on a sample of its rows.
_COUNTED = {
    "survival": COUNTED,
    "genomics": (FREQUENCIES, PAIRS),
    "compare": (GLANCE,),
}
_REFUSED = {
    "subgroups": "the map of subgroups has a point for every patient",
    "patient": "it is about single patients",
    "prognosis": "classes of scores and entities are often few patients",
    "compare": "groups of the user's own making can be made to differ by one patient",
    "transplant": "its protocol counts patients step by step, and few in many places",
}


def draw_tallied(path: str) -> bool:
    """Draw the page of a path from a tally, where there is one; whether that was done.

    Under disclosure control that is the released one, and only views made of it are drawn. A page
    without one is refused, so that a page added later is not shown before somebody has thought of
    it.

    Parameters
    ----------
    path
        The page's path in the address; empty for Home.
    """
    policy = disclosure_policy()
    if path in _WITHOUT_DATA:
        return False
    if policy is None:
        asked = asked_database()
        return asked is not None and _draw_database(path, asked)
    if path == DATA:
        draw_data(page_header(*_DATA))
        st.caption(_NOT_OFFERED)
        return True
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
    if refused:
        st.info(refused)
        return True
    _draw(draw, Asked(policy.tally(looking.cohort), looking.filter))
    draw_provenance(looking)
    return True


def _draw_database(path: str, asked: Asked) -> bool:
    """The page of a path from a database; False where it is to run on a sample of its rows."""
    assert isinstance(asked.tally, EngineTally)  # noqa: S101  (a database is asked through it)
    if path == DATA:
        _header(asked, *_DATA)
        draw_data(looking_at())
        draw_understood(asked.tally)
        return True
    if (path in VIEWS or path == "compare") and not _needs_rows(path):
        title, question, draw = VIEWS.get(path, _COMPARE)
        _header(asked, title, question)
        _draw(draw, asked)
        return True
    try:
        look_at_sample(asked)
    except ValueError as error:
        st.title(path.capitalize(), anchor=False)
        st.info(markdown_escaped(str(error)))
        return True
    return False


def _header(asked: Asked, title: str, question: str) -> None:
    """As :func:`page_header`, of a database."""
    st.title(title, anchor=False)
    patients = markdown_escaped(asked.filter.describe(asked.tally.cohort))
    name = markdown_escaped(asked.tally.name)
    st.markdown(f"{question}  \n**{name}**, counted where its rows lie · {patients}")


def _needs_rows(path: str) -> bool:
    """Whether the view chosen on a page is one that counts do not have."""
    counted = _COUNTED.get(path)
    view = st.session_state.get(control_of(path))
    return counted is not None and view in views_of(path) and view not in counted


def _draw(draw: _View, asked: Asked) -> None:
    try:
        draw(asked)
    except (TallyError, ValueError) as error:
        st.info(markdown_escaped(str(error)))
