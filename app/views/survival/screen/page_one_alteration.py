"""One alteration of the screen: which was clicked, its curves, and the way to them in full."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from app.cohort.groupings import GroupingSpec, by_alteration
from app.shell.controls.choice import pick
from app.shell.controls.curve_options import TimeOptions
from app.shell.controls.time_axis import draw_axis_end
from app.shell.layout import figure_with_downloads
from app.shell.links import GROUP, VIEW, feature_labels, keep_choices
from app.shell.session import Looking
from app.study.figures.theme import framed
from app.study.wording import format_p, format_q, format_ratio
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.curves.figures import survival_alt, survival_figure
from app.views.survival.curves.words import numbers_table, reading, survival_title
from app.views.survival.screen.analysis import CohortScreen

GENE = "gene"
VOLCANO_KEY, TABLE_KEY = "screen_volcano", "screen_table"
_CURVES_VIEW = "Survival curves"


def current_gene(features: list[str]) -> str | None:
    """The alteration chosen, or the one with the strongest evidence."""
    asked = st.session_state.get(GENE)
    if asked in features:
        return str(asked)
    return features[0] if features else None


def draw_gene(
    looking: Looking, time: TimeOptions, screen: CohortScreen, features: list[str]
) -> None:
    """The choice of one alteration, its Kaplan-Meier curves, and a button to them in full."""
    labels = feature_labels(looking.cohort)
    gene = pick(
        "Curves of",
        features,
        GENE,
        labels=labels,
        help="Or click a point of the volcano or a row of the table.",
    )
    row = screen.table.set_index("feature").loc[gene]
    result = survival_by_group(
        looking.cohort,
        looking.selection.mask,
        screen.outcome.endpoint.key,
        by_alteration(looking.cohort, gene),
        limit=time.limit,
    )
    title = survival_title(result)
    place = st.container()
    until = draw_axis_end(result.supported_until, result.last_time, time.unit)
    figure = framed(
        survival_figure(result, time.unit, marks=False, until=until),
        title,
        synthetic=looking.synthetic,
    )
    with place:
        figure_with_downloads(
            figure,
            partial(numbers_table, result, time.unit),
            key="screen_km",
            name=(gene, screen.outcome.endpoint.key),
            alt=survival_alt(title, result, reading(result)),
        )
    st.markdown(
        f"**{row['label']}**: hazard ratio {format_ratio(row['hr'], row['lower'], row['upper'])}, "
        f"{format_p(row['p_value'])}, {format_q(row['q_value'])}; altered in {row['altered']:,} of "
        f"{row['n']:,} tested. The curves are not adjusted."
    )
    curves = {GROUP: str(GroupingSpec("alteration", gene)), VIEW: _CURVES_VIEW}
    st.button(
        "Open its curves",
        key="open_gene",
        icon=":material/stairs:",
        on_click=keep_choices,
        args=(curves,),
    )


def keep_point(looking: Looking) -> None:
    """Take the clicked point; a second click on it, which selects nothing, changes nothing."""
    event: Any = st.session_state.get(VOLCANO_KEY)
    points = [] if event is None else event["selection"]["points"]
    for point in points:
        clicked = point.get("customdata")
        name = clicked[0] if isinstance(clicked, list) and clicked else clicked
        if name in looking.cohort.alterations.columns:
            st.session_state[GENE] = name
            return


def keep_row(looking: Looking, features: list[str]) -> None:
    """Take the clicked row; taking its mark away changes nothing."""
    event: Any = st.session_state.get(TABLE_KEY)
    rows = [] if event is None else event["selection"]["rows"]
    if rows and rows[0] < len(features) and features[rows[0]] in looking.cohort.alterations.columns:
        st.session_state[GENE] = features[rows[0]]
