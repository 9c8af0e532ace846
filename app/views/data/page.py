"""Tables of the data page that tell what was read."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.shell.layout import download, when_open
from app.shell.links import COHORT
from app.shell.session import Looking
from app.shell.sidebar import clear_filter
from app.shell.tables import draw_table
from app.study.files.tables import file_stem
from app.views.data._archive import ArchiveKind, cohort_archive
from app.views.data.page_uploading import tell_outcome
from data_loaders import Cohort, Endpoint
from data_loaders.alterations.mutation_rule import rule_in_words

_ARCHIVES: dict[ArchiveKind, str] = {
    "study": "As a cBioPortal study (ZIP)",
    "tables": "As Parquet and JSON (ZIP)",
}
_SEVERITY = {"error": "Error", "warning": "Warning", "info": "Note"}


def open_in_callback(key: str) -> None:
    """Open a cohort; call it in a button's callback."""
    clear_filter()
    st.session_state[COHORT] = key
    tell_outcome(None)


def draw_saving(looking: Looking) -> None:
    """The whole cohort as archives that load back equal, made when they are clicked."""
    offer = partial(_offer_archives, looking)
    when_open("Save this cohort", "save", offer, icon=":material/archive:")


def _offer_archives(looking: Looking) -> None:
    stem = file_stem(looking.cohort.name, synthetic=looking.synthetic)
    st.caption(
        "Everything that was understood, with the patients' identifiers: treat it as patient "
        "data. Loaded here again, either gives the same cohort."
    )
    with st.container(horizontal=True):
        for kind, label in _ARCHIVES.items():
            make = partial(cohort_archive, looking.cohort, kind)
            file = f"{stem}_{kind}.zip"
            download(label, make, file, f"save_{kind}", mime="application/zip")


def draw_endpoints(looking: Looking) -> None:
    """The endpoints that were found."""
    if looking.cohort.endpoints:
        draw_table(endpoint_table(looking.cohort), key="endpoints")
    else:
        st.info("No pair of a time and an event column was found, so survival cannot be shown.")


def draw_variables(looking: Looking) -> None:
    """The data dictionary."""
    draw_table(
        variable_table(looking.cohort),
        key="variables",
        column_config={"Known": st.column_config.NumberColumn(format="percent")},
    )


def draw_alterations(looking: Looking) -> None:
    """The alterations, and what counts as a mutation."""
    cohort = looking.cohort
    rule = rule_in_words(cohort.mutations)
    if rule:
        st.caption(rule)
    if cohort.alterations.shape[1]:
        draw_table(feature_table(cohort), key="alterations")
    else:
        st.info("No 0/1 column was recognised as a gene or a cytogenetic event.")


def draw_truths(looking: Looking) -> None:
    """What a simulated cohort was made with."""
    st.caption("This cohort is simulated. These are the values it was made with.")
    draw_table(truth_table(looking.cohort), key="truths")


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
                "Competing event": _competing(cohort, endpoint),
                "At risk from": "time zero"
                if endpoint.entry is None
                else _origin(cohort, endpoint.entry),
                "Time and event from": _origin(cohort, endpoint.time, endpoint.event),
            }
        )
    return pd.DataFrame(rows)


def _competing(cohort: Cohort, endpoint: Endpoint) -> str:
    """Death, where it was derived, or what a column of the file says."""
    variable = cohort.variables.get(endpoint.competing or "")
    if variable is None:
        return "death" if endpoint.competing else "–"
    return f"as in {variable.source_column}" if variable.source_column else "death"


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
