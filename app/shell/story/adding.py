"""Every figure of every answer, offered to the story."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.shell.escaping import figure_escaper
from app.shell.session import looking_at
from app.shell.story.held import held_story, keep_story
from app.shell.workspace.place import page_path, page_settings
from app.study.answer import Answer
from app.study.question import Question
from app.study.story import Step, StoryError, caption_from, kept_question
from app.study.wording import mid_sentence

# Of a caption drawn from an answer: what a reader takes in beside a figure.
_LONGEST = 400
ADD = "Add to story"
_LISTED = "a condition lists patients, which no story does"


def draw_adding(answer: Answer, question: Question, *only: str) -> None:
    """Offer every figure of an answer to the story, or only some, by their names.

    Nothing is offered of single patients. Where settings list some, which would stand in the
    step's script, a picture is offered.
    """
    if question.analysis.startswith("patient."):
        return
    if question.lists_patients_in_settings:
        cohort = looking_at().cohort
        draw_keeping(answer, f"{cohort.name} ({cohort.fingerprint[:12]})", _LISTED, *only)
        return
    _draw(answer, lambda _: question, [name for name in answer.figures if not only or name in only])


def draw_keeping(answer: Answer, of: str, why: str, *only: str) -> None:
    """Offer every figure of an answer that no step could ask again, as a picture that says so.

    Or only some, by their names.

    Parameters
    ----------
    of, why
        As :func:`app.study.story.kept_question` takes them.
    """
    escape, figures = figure_escaper(), answer.figures

    def kept(figure: str) -> Question:
        return kept_question(answer, figure, escape(figures[figure]()), of, why)

    wanted = [name for name in figures if not only or name in only]
    _draw(answer, kept, [name for name in wanted if name not in answer.of_patients])


def _draw(answer: Answer, ask: Callable[[str], Question], figures: list[str]) -> None:
    """A button for each of some figures of an answer; ``ask`` makes the question of each."""
    address, view = _address(), page_settings()
    places = [list(answer.figures).index(name) for name in figures]
    only = len(places) < len(answer.figures)
    key = f"{answer.key}_story{''.join(f'_of_{at}' for at in places) if only else ''}"
    with st.container(horizontal=True, gap="small", key=key):
        for place in places:
            name = list(answer.figures)[place]
            named = len(places) > 1
            st.button(
                f"{ADD}: {mid_sentence(name)}" if named else ADD,
                key=f"{answer.key}_story_{place}",
                icon=":material/playlist_add:",
                type="tertiary",
                help="A step with this figure and a caption, on the Story page",
                on_click=partial(
                    _add, answer, partial(ask, name), name if place else "", address, view
                ),
            )


def _add(
    answer: Answer, ask: Callable[[], Question], figure: str, address: str, view: dict[str, Any]
) -> None:
    caption = caption_from(answer, figure)[:_LONGEST]
    try:
        step = Step(ask(), caption, figure=figure, address=address, view=view)
        keep_story(held_story().with_step(step))
    except StoryError as error:
        st.toast(str(error))
        return
    story = held_story()
    title = markdown_escaped(story.title)
    st.toast(f"Step {len(story.steps)} of “{title}”: see the Story page.")


def _address() -> str:
    """The page as it is now, without the host: what a link to it says."""
    query = [(name, value) for name in st.query_params for value in st.query_params.get_all(name)]
    return f"{page_path()}?{urlencode(query)}"
