"""Survival while disclosure control is on: curves from released counts."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.cohort.disclosure import GRID, Disclosure
from app.shell.controls.choice import choice
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.links import VIEW
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.views.disclosure.curves import curve_frame, released_curves, summary_frame
from app.views.disclosure.figures import curves_title, released_curves_figure
from app.views.disclosure.page_parts import (
    asked_of,
    draw_released_grouping,
    released_downloads,
    released_figure,
)

_CURVES, _INCIDENCE = "Curves", "Competing risks"


def draw_survival(looking: Looking, policy: Disclosure) -> None:
    """Curves or cumulative incidence by group, and their numbers."""
    if not looking.cohort.endpoints:
        st.info("This cohort has no endpoint: the Data page says what was read.")
        return
    view = choice("View", (_CURVES, _INCIDENCE), VIEW, quiet=True)
    left, right = st.columns(2)
    with left:
        endpoint = draw_endpoint_choice(looking.cohort)
    asked = asked_of(looking, policy)
    with right:
        by = draw_released_grouping(asked)
    result = released_curves(
        looking.cohort.endpoints[endpoint], asked.release, asked.conditions, by,
        incidence=view == _INCIDENCE,
    )  # fmt: skip
    for note in result.notes:
        st.info(note)
    if not result.curves:
        st.info(
            f"Disclosure control: a curve needs {2 * policy.threshold} patients to follow, and at "
            "most one condition or group beside the disease. Widen the filter, or compare by "
            "something else."
        )
        return
    title = curves_title(result)
    released_figure(
        asked, released_curves_figure(result, policy), title, partial(curve_frame, result),
        key="km", name=endpoint, alt=f"Curves. {title}.",
    )  # fmt: skip
    st.subheader("In numbers", anchor=False)
    draw_table(summary_frame(result), key="km_summary")
    released_downloads(
        asked, partial(summary_frame, result), key="km_summary", name=f"{endpoint}-summary"
    )
    k = policy.threshold
    st.caption(
        f"Life tables of numbers at risk and events at {len(GRID) - 1} months, rounded to {k}; a "
        f"curve ends where fewer than {2 * k} are at risk, and what is hidden in the first months "
        "is taken for none. Tests, Cox models, the screen of genes and events during follow-up "
        "are not shown under disclosure control."
    )
