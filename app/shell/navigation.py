"""The pages, their paths and their order."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_PAGES = Path(__file__).resolve().parents[2] / "pages"

HOME = _PAGES / "home.py"
COHORT = _PAGES / "cohort.py"
SURVIVAL = _PAGES / "survival.py"
SUBGROUPS = _PAGES / "subgroups.py"
TRANSPLANT = _PAGES / "transplant.py"
GENOMICS = _PAGES / "genomics.py"
COMPARE = _PAGES / "compare.py"
PATIENT = _PAGES / "patient.py"
DATA = _PAGES / "data.py"
METHODS = _PAGES / "methods.py"


def navigation() -> st.Page:
    """Register the pages and return the one that the address asks for."""
    return st.navigation(
        [
            st.Page(HOME, title="Home", icon=":material/home:", url_path="", default=True),
            st.Page(COHORT, title="Cohort", icon=":material/groups:", url_path="cohort"),
            st.Page(SURVIVAL, title="Survival", icon=":material/stairs:", url_path="survival"),
            st.Page(
                SUBGROUPS, title="Subgroups", icon=":material/bubble_chart:", url_path="subgroups"
            ),
            st.Page(
                TRANSPLANT,
                title="Transplant",
                icon=":material/swap_horiz:",
                url_path="transplant",
            ),
            st.Page(GENOMICS, title="Genomics", icon=":material/genetics:", url_path="genomics"),
            st.Page(COMPARE, title="Compare", icon=":material/compare:", url_path="compare"),
            st.Page(PATIENT, title="Patient", icon=":material/person:", url_path="patient"),
            st.Page(DATA, title="Data", icon=":material/upload_file:", url_path="data"),
            st.Page(METHODS, title="Methods", icon=":material/menu_book:", url_path="methods"),
        ],
        expanded=True,
    )
