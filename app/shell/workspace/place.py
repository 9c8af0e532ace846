"""The page that a session is on: as a step of a story holds it, and to go on from another day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.cohort.filters import All, Filter, FilterError
from app.shell.cohort_filter import MORE_KEPT, more_conditions
from app.shell.links import COHORT
from app.shell.navigation import page_at
from app.shell.session import looking_at
from app.shell.sidebar import FILTER_KEYS, show_view
from app.shell.workspace.kept import kept_cohorts, place_of, say, workspace
from app.study.workspace import WorkspaceError

_PLACE, _GO = "_place_kept", "_going_on"
_PLAIN = (str, bool, int, float, list, tuple)
# One after the other, beside the pages: nobody waits for it.
_writer = ThreadPoolExecutor(1, thread_name_prefix="place")


def page_path() -> str:
    """Path of the page, without the host; empty for Home."""
    return urlsplit(st.context.url or "").path.strip("/").rpartition("/")[2]


def page_settings() -> dict[str, Any]:
    """The settings of the page that its address keeps, by the keys of its controls."""
    kept = {name: st.session_state.get(name) for name in st.query_params}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in kept.items()
        if name not in (COHORT, *FILTER_KEYS) and isinstance(value, _PLAIN)
    }


def remember_place() -> None:
    """Keep the page, its settings and the filter with the cohort looked at, where that is kept."""
    looking = looking_at()
    if looking.key not in kept_cohorts():
        return
    place = {
        "filter": looking.filter.to_dict(), "view": page_settings(),
        MORE_KEPT: Filter(All(more_conditions(st.session_state))).to_dict(),
    }  # fmt: skip
    here = (looking.key, page_path(), place)
    if st.session_state.get(_PLACE) == here:
        return
    st.session_state[_PLACE] = here
    try:
        found = workspace()
    except WorkspaceError:
        return  # said already, when it was looked what is kept
    if found is not None:
        store, owner = found
        _writer.submit(store.came_by, owner, *here)


def draw_going_on() -> None:
    """Offer the cohort kept and used last, on the page it was on, to who looks at another."""
    page = st.session_state.pop(_GO, None)
    if page is not None:
        # Nothing is passed on: the widgets write themselves into the new address.
        st.switch_page(page_at(page), query_params={})
    last = next((one for one in kept_cohorts().values() if one.has_data), None)
    if last is None or looking_at().key in kept_cohorts():
        return
    st.button(
        f"Go on with {markdown_escaped(last.name)}",
        key="go_on",
        icon=":material/history:",
        help="The cohort that you kept and used last, as you left it",
        on_click=_go_on,
        args=(last.key, last.page),
        width="stretch",
    )


def _go_on(key: str, page: str) -> None:
    try:
        place = place_of(key)
        show_view(key, Filter.from_dict(place.get("filter", {})), place.get("view", {}))
        st.session_state[_GO] = page
    except (WorkspaceError, FilterError) as error:
        say(str(error))
