"""What was found wrong: the findings, and what is missing where."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.cohort.colours import SLATE
from app.cohort.escaping import literal
from app.shell.layout import download_table, figure_with_downloads
from app.shell.session import Looking
from app.study.figures.bars import share_bars
from app.study.figures.heatmap import missing_heatmap
from app.study.figures.theme import framed
from app.study.files.tables import file_stem
from app.study.wording import count
from app.views.data.page import issue_table
from data_loaders.meaning.quality import batch_columns, missingness

_MOST_ROWS = 40
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
    table = missingness(cohort, by or None)
    if table.empty or not table["Everyone"].gt(0).any():
        st.caption("No variable has a missing value.")
        return
    lacking = table[table["Everyone"] > 0].sort_values("Everyone", ascending=False)
    shown = lacking.head(_MOST_ROWS)
    title = (
        f"Missing values (% of patients), {count(len(shown), 'variable')} of {len(table):,}, "
        f"{count(cohort.n, 'patient')}"
    )
    sizes = table.attrs["n"]
    if by:
        figure = framed(missing_heatmap(shown, sizes), title, synthetic=looking.synthetic)
    else:
        lacking_now = [round(share * cohort.n) for share in shown["Everyone"]]
        figure = framed(
            share_bars(
                [str(name) for name in shown.index],
                lacking_now,
                [cohort.n] * len(shown),
                [SLATE] * len(shown),
                of="patients lack it",
            ),
            title,
            synthetic=looking.synthetic,
        )
    figure_with_downloads(
        figure,
        table.reset_index,
        key="missing",
        name=("missing",),
        alt=f"{title}. Most: "
        + ", ".join(f"{name} {share:.0%}" for name, share in shown["Everyone"].head(5).items()),
    )
