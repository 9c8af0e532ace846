"""The pages, their paths and their order."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.shell.accounts import Person, Refused

_PAGES = Path(__file__).resolve().parents[2] / "pages"

HOME = _PAGES / "home.py"
COHORT = _PAGES / "cohort.py"
SURVIVAL = _PAGES / "survival.py"
SUBGROUPS = _PAGES / "subgroups.py"
PROGNOSIS = _PAGES / "prognosis.py"
TRANSPLANT = _PAGES / "transplant.py"
GENOMICS = _PAGES / "genomics.py"
COMPARE = _PAGES / "compare.py"
POOLED = _PAGES / "pooled.py"
PATIENT = _PAGES / "patient.py"
STORY = _PAGES / "story.py"
DATA = _PAGES / "data.py"
METHODS = _PAGES / "methods.py"
AUDIT = _PAGES / "audit.py"


def navigation(who: Person | Refused) -> st.Page:
    """Register the pages that somebody may see and return the one that the address asks for."""
    # Where the page is, its title and its icon; its address is its file's name, Home's is empty.
    pages = (
        (HOME, "Home", "home"),
        (COHORT, "Cohort", "groups"),
        (SURVIVAL, "Survival", "stairs"),
        (SUBGROUPS, "Subgroups", "bubble_chart"),
        (PROGNOSIS, "Prognosis", "query_stats"),
        (TRANSPLANT, "Transplant", "swap_horiz"),
        (GENOMICS, "Genomics", "genetics"),
        (COMPARE, "Compare", "compare"),
        (POOLED, "Pooled", "hub"),
        (PATIENT, "Patient", "person"),
        (STORY, "Story", "slideshow"),
        (DATA, "Data", "upload_file"),
        (METHODS, "Methods", "menu_book"),
    )
    # Who has yet to log in may be an administrator who comes by its link.
    if not isinstance(who, Person) or who.may("administer"):
        pages += ((AUDIT, "Audit", "policy"),)
    return st.navigation(
        [
            st.Page(
                path,
                title=title,
                icon=f":material/{icon}:",
                url_path="" if path == HOME else path.stem,
                default=path == HOME,
            )
            for path, title, icon in pages
        ],
        expanded=True,
        position="sidebar" if isinstance(who, Person) else "hidden",
    )


def page_at(path: str) -> Path:
    """The page of an address' path; Home where there is no such page."""
    page = _PAGES / f"{path}.py"
    return page if path.isidentifier() and page.is_file() else HOME
