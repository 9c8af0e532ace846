"""With whom a kept cohort is shared: said, given and taken back by its owner."""

from __future__ import annotations

import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.shell.accounts import person
from app.shell.session import Looking
from app.shell.watch.audit import note
from app.shell.workspace.kept import refresh_kept, say, shared, workspace
from app.shell.workspace.owner import GROUP, PERSON
from app.study.workspace import Share, WorkspaceError, share, shares

_KINDS = {"Group": GROUP, "Person": PERSON}
_MAY: dict[str, Share] = {"Read": "read", "Read and correct": "edit"}
_WHOM, _KIND, _RIGHT = "share_whom", "share_kind", "share_right"


def draw_shared_with_me(looking: Looking) -> bool:
    """Say by whom a cohort is shared with this session; whether it is."""
    one = shared(looking.key)
    if one is None:
        return False
    may = "read and correct it" if one.may == "edit" else "read it"
    st.caption(
        f"{markdown_escaped(one.owner.removeprefix(PERSON))} shares this cohort with you: you may "
        f"{may}. What you save about it is yours, where your role keeps anything."
    )
    return True


def draw_sharing(looking: Looking) -> None:
    """Share the cohort with a person or a group, and take it back; nothing without accounts."""
    found = workspace()
    if person().role is None or found is None:
        return
    given = shares(*found, looking.key)
    told = f"Shared with {len(given)}" if given else "Share"
    with st.popover(told, icon=":material/group:", key="keep_share"):
        for whom, may in given.items():
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{_words(whom)}: {'read and correct' if may == 'edit' else 'read'}")
                st.button(
                    "Take back", key=f"share_back_{whom}", type="tertiary", on_click=_share,
                    args=(looking, whom, None),
                )  # fmt: skip
        st.segmented_control("With a", list(_KINDS), key=_KIND, default="Group", required=True)
        st.text_input(
            "As the provider names it",
            key=_WHOM,
            max_chars=255,
            help="A person by what the Audit page calls them, a group as the login lists it.",
        )
        st.segmented_control("They may", list(_MAY), key=_RIGHT, default="Read", required=True)
        st.button("Share", key="share_now", type="primary", on_click=_share_typed, args=(looking,))


def _words(whom: str) -> str:
    kind = "Group" if whom.startswith(GROUP) else "Person"
    return f"{kind} {markdown_escaped(whom.partition(':')[2])}"


def _share_typed(looking: Looking) -> None:
    name = str(st.session_state.get(_WHOM, "")).strip()
    if not name:
        return
    whom = _KINDS[st.session_state[_KIND]] + name
    _share(looking, whom, _MAY[st.session_state[_RIGHT]])
    st.session_state[_WHOM] = ""


def _share(looking: Looking, whom: str, may: Share | None) -> None:
    try:
        found = workspace()
        if found is None or shared(looking.key) is not None:
            return
        share(*found, looking.key, whom, may)
    except WorkspaceError as error:
        say(str(error))
        return
    note(
        person(), "share", fingerprint=looking.cohort.fingerprint, n=looking.cohort.n,
        what=f"{may or 'taken back'} {whom}",
    )  # fmt: skip
    refresh_kept()
