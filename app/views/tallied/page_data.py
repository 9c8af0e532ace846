"""Data from a tally: what is loaded, without a count or a value of patients."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.shell.session import Looking, cohort_keys, cohort_title
from app.shell.tables import draw_table
from app.views.data.page import open_in_callback
from app.views.data.page_loading import draw_loading


def draw_data(looking: Looking) -> None:
    """Loading, provenance, and the dictionary of variables, alterations and endpoints."""
    cohort = looking.cohort
    draw_loading()
    with st.container(horizontal=True):
        for key in cohort_keys():
            st.button(
                cohort_title(key), key=f"open_{key}", on_click=open_in_callback, args=(key,),
                type="primary" if key == looking.key else "secondary",
            )  # fmt: skip
    st.subheader(cohort.name, anchor=False)
    provenance = cohort.provenance
    parts = [provenance.note, provenance.citation, f"Source: {provenance.source}"]
    st.markdown("  \n".join(part for part in parts if part))
    for title, rows in (
        ("Endpoints", [{"Endpoint": e.label} for e in cohort.endpoints.values()]),
        (
            "Variables",
            [
                {"Variable": v.label, "Unit": v.unit, "Kind": v.kind, "Role": v.role}
                for v in cohort.variables.values()
            ],
        ),
        (
            "Alterations",
            [
                {"Alteration": str(label), "Kind": str(kind)}
                for label, kind in zip(
                    cohort.features["label"], cohort.features["kind"], strict=True
                )
            ],
        ),
    ):
        if rows:
            st.subheader(title, anchor=False)
            draw_table(pd.DataFrame(rows), key=f"data_{title.lower()}")
