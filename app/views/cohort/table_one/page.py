"""Table one on the Cohort page: the groups, the table, and what can be taken away."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from app.analysis.associations import TableOne, describable, table_one
from app.cohort.groupings import by_labels
from app.shell.controls.choice import choice
from app.shell.controls.grouping import ChosenGrouping, draw_grouping
from app.shell.session import Looking
from app.shell.tables import draw_table, names_width
from app.study.files.tables import file_stem, source_line, to_csv
from app.study.files.workbook import to_xlsx
from app.views.cohort.overview.analysis import ranked_variables, selected_alterations
from app.views.cohort.table_one.words import legend, numbers, printed, to_markdown

_BY_RANK, _BY_MEAN = "Median, by rank", "Mean, Welch"
_MOST_ALTERATIONS = 12
# Pixels of a table at a window 1,366 wide.
_LAPTOP = 900
_ROW = 35


def draw_table_one(looking: Looking) -> None:
    """The control of the groups, the table and its downloads."""
    endpoint = next(iter(looking.cohort.endpoints), "")
    chosen = draw_grouping(looking, endpoint)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        kind = choice("Numbers", (_BY_RANK, _BY_MEAN), "table_numbers", linked=False, quiet=True)
        genes = st.toggle("With alterations", value=True, key="table_alterations")
        smd_order = st.toggle("Largest difference first", key="table_by_difference")
    table = _table(looking, chosen, by_mean=kind == _BY_MEAN, genes=genes)
    if not table.n:
        st.info("Nobody selected is in one of these groups; choose another grouping.")
        return
    if smd_order:
        table = _by_difference(table)
    _draw(table)
    st.caption(legend(table))
    _draw_downloads(looking, table)


def _table(looking: Looking, chosen: ChosenGrouping, *, by_mean: bool, genes: bool) -> TableOne:
    cohort, mask = looking.cohort, looking.selection.mask
    grouping = chosen.grouping
    if grouping is None:
        grouping = by_labels("Everyone", ["Everyone"] * cohort.n, ["Everyone"])
    known = set(describable(cohort))
    own = {grouping.label}
    if chosen.spec is not None and chosen.spec.kind == "variable":
        own.add(cohort.variables[chosen.spec.name].label)
    order = [item.variable.name for item in ranked_variables(cohort)]
    order += [name for name in describable(cohort) if name not in order]
    variables = [n for n in order if n in known and cohort.variables[n].label not in own]
    features: list[str] = []
    if genes and cohort.alterations.shape[1]:
        leading = selected_alterations(cohort, mask, _MOST_ALTERATIONS)
        features = [str(name) for name in leading["feature"]]
    return table_one(
        cohort, grouping, mask, variables=variables, features=features,
        number_test="mean" if by_mean else "rank",
    )  # fmt: skip


def _by_difference(table: TableOne) -> TableOne:
    rows = sorted(table.rows, key=lambda row: -np.nan_to_num(row.comparison.smd, nan=-1.0))
    return replace(table, rows=tuple(rows))


def _draw(table: TableOne) -> None:
    frame = printed(table)
    # On a laptop the tests would stand beyond the right edge: then they go before the groups.
    tests = ["p", "q", "SMD"]
    order = list(frame.columns)
    if sum(names_width(name, frame[name]) for name in order) > _LAPTOP:
        order = [order[0], *tests, *(name for name in order[1:] if name not in tests)]
    draw_table(
        frame,
        key="table_one",
        column_order=order,
        height=min(_ROW * (len(frame) + 1) + 3, 900),
        column_config={
            "Variable": st.column_config.TextColumn(pinned=True),
            "Missing": st.column_config.TextColumn(width="small"),
            "p": st.column_config.TextColumn(width="small"),
            "q": st.column_config.TextColumn(width="small"),
            "SMD": st.column_config.TextColumn(width="small"),
        },
    )


def _draw_downloads(looking: Looking, table: TableOne) -> None:
    stem = file_stem(looking.cohort.name, "table-one", table.label, synthetic=looking.synthetic)
    provenance, patients = looking.cohort.provenance, looking.selection.sentence
    with st.container(horizontal=True):
        for label, make, ending, mime in (
            (
                "Table one (XLSX)",
                lambda: to_xlsx(
                    {"Table one": printed(table), "Numbers": numbers(table)}, provenance, patients
                ),
                "xlsx",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ),
            ("Numbers (CSV)", lambda: to_csv(numbers(table), provenance), "csv", "text/csv"),
            (
                "Markdown",
                partial(to_markdown, table, source_line(provenance), patients),
                "md",
                "text/markdown",
            ),
        ):
            st.download_button(
                label, make, f"{stem}.{ending}", mime=mime, key=f"table_one_{ending}",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip
