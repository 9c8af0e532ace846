"""What the released views share: groups to compare by, and figures and tables to take away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.charts.theme import plotly_config
from app.cohort.colours import BLUE
from app.cohort.disclosure import POOLED, Disclosure
from app.cohort.groupings import Grouping, GroupingSpec, grouping_options
from app.export.figures import FIGURE_KINDS, export_available, figure_bytes
from app.export.tables import file_stem, to_csv
from app.export.workbook import to_xlsx
from app.ui.links import EVERYONE, GROUP, group_labels
from app.ui.session import Looking


def everyone(looking: Looking) -> Grouping:
    """The selected patients as one group."""
    codes = np.where(looking.selection.mask, 0, -1).astype(np.int16)
    return Grouping("Everyone", ("Everyone",), codes, (BLUE,))


def draw_released_grouping(looking: Looking, policy: Disclosure) -> Grouping:
    """The control of the groups: values of a variable, or an alteration; small groups pooled.

    Cut-offs, filters and saved groups are not offered: limits of one's own choice make groupings
    that differ by one patient.
    """
    cohort = looking.cohort
    options = [str(spec) for spec in grouping_options(cohort)]
    labels = group_labels(cohort)
    if st.session_state.get(GROUP) not in (*options, EVERYONE):
        st.session_state.pop(GROUP, None)
    option = st.selectbox(
        "Compare by",
        [*options, EVERYONE],
        format_func=lambda text: labels.get(text, text),
        key=GROUP,
        bind="query-params",
    )
    if option == EVERYONE:
        return everyone(looking)
    made = GroupingSpec.parse(option).build(cohort, looking.selection.mask)
    pooled = policy.pooled(made, looking.selection.mask)
    if pooled is None:
        st.info(
            f"Disclosure control: {made.label} makes fewer than two groups of {policy.threshold} "
            "or more of these patients, so everyone is shown together."
        )
        return everyone(looking)
    if POOLED in pooled.names:
        st.caption(
            f"Groups of fewer than {policy.threshold} are pooled, if need be with the next larger."
        )
    return pooled


def released_figure(
    looking: Looking,
    policy: Disclosure,
    figure: go.Figure,
    numbers: Callable[[], pd.DataFrame],
    *,
    key: str,
    name: str,
    alt: str,
) -> None:
    """A figure of released counts, and under it what can be taken away.

    Parameters
    ----------
    looking, policy
        Whom it shows, and the policy that every export names.
    figure, numbers
        The figure, and what makes the released numbers behind it.
    key, name, alt
        Stable key of the widgets, word of the file name, alternative text.
    """
    stem = file_stem(looking.cohort.name, name, synthetic=looking.synthetic)
    st.plotly_chart(figure, key=key, config=plotly_config(stem), alt=f"{alt} {policy.mark}.")
    released_downloads(looking, policy, numbers, key=key, name=name, figure=figure)


def released_downloads(
    looking: Looking,
    policy: Disclosure,
    numbers: Callable[[], pd.DataFrame],
    *,
    key: str,
    name: str,
    figure: go.Figure | None = None,
) -> None:
    """Downloads of released numbers and figures; each says how they were protected.

    Parameters
    ----------
    looking, policy, numbers, key, name
        As for :func:`released_figure`.
    figure
        The figure that shows them; None for a table.
    """
    stem = file_stem(looking.cohort.name, name, synthetic=looking.synthetic)
    provenance = looking.cohort.provenance
    able, why = export_available()

    def marked() -> pd.DataFrame:
        return numbers().assign(disclosure_control=policy.sentence)

    def workbook() -> bytes:
        return to_xlsx({"Numbers": marked()}, provenance, looking.selection.sentence)

    with st.container(horizontal=True):
        for label, data, ending in (
            ("CSV", lambda: to_csv(marked(), provenance), "csv"),
            ("XLSX", workbook, "xlsx"),
        ):
            st.download_button(
                label, data, f"{stem}.{ending}", key=f"{key}_{ending}",
                icon=":material/download:", type="tertiary", on_click="ignore",
            )  # fmt: skip
        if figure is not None:
            for kind in FIGURE_KINDS:
                st.download_button(
                    kind.upper(), partial(figure_bytes, figure, kind),
                    f"{stem}.{kind}", key=f"{key}_{kind}", icon=":material/download:",
                    type="tertiary", disabled=not able, help=why or None, on_click="ignore",
                )  # fmt: skip
