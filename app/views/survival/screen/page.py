"""Every alteration against an endpoint: volcano, forest and table, and the curves of a click."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from app.shell.columns import columns, counted, pinned
from app.shell.controls.adjusting import draw_adjustment
from app.shell.controls.choice import choice, number
from app.shell.controls.curve_options import TimeOptions, draw_time_options
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.layout import bullets, download_table, figure_with_downloads, words_header
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.show import take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.study.answer import Answer
from app.study.figures.forest import forest_alt
from app.study.files.tables import file_stem
from app.study.question import Question
from app.study.wording import count
from app.views.survival.screen.analysis import (
    ADJUSTMENTS,
    MIN_ALTERED,
    CohortScreen,
    adjusted_words,
)
from app.views.survival.screen.answer import FOREST, VOLCANO, forest_rows
from app.views.survival.screen.page_one_alteration import (
    TABLE_KEY,
    current_gene,
    draw_gene,
    keep_point,
    keep_row,
)
from data_loaders.model import FEATURE_KINDS, FeatureKind

TABLE = "Table"
_COLUMNS = (
    *("label", "hr", "lower", "upper", "p_value", "q_value", "altered", "n", "frequency"),
    *("events_altered", "events", "kind", "note"),
)


def draw_screen(looking: Looking) -> None:
    """Draw the controls, the screen, the curves of one alteration and what it says."""
    if not len(looking.cohort.features):
        st.info(
            "This cohort has no alterations to screen: it needs a column for each gene, such as "
            "TP53 with 1 (altered), 0 (not altered) or nothing (not tested)."
        )
        return
    question, time = _question(looking)
    try:
        screen: CohortScreen = result_of(question)
    except ValueError as error:
        st.info(str(error))
        return
    shown = choice("Shown as", [VOLCANO, FOREST, TABLE], "screen_as", quiet=True)
    st.caption(_floor(screen))
    features = screen.table["feature"].tolist()
    question = replace(question, shown={"ringed": current_gene(features)})
    answer = answer_of(question, looking.cohort, screen)
    if features:
        if shown == TABLE:
            _draw_table(looking, screen)
            curves, words = st.columns([5, 4], gap="large")
        else:
            chart, curves = st.columns([5, 4], gap="large")
            words = st.container()
            with chart:
                _draw_figure(looking, answer, screen, shown)
        with curves:
            draw_gene(looking, time, screen, features)
        with words:
            _draw_words(answer)
    else:
        st.info(" ".join(answer.sentences))
    _draw_not_tested(screen)
    take_away(answer, question)


# What is asked -------------------------------------------------------------------------------


def _question(looking: Looking) -> tuple[Question, TimeOptions]:
    """Draw the controls; what they ask, and how the curves beside it are drawn."""
    cohort = looking.cohort
    left, middle, right = st.columns([4, 6, 3], vertical_alignment="top")
    with left:
        endpoint = draw_endpoint_choice(cohort)
    with middle:
        adjust = draw_adjustment(cohort, key="screen_adjust", label="Adjusted for")
    with right:
        # Level with the boxes beside it, which have their labels above.
        st.space("xsmall")
        with st.popover("Options", icon=":material/tune:", width="stretch", key="screen_options"):
            floor = number(
                "Altered in at least, patients",
                "screen_floor",
                value=MIN_ALTERED,
                least=1,
                help="Rarer alterations are not tested: they cost power and their ratios are "
                "uncertain.",
            )
            kinds = _draw_kinds(cohort.feature_kinds)
            adjustment = choice(
                "Adjust for the number tested by",
                names := {name: key for key, name in ADJUSTMENTS.items()},
                "screen_multiplicity",
                help="Benjamini-Hochberg limits the share of false findings, Holm the chance of "
                "any.",
            )
            time = draw_time_options()
    settings = {
        "endpoint_key": endpoint,
        "adjust": adjust,
        "min_altered": int(floor or 1),
        "kinds": kinds,
        "adjustment": names[adjustment],
        "limit": time.limit,
    }
    return ask(looking, "survival.screen", settings), time


def _draw_kinds(kinds: list[FeatureKind]) -> list[FeatureKind]:
    if len(kinds) < 2:
        return kinds
    names = {FEATURE_KINDS[kind]: kind for kind in kinds}
    picked = st.pills(
        "Kinds of alterations",
        list(names),
        selection_mode="multi",
        default=list(names),
        key="screen_kinds",
        help="A gene and its refinements describe the same patients: their tests overlap.",
    )
    return [names[name] for name in picked if name in names] or kinds


# What is shown -------------------------------------------------------------------------------


def _floor(screen: CohortScreen) -> str:
    kind = "cause-specific " if screen.outcome.endpoint.competing is not None else ""
    return (
        f"{screen.n_tested:,} of {count(screen.n_features, 'alteration')} tested, each altered in "
        f"at least {screen.min_altered} of the patients tested for it; {kind}Cox model for each, "
        f"{adjusted_words(screen)}. Click a point or a row to see its curves."
    )


def _draw_figure(looking: Looking, answer: Answer, screen: CohortScreen, shown: str) -> None:
    alt, chart = answer.alt, dict[str, Any]()
    if shown == VOLCANO:
        chart = {"on_select": partial(keep_point, looking), "selection_mode": "points"}
    else:
        alt = forest_alt(answer.title, forest_rows(screen), answer.sentences)
    figure_with_downloads(
        answer.figures[shown](),
        answer.numbers,
        key=f"screen_{shown.lower()}",
        name=answer.name,
        alt=alt,
        **chart,
    )


def _draw_table(looking: Looking, screen: CohortScreen) -> None:
    draw_table(
        screen.table,
        key=TABLE_KEY,
        on_select=partial(keep_row, looking, screen.table["feature"].tolist()),
        selection_mode="single-row",
        column_order=[name for name in _COLUMNS if name != "note" or screen.table["note"].any()],
        column_config=columns(
            *("hr", "lower", "upper", "p_value", "q_value"),
            *("altered", "frequency", "events", "kind"),
            label=pinned("Alteration"),
            n=counted("Tested"),
            events_altered=counted("Events if altered"),
            note=st.column_config.TextColumn("Note", width="large"),
        ),
    )
    stem = file_stem(
        looking.cohort.name, "screen", screen.outcome.endpoint.key, synthetic=looking.synthetic
    )
    download_table("The table (CSV)", lambda: screen.table, key="screen_csv", stem=stem)


def _draw_words(answer: Answer) -> None:
    words_header([*answer.sentences, *answer.notes])
    bullets(answer.sentences)
    for note in answer.notes:
        st.caption(note)
    st.caption(
        "Hits of a screen are hypotheses: alterations that occur together share their effect, and "
        "the strongest look stronger here than they will in other patients."
    )


def _draw_not_tested(screen: CohortScreen) -> None:
    if not len(screen.not_tested):
        return
    with st.expander(f"Not tested, and why: {count(len(screen.not_tested), 'alteration')}"):
        draw_table(
            screen.not_tested[["label", "kind", "reason"]],
            key="screen_not_tested",
            column_config=columns("kind", "reason", label="Alteration"),
        )
