"""Every alteration against an endpoint: volcano, forest and table, and the curves of a click."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.shell.columns import columns, counted, pinned
from app.shell.controls.adjusting import adjusted_words, draw_adjustment
from app.shell.controls.choice import choice
from app.shell.controls.curve_options import TimeOptions, draw_time_options
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.escaping import escaped_figure
from app.shell.layout import download_table, draw_downloads
from app.shell.memory import ask, remembered
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.forest import forest_alt, forest_figure
from app.study.figures.theme import framed, plotly_config
from app.study.files.tables import file_stem
from app.study.outcomes import Outcome, outcome_of
from app.study.wording import count
from app.views.survival.curves.words_sheets import told
from app.views.survival.screen.analysis import (
    ADJUSTMENTS,
    MIN_ALTERED,
    CohortScreen,
    ScreenAdjustment,
    screen_cohort,
    screen_notes,
    screen_reading,
)
from app.views.survival.screen.figures import volcano_alt, volcano_figure
from app.views.survival.screen.page_one_alteration import (
    TABLE_KEY,
    VOLCANO_KEY,
    current_gene,
    draw_gene,
    keep_point,
    keep_row,
)
from app.views.survival.screen.script import screen_script
from app.views.survival.screen.words_methods import cohort_screen_methods
from data_loaders.model import FEATURE_KINDS, FeatureKind

VOLCANO, FOREST, TABLE = "Volcano", "Forest", "Table"
_MOST_ROWS = 25
_COLUMNS = (
    *("label", "hr", "lower", "upper", "p_value", "q_value", "altered", "n", "frequency"),
    *("events_altered", "events", "kind", "note"),
)


@dataclass(frozen=True)
class ScreenSettings:
    """What the screen was asked for."""

    endpoint: str
    adjust: tuple[str, ...]
    min_altered: int
    kinds: tuple[FeatureKind, ...]
    adjustment: ScreenAdjustment
    time: TimeOptions


@dataclass(frozen=True, eq=False)
class _Screened:
    """A screen and the follow-up it was made of."""

    outcome: Outcome
    screen: CohortScreen


def draw_screen(looking: Looking) -> None:
    """Draw the controls, the screen, the curves of one alteration and what it says."""
    if not len(looking.cohort.features):
        st.info(
            "This cohort has no alterations to screen: it needs a column for each gene, such as "
            "TP53 with 1 (altered), 0 (not altered) or nothing (not tested)."
        )
        return
    settings = _settings(looking)
    try:
        done = _screened(looking, settings)
    except ValueError as error:
        st.info(str(error))
        return
    screen = done.screen
    shown = choice("Shown as", [VOLCANO, FOREST, TABLE], "screen_as", quiet=True)
    st.caption(_floor(screen))
    features = screen.table["feature"].tolist()
    gene = current_gene(features)
    title = _title(screen)
    figures = _figures(looking, screen, title, gene)
    if not features:
        st.info(" ".join(screen_reading(screen)))
    elif shown == TABLE:
        _draw_table(looking, screen)
        curves, words = st.columns([5, 4], gap="large")
        with curves:
            draw_gene(looking, settings.time, screen, features)
        with words:
            _draw_words(screen)
    else:
        chart, curves = st.columns([5, 4], gap="large")
        with chart:
            _draw_figure(looking, screen, figures[shown], title, shown)
        with curves:
            draw_gene(looking, settings.time, screen, features)
        _draw_words(screen)
    _draw_not_tested(screen)
    draw_take_away(
        looking,
        TakeAway(
            key="screen",
            name=("screen", screen.endpoint.key),
            figures=figures,
            sheets=partial(_sheets, screen),
            told=told(done.outcome, None),
            methods=cohort_screen_methods(screen, looking.selection),
            script=partial(
                screen_script, screen, done.outcome, looking.cohort, looking.filter, settings.adjust
            ),
        ),
    )


# What is asked -------------------------------------------------------------------------------


def _settings(looking: Looking) -> ScreenSettings:
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
            return _options(looking, endpoint, tuple(adjust))


def _options(looking: Looking, endpoint: str, adjust: tuple[str, ...]) -> ScreenSettings:
    floor = st.number_input(
        "Altered in at least, patients",
        min_value=1,
        value=MIN_ALTERED,
        key="screen_floor",
        bind="query-params",
        help="Rarer alterations are not tested: they cost power and their ratios are uncertain.",
    )
    kinds = looking.cohort.feature_kinds
    chosen: list[FeatureKind] = kinds
    if len(kinds) > 1:
        names = {FEATURE_KINDS[kind]: kind for kind in kinds}
        picked = st.pills(
            "Kinds of alterations",
            list(names),
            selection_mode="multi",
            default=list(names),
            key="screen_kinds",
            help="A gene and its refinements describe the same patients: their tests overlap.",
        )
        chosen = [names[name] for name in picked if name in names] or kinds
    labels: dict[str, ScreenAdjustment] = {name: key for key, name in ADJUSTMENTS.items()}
    adjustment = choice(
        "Adjust for the number tested by",
        labels,
        "screen_multiplicity",
        help="Benjamini-Hochberg limits the share of false findings, Holm the chance of any.",
    )
    return ScreenSettings(
        endpoint=endpoint,
        adjust=adjust,
        min_altered=int(floor or 1),
        kinds=tuple(chosen),
        adjustment=labels[adjustment],
        time=draw_time_options(),
    )


def _screened(looking: Looking, settings: ScreenSettings) -> _Screened:
    """The screen, from this session's memory where it was made before."""
    asked = {
        "endpoint_key": settings.endpoint,
        "adjust": settings.adjust,
        "min_altered": settings.min_altered,
        "kinds": settings.kinds,
        "adjustment": settings.adjustment,
        "limit": settings.time.limit,
    }

    def make() -> _Screened:
        outcome = outcome_of(
            looking.cohort, looking.selection.mask, settings.endpoint, limit=settings.time.limit
        )
        screen = screen_cohort(
            looking.cohort,
            outcome,
            settings.adjust,
            settings.min_altered,
            settings.kinds,
            adjustment=settings.adjustment,
        )
        return _Screened(outcome, screen)

    return remembered(ask(looking, "survival.screen", asked), make)


# What is shown -------------------------------------------------------------------------------


def _title(screen: CohortScreen) -> str:
    return (
        f"{screen.endpoint.label} by alteration, {count(screen.analysed, 'patient')}, "
        f"{adjusted_words(screen.adjusted_for)}"
    )


def _floor(screen: CohortScreen) -> str:
    kind = "cause-specific " if screen.endpoint.competing is not None else ""
    return (
        f"{screen.n_tested:,} of {count(screen.n_features, 'alteration')} tested, each altered in "
        f"at least {screen.min_altered} of the patients tested for it; {kind}Cox model for each, "
        f"{adjusted_words(screen.adjusted_for)}. Click a point or a row to see its curves."
    )


def _figures(
    looking: Looking, screen: CohortScreen, title: str, gene: str | None
) -> dict[str, go.Figure]:
    if not len(screen.table):
        return {}
    rows = _forest_rows(screen)
    return {
        VOLCANO: framed(volcano_figure(screen, chosen=gene), title, synthetic=looking.synthetic),
        FOREST: framed(
            forest_figure(rows, counts_label="altered, events"),
            title if len(rows) == len(screen.table) else f"{title}: the {len(rows)} leading",
            synthetic=looking.synthetic,
        ),
    }


def _forest_rows(screen: CohortScreen) -> pd.DataFrame:
    leading = screen.table.head(_MOST_ROWS)
    return pd.DataFrame(
        {
            **{name: leading[name] for name in ("label", "hr", "lower", "upper", "p_value")},
            "n": leading["altered"],
            "events": leading["events_altered"],
            "note": leading["note"],
        }
    )


def _draw_figure(
    looking: Looking, screen: CohortScreen, figure: go.Figure, title: str, shown: str
) -> None:
    stem = file_stem(
        looking.cohort.name, "screen", screen.endpoint.key, synthetic=looking.synthetic
    )
    sentences = screen_reading(screen)
    figure = escaped_figure(figure)
    if shown == VOLCANO:
        st.plotly_chart(
            figure,
            key=VOLCANO_KEY,
            config=plotly_config(stem),
            alt=volcano_alt(title, sentences),
            on_select=partial(keep_point, looking),
            selection_mode="points",
        )
    else:
        alt = forest_alt(title, _forest_rows(screen), sentences)
        st.plotly_chart(figure, key="screen_forest", config=plotly_config(stem), alt=alt)
    draw_downloads(figure, lambda: screen.table, key=f"screen_{shown.lower()}", stem=stem)


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
        looking.cohort.name, "screen", screen.endpoint.key, synthetic=looking.synthetic
    )
    download_table("The table (CSV)", lambda: screen.table, key="screen_csv", stem=stem)


def _draw_words(screen: CohortScreen) -> None:
    st.subheader("In words", anchor=False)
    st.markdown("\n".join(f"- {sentence}" for sentence in screen_reading(screen)))
    for note in screen_notes(screen):
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


def _sheets(screen: CohortScreen) -> dict[str, pd.DataFrame]:
    return {"Screen": screen.table, "Not tested": screen.not_tested}
