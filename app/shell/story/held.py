"""The session's story, and those before it, which come back when a change is undone."""

from __future__ import annotations

import streamlit as st

from app.study.story import Story

_STORY, _BEFORE = "_story", "_stories_before"
_MOST_UNDONE = 20


def held_story() -> Story:
    """The story of this session; empty at first."""
    story: Story = st.session_state.get(_STORY, Story())
    return story


def keep_story(story: Story) -> None:
    """Hold a story in place of the one before, which :func:`undo` brings back."""
    before: list[Story] = st.session_state.setdefault(_BEFORE, [])
    before.append(held_story())
    del before[:-_MOST_UNDONE]
    st.session_state[_STORY] = story


def can_undo() -> bool:
    """Whether there is a story before this one."""
    return bool(st.session_state.get(_BEFORE))


def undo() -> None:
    """Bring back the story as it was before the last change."""
    st.session_state[_STORY] = st.session_state[_BEFORE].pop()
