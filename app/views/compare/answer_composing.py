"""What the genomic subgroups say of groups side by side: shares, as bars and in words."""

from __future__ import annotations

import plotly.graph_objects as go

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import count, format_percent
from app.views.compare.composing import Composed, composed
from app.views.compare.figures import composition_figure
from app.views.compare.words import groups_title
from app.views.subgroups.answer import search_methods
from data_loaders import Cohort

BY_CONSTRUCTION = (
    "Subgroups are data-driven: they were found in the alterations of these very patients, so "
    "groups that are made of alterations differ in them by construction. The Subgroups page says "
    "how stable they are."
)


def composed_answer(cohort: Cohort, result: Composed) -> Answer:
    """The answer of the genomic subgroups that groups are made of."""
    grouping, shares = result.grouping, result.shares
    grouped = int(sum(grouping.sizes(result.mask)))
    title = groups_title("Genomic subgroups", grouping, grouped)
    leading = shares.sort_values("share", ascending=False).drop_duplicates("group")
    parts = [
        f"{row.group}: {row.part} {format_percent(row.share)}"
        for row in leading.itertuples()
        if row.of
    ]
    placed = int(shares.groupby("group")["of"].first().sum())
    without = {"in no subgroup": grouped - placed} if placed < grouped else {}
    said = f"{count(placed, 'patient')} of the groups are in a subgroup."
    return Answer(
        key="compare_composition",
        name=("compare", "subgroups"),
        title=title,
        figures={"Figure": titled(cohort, title, _figure, result)},
        numbers=lambda: shares,
        alt=f"{title}. Largest part: {'; '.join(parts)}",
        accounting=Accounting(
            int(result.mask.sum()), placed, {**grouping.left_out(result.mask), **without},
            verb="are in the groups",
        ),
        tables=lambda: {"Subgroups": shares},
        methods=[
            *search_methods(result.found),
            f"{said} The share of each subgroup in each group is of those of the group who are in "
            "one.",
        ],
        sentences=[f"Largest subgroup in {'; '.join(parts)}.", said],
        notes=[BY_CONSTRUCTION],
    )  # fmt: skip


COMPOSED = Analysis(composed, composed_answer)


def _figure(result: Composed) -> go.Figure:
    parts = result.found.shown.grouping
    colours = dict(zip(parts.names, parts.colours, strict=True))
    return composition_figure(result.shares, colours)
