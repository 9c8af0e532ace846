"""Genomics while disclosure control is on: frequencies, for everyone and by group."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.cohort.colours import assign_colours
from app.cohort.disclosure import Disclosure
from app.shell.columns import percent
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.views.disclosure.figures import released_groups, released_shares
from app.views.disclosure.page_parts import asked_of, draw_released_grouping, released_figure
from app.views.disclosure.tables import alteration_tables, frequency_frame, groups_of


def draw_genomics(looking: Looking, policy: Disclosure) -> None:
    """Shares altered of the tested."""
    asked = asked_of(looking, policy)
    release, conditions = asked.release, asked.conditions
    if not release.published.of_kind("alteration"):
        st.info("This cohort has no alterations that may be shown: the Data page lists them.")
        return
    by = draw_released_grouping(asked)
    tables = alteration_tables(release, conditions, by)
    if not tables:
        st.info(
            "Disclosure control: alterations are asked one at a time, beside the disease and one "
            "condition or group. Take a condition out in the sidebar, or compare by a variable."
        )
    else:
        if by is None:
            figure, what = released_shares(tables, policy), "Alterations"
        else:
            names = [name for name, _ in groups_of(release, conditions, by)]
            figure = released_groups(tables, assign_colours(names), policy)
            what = f"Alterations by {release.published.dimensions[by].label}"
        released_figure(
            asked, figure, f"{what}, of the tested, {asked.about}",
            partial(frequency_frame, tables),
            key="frequencies", name="frequencies", alt="Share altered of the tested.",
        )  # fmt: skip
        draw_table(
            frequency_frame(tables), key="frequency_table",
            column_config=dict.fromkeys(("Share", "Lower", "Upper"), percent()),
        )  # fmt: skip
    st.caption(
        "Alterations together, their number a patient, the oncoprint, single variants and allele "
        "fractions count few patients in many places, so they are not shown under disclosure "
        "control."
    )
