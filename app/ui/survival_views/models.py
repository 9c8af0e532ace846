"""A view of the survival page."""

from __future__ import annotations

import streamlit as st

from app.ui.session import Looking


def draw_models(looking: Looking) -> None:
    """Draw the view."""
    st.info(f"Not built yet for {looking.cohort.name}.")
