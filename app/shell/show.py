"""How an answer is shown: figure with its downloads, words, accounting; and what is taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.shell.layout import bullets, figure_with_downloads, words_header
from app.shell.session import looking_at
from app.shell.story.adding import draw_adding
from app.shell.story.ledger import note_answer
from app.shell.take_away import TakeAway, draw_take_away
from app.study.answer import Answer, methods_text
from app.study.question import Question
from app.study.scripts.question import question_script
from data_loaders import Cohort


@dataclass(frozen=True)
class Frame:
    """Where the parts of an answer go; a view may put controls of its own into each."""

    figure: DeltaGenerator
    below: DeltaGenerator
    words: DeltaGenerator


def frame() -> Frame:
    """Lay out the figure and the words beside it, empty."""
    chart, words = st.columns([5, 3], gap="large")
    return Frame(chart.container(), chart.container(), words)


def show_figure(answer: Answer, question: Question | None = None, of: Cohort | None = None) -> None:
    """The answer's figure with its downloads; with its question, offered to the story too."""
    beside = None if question is None else partial(draw_adding, answer, question)
    figure_with_downloads(
        answer.figure, answer.numbers, key=answer.key, name=answer.name, alt=answer.alt,
        beside=beside, of=of,
    )  # fmt: skip


def show(answer: Answer, place: Frame, of: Cohort | None = None) -> None:
    """Show the figure with its downloads, what it says, and who is in it.

    Parameters
    ----------
    of
        Whose data these are, where it is not the cohort that the session looks at.
    """
    with place.figure:
        show_figure(answer, of=of)
    with place.words:
        say(answer)


def say(answer: Answer) -> None:
    """What an answer says, in words, and who is in it."""
    words_header([*answer.notes, *answer.sentences, *answer.cautions])
    for note in answer.notes:
        st.info(note)
    bullets(answer.sentences)
    if answer.cautions:
        st.warning("\n\n".join(answer.cautions))
    st.caption(answer.accounting.caption())


def take_away(answer: Answer, question: Question, *, steps: bool = True) -> None:
    """Offer figures, workbook, methods and script, and a step of the story; say how they came.

    Parameters
    ----------
    steps
        Whether to offer every figure to the story: not where a page does so beside each.
    """
    cohort = looking_at().cohort
    note_answer(question, answer)
    if steps:
        draw_adding(answer, question)
    answer = replace(answer, question=question)
    take_away_with(answer, partial(question_script, question, cohort, answer.title))


def take_away_with(answer: Answer, script: Callable[[], str]) -> None:
    """As :func:`take_away`, for an answer that no one question gives: the script is its own."""
    looking = looking_at()
    draw_take_away(
        looking,
        TakeAway(
            key=answer.key,
            name=answer.name,
            figures=answer.figures,
            sheets=answer.tables,
            methods=partial(methods_text, answer, looking.selection),
            told=answer.told,
            script=script,
            answer=answer,
        ),
    )
    if answer.footnote:
        st.caption(answer.footnote)
