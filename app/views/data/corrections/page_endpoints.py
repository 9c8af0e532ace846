"""Correcting endpoints: their columns, unit, what each status means, entry, competing event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from app.cohort.escaping import literal
from app.views.data.corrections.page_columns import draw_codes
from app.views.data.corrections.page_draft import (
    Correction,
    Editing,
    corrects,
    draw_take_back,
    step,
)
from data_loaders import Endpoint
from data_loaders.endpoints.find import MONTHS_PER
from data_loaders.endpoints.terms import endpoint_term
from data_loaders.mapping.column_uses import KINDS, event_guess
from data_loaders.mapping.corrections import (
    coded,
    endpoint_added,
    endpoint_as_inferred,
    endpoint_out,
    endpoint_parts,
    endpoint_said,
    has_to_be_whole,
)
from data_loaders.mapping.parts import EVENT_MEANINGS

_CHOSEN = "map_endpoint"
_NEW = "map_new_endpoint"
_AS_IS, _NONE = "as it is", "none"


@dataclass(frozen=True, eq=False)
class _Panel:
    """One endpoint that is edited, and what is shown of it: as it is, with what is stated."""

    editing: Editing
    key: str
    shown: dict[str, Any]

    @property
    def endpoint(self) -> Endpoint | None:
        """As the cohort has it; None where it does not."""
        return self.editing.cohort.endpoints.get(self.key)

    def corrects(self, part: str, before: object) -> dict[str, Any]:
        """What makes a widget correct a part; ``before`` as for the function."""

        def change(value: Any) -> Correction:
            value = None if value in {_AS_IS, ""} else False if value == _NONE else value
            return _change(self, part, value)

        return corrects(self.editing.key(part, self.key), before, change, refill=part == "event")


def draw_endpoints(editing: Editing) -> None:
    """Choose an endpoint and correct it, take it out, or name one that was not found."""
    now = editing.draft.now
    stated = now.get("endpoints", {})
    gone = now.get("no_endpoints", [])
    keys = [k for k in dict.fromkeys((*editing.cohort.endpoints, *stated)) if k not in gone]
    if st.session_state.get(_CHOSEN) not in {None, *keys}:
        st.session_state[_CHOSEN] = None
    chosen = None
    if keys:
        chosen = st.pills(
            "Endpoint to look at",
            keys,
            format_func=lambda key: _label(editing, key),
            key=_CHOSEN,
        )
    st.text_input(
        "Another endpoint: its short name",
        key=_NEW,
        placeholder="os, pfs, relapse, aml, ...",
        on_change=_add,
        width=280,
    )
    for key in gone:
        label = f"Bring back {_label(editing, key)}"
        draw_take_back(editing.key("bring", key), label, partial(endpoint_as_inferred, key=key))
    if chosen:
        _draw_panel(editing, chosen)


def _label(editing: Editing, key: str) -> str:
    """An endpoint in the list: as it was, so that the choice stays while it is corrected."""
    endpoint = editing.cohort.endpoints.get(key)
    return literal(endpoint.label if endpoint else endpoint_term(key).label)


def _add() -> None:
    text = str(st.session_state[_NEW]).strip()
    if text:
        key = endpoint_term(text).key
        step(partial(endpoint_added, key=key))
        st.session_state[_CHOSEN] = key
        st.session_state[_NEW] = ""


def _draw_panel(editing: Editing, key: str) -> None:
    endpoint = editing.cohort.endpoints.get(key)
    known = {} if endpoint is None else endpoint_parts(editing.cohort, endpoint)
    stated = editing.draft.now.get("endpoints", {}).get(key, {})
    shown = known | stated
    if "event" in stated and stated["event"] != known.get("event") and "codes" not in stated:
        shown.pop("codes", None)
    panel = _Panel(editing, key, shown)
    with st.container(border=True, key="map_endpoint_panel"):
        first = st.columns(4)
        _draw_label(panel, first[0])
        _draw_column(panel, "time", "Time", first[1])
        _draw_unit(panel, first[2])
        _draw_column(panel, "event", "Event", first[3])
        event = editing.columns.get(shown.get("event", ""))
        if event is not None:
            draw_codes(
                editing,
                event,
                _codes(shown) or event_guess(event),
                EVENT_MEANINGS,
                of=f"code:{key}",
                change=lambda **codes: partial(_recoded, panel=panel, **codes),
            )
        second = st.columns(4)
        _draw_other(panel, "competing", "Competing event", second[0])
        _draw_other(panel, "entry", "Under observation from", second[1])
        with st.container(horizontal=True):
            st.button(
                "Take this endpoint out",
                key=editing.key("out", key),
                icon=":material/delete:",
                on_click=step,
                args=(partial(endpoint_out, key=key, known=endpoint is not None),),
                kwargs={"refill": True},
            )
            if stated and endpoint is not None:
                draw_take_back(
                    editing.key("endpoint_back", key),
                    "Say nothing of it",
                    partial(endpoint_as_inferred, key=key),
                )


def _codes(shown: dict[str, Any]) -> dict[str, str]:
    """The meanings of the entries so far; a stated value of the event is one, too."""
    if shown.get("codes"):
        return dict(shown["codes"])
    values = shown.get("event_value")
    values = values if isinstance(values, list) else [] if values is None else [values]
    return {str(value): "event" for value in values}


def _change(panel: _Panel, part: str, value: Any) -> Correction:
    endpoint, cohort = panel.endpoint, panel.editing.cohort
    whole: dict[str, Any] = {}
    if endpoint is not None and has_to_be_whole(cohort, endpoint):
        parts = endpoint_parts(cohort, endpoint)
        whole = {name: parts[name] for name in ("time", "from", "event", "codes") if name in parts}
    return partial(endpoint_said, key=panel.key, part=part, value=value, whole=whole)


def _recoded(
    mapping: Mapping[str, Any], panel: _Panel, shown: Mapping[str, str], said: Mapping[str, str]
) -> dict[str, Any]:
    stated = mapping.get("endpoints", {}).get(panel.key, {}).get("codes") or {}
    return _change(panel, "codes", coded(stated, shown, said))(mapping)


def _draw_label(panel: _Panel, place: Any) -> None:
    now = str(panel.shown.get("label", ""))
    place.text_input(
        "Called",
        value=now,
        placeholder=endpoint_term(panel.key).label,
        **panel.corrects("label", now),
    )


def _draw_column(panel: _Panel, part: str, label: str, place: Any) -> None:
    columns = panel.editing.columns
    options = [name for name, column in columns.items() if not column.identifier]
    now = panel.shown.get(part) if panel.shown.get(part) in options else None
    place.selectbox(
        label,
        options,
        index=None if now is None else options.index(now),
        placeholder="Choose its column",
        filter_mode="contains",
        **panel.corrects(part, now),
    )


def _draw_unit(panel: _Panel, place: Any) -> None:
    """The unit of a time in numbers, or the date that a time between dates is counted from."""
    shown = panel.shown
    dates = [name for name, use in panel.editing.uses.items() if use.use == KINDS["date"]]
    dates += [shown["from"]] if shown.get("from") and shown["from"] not in dates else []
    between = shown.get("time") in dates or bool(shown.get("from"))
    part = "from" if between else "unit"
    options = [_AS_IS, *(dates if between else MONTHS_PER)]
    now = shown.get(part) if shown.get(part) in options else _AS_IS
    as_read = None if between else _unit_read(panel)
    place.selectbox(
        "Counted from" if between else "Time is in",
        options,
        index=options.index(now),
        format_func=lambda option: as_read if as_read and option == _AS_IS else option,
        **panel.corrects(part, now),
    )


def _unit_read(panel: _Panel) -> str | None:
    if panel.endpoint is None:
        return None
    words = panel.editing.cohort.variables[panel.endpoint.time].description
    unit = next((unit for unit in MONTHS_PER if f"converted from {unit}" in words), "months")
    return f"{unit}, as read"


def _draw_other(panel: _Panel, part: str, label: str, place: Any) -> None:
    """A column besides time and event, or none."""
    columns, uses = panel.editing.columns, panel.editing.uses
    competing = part == "competing"
    fitting = [
        name
        for name, column in columns.items()
        if (column.answers if competing else column.lowest is not None)
        or (not competing and uses[name].use == KINDS["date"])
    ]
    held = panel.shown.get(part, _AS_IS)
    held = _NONE if held is False else held
    options = [_AS_IS, _NONE, *(name for name in fitting if name != panel.shown.get("event"))]
    options += [held] if held not in options else []
    death = competing and panel.endpoint is not None and panel.endpoint.competing
    as_read = f"{'death' if death else _NONE}, as read"
    place.selectbox(
        label,
        options,
        index=options.index(held),
        format_func=lambda option: as_read if option == _AS_IS else option,
        help="Another event that keeps a patient from this one; a code above can mean it as well."
        if competing
        else "Where patients are known only from a later day on (left truncation).",
        **panel.corrects(part, held),
    )
