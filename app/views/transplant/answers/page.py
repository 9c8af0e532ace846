"""Four answers side by side: the naive one marked wrong, two that respect time, the emulation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.analysis.transplant import Emulation, SameTerms
from app.shell.controls.choice import pick
from app.shell.layout import bullets, figure_with_downloads, words_header
from app.shell.memory import ask
from app.shell.story.adding import draw_adding
from app.study.figures.forest import forest_alt
from app.study.figures.theme import title_of
from app.study.wording import count, format_years
from app.views.survival.during.analysis import DuringFollowUp
from app.views.survival.during.words import during_reading
from app.views.transplant.answer import EmulatedTrial, emulated_answer
from app.views.transplant.answer_views import COMPARED, Compared
from app.views.transplant.answers.analysis import four_answers, landmarks_of
from app.views.transplant.answers.figures import ratio_rows
from app.views.transplant.answers.figures_compared import (
    DIFFERENCE,
    EMULATED,
    ERROR,
    GAIN,
    LANDMARK,
    NAIVE,
    RATIOS,
    SIMON_MAKUCH,
    compared_figures,
)
from app.views.transplant.answers.page_trust import draw_diagnostics
from app.views.transplant.answers.words import (
    harm_and_gain,
    same_terms_reading,
    side_by_side,
    side_by_side_reading,
)
from app.views.transplant.page_parts import answered, take_away
from app.views.transplant.page_work import Work, emulated, same_answers
from app.views.transplant.words import arms_in_words, primary_of
from app.views.transplant.words_methods import answers_sheets

SHOWN, MARK = "class", "landmark"
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


@dataclass(frozen=True, eq=False)
class _Answers:
    """The answers, the class that is shown, and all of them as one table."""

    naive: DuringFollowUp
    emulation: Emulation
    group: str
    table: pd.DataFrame
    landmarks: list[float]
    same: SameTerms


def draw_answers(work: Work) -> None:
    """The naive error, the four figures, what they say, and how far the last can be trusted."""
    try:
        found = emulated(work)
        landmarks = landmarks_of(work.protocol)
        left, right = st.columns(2, gap="large")
        with left:
            group = _draw_class(found)
        with right:
            mark = _draw_landmark(landmarks)
        naive = _others(work, landmarks, mark)
    except ValueError:
        # The sentence stands above: there is nothing to compare.
        return
    same = same_answers(work, landmarks)
    answers = _Answers(naive, found, group, side_by_side(naive, found), landmarks, same)
    drawings = compared_figures(work.looking.cohort, work.trial, naive, found, same, group)
    figures = {name: draw() for name, draw in drawings.items()}
    _draw_same_terms(figures, answers)
    _draw_compared(figures, answers)
    for row in ((NAIVE, LANDMARK), (SIMON_MAKUCH, EMULATED)):
        for place, name in zip(st.columns(2, gap="large"), row, strict=True):
            with place:
                _draw_figure(figures, name, answers)
    drawn = (
        f"Drawn to {format_years(work.trial.horizon_months)} at most; hazard ratios of the first "
        "three use all follow-up."
    )
    late = int(np.isfinite(work.protocol.compared.entry).sum())
    if late:
        drawn += (
            f" {count(late, 'patient')} came under observation only after time zero: the emulated "
            "trial counts them from then on, the first three from time zero, which flatters "
            "everybody's early survival."
        )
    st.caption(drawn)
    sentences = [*during_reading(naive)[:3], *arms_in_words(found, group)]
    words_header(sentences)
    bullets(sentences)
    draw_diagnostics(work, found, group)
    take_away(
        work,
        "answers",
        figures,
        partial(answers_sheets, answers.table, found, naive.landmarks, same),
        landmarks=landmarks,
    )
    _draw_adding(work, found, group)
    compared = Compared(naive, found, same, group)
    draw_adding(*answered(work, COMPARED, compared, group=group, drawn=mark))


def _draw_adding(work: Work, found: Emulation, group: str) -> None:
    """The emulated trial as a step of the story."""
    looking = work.looking
    shown = EmulatedTrial(work.trial, work.protocol, found, looking.selection.n, group)
    asked = {"trial": work.trial.to_json(), "group": group}
    question = ask(looking, "transplant.emulated", asked)
    draw_adding(emulated_answer(looking.cohort, shown), question)


def _others(work: Work, landmarks: list[float], mark: float) -> DuringFollowUp:
    make = partial(
        four_answers,
        work.looking.cohort,
        work.trial,
        work.protocol,
        landmarks=landmarks,
        drawn=mark,
    )
    return work.remembered("transplant answers", make, mark)


def _draw_class(found: Emulation) -> str:
    """Whose curves the emulated trial shows: everyone's, or those of a class."""
    supported = found.estimates[found.estimates["supported"]]["group"].tolist()
    with_answer = found.contrasts[found.contrasts["supported"]]["group"].tolist()
    first = next((g for g in found.groups if g in with_answer), found.groups[0])
    if len(found.groups) == 1:
        return first
    options = [first, *(g for g in found.groups if g != first)]
    few = {g: f"{g} (too few transplants)" for g in options if g not in supported}
    return pick("Emulated trial in", options, SHOWN, labels=few)


def _draw_landmark(landmarks: list[float]) -> float:
    """The landmark whose curves are drawn, at first the middle one."""
    labels = {f"Month {mark:g}": mark for mark in landmarks}
    usual = list(labels)[len(labels) // 2]
    options = [usual, *(label for label in labels if label != usual)]
    return labels[pick("Curves of the landmark at", options, MARK)]


def _draw_same_terms(figures: dict[str, go.Figure], answers: _Answers) -> None:
    """Early harm and late gain, and the gain by every estimator, with the same confounders."""
    found, same = answers.emulation, answers.same
    sentences = same_terms_reading(same, found)
    differences = found.differences
    own = differences[
        (differences["group"] == answers.group) & (differences["strategy"] == primary_of(found))
    ]
    tables = {DIFFERENCE: own, GAIN: same.means}
    shown = [name for name in tables if name in figures]
    places = st.container(key="wide_pair_same_terms").columns(2, gap="large")
    for place, name in zip(places, shown, strict=False):
        with place:
            figure_with_downloads(
                figures[name],
                partial(tables.__getitem__, name),
                key=f"transplant_{name.lower().replace(' ', '_')}",
                name=("transplant", name),
                alt=f"{title_of(figures[name])}. {' '.join(sentences)}".replace("**", ""),
            )
    bullets(filter(None, [harm_and_gain(found, answers.group), *sentences]))


def _draw_compared(figures: dict[str, go.Figure], answers: _Answers) -> None:
    """The naive answer against the emulated one in months, and every hazard ratio."""
    sentences = side_by_side_reading(answers.table, answers.emulation.settings.horizon)
    ratios = ratio_rows(answers.table.iloc[0], answers.same.ratios)
    alts = {
        ERROR: f"Forest plot. {title_of(figures[ERROR])}. {' '.join(sentences)}".replace("**", ""),
        RATIOS: forest_alt(title_of(figures[RATIOS]), ratios, during_reading(answers.naive)[:1]),
    }
    places = st.container(key="wide_pair_answers").columns(2, gap="large")
    for place, (name, alt) in zip(places, alts.items(), strict=True):
        with place:
            figure_with_downloads(
                figures[name],
                lambda: answers.table.drop(columns="key"),
                key=f"transplant_{name.lower().replace(' ', '_')}",
                name=("transplant", name),
                alt=alt,
            )
    with places[0]:
        bullets(sentences)


def _draw_figure(figures: dict[str, go.Figure], name: str, answers: _Answers) -> None:
    if name in figures:
        figure_with_downloads(
            figures[name],
            partial(_numbers, name, answers),
            key=f"transplant_{name[2:].lower().replace(' ', '_').replace('-', '_')}",
            name=("transplant", name[2:]),
            alt=f"{name[2:]}: {_WHAT[name]}",
        )
    else:
        key = "landmark" if name == LANDMARK else "simon_makuch"
        st.info(answers.naive.why_not.get(key, "There are no curves to draw."))
    st.caption(f"**{name}.** {_WHAT[name]}")


def _numbers(name: str, answers: _Answers) -> pd.DataFrame:
    """The curves of a figure as a table."""
    if name == EMULATED:
        return answers.emulation.curves
    naive = answers.naive
    pair = {
        NAIVE: naive.naive_curves,
        LANDMARK: naive.landmark_curves,
        SIMON_MAKUCH: naive.simon_makuch,
    }[name]
    curves = () if pair is None else (("without", pair.unexposed), ("with", pair.exposed))
    return pd.concat([km.table.assign(group=group) for group, km in curves if km is not None])
