"""The session's story, and those before it, which come back when a change is undone."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.shell.workspace.kept import is_kept
from app.shell.workspace.shelf import UNREADABLE, Shelf
from app.study.story import Story

_STORY, _BEFORE = "_story", "_stories_before"
_MOST_UNDONE = 20
_NAME = "story"


def held_story() -> Story:
    """The story of this session; empty at first."""
    _SHELF.pull("", cohorts_of(_of_session()))
    return _of_session()


def cohorts_of(story: Story) -> tuple[str, ...]:
    """Keys of the cohorts that a story tells of, each once."""
    asked = [step.question for step in story.steps]
    seconds = [question.second for question in asked]
    keys = [*(q.cohort for q in asked), *(second.key for second in seconds if second is not None)]
    return tuple(dict.fromkeys(key for key in keys if key))


def story_is_kept() -> bool:
    """Whether the story comes back: where it tells of kept cohorts and of those everybody has."""
    return is_kept("", cohorts_of(held_story()))


def keep_story(story: Story) -> None:
    """Hold a story in place of the one before, which :func:`undo` brings back."""
    before: list[Story] = st.session_state.setdefault(_BEFORE, [])
    before.append(held_story())
    del before[:-_MOST_UNDONE]
    st.session_state[_STORY] = story
    _push()


def can_undo() -> bool:
    """Whether there is a story before this one."""
    return bool(st.session_state.get(_BEFORE))


def undo() -> None:
    """Bring back the story as it was before the last change."""
    st.session_state[_STORY] = st.session_state[_BEFORE].pop()
    _push()


def keep_with(key: str) -> None:
    """Keep the story, once a cohort that it tells of is kept."""
    if key in cohorts_of(held_story()):
        _push()


def _of_session() -> Story:
    story: Story = st.session_state.get(_STORY, Story())
    return story


def _push() -> None:
    story = _of_session()
    _SHELF.push("", _NAME, about=cohorts_of(story))


def _names(_scope: str) -> tuple[str, ...]:
    return (_NAME,) if _of_session().steps else ()


def _write(_scope: str, _name: str) -> Any:
    return _of_session().to_dict(whole=True)


def _take(_scope: str, kept: Mapping[str, Any]) -> None:
    with contextlib.suppress(*UNREADABLE):
        if _NAME in kept:
            st.session_state[_STORY] = Story.from_dict(kept[_NAME])


_SHELF = Shelf("story", _names, _write, _take)
