"""Home and Cohort from a tally: who they are, table one, what is known of them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.analysis.associations import table_one_of_tally
from app.cohort.tally import TallyError
from app.shell.controls.choice import choice
from app.shell.tables import draw_table
from app.study.wording import format_time, mid_sentence
from app.views.cohort.overview.answer import completeness_answer, pictures_answer
from app.views.cohort.table_one.answer import table_one_answer
from app.views.cohort.table_one.words import legend, printed
from app.views.home.answer import glance_answer
from app.views.tallied.analysis import (
    OF_ROUNDED,
    size_of,
    tallied_completeness,
    tallied_glance,
    tallied_pictures,
    tallied_survival,
)
from app.views.tallied.answer import as_told
from app.views.tallied.page_parts import (
    Asked,
    draw_figures,
    draw_groups,
    show_answer,
    take_away_counts,
)

PICTURES, TABLE, KNOWN = "Who they are", "Table one", "Completeness"
_MOST_FEATURES = 20


def draw_home(asked: Asked) -> None:
    """Tiles, the disease and the leading alterations."""
    _draw_tiles(asked)
    found = asked.ask("glance", lambda tally: tallied_glance(tally, asked.filter))
    answer = glance_answer(asked.tally.cohort, found)
    if not answer.figures:
        st.info("Neither a diagnosis nor an alteration can be shown of these patients.")
        return
    draw_figures(asked, answer, 2)


def draw_cohort(asked: Asked) -> None:
    """Distributions, table one, completeness."""
    cohort = asked.tally.cohort
    view = choice("View", (PICTURES, TABLE, KNOWN), "cohort_view", quiet=True)
    if view == TABLE:
        _draw_table_one(asked)
    elif view == KNOWN:
        known = asked.ask("known", lambda tally: tallied_completeness(tally, asked.filter))
        show_answer(asked, completeness_answer(cohort, known))
    else:
        _draw_tiles(asked)
        pictures = asked.ask("pictures", lambda tally: tallied_pictures(tally, asked.filter))
        draw_figures(asked, pictures_answer(cohort, pictures), 3)
    if not asked.tally.exact:
        st.caption(
            "A filter fixes the disease and at most two values, or one value and one alteration; "
            "what a filter has fixed is not shown again. Other filters, medians and single values "
            "cannot be answered safely; a value whose number is hidden has no bar."
        )


def _draw_tiles(asked: Asked) -> None:
    tally = asked.tally
    about = "" if tally.exact else ", about"
    tiles = st.columns(3)
    n = asked.ask("n", partial(size_of, selected=asked.filter))
    tiles[0].metric(f"Patients{about}", f"{n:,}", border=True)
    endpoint = next(iter(tally.cohort.endpoints.values()), None)
    if endpoint is None:
        return
    try:
        result = asked.ask(
            ("curves", endpoint.key, None, None),
            lambda asking: tallied_survival(asking, asked.filter, endpoint.key),
        )
    except TallyError:
        median, events = "–", "–"
    else:
        (curve,) = result.drawn
        km = curve.km
        words = "not reached" if km is None else format_time(km.median, "years")
        median = words if words == "not reached" else f"{words} years"
        events = f"{curve.events:,}"
    tiles[1].metric(f"Median {mid_sentence(endpoint.label)}", median, border=True)
    tiles[2].metric(f"Events{about}", events, border=True)


def _draw_table_one(asked: Asked) -> None:
    spec = draw_groups(asked)
    features = asked.tally.alterations[:_MOST_FEATURES]
    table = asked.ask(
        ("table", spec),
        partial(table_one_of_tally, spec=spec, selected=asked.filter, features=features),
    )
    draw_table(printed(table), key="table_one")
    st.caption(legend(table))
    if not asked.tally.exact:
        st.caption(OF_ROUNDED)
    take_away_counts(asked, as_told(table_one_answer(asked.tally.cohort, table), asked.tally))
