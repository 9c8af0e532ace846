"""The swimmer plot of the selected patients."""

from __future__ import annotations

from functools import partial
from typing import Literal

import streamlit as st

from app.shell.layout import figure_with_downloads
from app.shell.links import unique_labels
from app.shell.session import Looking
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.theme import framed
from app.study.wording import count, format_percent, mid_sentence
from app.views.genomics.page_controls import draw_groups
from app.views.patient.script import swimmer_script
from app.views.patient.swimmer.analysis import (
    FOLLOW_UP,
    Swimmer,
    SwimmerSettings,
    sort_options,
    swimmer,
)
from app.views.patient.swimmer.figures import swimmer_alt, swimmer_figure
from app.views.patient.timeline import Histories, histories
from app.views.patient.words_methods import swimmer_methods
from data_loaders import CohortError

UNIT: Literal["years"] = "years"
_LANES = (20, 40, 60)
_SPREAD, _PAGED = "Spread over all", "Page by page"


def draw_swimmer(looking: Looking) -> None:
    """Draw the controls, the lanes and what they say."""
    cohort = looking.cohort
    found = histories(cohort)
    if found is None:
        st.info(
            "This cohort has no endpoint, so nobody's follow-up is known: a swimmer plot needs a "
            "time and an event, such as os_months and os_event."
        )
        return
    labels = _labels(looking, found)
    sort, colour, more = st.columns([5, 5, 3], vertical_alignment="bottom")
    with colour:
        chosen = draw_groups(looking)
    with sort:
        asked = st.selectbox(
            "Sort by",
            list(labels),
            format_func=lambda key: labels.get(key, key),
            key="swimmer_sort",
            bind="query-params",
        )
    with more, st.popover("Lanes", icon=":material/tune:", width="stretch", key="swimmer_more"):
        settings = _draw_lanes(looking, asked if asked in labels else FOLLOW_UP)
    try:
        drawn = swimmer(cohort, looking.selection.mask, found, chosen.grouping, settings)
    except CohortError as error:
        st.info(str(error))
        return
    title = _title(drawn, labels[settings.sort], settings)
    figure = framed(swimmer_figure(drawn, UNIT), title, synthetic=looking.synthetic)
    figure_with_downloads(
        figure, drawn.table, key="swimmer", name=("swimmer",), alt=swimmer_alt(title, drawn)
    )
    st.markdown(f"- {_reading(drawn)}")
    st.caption(_caption(drawn, settings))
    draw_take_away(
        looking,
        TakeAway(
            key="swimmer",
            name=("swimmer",),
            figures={"Figure": figure},
            sheets=lambda: {"Lanes": drawn.table()},
            methods=swimmer_methods(drawn, labels[settings.sort], looking.selection),
            script=partial(swimmer_script, settings, cohort, looking.filter, chosen),
        ),
    )


def _labels(looking: Looking, found: Histories) -> dict[str, str]:
    options = sort_options(looking.cohort, found)
    return unique_labels(list(options), lambda key: options[key])


def _draw_lanes(looking: Looking, sort: str) -> SwimmerSettings:
    lanes = st.segmented_control(
        "Lanes", _LANES, default=40, required=True, key="swimmer_lanes", bind="query-params"
    )
    lanes = lanes if lanes in _LANES else 40
    reverse = st.toggle("The other way round", key="swimmer_reverse", bind="query-params")
    which = st.segmented_control(
        "Which patients",
        (_SPREAD, _PAGED),
        default=_SPREAD,
        required=True,
        key="swimmer_which",
        bind="query-params",
        help="Spread: at even steps of the order, so that the whole selection is seen.",
    )
    page = None
    if which == _PAGED:
        pages = max(1, -(-looking.selection.n // lanes))
        if int(st.session_state.get("swimmer_page") or 1) > pages:
            st.session_state["swimmer_page"] = 1
        page = int(st.number_input("Page", 1, pages, 1, key="swimmer_page") or 1) - 1
    return SwimmerSettings(sort, bool(reverse), lanes, page)


def _title(drawn: Swimmer, order: str, settings: SwimmerSettings) -> str:
    by = f" by {mid_sentence(drawn.label)}" if drawn.label else ""
    turned = ", turned round" if settings.reverse else ""
    return (
        f"Follow-up and events{by}, {len(drawn.positions):,} of {count(drawn.total, 'patient')}; "
        f"{mid_sentence(order)}{turned}"
    )


def _reading(drawn: Swimmer) -> str:
    found, own = drawn.histories, drawn.positions
    label = mid_sentence(found.end_label)
    share = format_percent(drawn.ended / len(own))
    words = f"{drawn.ended:,} of the {len(own):,} lanes shown ({share}) end with {label}"
    seen = [(m.label, int((m.months[own] >= 0).sum())) for m in found.milestones]
    told = [f"{number:,} show {mid_sentence(name)}" for name, number in seen if number]
    return f"{'; '.join([words, *told])}."


def _caption(drawn: Swimmer, settings: SwimmerSettings) -> str:
    text = "A lane is a patient's follow-up; marks are its events."
    if len(drawn.positions) < drawn.total:
        if settings.page is None:
            text += (
                f" {len(drawn.positions):,} of {drawn.total:,} patients shown, at even steps of "
                "the order; “Lanes” pages through all."
            )
        else:
            page = min(settings.page, drawn.pages - 1) + 1
            text += f" Page {page:,} of {drawn.pages:,}, {drawn.total:,} patients in all."
    if drawn.without:
        text += f" {count(drawn.without, 'selected patient')} without a recorded follow-up."
    return text
