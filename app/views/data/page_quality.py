"""What was found wrong: the findings, and what is missing where."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from app.cohort.escaping import literal
from app.cohort.filters import Filter
from app.shell.layout import download_table
from app.shell.memory import ask, result_or_reason
from app.shell.session import Looking
from app.shell.show import show_figure
from app.study.analyses import answer_of
from app.study.files.tables import file_stem
from app.views.data.page import issue_table
from data_loaders.meaning.quality import batch_columns

_MOST_FINDINGS = 25
_ICONS = {
    "error": ":red[:material/error:]",
    "warning": ":orange[:material/warning:]",
    "info": ":gray[:material/info:]",
}
_MOST_GROUPS = 12


def draw_quality(looking: Looking) -> None:
    """The findings in full sentences with their download, then the map of missing values."""
    cohort = looking.cohort
    if cohort.issues:
        lines = [
            f"{_ICONS[issue.severity]} {literal(issue.sentence)}"
            for issue in sorted(cohort.issues, key=lambda issue: list(_ICONS).index(issue.severity))
        ]
        st.markdown("  \n".join(lines[:_MOST_FINDINGS]))
        if len(lines) > _MOST_FINDINGS:
            with st.expander(f"{len(lines) - _MOST_FINDINGS} more findings"):
                st.markdown("  \n".join(lines[_MOST_FINDINGS:]))
        stem = file_stem(cohort.name, "findings", synthetic=looking.synthetic)
        download_table("Findings (CSV)", partial(issue_table, cohort), key="issues_csv", stem=stem)
    else:
        st.success("Nothing was found wrong.")
    _draw_missing(looking)


def _draw_missing(looking: Looking) -> None:
    cohort = looking.cohort
    batches = [
        name for name in batch_columns(cohort) if len(cohort.factor(name)[1]) <= _MOST_GROUPS
    ]
    labels = {"": "Everyone together"} | {name: cohort.variables[name].label for name in batches}
    by = ""
    if batches:
        by = st.selectbox(
            "Missing values by",
            list(labels),
            index=1,
            format_func=lambda name: labels.get(name, name),
            key="missing_by",
        )
    asked = ask(looking, "data.missing", {"by": by or None})
    # The file is judged as a whole, whoever is selected.
    question = replace(asked, filter=Filter())
    table = result_or_reason(question)
    if table is None:
        return
    answer = answer_of(question, cohort, table)
    show_figure(answer, question)
