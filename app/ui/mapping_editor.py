"""Correcting what was understood of uploaded files, with a live preview."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app.analysis.wording import count
from app.export.tables import file_stem
from app.ui.session import Looking, Source, source_of
from app.ui.uploading import open_loaded
from data_loaders import Cohort, CohortError
from data_loaders.mapping import MAPPING_ENDING
from data_loaders.mapping_table import (
    ABOUT,
    COLUMN,
    EVENT,
    FROM,
    KEY,
    LABEL,
    LEVELS,
    TIME,
    TIME_UNIT,
    TIME_UNITS,
    UNIT,
    USE,
    USES,
    VALUES,
    WHY,
    column_table,
    corrected,
    endpoint_rows,
)
from data_loaders.model import VariableRole
from data_loaders.uploads import load_upload

_ROLES = tuple(VariableRole.__args__)  # type: ignore[attr-defined]
_TALL = 420


def draw_mapping_editor(looking: Looking) -> None:
    """Tables of columns and endpoints to correct, what the correction gives, and its file."""
    source = source_of(looking.key)
    if source is None:
        st.info(
            "What was understood of your own tables can be corrected here once you have loaded "
            "them; this cohort is not one of them."
        )
        return
    cohort = looking.cohort
    columns, endpoints = column_table(cohort), endpoint_rows(cohort)
    st.caption(
        "Change what a column is used as, its unit, label or the order of its levels; name the "
        "columns of an endpoint that was not found. The preview below follows every change."
    )
    edited = _draw_columns(columns, cohort)
    known = sorted({*columns[COLUMN], *endpoints[TIME], *endpoints[EVENT]})
    stated = _draw_endpoints(endpoints, known, cohort)
    try:
        mapping = corrected((columns, edited), (endpoints, stated), source.mapping)
    except CohortError as error:
        st.info(str(error))
        return
    _draw_preview(looking, source, mapping)


def _draw_columns(columns: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    return st.data_editor(
        columns,
        key=f"columns_{cohort.fingerprint[:12]}",
        hide_index=True,
        height=min(_TALL, 38 + 35 * len(columns)),
        disabled=[COLUMN, WHY],
        column_config={
            COLUMN: st.column_config.TextColumn(pinned=True),
            USE: st.column_config.SelectboxColumn(options=list(USES), required=True),
            ABOUT: st.column_config.SelectboxColumn(options=list(_ROLES), required=True),
            UNIT: st.column_config.TextColumn(help="Such as g/L, 10⁹/L, years."),
            LABEL: st.column_config.TextColumn(required=True),
            LEVELS: st.column_config.TextColumn(help="From low to high: low < intermediate < high"),
            WHY: st.column_config.TextColumn(width="large"),
        },
    )


def _draw_endpoints(endpoints: pd.DataFrame, known: list[str], cohort: Cohort) -> pd.DataFrame:
    dates = [v.source_column or v.name for v in cohort.variables.values() if v.kind == "date"]
    return st.data_editor(
        endpoints,
        key=f"endpoints_{cohort.fingerprint[:12]}",
        hide_index=True,
        num_rows="dynamic",
        column_config={
            KEY: st.column_config.TextColumn(help="A short name: os, pfs, aml."),
            LABEL: st.column_config.TextColumn(help="Such as Overall survival."),
            TIME: st.column_config.SelectboxColumn(options=known),
            FROM: st.column_config.SelectboxColumn(
                options=["", *dates],
                help="The date that time is counted from, such as that of diagnosis; only where "
                "the time is a date as well.",
            ),
            TIME_UNIT: st.column_config.SelectboxColumn(options=["", *TIME_UNITS]),
            EVENT: st.column_config.SelectboxColumn(options=known),
            VALUES: st.column_config.TextColumn(
                help="Separated by commas, such as dead, 1:DECEASED; empty where it is clear."
            ),
        },
    )


def _draw_preview(looking: Looking, source: Source, mapping: dict[str, Any]) -> None:
    text = json.dumps(mapping, indent=1, ensure_ascii=False)
    changed = mapping != dict(source.mapping)
    preview = None
    if changed:
        try:
            preview = _preview(looking.cohort.fingerprint, text, source)
        except CohortError as error:
            st.error(f"{error} Nothing was changed yet.")
    if preview is not None:
        st.markdown(_difference(looking.cohort, preview))
    with st.container(horizontal=True):
        st.button(
            "Use these corrections",
            key="use_mapping",
            type="primary",
            disabled=preview is None,
            on_click=_use,
            args=(preview, source, mapping),
        )
        st.download_button(
            "Save the mapping (JSON)",
            partial(str.encode, text),
            file_name=f"{file_stem(looking.cohort.name)}{MAPPING_ENDING}",
            mime="application/json",
            key="save_mapping",
            icon=":material/download:",
            on_click="ignore",
            help="Keep it next to the table: loaded together, it is used again. In code it is "
            "mapping=.",
        )


@st.cache_resource(scope="session", max_entries=2, show_spinner="Reading the files again")
def _preview(fingerprint: str, mapping: str, _source: Source) -> Cohort:  # noqa: ARG001
    """What the files give under a mapping; raises CohortError where it does not fit."""
    return load_upload(_source.files, json.loads(mapping))


def _difference(now: Cohort, then: Cohort) -> str:
    """What the corrections change, in a line."""
    parts = [f"**Preview:** {count(then.n, 'patient')}"]
    for what, before, after in (
        ("alteration", now.alterations.shape[1], then.alterations.shape[1]),
        ("variable", len(now.variables), len(then.variables)),
        ("finding", len(now.issues), len(then.issues)),
    ):
        parts.append(f"{count(after, what)}{'' if before == after else f' (now {before:,})'}")
    for endpoint in then.endpoints.values():
        known = then.patients[[endpoint.time, endpoint.event]].notna().all(axis=1)
        events = int(then.patients.loc[known, endpoint.event].sum())
        parts.append(f"{endpoint.label}: {int(known.sum()):,} followed, {count(events, 'event')}")
    gone = [key for key in now.endpoints if key not in then.endpoints]
    if gone:
        parts.append(f"no longer: {', '.join(now.endpoints[key].label for key in gone)}")
    return " · ".join(parts)


def _use(preview: Cohort | None, source: Source, mapping: dict[str, Any]) -> None:
    if preview is not None:
        open_loaded(preview, "Your table, corrected,", Source(source.files, mapping))
