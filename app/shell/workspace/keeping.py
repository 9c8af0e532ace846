"""Keeping a cohort with all that the session saved of it, and what the sidebar says of that."""

from __future__ import annotations

import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.shell.session import changed_since_kept, loaded_cohort, original_of, uploads
from app.shell.story.held import keep_with
from app.shell.workspace.kept import keep, kept_cohorts, said, say, shared
from app.shell.workspace.owner import owner_of_session
from app.shell.workspace.shelf import push_all
from app.study.workspace import WorkspaceError

_REFUSED = "_keeping_refused"


def keep_cohort(key: str) -> None:
    """Keep a cohort of this session, its filters, groups, names, ledger and story.

    Raises
    ------
    WorkspaceError
        If it cannot be written.
    """
    cohort = loaded_cohort(key)
    keep(key, cohort, original_of(key))
    push_all(key, cohort.fingerprint)
    keep_with(key)


def keep_changed() -> None:
    """Keep corrections of cohorts that are kept; what cannot be is in the session all the same."""
    for key in changed_since_kept():
        try:
            with st.spinner("Keeping the correction"):
                keep(key, loaded_cohort(key), original_of(key))
        except WorkspaceError as error:
            say(f"The correction is in this session only: {error}")


def can_open(key: str) -> bool:
    """Whether a cohort that is listed can be opened; the sidebar says why not."""
    try:
        loaded_cohort(key)
    except WorkspaceError as error:
        say(str(error))
        return False
    return True


def refuse_keeping(key: str) -> None:
    """Hold a cohort in this session only, and do not ask again."""
    st.session_state.setdefault(_REFUSED, set()).add(key)


def is_to_be_asked(key: str) -> bool:
    """Whether nobody has said yet if this cohort is to be kept, and it can be."""
    asked = key in uploads() and key not in kept_cohorts()
    refused = key in st.session_state.get(_REFUSED, ())
    return asked and not refused and owner_of_session() is not None


def draw_note(key: str) -> None:
    """Where the cohort is, in a line, and what could not be kept."""
    if key in uploads():
        if shared(key) is not None:
            st.caption(":material/group: Shared with you")
        elif key in kept_cohorts():
            st.caption(":material/bookmark: Kept on this machine")
        else:
            st.caption(":material/hourglass_empty: In this session only")
    sentence = said()
    if sentence:
        st.warning(markdown_escaped(sentence))
