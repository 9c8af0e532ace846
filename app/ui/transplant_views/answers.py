"""Four answers side by side: the naive one marked wrong, two that respect time, the emulation."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.analysis.during_follow_up import DuringFollowUp
from app.analysis.during_reading import (
    answers_table,
    during_reading,
    exposed_row,
    ratio_words,
)
from app.analysis.transplant import Emulation
from app.analysis.transplant.answers import four_answers, landmarks_of, naive_difference
from app.analysis.transplant.reading import arms_in_words, naive_against_emulated
from app.analysis.wording import count, mid_sentence
from app.charts.landmarks import pair_figure
from app.charts.transplant import strategy_figure
from app.ui.layout import figure_with_downloads
from app.ui.transplant_parts import axis_words, take_away
from app.ui.transplant_views.diagnostics import draw_diagnostics
from app.ui.transplant_work import Work, emulated

NAIVE, LANDMARK, SIMON_MAKUCH, EMULATED = (
    "1 Naive",
    "2 Landmark",
    "3 Simon-Makuch",
    "4 Emulated trial",
)
SHOWN = "class"
_WHAT = {
    NAIVE: "Ever against never transplanted, from time zero. Wrong: whoever was transplanted could "
    "not die before.",
    LANDMARK: "By who was transplanted until then, clock reset there. Right about time, but leaves "
    "out early deaths, and the two groups still differ.",
    SIMON_MAKUCH: "Patients move to the other curve when transplanted. Right about time, but no "
    "fixed group of patients, and the two still differ.",
    EMULATED: "Every patient in every strategy, censored when departing from it and weighted for "
    "what decides on a transplant. What is not recorded is not weighted for.",
}


def draw_answers(work: Work) -> None:
    """The four figures, what they say, and how far the last can be trusted."""
    try:
        found = emulated(work)
        naive = _others(work)
    except ValueError:
        # The sentence stands above: there is nothing to compare.
        return
    group = _draw_class(found)
    figures = _figures(work, naive, found, group)
    for row in ((NAIVE, LANDMARK), (SIMON_MAKUCH, EMULATED)):
        for place, name in zip(st.columns(2, gap="large"), row, strict=True):
            with place:
                _draw_figure(figures, name, naive, found)
    st.subheader("In words", anchor=False)
    st.markdown("\n".join(f"- {s}" for s in _sentences(work, naive, found, group)))
    draw_diagnostics(work, found)
    take_away(work, "answers", figures, partial(_sheets, naive, found))


def _others(work: Work) -> DuringFollowUp:
    marks = landmarks_of(work.protocol)
    make = partial(
        four_answers,
        work.looking.cohort,
        work.trial,
        work.protocol,
        landmarks=marks,
        drawn=marks[len(marks) // 2],
    )
    return work.remembered("answers", make)


def _draw_class(found: Emulation) -> str:
    """Whose curves the emulated trial shows: everyone's, or those of a class."""
    supported = found.estimates[found.estimates["supported"]]["group"].tolist()
    with_answer = found.contrasts[found.contrasts["supported"]]["group"].tolist()
    first = next((g for g in found.groups if g in with_answer), found.groups[0])
    if len(found.groups) == 1:
        return first
    options = [first, *(g for g in found.groups if g != first)]
    chosen = st.selectbox(
        "Emulated trial in",
        options,
        format_func=lambda g: g if g in supported else f"{g} (too few transplants)",
        key=SHOWN,
        bind="query-params",
    )
    return chosen if chosen in options else first


def _figures(
    work: Work, naive: DuringFollowUp, found: Emulation, group: str
) -> dict[str, go.Figure]:
    noun, synthetic = naive.exposure.noun, work.looking.synthetic
    axis = axis_words(work)
    pair = partial(pair_figure, noun=noun, synthetic=synthetic)
    figures = {
        NAIVE: pair(
            naive.naive_curves.unexposed,
            naive.naive_curves.exposed,
            title=f"Naive: ever against never, {count(naive.n, 'patient')}",
            axis=axis,
            corner=ratio_words(exposed_row(naive.naive)),
            wrong=True,
        )
    }
    if naive.at is not None and naive.landmark_curves is not None:
        mark = f"{naive.at.at:g}"
        row = naive.landmarks[naive.landmarks["landmark"] == naive.at.at]
        figures[LANDMARK] = pair(
            naive.landmark_curves.unexposed,
            naive.landmark_curves.exposed,
            title=f"Landmark at month {mark}, {count(len(naive.at.time), 'patient')}",
            axis=f"Years since month {mark}",
            corner="" if row.empty else ratio_words(row.iloc[0]),
        )
    if naive.simon_makuch is not None:
        figures[SIMON_MAKUCH] = pair(
            naive.simon_makuch.unexposed,
            naive.simon_makuch.exposed,
            title=f"Simon-Makuch, {count(naive.n, 'patient')}",
            axis=axis,
            corner=ratio_words(exposed_row(naive.time_dependent)),
        )
    n = int(found.estimates.loc[found.estimates["group"] == group, "n"].iloc[0])
    where = "everyone eligible" if group == found.groups[0] else group
    figures[EMULATED] = strategy_figure(
        found,
        group,
        title=f"Emulated trial, {where}, {count(n, 'patient')}",
        axis=axis,
        synthetic=synthetic,
    )
    return figures


def _draw_figure(
    figures: dict[str, go.Figure], name: str, naive: DuringFollowUp, found: Emulation
) -> None:
    if name in figures:
        figure_with_downloads(
            figures[name],
            partial(_numbers, name, naive, found),
            key=f"transplant_{name[2:].lower().replace(' ', '_').replace('-', '_')}",
            name=("transplant", name[2:]),
            alt=f"{name[2:]}: {_WHAT[name]}",
        )
    else:
        key = "landmark" if name == LANDMARK else "simon_makuch"
        st.info(naive.why_not.get(key, "There are no curves to draw."))
    st.caption(f"**{name}.** {_WHAT[name]}")


def _numbers(name: str, naive: DuringFollowUp, found: Emulation) -> pd.DataFrame:
    """The curves of a figure as a table."""
    if name == EMULATED:
        return found.curves
    pair = {
        NAIVE: naive.naive_curves,
        LANDMARK: naive.landmark_curves,
        SIMON_MAKUCH: naive.simon_makuch,
    }[name]
    curves = () if pair is None else (("without", pair.unexposed), ("with", pair.exposed))
    return pd.concat([km.table.assign(group=group) for group, km in curves if km is not None])


def _sentences(work: Work, naive: DuringFollowUp, found: Emulation, group: str) -> list[str]:
    """The naive error first, then the ratios, then the strategies of the class that is shown."""
    horizon = work.trial.horizon_months
    sentences = []
    own = found.contrasts[
        (found.contrasts["group"] == found.groups[0]) & found.contrasts["supported"]
    ]
    difference = naive_difference(naive, horizon)
    if len(own) and np.isfinite(difference):
        row = own.iloc[0]
        sentences.append(
            naive_against_emulated(
                difference,
                (
                    row["rmst_difference"],
                    row["rmst_difference_lower"],
                    row["rmst_difference_upper"],
                ),
                horizon,
                mid_sentence(str(row["strategy"])),
            )
        )
    return [*sentences, *during_reading(naive)[:3], *arms_in_words(found, group)]


def _sheets(naive: DuringFollowUp, found: Emulation) -> dict[str, pd.DataFrame]:
    return {
        "Hazard ratios": answers_table(naive),
        "Landmarks": naive.landmarks,
        "Emulated estimates": found.estimates,
        "Emulated contrasts": found.contrasts,
        "Emulated curves": found.curves,
        "Classes against first": found.heterogeneity,
        "Adherence model": found.adherence,
        "Weights": found.weights,
        "Balance": found.balance,
    }
