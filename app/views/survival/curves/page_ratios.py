"""The hazard ratio of two groups from counts, by every likelihood that these allow."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.shell.tables import draw_table
from app.views.survival.curves.words import RATIOS_TOLD, ratios_table


def draw_ratios(ratios: pd.DataFrame) -> None:
    """Draw them, folded away, with what tells them apart."""
    of = ratios.iloc[0]
    with st.expander(f"Hazard ratio of {of['group']} against {of['reference']} from counts"):
        draw_table(ratios_table(ratios), key="ratios_from_counts")
        st.caption(RATIOS_TOLD)
