"""Kaplan-Meier curves by group: the view that the survival page opens on."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.analysis.group_reading import numbers_table, reading, summary_table
from app.analysis.group_survival import GroupSurvival, survival_by_group
from app.analysis.wording import TimeUnit
from app.charts.survival import survival_alt, survival_figure
from app.export.methods import survival_methods
from app.export.script import survival_script
from app.ui.layout import figure_with_downloads
from app.ui.session import Looking
from app.ui.survival import draw_accounting, survival_settings, survival_title
from app.ui.take_away import TakeAway, draw_take_away


def draw_curves(looking: Looking) -> None:
    """Draw the controls, the curves, what they say and what can be taken away."""
    settings = survival_settings(looking)
    result = survival_by_group(
        looking.cohort,
        looking.selection.mask,
        settings.endpoint,
        settings.grouping(looking.cohort),
        limit=settings.limit,
        conf_type=settings.conf_type,
    )
    sentences = reading(result)
    title = survival_title(result)

    figure = survival_figure(
        result,
        settings.unit,
        title=title,
        synthetic=looking.synthetic,
        band=settings.band,
        marks=settings.marks,
        full_table=settings.full_table,
    )

    chart, words = st.columns([5, 3], gap="large")
    with chart:
        figure_with_downloads(
            figure,
            partial(numbers_table, result, settings.unit),
            key="km",
            name=(result.endpoint.key, result.label),
            alt=survival_alt(title, result, sentences),
        )
    with words:
        st.subheader("In words", anchor=False)
        for note in result.notes:
            st.info(note)
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
        draw_accounting(result)

    st.subheader("In numbers", anchor=False)
    st.dataframe(summary_table(result, settings.unit), hide_index=True, key="km_summary")
    if result.pairwise is not None:
        with st.expander("Every pair of groups (log-rank, Holm's adjustment)"):
            st.dataframe(result.pairwise, hide_index=True, key="km_pairs")
    draw_take_away(
        looking,
        TakeAway(
            key="km",
            name=(result.endpoint.key, result.label),
            figures={"Figure": figure},
            sheets=partial(_sheets, result, settings.unit),
            methods=survival_methods(result, looking.selection),
            script=partial(survival_script, result, looking.cohort, looking.filter, settings.spec),
        ),
    )
    st.caption(
        f"Kaplan-Meier with 95% {settings.conf_type} intervals; a median is the first time at "
        "which half had the event. How each number is computed is on the Methods page."
    )


def _sheets(result: GroupSurvival, unit: TimeUnit) -> dict[str, pd.DataFrame]:
    sheets = {"Summary": summary_table(result, unit), "Curves": numbers_table(result, unit)}
    if result.pairwise is not None:
        sheets["Pairs"] = result.pairwise
    return sheets
