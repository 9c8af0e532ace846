"""One alteration of the screen: which was clicked, its curves, and the way to them in full."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from app.cohort.groupings import GroupingSpec
from app.shell.controls.choice import pick
from app.shell.controls.curve_options import TimeOptions
from app.shell.controls.time_axis import draw_axis_end
from app.shell.layout import figure_with_downloads
from app.shell.links import GROUP, VIEW, feature_labels, keep_choices
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.story.adding import draw_adding
from app.study.analyses import REGISTRY, answer_of
from app.study.wording import format_p, format_q, format_ratio
from app.views.survival.curves.analysis import GroupSurvival
from app.views.survival.screen.analysis import CohortScreen

GENE = "gene"
VOLCANO_KEY, TABLE_KEY = "screen_volcano", "screen_table"


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
    settings = {"endpoint_key": screen.outcome.endpoint.key, "limit": time.limit}
    question = ask(looking, "survival.curves", settings, GroupingSpec("alteration", gene))
    result: GroupSurvival = result_of(question)
    place = st.container()
    until = draw_axis_end(result.supported_until, result.last_time, time.unit)
    question = replace(question, shown={"unit": time.unit, "marks": False, "until": until})
    answer = replace(answer_of(question, looking.cohort, result), key="screen_km")
    with place:
        figure_with_downloads(
            answer.figure, answer.numbers, key=answer.key, alt=answer.alt,
            name=(gene, screen.outcome.endpoint.key),
            beside=partial(draw_adding, answer, question),
        )  # fmt: skip
    st.markdown(
        f"**{row['label']}**: hazard ratio {format_ratio(row['hr'], row['lower'], row['upper'])}, "
        f"{format_p(row['p_value'])}, {format_q(row['q_value'])}; altered in {row['altered']:,} of "
        f"{row['n']:,} tested. The curves are not adjusted."
    )
    curves = {GROUP: str(GroupingSpec("alteration", gene)), VIEW: REGISTRY["survival.curves"].label}
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
