"""The widgets that rename, reorder, recolour and hide groups, and what the session keeps of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from app.cohort.groupings import (
    MAX_NAME,
    Arrangement,
    Grouping,
    GroupingError,
    GroupingSpec,
    group_order,
)
from app.shell.session import Looking, keep_in_address

IN_LINK = "arranged"
_HELD = "_arrangements"
_VERSION = "_arrangements_version"
_LINK_READ = "_arrangement_link_read"


@dataclass(frozen=True)
class _Place:
    """Where the session keeps an arrangement: the cohort's key and the grouping as text."""

    cohort: str
    spec: str

    def read(self) -> Arrangement:
        held: dict[_Place, Arrangement] = st.session_state.get(_HELD, {})
        return held.get(self, Arrangement())

    def write(self, arrangement: Arrangement) -> None:
        st.session_state.setdefault(_HELD, {})[self] = arrangement

    def widget(self, what: str, name: str = "") -> str:
        """Key of a widget; another after a reset, so that it shows the new value."""
        version = st.session_state.get(_VERSION, 0)
        return f"arrange:{what}:{self.cohort}:{self.spec}:{name}:{version}"


def arrangement_of(looking: Looking, spec: GroupingSpec) -> Arrangement:
    """How the session shows this grouping; at first, how the link asks for it."""
    place = _Place(looking.key, str(spec))
    if _LINK_READ not in st.session_state:
        st.session_state[_LINK_READ] = True
        asked = st.query_params.get(IN_LINK, "")
        try:
            place.write(Arrangement.from_text(asked))
        except GroupingError as error:
            st.warning(str(error))
    return place.read()


def keep_in_link(arrangement: Arrangement) -> None:
    """Let the address say how the groups are shown."""
    keep_in_address(IN_LINK, arrangement.to_text())


def draw_arrangement(looking: Looking, spec: GroupingSpec, grouping: Grouping) -> None:
    """Draw one row a group (colour, name, up, shown), the reference and a reset.

    Parameters
    ----------
    spec
        How the groups were made.
    grouping
        The groups as they were made, before any arrangement.
    """
    place = _Place(looking.key, str(spec))
    now = place.read()
    order = group_order(grouping, now)
    st.caption("Colour, name, shown or hidden; “Up” moves a group.")
    for row, name in enumerate(order):
        _draw_row(place, grouping, name, first=row == 0)
    called = dict(now.names)
    st.selectbox(
        "Reference",
        order,
        format_func=lambda name: called.get(name, name),
        key=(key := place.widget("reference", order[0])),
        on_change=_set_reference,
        args=(place, grouping, key),
        help="It is drawn first, and the others are compared with it.",
    )
    if not now.is_empty:
        st.button(
            "Reset",
            key="arrange_reset",
            icon=":material/undo:",
            on_click=_reset,
            args=(place,),
            type="tertiary",
        )


def _draw_row(place: _Place, grouping: Grouping, name: str, *, first: bool) -> None:
    now = place.read()
    own_colour = grouping.colours[grouping.names.index(name)]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.color_picker(
            f"Colour of {name}",
            dict(now.colours).get(name, own_colour),
            key=(key := place.widget("colours", name)),
            label_visibility="collapsed",
            on_change=_set_text,
            args=(place, "colours", name, own_colour, key),
        )
        st.text_input(
            f"Name of {name}",
            dict(now.names).get(name, name),
            key=(key := place.widget("names", name)),
            max_chars=MAX_NAME,
            label_visibility="collapsed",
            on_change=_set_text,
            args=(place, "names", name, name, key),
        )
        st.toggle(
            f"Show {name}",
            name not in now.hidden,
            key=(key := place.widget("shown", name)),
            label_visibility="collapsed",
            help="Show this group",
            on_change=_set_shown,
            args=(place, name, key),
        )
        st.button(
            "Up",
            key=place.widget("up", name),
            disabled=first,
            on_click=_move_up,
            args=(place, grouping, name),
            type="tertiary",
        )


def _set_text(
    place: _Place, what: Literal["names", "colours"], group: str, own: str, key: str
) -> None:
    now = place.read()
    pairs = dict(now.names if what == "names" else now.colours)
    pairs[group] = " ".join(str(st.session_state[key]).split())
    if pairs[group] in {"", own}:
        del pairs[group]
    changed = tuple(pairs.items())
    place.write(replace(now, names=changed) if what == "names" else replace(now, colours=changed))


def _set_shown(place: _Place, group: str, key: str) -> None:
    now = place.read()
    hidden = [name for name in now.hidden if name != group]
    place.write(replace(now, hidden=tuple(hidden if st.session_state[key] else [*hidden, group])))


def _move_up(place: _Place, grouping: Grouping, group: str) -> None:
    now = place.read()
    order = list(group_order(grouping, now))
    row = order.index(group)
    order[row - 1 : row + 1] = [group, order[row - 1]]
    kept = () if tuple(order) == grouping.names else tuple(order)
    place.write(replace(now, order=kept, reference=None))


def _set_reference(place: _Place, grouping: Grouping, key: str) -> None:
    chosen = st.session_state[key]
    now = replace(place.read(), reference=None)
    first = group_order(grouping, now)[0]
    place.write(replace(now, reference=None if chosen == first else chosen))


def _reset(place: _Place) -> None:
    place.write(Arrangement())
    st.session_state[_VERSION] = st.session_state.get(_VERSION, 0) + 1
