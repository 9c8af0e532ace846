"""What a reader takes away from the survival page: figure, workbook, methods, script."""

from __future__ import annotations

from functools import partial

import plotly.graph_objects as go
import streamlit as st

from app.analysis.group_survival import GroupSurvival, numbers_table, summary_table
from app.cohort.groupings import GroupingSpec
from app.export.figures import FigureFormat, export_available, figure_bytes
from app.export.methods import survival_methods
from app.export.script import survival_script
from app.export.tables import file_stem
from app.export.workbook import to_xlsx
from app.ui.links import EVERYONE
from app.ui.session import Looking
from app.ui.survival import SurvivalSettings

FIGURE_KINDS: tuple[FigureFormat, ...] = ("svg", "png")


def draw_take_away(
    looking: Looking, result: GroupSurvival, settings: SurvivalSettings, figure: go.Figure
) -> None:
    """Downloads made when they are clicked, and the methods paragraph to copy.

    Parameters
    ----------
    looking
        The cohort and the selection behind the result.
    result
        What the page shows.
    settings
        What it was asked for.
    figure
        The curves as drawn.
    """
    stem = file_stem(
        looking.cohort.name, result.endpoint.key, result.label, synthetic=looking.synthetic
    )
    able, why = export_available()
    group = None if settings.group == EVERYONE else GroupingSpec.parse(settings.group)
    methods = survival_methods(result, looking.selection)
    with st.expander("Take it away: figure, numbers, methods, script"):
        with st.container(horizontal=True):
            for kind in FIGURE_KINDS:
                drawn = partial(figure_bytes, figure, kind)
                _button(f"Figure ({kind.upper()})", drawn, f"{stem}.{kind}", why, able=able)
            _button(
                "Numbers (XLSX)",
                partial(_workbook, looking, result, settings),
                f"{stem}.xlsx",
            )
            _button("Methods (TXT)", partial(str, methods), f"{stem}_methods.txt")
            _button(
                "Script (PY)",
                partial(survival_script, result, looking.cohort, looking.filter, group),
                f"{stem}.py",
                "A Python script that reproduces the result with this project's own functions, "
                "run next to the file.",
            )
        st.markdown(methods)


def _button(
    label: str,
    data: partial[str] | partial[bytes],
    name: str,
    why: str = "",
    *,
    able: bool = True,
) -> None:
    st.download_button(
        label,
        data=data,
        file_name=name,
        key=f"take_{name.rsplit('.', maxsplit=1)[1]}",
        icon=":material/download:",
        disabled=not able,
        help=why or None,
        on_click="ignore",
    )


def _workbook(looking: Looking, result: GroupSurvival, settings: SurvivalSettings) -> bytes:
    sheets = {
        "Summary": summary_table(result, settings.unit),
        "Curves": numbers_table(result, settings.unit),
    }
    if result.pairwise is not None:
        sheets["Pairs"] = result.pairwise
    return to_xlsx(sheets, looking.cohort.provenance, looking.selection.sentence)
