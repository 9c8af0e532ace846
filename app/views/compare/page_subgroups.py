"""Which genomic subgroups the compared groups are made of."""

from __future__ import annotations

import streamlit as st

from app.analysis.subgroups import SubgroupSettings
from app.shell.layout import figure_with_downloads
from app.study.figures.theme import framed
from app.study.wording import count
from app.views.compare.analysis import composition
from app.views.compare.figures import composition_figure
from app.views.compare.page_groups import Compared
from app.views.compare.words import comparison_title
from app.views.subgroups.analysis import KINDS
from app.views.subgroups.page_names import subgroup_names
from app.views.subgroups.page_search import (
    SearchRequest,
    draw_search_status,
    placed_map,
    start_search,
)

_WAITING = 320


def draw_composition(compared: Compared) -> None:
    """Bars of shares; asks the worker where the subgroups are not known yet, and does not wait."""
    looking = compared.looking
    if not len(looking.cohort.features):
        st.info("This cohort has no alterations, so it has no genomic subgroups.")
        return
    # What the Subgroups page asks for when it opens, so that either page finds it done.
    settings = SubgroupSettings(quality="standard", seed=0, evidence=False)
    search = start_search(SearchRequest(looking, tuple(KINDS), settings))
    found = placed_map(search, subgroup_names(looking.cohort))
    if found is None or search.full.state != "done":
        # What is tested about the map afterwards is told on the Subgroups page.
        draw_search_status(search)
    if found is None:
        if search.full.state == "refused":
            st.info(search.full.message)
        elif not search.finished:
            st.skeleton(_WAITING)
        return
    parts = found.grouping
    shares = composition(compared.result.grouping, parts, looking.selection.mask)
    title = comparison_title("Genomic subgroups", compared.result)
    leading = shares.sort_values("share", ascending=False).drop_duplicates("group")
    figure_with_downloads(
        framed(
            composition_figure(shares, dict(zip(parts.names, parts.colours, strict=True))),
            title,
            synthetic=looking.synthetic,
        ),
        lambda: shares,
        key="compare_composition",
        name=("compare", "subgroups"),
        alt=f"{title}. Largest part: "
        + "; ".join(f"{row.group}: {row.part} {row.share:.0%}" for row in leading.itertuples()),
    )
    placed = int(shares.groupby("group")["of"].first().sum())
    st.caption(
        f"{count(placed, 'patient')} of the groups are in a subgroup. Subgroups are data-driven: "
        "they were found in the alterations of these very patients, so groups that are made of "
        "alterations differ in them by construction. The Subgroups page says how stable they are."
    )
