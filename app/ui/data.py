"""The widgets of the data page: uploading, and telling what was read."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.analysis.wording import count
from app.ui.links import COHORT
from app.ui.session import cohort_title, keep_upload
from app.ui.sidebar import clear_filter
from data_loaders import Cohort, CohortError, load_table_bytes

UPLOAD = "upload"
_OUTCOME = "_upload_outcome"
_TYPES = ["csv", "tsv", "txt", "xlsx", "parquet", "gz"]
_SEVERITY = {"error": "Error", "warning": "Warning", "info": "Note"}


def draw_upload() -> None:
    """Offer to load a file, and say how the last one went."""
    st.file_uploader(
        "Load your own table: one row a patient (CSV, TSV, XLSX or Parquet)",
        type=_TYPES,
        key=UPLOAD,
        on_change=_load_upload,
        help="The file stays on the machine that runs this app, in this session only.",
    )
    outcome = st.session_state.get(_OUTCOME)
    if outcome is not None:
        good, sentence = outcome
        (st.success if good else st.error)(sentence)


def _load_upload() -> None:
    """Turn the uploaded file into a cohort and open it; on failure keep everything as it was."""
    file = st.session_state.get(UPLOAD)
    if file is None:
        st.session_state[_OUTCOME] = None
        return
    try:
        cohort = load_table_bytes(file.name, file.getvalue())
    except CohortError as error:
        held = cohort_title(st.session_state[COHORT])
        st.session_state[_OUTCOME] = (False, f"{error} You still look at {held}.")
        return
    clear_filter()
    st.session_state[COHORT] = keep_upload(cohort)
    sentence = (
        f"{file.name} was read: {count(cohort.n, 'patient')}, "
        f"{count(cohort.alterations.shape[1], 'alteration')}, "
        f"{count(len(cohort.endpoints), 'endpoint')}. It is open on every page now."
    )
    st.session_state[_OUTCOME] = (True, sentence)


def open_in_callback(key: str) -> None:
    """Open a cohort; call it in a button's callback."""
    clear_filter()
    st.session_state[COHORT] = key
    st.session_state[_OUTCOME] = None


def endpoint_table(cohort: Cohort) -> pd.DataFrame:
    """One row an endpoint: name, patients with follow-up, events, columns."""
    rows = []
    for endpoint in cohort.endpoints.values():
        event = cohort.patients[endpoint.event]
        known = event.notna() & cohort.patients[endpoint.time].notna()
        rows.append(
            {
                "Endpoint": endpoint.label,
                "Followed": int(known.sum()),
                "Events": int(event[known].sum()),
                "Competing event": "death" if endpoint.competing else "–",
                "Time and event from": _origin(cohort, endpoint.time, endpoint.event),
            }
        )
    return pd.DataFrame(rows)


def _origin(cohort: Cohort, *columns: str) -> str:
    names = []
    for column in columns:
        variable = cohort.variables.get(column)
        names.append(variable.source_column or column if variable is not None else column)
    return ", ".join(names)


def variable_table(cohort: Cohort) -> pd.DataFrame:
    """One row a variable: label, column, kind, unit, share known, and why it was read that way."""
    rows = [
        {
            "Variable": variable.label,
            "Column": variable.source_column or variable.name,
            "Kind": variable.kind,
            "Unit": variable.unit or "",
            "Known": float(cohort.patients[variable.name].notna().mean()),
            "Why": variable.reason or variable.description,
        }
        for variable in cohort.variables.values()
        if variable.name in cohort.patients.columns
    ]
    return pd.DataFrame(rows)


def feature_table(cohort: Cohort) -> pd.DataFrame:
    """One row an alteration: name, kind, column in the file, altered and tested."""
    tested = (cohort.states >= 0).sum(axis=0)
    altered = (cohort.states == 1).sum(axis=0)
    return pd.DataFrame(
        {
            "Alteration": cohort.features["label"].tolist(),
            "Kind": cohort.features["kind"].tolist(),
            "Column": cohort.features["source_column"].tolist(),
            "Altered": altered,
            "Tested": tested,
        }
    )


def issue_table(cohort: Cohort) -> pd.DataFrame:
    """One row a finding of validation, the gravest first."""
    order = list(_SEVERITY)
    issues = sorted(cohort.issues, key=lambda issue: order.index(issue.severity))
    return pd.DataFrame(
        {
            "Severity": [_SEVERITY[issue.severity] for issue in issues],
            "Finding": [issue.sentence for issue in issues],
            "Column": [issue.column or "" for issue in issues],
            "Count": [issue.count for issue in issues],
            "Rows, for example": [", ".join(map(str, issue.rows[:5])) for issue in issues],
        }
    )


def truth_table(cohort: Cohort) -> pd.DataFrame:
    """One row a planted truth of a synthetic cohort: statement, value, source."""
    truths = cohort.provenance.truths
    return pd.DataFrame(
        {
            "Planted": [truth.statement for truth in truths],
            "Value": [truth.value for truth in truths],
            "After": [truth.source for truth in truths],
        }
    )
