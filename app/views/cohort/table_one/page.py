"""Table one on the Cohort page: the groups, the table, and what can be taken away."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from app.analysis.associations import TableOne
from app.shell.controls.choice import choice
from app.shell.controls.grouping import draw_grouping
from app.shell.layout import download
from app.shell.memory import ask, result_or_reason
from app.shell.session import Looking
from app.shell.show import take_away
from app.shell.tables import draw_table, names_width
from app.study.analyses import answer_of
from app.study.files.tables import file_stem, source_line, to_csv
from app.views.cohort.table_one.answer import by_difference
from app.views.cohort.table_one.words import legend, numbers, printed, to_markdown, untested
from data_loaders import Provenance

_BY_RANK, _BY_MEAN = "Median, by rank", "Mean, Welch"
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
    settings = {"by_mean": kind == _BY_MEAN, "alterations": genes}
    question = ask(looking, "cohort.table_one", settings, chosen.spec, chosen.arrangement)
    table = result_or_reason(question)
    if table is None:
        return
    question = replace(question, shown={"sorted_rows": smd_order})
    if smd_order:
        table = by_difference(table)
    _draw(table)
    st.caption(f"{legend(table)}{untested(table)}")
    _draw_downloads(looking, table)
    take_away(answer_of(question, looking.cohort, table), question)


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
            # Streamlit takes the width of the first rows, which are short.
            **{
                name: st.column_config.TextColumn(width=names_width(name, frame[name]))
                for name in frame.columns
                if name.endswith(")")
            },
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
                partial(_workbook, table, provenance, patients),
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
            download(label, make, f"{stem}.{ending}", f"table_one_{ending}", mime=mime)


def _workbook(table: TableOne, provenance: Provenance, patients: str) -> bytes:
    from app.study.files.workbook import to_xlsx  # a library that only a click needs

    sheets = {"Table one": printed(table), "Numbers": numbers(table)}
    return to_xlsx(sheets, provenance, patients)
