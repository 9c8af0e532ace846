"""What the released views share: groups to compare by, and figures and tables to take away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.cohort.disclosure import Condition, Disclosure, Release, conditions_of
from app.cohort.groupings import GroupingSpec
from app.shell.escaping import escaped_figure
from app.shell.links import EVERYONE, GROUP, group_labels
from app.shell.session import Looking
from app.study.figures.theme import plotly_config
from app.study.files.figures import FIGURE_KINDS, export_available, figure_bytes
from app.study.files.tables import file_stem, to_csv
from app.study.files.workbook import to_xlsx
from app.views.disclosure.tables import groups_of, may_ask


def asked_of(looking: Looking, policy: Disclosure) -> tuple[Release, tuple[Condition, ...]]:
    """All that is released of the cohort, and the filter as a published question."""
    release = policy.release(looking.cohort)
    conditions = conditions_of(looking.filter, release.published)
    return release, () if isinstance(conditions, str) else conditions


def draw_released_grouping(
    looking: Looking, release: Release, conditions: Sequence[Condition]
) -> str | None:
    """The control of the groups: a published variable or alteration; None for everyone together.

    Cut-offs, filters and saved groups are not offered: limits of one's own choice make groupings
    that differ by one patient.
    """
    labels = group_labels(looking.cohort)
    names = {
        str(GroupingSpec("alteration" if d.kind == "alteration" else "variable", d.name)): d.name
        for d in release.published.dimensions.values()
        if may_ask(release, conditions, d.name)
    }
    if st.session_state.get(GROUP) not in (*names, EVERYONE):
        st.session_state.pop(GROUP, None)
    option = st.selectbox(
        "Compare by",
        [*names, EVERYONE],
        format_func=lambda text: labels.get(text, text),
        key=GROUP,
        bind="query-params",
    )
    by = names.get(option)
    if by is not None and len(groups_of(release, conditions, by)) < 2:
        label = release.published.dimensions[by].label
        st.info(
            f"Disclosure control: fewer than two groups of {label} have a number that may be shown "
            "of these patients, so everyone is shown together."
        )
        return None
    return by


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
    figure = escaped_figure(figure)
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
