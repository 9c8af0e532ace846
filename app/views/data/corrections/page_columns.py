"""Correcting single columns: what they are used as, which alteration they hold, their unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from app.cohort.escaping import literal
from app.views.data.corrections.page_draft import (
    Correction,
    Editing,
    corrects,
    draw_take_back,
    entries_in_words,
    with_count,
)
from data_loaders.dates.columns import DATE_FORMATS
from data_loaders.files.file_columns import FileColumn
from data_loaders.mapping.column_uses import (
    ALTERATION,
    IDENTIFIER,
    KINDS,
    LEFT_OUT,
    USES,
    Use,
    stated_use,
)
from data_loaders.mapping.corrections import (
    as_inferred,
    coded_alteration,
    described_column,
    identified_by,
    named_alteration,
    used_as,
)
from data_loaders.mapping.parts import CALL_MEANINGS, alterations_of
from data_loaders.meaning.event_codes import meaning_of
from data_loaders.model import VariableRole

_ROLES = tuple(VariableRole.__args__)  # type: ignore[attr-defined]
_MOST_PANELS = 12
_MOST_AT_FIRST = 8
_MOST_CONTROLS = 8
_AS_IS = "as it is"


def draw_columns(editing: Editing) -> None:
    """Choose columns, and correct each in a panel of its own; several at once where they agree."""
    uses = {
        name: stated_use(use, editing.draft.now, editing.columns[name])
        for name, use in editing.uses.items()
    }
    unsure = [name for name, use in editing.uses.items() if use.unsure][:_MOST_AT_FIRST]
    chosen = st.multiselect(
        "Columns to look at",
        list(uses),
        default=unsure,
        format_func=lambda name: _option(editing.columns[name]),
        key="map_columns",
        placeholder="Type a part of a column's name",
        help="Those that the app was unsure about are chosen at first.",
        select_all=False,
    )
    if len(chosen) > 1:
        st.selectbox(
            f"All {len(chosen)} are used as",
            USES,
            index=None,
            placeholder="each as below",
            width=280,
            **corrects(editing.key("all"), None, partial(_all_used, tuple(chosen)), refill=True),
        )
    for name in chosen[:_MOST_PANELS]:
        _draw_panel(editing, editing.columns[name], uses[name])
    if len(chosen) > _MOST_PANELS:
        st.caption(
            f"The first {_MOST_PANELS} of {len(chosen)} columns are shown one by one; the choice "
            "above holds for all."
        )
    _draw_identifier(editing)


def _option(column: FileColumn) -> str:
    """A column in the list: words that stay while it is corrected, so that the choice stays."""
    return f"{column.name} · {entries_in_words(column, marked=False)}"


def _all_used(names: Sequence[str], use: str) -> Correction:
    def change(mapping: Mapping[str, Any]) -> dict[str, Any]:
        said = dict(mapping)
        for name in names:
            said = used_as(said, name, use)
        return said

    return change


def _draw_panel(editing: Editing, column: FileColumn, use: Use) -> None:
    name = column.name
    with st.container(border=True):
        file = f" · {literal(column.file)}" if column.file else ""
        blank = editing.cohort.n - column.filled
        gaps = f", {blank:,} blank" if 0 < blank < editing.cohort.n else ""
        st.markdown(f"**{literal(name)}**{file} · {entries_in_words(column)}{gaps}")
        left, *right = st.columns([3, 4, 3, 3], vertical_alignment="bottom")
        options = list(USES) if use.use in USES else [use.use, *USES]
        # A list of its own for each use, which a correction made beside it may change.
        left.selectbox(
            "Used as",
            options,
            index=options.index(use.use),
            **corrects(
                editing.key("use", name, use.use),
                use.use,
                lambda other: partial(used_as, name=name, use=other),
            ),
        )
        if use.use == ALTERATION:
            _draw_alteration(editing, column, use, right[0])
        elif use.use in KINDS.values():
            _draw_variable(editing, use, right)
        why = f"Why: {literal(use.reason)}. " if use.reason else ""
        if _is_stated(editing, name):
            draw_take_back(
                editing.key("back", name),
                "Say nothing of it",
                partial(as_inferred, name=name),
                why="It is inferred from its name and values again.",
            )
        elif why:
            st.caption(why)


def _is_stated(editing: Editing, name: str) -> bool:
    now = editing.draft.now
    return (
        name in now.get("columns", {})
        or name in alterations_of(now)
        or name in now.get("ignore", [])
    )


def _draw_alteration(editing: Editing, column: FileColumn, use: Use, place: Any) -> None:
    _draw_name(editing, use, place, "Which alteration")
    draw_codes(
        editing,
        column,
        use.codes or {},
        CALL_MEANINGS,
        of="call",
        change=lambda **codes: partial(coded_alteration, name=column.name, **codes),
    )


def _draw_name(editing: Editing, use: Use, place: Any, label: str) -> None:
    now = "" if use.unsure else use.alteration
    place.text_input(
        label,
        value=now,
        placeholder=f"{use.name}, as read"
        if use.use == ALTERATION
        else "JAK2 V617F, del(13q), ...",
        help="A gene, a gene with a part of its mutations (JAK2 V617F, CALR type 1), or a "
        "cytogenetic event (del(5q), 13pUPD).",
        **corrects(editing.key("alteration", use.name), now, partial(_named, use)),
    )


def _named(use: Use, text: str) -> Correction:
    if text.strip() or use.use == ALTERATION:
        return partial(named_alteration, name=use.name, text=text)
    return dict  # blanks name nothing


def draw_codes(
    editing: Editing,
    column: FileColumn,
    codes: Mapping[str, str],
    meanings: Sequence[str],
    *,
    of: str,
    change: Callable[..., Correction],
) -> None:
    """What each entry of a column means: a choice an entry, or a list a meaning where many.

    Parameters
    ----------
    codes
        The meanings so far, by entry.
    meanings
        Those to choose among; the last is that of an entry of which nothing is said.
    of
        What the codes are of, for the keys of the widgets.
    change
        Makes the correction of ``shown`` (what every entry is shown to mean) and ``said`` (the
        entries that are said to mean something else).
    """
    if not column.entries:
        if column.different:
            st.caption(
                f"It has {column.different:,} different values; say what they mean in a mapping "
                'file ("codes").'
            )
        return
    now = {text: meaning_of(codes, text) or meanings[-1] for text, _ in column.entries}
    if len(now) <= _MOST_CONTROLS:
        with st.container(horizontal=True, gap="medium"):
            for text, count in column.entries:
                st.segmented_control(
                    with_count(literal(text), count),
                    meanings,
                    default=now[text],
                    required=True,
                    wrap=True,
                    **corrects(
                        editing.key(of, column.name, text),
                        now[text],
                        lambda meaning, text=text: change(shown=now, said={text: meaning}),
                    ),
                )
        return
    counts = dict(column.entries)
    for meaning in meanings[:-1]:
        so = [text for text, said in now.items() if said == meaning]
        st.multiselect(
            f"Values that mean {meaning}",
            list(now),
            default=so,
            format_func=lambda text: with_count(text, counts[text]),
            select_all=False,
            **corrects(
                editing.key(of, column.name, meaning),
                so,
                partial(_coded, now, (meaning, meanings[-1]), change),
                refill=True,
            ),
        )
    st.caption(f"All others mean {meanings[-1]}.")


def _coded(
    now: Mapping[str, str],
    of: tuple[str, str],
    change: Callable[..., Correction],
    chosen: Sequence[str],
) -> Correction:
    meaning, rest = of
    here = {text for text, said in now.items() if said == meaning}
    come, gone = set(chosen) - here, here - set(chosen)
    return change(shown=now, said=dict.fromkeys(come, meaning) | dict.fromkeys(gone, rest))


def _draw_variable(editing: Editing, use: Use, places: Sequence[Any]) -> None:
    name = use.name
    fields = [("label", "Label", use.label)]
    if use.use == KINDS["binary"]:
        _draw_name(editing, use, places[1], "or an alteration")
    else:
        fields.append(("unit", "Unit", use.unit))
    for place, (part, label, value) in zip(places, fields, strict=False):
        place.text_input(
            label,
            value=value,
            placeholder="none" if part == "unit" else "",
            **_describes(editing, name, part, value),
        )
    role = use.role if use.role in _ROLES else _ROLES[0]
    places[2].selectbox(
        "About",
        _ROLES,
        index=_ROLES.index(role),
        **_describes(editing, name, "role", role),
    )
    if use.use == KINDS["ordinal"]:
        entries = [text for text, _ in editing.columns[name].entries]
        levels = [level for level in (use.levels or entries) if level in entries]
        st.multiselect(
            "Levels from low to high (take them out and choose them in order)",
            entries,
            default=levels,
            select_all=False,
            **_describes(editing, name, "levels", levels),
        )
    if use.use == KINDS["date"]:
        options = (_AS_IS, *DATE_FORMATS)
        said = editing.draft.now.get("columns", {}).get(name, {}).get("date_format", _AS_IS)
        st.segmented_control(
            "Dates are written",
            options,
            default=said,
            required=True,
            **_describes(editing, name, "date_format", said),
        )


def _describes(editing: Editing, name: str, part: str, before: object) -> dict[str, Any]:
    def change(value: str | Sequence[str]) -> Correction:
        value = "" if value == _AS_IS else value.strip() if isinstance(value, str) else value
        return partial(described_column, name=name, key=part, value=value)

    return corrects(editing.key(part, name), before, change)


def _draw_identifier(editing: Editing) -> None:
    n = editing.cohort.n
    fitting = [
        name
        for name, column in editing.columns.items()
        if column.identifier
        or (column.filled == column.different >= n and _may_identify(editing.uses[name]))
    ]
    now = editing.draft.now.get("patient_id") or next(
        (name for name, use in editing.uses.items() if use.use == IDENTIFIER), None
    )
    if len(fitting) < 2 or now not in fitting:
        return
    st.selectbox(
        "Patients are identified by",
        fitting,
        index=fitting.index(now),
        width=280,
        help="Columns that are filled and different in every row.",
        **corrects(
            editing.key("identifier"),
            now,
            lambda name: partial(identified_by, name=name),
            refill=True,
        ),
    )


def _may_identify(use: Use) -> bool:
    """Not a measurement or a time, which may differ in every patient by chance."""
    known = "the name" in use.reason and use.use == KINDS["numeric"]
    return use.use in {*KINDS.values(), LEFT_OUT} and not known
