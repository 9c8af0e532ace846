"""Who carries what, patient by patient."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.shell.layout import figure_with_downloads
from app.shell.links import feature_labels
from app.shell.session import Looking
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.theme import framed
from app.study.wording import count, format_percent, mid_sentence
from app.views.genomics.oncoprint.analysis import MOST_COLUMNS, Oncoprint, oncoprint
from app.views.genomics.oncoprint.figures import oncoprint_alt, oncoprint_figure
from app.views.genomics.page_controls import draw_groups, draw_kinds, draw_most
from app.views.genomics.script import oncoprint_script
from app.views.genomics.words_methods import oncoprint_methods

_ROWS = [10, 15, 20, 30, 40]
_KINDS = ("categorical", "ordinal", "binary", "numeric")
_FIRST_TRACKS = ("diagnosis", "sex", "age_years")
_MOST_TRACKS = 6
_PIXELS = 600


def draw_oncoprint(looking: Looking) -> None:
    """Draw the controls, the oncoprint and what it says."""
    left, middle, right = st.columns([5, 5, 3], vertical_alignment="bottom")
    with left:
        kinds = draw_kinds(looking)
    with middle:
        chosen = draw_groups(looking)
    with right, st.popover("Rows and tracks", icon=":material/tune:", width="stretch"):
        most = draw_most("Alterations", _ROWS, 20, key="oncoprint_rows")
        picked = _draw_picked(looking)
        tracks = _draw_tracks(looking)
    try:
        made = oncoprint(
            looking.cohort, looking.selection.mask, kinds, most, grouping=chosen.grouping,
            tracks=tracks, chosen=picked,
        )  # fmt: skip
    except ValueError as error:
        st.info(str(error))
        return
    title = _title(made)
    figure = framed(oncoprint_figure(made), title, synthetic=looking.synthetic)
    figure_with_downloads(
        figure,
        made.table,
        key="genomics_oncoprint",
        name=("oncoprint",),
        alt=oncoprint_alt(title, made),
    )
    st.markdown(f"- {_reading(made)}")
    st.caption(_caption(made))
    draw_take_away(
        looking,
        TakeAway(
            key="genomics_oncoprint",
            name=("oncoprint",),
            figures={"Figure": figure},
            sheets=partial(_sheets, made),
            methods=oncoprint_methods(made, kinds, looking.selection),
            script=partial(
                oncoprint_script, (kinds, most, tracks, picked), looking.cohort, looking.filter,
                chosen,
            ),
        ),
    )  # fmt: skip


def _draw_picked(looking: Looking) -> list[str]:
    labels = feature_labels(looking.cohort)
    picked = st.multiselect(
        "Or these, in this order",
        list(labels),
        format_func=lambda name: labels.get(name, name),
        key="oncoprint_features",
        bind="query-params",
        placeholder="The most frequent",
        select_all=False,
    )
    return [name for name in picked if name in labels]


def _draw_tracks(looking: Looking) -> list[str]:
    variables = looking.cohort.variables
    options = [name for name, v in variables.items() if v.kind in _KINDS and v.role != "outcome"]
    first = [name for name in _FIRST_TRACKS if name in options] or options[:2]
    picked = st.multiselect(
        "Clinical tracks",
        options,
        default=first,
        format_func=lambda name: variables[name].label if name in variables else name,
        key="oncoprint_tracks",
        max_selections=_MOST_TRACKS,
        help="Numbers are cut at their quartiles.",
        select_all=False,
    )
    return [name for name in picked if name in options]


def _title(made: Oncoprint) -> str:
    by = f" by {mid_sentence(made.label)}" if made.label else ""
    return (
        f"Oncoprint{by}, {count(len(made.labels), 'alteration')} in "
        f"{count(made.analysed, 'patient')}"
    )


def _reading(made: Oncoprint) -> str:
    share = format_percent(made.any_altered / made.analysed)
    return (
        f"{made.any_altered:,} of {count(made.analysed, 'patient')} ({share}) carry at least one "
        f"of these {count(len(made.labels), 'alteration')}."
    )


def _caption(made: Oncoprint) -> str:
    text = (
        "A column is a patient, sorted row by row: altered, not altered, not tested. Percentages "
        "are of the patients tested."
    )
    if made.cells.shape[1] > _PIXELS:
        text += (
            " Where patients are more than the screen's pixels, neighbours share one and a rare "
            "alteration can be hidden: zoom in with the figure's toolbar, or filter."
        )
    if made.every > 1:
        text += (
            f" Of {made.analysed:,} sorted patients every {made.every}th is drawn, at most "
            f"{MOST_COLUMNS:,}; percentages count all."
        )
    if made.left_out:
        reasons = [f"{number:,} {reason}" for reason, number in made.left_out.items()]
        text += (
            f" In no group and not drawn: {', '.join(reasons)}; percentages are of the "
            f"{made.analysed:,} others, so they may differ from those of the whole selection."
        )
    return text


def _sheets(made: Oncoprint) -> dict[str, pd.DataFrame]:
    counts = pd.DataFrame(
        {"alteration": made.labels, "altered": made.altered, "tested": made.tested}
    )
    return {"Counts": counts, "Cells": made.table()}
