"""Survival while disclosure control is on: curves from released counts."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.analysis.disclosure_curves import curve_frame, released_curves, summary_frame
from app.charts.disclosed import curves_title, released_curves_figure
from app.cohort.disclosure import Disclosure
from app.ui.disclosed.parts import draw_released_grouping, released_downloads, released_figure
from app.ui.links import VIEW
from app.ui.session import Looking
from app.ui.survival import draw_endpoint_choice

_CURVES, _INCIDENCE = "Curves", "Competing risks"


def draw_survival(looking: Looking, policy: Disclosure) -> None:
    """Curves or cumulative incidence by group, and their numbers."""
    if not looking.cohort.endpoints:
        st.info("This cohort has no endpoint: the Data page says what was read.")
        return
    if st.session_state.get(VIEW) not in {_CURVES, _INCIDENCE}:
        st.session_state.pop(VIEW, None)
    view = st.segmented_control(
        "View", [_CURVES, _INCIDENCE], default=_CURVES, required=True, key=VIEW,
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        endpoint = draw_endpoint_choice(looking.cohort)
    with right:
        grouping = draw_released_grouping(looking, policy)
    result = released_curves(
        looking.cohort, endpoint, grouping, policy, incidence=view == _INCIDENCE
    )
    for note in result.notes:
        st.info(note)
    if not result.curves:
        st.info(
            f"Disclosure control: a curve needs {2 * policy.threshold} patients to follow. Widen "
            "the filter, or compare by something else."
        )
        return
    title = curves_title(result)
    released_figure(
        looking, policy,
        released_curves_figure(result, policy, title=title, synthetic=looking.synthetic),
        partial(curve_frame, result), key="km", name=endpoint, alt=f"Curves. {title}.",
    )  # fmt: skip
    st.subheader("In numbers", anchor=False)
    st.dataframe(summary_frame(result), hide_index=True, key="km_summary")
    released_downloads(
        looking,
        policy,
        partial(summary_frame, result),
        key="km_summary",
        name=f"{endpoint}-summary",
    )
    k = policy.threshold
    st.caption(
        f"Each step stands for {k} events or a multiple of {k}; the numbers at risk are rounded, "
        f"the censored have no marks, and a curve ends where fewer than {2 * k} are at risk. Cox "
        "models, the screen of genes and events during follow-up are not shown under disclosure "
        "control: their tables count few patients in many places."
    )
