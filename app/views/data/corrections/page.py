"""Correcting what was understood of uploaded files, with a live preview."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app.cohort.escaping import literal
from app.shell.accounts import disclosure_policy, rerun_if_out
from app.shell.layout import download
from app.shell.made.derived import definitions_of
from app.shell.session import Looking, Source, loaded_cohort, source_of
from app.study.files.tables import file_stem
from app.study.wording import count
from app.views.data.corrections.page_columns import draw_columns
from app.views.data.corrections.page_draft import (
    Editing,
    editing,
    entries_in_words,
    start_over,
    step_back,
)
from app.views.data.corrections.page_endpoints import draw_endpoints
from app.views.data.page_uploading import open_loaded
from data_loaders import Cohort, CohortError
from data_loaders.mapping.column_uses import stated_use
from data_loaders.mapping.corrections import in_words, usable
from data_loaders.mapping.record import MAPPING_ENDING

_USED = "_mapping_used"
_TALL = 420
_NOT_YOURS = (
    "What was understood of your own tables can be corrected here once you have loaded them; this "
    "cohort is not one of them."
)
_NOT_HERE = {
    "api": "A study that was asked of cBioPortal cannot be corrected here. Download it from there "
    "as a file, load that under Your files, and correct it then.",
    "catalogue": "A published cohort is read as its entry in the catalogue says and cannot be "
    "corrected here. Download its files from where they were published, load them under Your "
    "files, and correct them then.",
}


@st.fragment
def draw_mapping_editor(looking: Looking) -> None:
    """Columns and endpoints to correct, what the corrections give, and their file."""
    rerun_if_out()
    if st.session_state.pop(_USED, False):
        st.rerun()  # the whole page shows the corrected cohort
    # What was derived has no column in the files, and follows from what is corrected here.
    looking = replace(looking, cohort=loaded_cohort(looking.key))
    source = source_of(looking.key)
    if source is None:
        loaded = looking.cohort.provenance.loaded
        st.info(_NOT_HERE.get("" if loaded is None else loaded.way, _NOT_YOURS))
        return
    if not looking.cohort.file_columns:
        st.info("A saved cohort says itself what its columns are; correct the files it came from.")
        return
    edited = editing(looking, source)
    st.markdown("##### Columns")
    draw_columns(edited)
    with st.expander("All columns, and what each is used as"):
        _draw_overview(edited)
    st.markdown("##### Endpoints")
    draw_endpoints(edited)
    _draw_outcome(looking, source, edited)


def _draw_overview(edited: Editing) -> None:
    uses = {
        name: stated_use(use, edited.draft.now, edited.columns[name])
        for name, use in edited.uses.items()
    }
    columns = edited.columns
    table = pd.DataFrame(
        {
            "Column": list(uses),
            "File": [columns[name].file for name in uses],
            "Used as": [use.use for use in uses.values()],
            "Label": [use.alteration or use.label for use in uses.values()],
            "Unit": [use.unit for use in uses.values()],
            "Values": [entries_in_words(columns[name], marked=False) for name in uses],
            "Why": [use.reason for use in uses.values()],
        }
    )
    if not any(table["File"]):
        table = table.drop(columns="File")
    st.dataframe(
        table,
        hide_index=True,
        key="map_overview",
        height=min(_TALL, 38 + 35 * len(table)),
        column_config={
            "Column": st.column_config.TextColumn(pinned=True),
            "Why": st.column_config.TextColumn(width="large"),
        },
    )


def _draw_outcome(looking: Looking, source: Source, edited: Editing) -> None:
    """What is stated, what it gives, and what can be done with it."""
    draft = edited.draft
    mapping, waiting = usable(draft.now, edited.cohort)
    st.divider()
    words = in_words(draft.now)
    if words:
        st.caption("Stated: " + "; ".join(literal(said) for said in words) + ".")
    for sentence in waiting:
        st.info(literal(sentence))
    text = json.dumps(mapping, indent=1, ensure_ascii=False)
    derived = [one.to_dict() for one in definitions_of(looking.key, looking.cohort)]
    saved = {key: part for key, part in mapping.items() if key != "derived"}
    saved |= {"derived": derived} if derived else {}
    preview = None
    if mapping != draft.base:
        try:
            preview = _preview(looking.cohort.fingerprint, text, source)
        except CohortError as error:
            st.error(f"{literal(str(error))} Nothing was changed yet.")
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
        st.button(
            "Undo",
            key="undo_mapping",
            icon=":material/undo:",
            disabled=not draft.past,
            on_click=step_back,
        )
        st.button(
            "Start over",
            key="reset_mapping",
            disabled=not draft.changed,
            on_click=start_over,
            help="Back to the corrections in use.",
        )
        download(
            "Save the mapping (JSON)",
            partial(str.encode, json.dumps(saved, indent=1, ensure_ascii=False)),
            f"{file_stem(looking.cohort.name)}{MAPPING_ENDING}",
            "save_mapping",
            mime="application/json",
            help="Keep it next to the table: loaded together, it is used again. In code it is "
            "mapping=.",
        )


@st.cache_resource(scope="session", max_entries=2, show_spinner="Reading the files again")
def _preview(fingerprint: str, mapping: str, _source: Source) -> Cohort:  # noqa: ARG001
    """What the files give under a mapping; raises CohortError where it does not fit."""
    return _source.read(json.loads(mapping), _source.name)


def _difference(now: Cohort, then: Cohort) -> str:
    """What the corrections change, in a line; without numbers where none may be released."""
    if disclosure_policy() is not None:
        return "**Preview:** the files can be read under these corrections."
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
        label = literal(endpoint.label)
        parts.append(f"{label}: {int(known.sum()):,} followed, {count(events, 'event')}")
    gone = [key for key in now.endpoints if key not in then.endpoints]
    if gone:
        labels = ", ".join(literal(now.endpoints[key].label) for key in gone)
        parts.append(f"no longer: {labels}")
    return " · ".join(parts)


def _use(preview: Cohort | None, source: Source, mapping: dict[str, Any]) -> None:
    if preview is not None:
        open_loaded(preview, "Your table, corrected,", replace(source, mapping=mapping))
        st.session_state[_USED] = True
