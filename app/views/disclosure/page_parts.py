"""What the released views share: groups to compare by, and figures and tables to take away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.cohort.disclosure import Condition, Disclosure, Release, conditions_of
from app.cohort.groupings import GroupingSpec
from app.shell.escaping import escaped_figure
from app.shell.layout import download, download_table, draw_downloads
from app.shell.links import EVERYONE, GROUP, group_labels
from app.shell.session import Looking
from app.study.figures.theme import framed, plotly_config
from app.study.files.tables import file_stem
from app.study.files.workbook import to_xlsx
from app.views.disclosure.tables import groups_of, may_ask


@dataclass(frozen=True, eq=False)
class Asked:
    """Whom a page shows, all that may be shown of them, and the filter as a published question."""

    looking: Looking
    policy: Disclosure
    release: Release
    conditions: tuple[Condition, ...]

    @property
    def about(self) -> str:
        """How many patients, rounded as the policy wants it."""
        return f"about {self.policy.in_words(self.looking.selection.n)} patients"

    def may_ask(self, name: str) -> bool:
        """Whether a variable or alteration is a published question under the filter."""
        return may_ask(self.release, self.conditions, name)


def asked_of(looking: Looking, policy: Disclosure) -> Asked:
    """What a page may show of the patients looked at."""
    release = policy.release(looking.cohort)
    conditions = conditions_of(looking.filter, release.published)
    return Asked(looking, policy, release, () if isinstance(conditions, str) else conditions)


def draw_released_grouping(asked: Asked) -> str | None:
    """The control of the groups: a published variable or alteration; None for everyone together.

    Cut-offs, filters and saved groups are not offered: limits of one's own choice make groupings
    that differ by one patient.
    """
    release = asked.release
    labels = group_labels(asked.looking.cohort)
    names = {
        str(GroupingSpec("alteration" if d.kind == "alteration" else "variable", d.name)): d.name
        for d in release.published.dimensions.values()
        if asked.may_ask(d.name)
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
    if by is not None and len(groups_of(release, asked.conditions, by)) < 2:
        label = release.published.dimensions[by].label
        st.info(
            f"Disclosure control: fewer than two groups of {label} have a number that may be shown "
            "of these patients, so everyone is shown together."
        )
        return None
    return by


def released_figure(
    asked: Asked,
    figure: go.Figure,
    title: str,
    numbers: Callable[[], pd.DataFrame],
    *,
    key: str,
    name: str,
    alt: str,
) -> None:
    """A figure of released counts, and under it what can be taken away.

    Parameters
    ----------
    asked
        Whom it shows, and the policy that every export names.
    figure, title
        The figure, and what is put on it.
    numbers
        Makes the released numbers behind it.
    key, name, alt
        Stable key of the widgets, word of the file name, alternative text.
    """
    looking = asked.looking
    stem = file_stem(looking.cohort.name, name, synthetic=looking.synthetic)
    figure = framed(figure, title, synthetic=looking.synthetic)
    st.plotly_chart(
        escaped_figure(figure),
        key=key,
        config=plotly_config(stem),
        alt=f"{alt} {asked.policy.mark}.",
    )
    released_downloads(asked, numbers, key=key, name=name, figure=figure)


def released_downloads(
    asked: Asked,
    numbers: Callable[[], pd.DataFrame],
    *,
    key: str,
    name: str,
    figure: go.Figure | None = None,
) -> None:
    """Downloads of released numbers and their figure, if any; each says how it was protected."""
    looking = asked.looking
    stem = file_stem(looking.cohort.name, name, synthetic=looking.synthetic)

    def marked() -> pd.DataFrame:
        return numbers().assign(disclosure_control=asked.policy.sentence)

    def workbook() -> bytes:
        return to_xlsx({"Numbers": marked()}, looking.cohort.provenance, looking.selection.sentence)

    with st.container(horizontal=True):
        if figure is None:
            download_table("CSV", marked, key=f"{key}_csv", stem=stem)
        else:
            draw_downloads(figure, marked, key=key, stem=stem)
        download("XLSX", workbook, f"{stem}.xlsx", f"{key}_xlsx", type="tertiary")
