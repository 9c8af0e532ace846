"""Which alterations occur together and which avoid each other."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.shell.columns import columns, counted, pinned
from app.shell.layout import figure_with_downloads
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.theme import framed
from app.study.wording import count
from app.views.genomics.page_controls import draw_kinds, draw_most
from app.views.genomics.pairs.analysis import (
    MIN_ALTERED,
    PairScreen,
    about_reading,
    pair_reading,
    pair_screen,
)
from app.views.genomics.pairs.figures import co_occurrence_alt, co_occurrence_figure
from app.views.genomics.script import pair_script
from app.views.genomics.words_methods import pair_methods

EVERY = "All pairs"
_NUMBERS = [10, 15, 20, 25, 30, 40]
_COLUMNS = (
    *("label_a", "label_b", "odds_ratio", "lower", "upper", "p_value", "q_value", "tested"),
    *("both", "a_only", "b_only", "neither"),
)


def draw_pairs(looking: Looking) -> None:
    """Draw the controls, the triangle, the table and what they say."""
    left, middle, right = st.columns([5, 3, 3], vertical_alignment="bottom")
    with left:
        kinds = draw_kinds(looking)
    with middle:
        most = draw_most("The most frequent", _NUMBERS, 20, key="pairs_most")
    with right:
        floor = st.number_input(
            "Altered in at least, patients",
            min_value=1,
            value=MIN_ALTERED,
            key="pairs_floor",
            bind="query-params",
        )
    try:
        screen = pair_screen(
            looking.cohort, looking.selection.mask, kinds, most, min_altered=int(floor or 1)
        )
    except ValueError as error:
        st.info(str(error))
        return
    title = (
        f"Alterations together and apart, {count(len(screen.features), 'alteration')} in "
        f"{count(screen.selected, 'patient')}"
    )
    figure = framed(
        co_occurrence_figure(screen.table, screen.features), title, synthetic=looking.synthetic
    )
    chart, words = st.columns([7, 5], gap="large")
    with chart:
        figure_with_downloads(
            figure,
            lambda: screen.table,
            key="genomics_pairs",
            name=("co-occurrence",),
            alt=co_occurrence_alt(title, pair_reading(screen)),
        )
    with words:
        rows = _draw_words(screen)
        _draw_table(rows)
    draw_take_away(
        looking,
        TakeAway(
            key="genomics_pairs",
            name=("co-occurrence",),
            figures={"Figure": figure},
            sheets=lambda: {"Pairs": screen.table},
            methods=pair_methods(screen, looking.selection),
            script=partial(pair_script, screen, most, looking.cohort, looking.filter),
        ),
    )


def _draw_words(screen: PairScreen) -> pd.DataFrame:
    """One alteration to read about, and the pairs to list."""
    options = ["", *screen.features]
    about = st.selectbox(
        "What goes with, what avoids",
        options,
        format_func=lambda name: screen.features.get(name, EVERY),
        key="pairs_about",
        bind="query-params",
    )
    known = about in screen.features
    sentences = about_reading(screen, about) if known else pair_reading(screen)
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
    own = f"; {count(screen.own, 'pair')} of one gene left out" if screen.own else ""
    st.caption(
        "Fisher's exact test in the patients tested for both; odds ratios are conditional "
        "estimates with exact 95% intervals, as R's fisher.test; Benjamini-Hochberg over all "
        f"{screen.n_tested:,} pairs tested{own}. Pairs of a mixed cohort can go together only "
        "because both belong to one disease: filter to one diagnosis to see."
    )
    return screen.about(about) if known else screen.table


def _draw_table(rows: pd.DataFrame) -> None:
    draw_table(
        rows,
        key="pairs_table",
        height=360,
        column_order=_COLUMNS,
        column_config=columns(
            *("odds_ratio", "lower", "upper", "p_value", "q_value", "tested"),
            label_a=pinned("A"),
            label_b=pinned("B"),
            both=counted("Both"),
            a_only=counted("Only A"),
            b_only=counted("Only B"),
            neither=counted("Neither"),
        ),
    )
