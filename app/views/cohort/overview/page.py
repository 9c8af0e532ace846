"""The Cohort page's pictures: tiles, distributions that filter when clicked, attrition."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.analysis.survival import kaplan_meier
from app.shell.controls.choice import choice
from app.shell.escaping import escaped_figure
from app.shell.layout import browser_is, draw_downloads
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.show import show_figure, take_away
from app.shell.sidebar import filter_columns, put_filter
from app.shell.story.adding import draw_adding
from app.study.analyses import answer_of
from app.study.answer import Answer
from app.study.figures.theme import plotly_config
from app.study.files.tables import file_stem
from app.study.question import Question
from app.study.wording import count, format_percent
from app.views.cohort.overview.analysis import (
    Categories,
    Histogram,
    distribution,
    in_words,
    labelled,
    numbers_behind,
    ranked_variables,
)
from app.views.cohort.overview.answer import MOST_VARIABLES, Pictures
from app.views.cohort.overview.figures import draw_alterations, draw_distribution
from app.views.cohort.overview.page_crossfilter import (
    EXCLUDE,
    ONLY,
    after_alteration,
    after_categories,
    after_range,
    brushed_range,
    clicked_bars,
)

_MEANING = "click_means"
_ALTERATIONS = "pictures_alterations"


@dataclass(frozen=True, eq=False)
class _Picture:
    """A figure that was drawn, what it is called, what makes its numbers, and what asks for it."""

    name: str
    figure: go.Figure
    numbers: Callable[[], pd.DataFrame]
    asked: Mapping[str, Any]


def draw_selection_tiles(looking: Looking) -> None:
    """Patients, age, follow-up and events of the selection."""
    cohort, mask = looking.cohort, looking.selection.mask
    tiles = st.columns(4)
    n = looking.selection.n
    tiles[0].metric(
        "Patients", f"{n:,}", border=True,
        help=f"{format_percent(n / max(cohort.n, 1))} of the {cohort.n:,} in the cohort.",
    )  # fmt: skip
    age = filter_columns(cohort).age
    values = np.array([]) if age is None else cohort.numbers(age.name)[mask]
    known = values[np.isfinite(values)]
    tiles[1].metric(
        "Median age",
        f"{np.median(known):.0f} years" if len(known) else "–",
        border=True,
        help=f"Known in {len(known):,} of {n:,}.",
    )
    for tile, (label, value, words) in zip(tiles[2:], _followed(looking), strict=True):
        tile.metric(label, value, border=True, help=words)


def draw_pictures(looking: Looking) -> None:
    """Distributions of the telling variables; a click or a brush changes the filter."""
    ranked = ranked_variables(looking.cohort)
    if not ranked and not looking.cohort.alterations.shape[1]:
        st.info("This cohort has no variable to draw; the Data page lists what was read.")
        return
    names = [item.variable.name for item in ranked]
    narrowed = not looking.filter.is_empty
    question = ask(looking, "cohort.pictures", {"names": names[:MOST_VARIABLES]})
    result: Pictures = result_of(question)
    found = {item.variable.name: item for item in result.found}
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        choice("A click or a brush means", (ONLY, EXCLUDE), _MEANING, linked=False, quiet=True)
        how = (
            "Tap a bar to read it, tap again to filter"
            if _by_touch()
            else "Click a bar or drag over a histogram to filter"
        )
        st.caption(f"{how}{'; in grey the whole cohort' if narrowed else ''}.")
    left, right = st.columns([2, 1], gap="medium")
    with right:
        drawn = _draw_alterations(looking, result.alterations, narrowed=narrowed)
    shown = names[:6]
    rest = names[6:MOST_VARIABLES]
    with left:
        drawn += _draw_grid(looking, [found[name] for name in shown], 2, narrowed=narrowed)
    drawn += _draw_grid(looking, [found[name] for name in rest], 3, narrowed=narrowed)
    if len(names) > MOST_VARIABLES and st.toggle(
        f"The other {count(len(names) - MOST_VARIABLES, 'variable')}", key="all_pictures"
    ):
        cohort, mask = looking.cohort, looking.selection.mask
        others = [distribution(cohort, name, mask) for name in names[MOST_VARIABLES:]]
        drawn += _draw_grid(looking, others, 3, narrowed=narrowed)
    _draw_picture_downloads(looking, drawn)
    answer = answer_of(question, looking.cohort, result)
    take_away(answer, question, steps=False)


def _draw_picture_downloads(looking: Looking, drawn: list[_Picture]) -> None:
    """The files of one of the pictures: a row under each of them would crowd the page."""
    if not drawn:
        return
    names = {picture.name: picture for picture in drawn}
    with st.popover(
        "Save or tell a figure", icon=":material/download:", type="tertiary", key="pictures_save",
        on_change="rerun",
    ) as save:  # fmt: skip
        if save.open:
            chosen = st.selectbox("Which figure", list(names), key="pictures_which")
            picture = names.get(chosen or "", drawn[0])
            stem = file_stem(looking.cohort.name, picture.name, synthetic=looking.synthetic)
            question = ask(looking, "cohort.pictures", picture.asked)
            answer = answer_of(question, looking.cohort, result_of(question))
            draw_downloads(
                picture.figure, picture.numbers, key="pictures", stem=stem,
                beside=partial(draw_adding, answer, question),
            )  # fmt: skip


def draw_attrition(looking: Looking) -> None:
    """Who is left after each step of the filter."""
    if looking.filter.is_empty:
        st.info(
            "No filter is in force: click a bar above, choose in the sidebar or build a filter, "
            "and this shows whom each step leaves."
        )
        return
    steps = json.dumps(looking.filter.to_dict(), sort_keys=True)
    question = ask(looking, "cohort.attrition", {"steps": steps})
    _draw_answer(question, looking)
    if looking.selection.n_missing:
        st.caption(
            "Not known: a value is missing or a gene was not tested, so the patient is neither in "
            "nor known to be out. They are left out and counted apart."
        )


def draw_completeness(looking: Looking) -> None:
    """How many have a value, variable by variable."""
    question = ask(looking, "cohort.completeness", {})
    take_away(_draw_answer(question, looking), question, steps=False)


def _draw_answer(question: Question, looking: Looking) -> Answer:
    """The figure of an answer with its downloads, offered to the story."""
    answer = answer_of(question, looking.cohort, result_of(question))
    show_figure(answer, question)
    return answer


def _draw_grid(
    looking: Looking, pictures: list[Categories | Histogram], columns: int, *, narrowed: bool
) -> list[_Picture]:
    drawn = []
    for start in range(0, len(pictures), columns):
        first = pictures[start].variable.name
        row = st.container(key=f"small_charts_{first}").columns(columns, gap="medium")
        for place, found in zip(row, pictures[start : start + columns], strict=False):
            with place:
                drawn.append(_draw_picture(looking, found, narrowed=narrowed))
    return drawn


def _draw_picture(looking: Looking, found: Categories | Histogram, *, narrowed: bool) -> _Picture:
    name = found.variable.name
    key = f"picture_{name}"
    brush = isinstance(found, Histogram) and not _by_touch()
    figure = _draw_clickable(
        looking,
        draw_distribution(
            found, narrowed=narrowed, synthetic=looking.synthetic, brush=not _by_touch()
        ),
        name,
        key=key,
        alt=f"{labelled(found.variable)}, {found.known:,} of {found.n:,} known: {in_words(found)}",
        on_select=partial(_on_picture, looking, found, key),
        mode="box" if brush else "points",
    )
    asked = {"names": (name,), "most": 0}
    return _Picture(found.variable.label, figure, partial(numbers_behind, found), asked)


def _draw_clickable(
    looking: Looking,
    figure: go.Figure,
    name: str,
    *,
    key: str,
    alt: str,
    on_select: Callable[[], None],
    mode: Literal["box", "points"] = "points",
) -> go.Figure:
    """A picture whose bars filter when they are clicked or brushed; as it was drawn."""
    stem = file_stem(looking.cohort.name, name, synthetic=looking.synthetic)
    st.plotly_chart(
        escaped_figure(figure),
        key=key,
        config=plotly_config(stem),
        alt=alt,
        on_select=on_select,
        selection_mode=(mode,),
    )
    return figure


def _by_touch() -> bool:
    """Whether a finger scrolls the page: dragging over a histogram must not filter then."""
    return browser_is("Mobi", "Android", "iPad")


def _draw_alterations(looking: Looking, table: pd.DataFrame, *, narrowed: bool) -> list[_Picture]:
    if table.empty:
        st.info("No alteration was found in this cohort.")
        return []
    listed = ", ".join(
        f"{row.label} {row.altered:,} of {row.tested:,}" for row in table.head(8).itertuples()
    )
    figure = _draw_clickable(
        looking,
        draw_alterations(
            table, looking.selection.n, narrowed=narrowed, synthetic=looking.synthetic
        ),
        "alterations",
        key=_ALTERATIONS,
        alt=f"Most frequent alterations of {looking.selection.n:,} patients: {listed}",
        on_select=partial(_on_alteration, looking, tuple(table["feature"])),
    )
    return [_Picture("Alterations", figure, lambda: table, {"names": ()})]


def _on_picture(looking: Looking, found: Categories | Histogram, key: str) -> None:
    event, meaning = st.session_state.get(key), st.session_state.get(_MEANING) or ONLY
    if isinstance(found, Categories):
        levels = clicked_bars(event)
        if levels:
            put_filter(looking, after_categories(looking.filter, found, levels, meaning))
        return
    ends = brushed_range(event, found)
    if ends is not None:
        put_filter(looking, after_range(looking.filter, found.variable.name, *ends, meaning))


def _on_alteration(looking: Looking, features: tuple[str, ...]) -> None:
    bars = clicked_bars(st.session_state.get(_ALTERATIONS))
    chosen, meaning = looking.filter, st.session_state.get(_MEANING) or ONLY
    for bar in bars:
        chosen = after_alteration(chosen, str(features[bar]), meaning)
    if bars:
        put_filter(looking, chosen)


def _followed(looking: Looking) -> list[tuple[str, str, str]]:
    """Label, value and explanation of follow-up and events, of the first endpoint with data."""
    cohort, mask = looking.cohort, looking.selection.mask
    for endpoint in cohort.endpoints.values():
        time, event = (cohort.numbers(name)[mask] for name in (endpoint.time, endpoint.event))
        known = ~(np.isnan(time) | np.isnan(event))
        if not known.any():
            continue
        km = kaplan_meier(time[known], event[known])
        years = "–" if math.isnan(km.median_followup) else f"{km.median_followup / 12:.1f} years"
        label = "Deaths" if endpoint.event_label == "death" else f"Events: {endpoint.event_label}"
        of = f"{endpoint.label}: {format_percent(km.events / km.n)} of {km.n:,} followed."
        return [
            ("Median follow-up", years, f"Reverse Kaplan-Meier over {count(km.n, 'patient')}."),
            (label, f"{km.events:,}", of),
        ]
    none = "No endpoint has data in these patients."
    return [("Median follow-up", "–", none), ("Events", "–", none)]
