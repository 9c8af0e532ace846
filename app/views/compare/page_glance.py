"""The groups side by side on one page: who they are, and what differs at a glance."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.analysis.associations import TableOne, table_one
from app.cohort.filters import Filter
from app.cohort.groupings import FILTERS, filters_from_text, overlap
from app.shell.controls.time_axis import draw_axis_end
from app.shell.layout import figure_with_downloads
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.bars import share_bars
from app.study.figures.theme import framed
from app.study.wording import count
from app.views.cohort.saved.figures import overlap_figure
from app.views.cohort.table_one.words import numbers
from app.views.compare.analysis import (
    Enrichment,
    clinical_differences,
    clinical_reading,
    disjoint_sentence,
    enrichment,
    enrichment_reading,
    survival_reading,
)
from app.views.compare.figures import differences_figure, enrichment_figure
from app.views.compare.page_groups import Compared, comparison_title, draw_data_driven, draw_guard
from app.views.compare.script import comparison_script
from app.views.compare.words_methods import comparison_methods
from app.views.genomics.frequencies.analysis import GroupFrequencies, group_frequencies
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group
from app.views.survival.curves.figures import survival_alt, survival_figure
from app.views.survival.curves.words import numbers_table, summary_sheet, survival_title
from app.views.survival.curves.words_sheets import tests_sheet, told
from data_loaders.model import FeatureKind

_LEADING = 10


def compared_table(compared: Compared) -> TableOne:
    """Table one of the groups, without what they are made of."""
    looking = compared.looking
    return table_one(
        looking.cohort, compared.grouping, looking.selection.mask, variables=compared.variables
    )


def compared_frequencies(compared: Compared) -> GroupFrequencies | None:
    """Alterations of the groups; None where the cohort has none."""
    looking = compared.looking
    kinds = looking.cohort.feature_kinds
    first: list[FeatureKind] = [kind for kind in kinds if kind in ("gene", "cytogenetic")]
    if not kinds:
        return None
    return group_frequencies(
        looking.cohort, looking.selection.mask, first or kinds, grouping=compared.grouping
    )


def compared_survival(compared: Compared, *, pairs: bool) -> GroupSurvival | None:
    """Survival of the groups, with every pair if asked; None where the cohort has no endpoint."""
    if not compared.endpoint:
        return None
    looking = compared.looking
    return survival_by_group(
        looking.cohort, looking.selection.mask, compared.endpoint, compared.grouping, pairs=pairs
    )


def draw_glance(compared: Compared) -> None:
    """Sizes and overlap, the answer in words, then clinical, alterations and survival."""
    looking = compared.looking
    table = compared_table(compared)
    ranked = clinical_differences(table)
    found = compared_frequencies(compared)
    survival = compared_survival(compared, pairs=False)
    contrast = None
    if found is not None and len(found.groups) > 1:
        contrast = enrichment(found, next(iter(found.groups)), compared.made_of)
    if survival is not None:
        draw_guard(compared)
    left, right = st.columns([5, 6], gap="large")
    with left:
        _draw_sizes(compared)
    with right:
        st.subheader("How do they differ?", anchor=False)
        clinical = clinical_reading(ranked, table.names)
        said = [clinical]
        if contrast is not None:
            said.append(enrichment_reading(contrast))
        if survival is not None:
            said.append(survival_reading(survival))
        st.markdown("\n".join(f"- {sentence}" for sentence in said))
        draw_data_driven(compared)
    figures = {}
    left, right = st.columns(2, gap="large")
    with left:
        title = comparison_title("Clinical differences", compared)
        figures["Clinical"] = framed(
            differences_figure(ranked, colours=compared.two_colours, most=_LEADING),
            title,
            synthetic=looking.synthetic,
        )
        figure_with_downloads(
            figures["Clinical"],
            lambda: ranked,
            key="glance_clinical",
            name=("compare", "clinical"),
            alt=f"{title}. {clinical}",
        )
    with right:
        if survival is not None:
            title = survival_title(survival)
            place = st.container()
            until = draw_axis_end(survival.supported_until, survival.last_time)
            figures["Survival"] = framed(
                survival_figure(survival, band=False, until=until),
                title,
                synthetic=looking.synthetic,
            )
            with place:
                figure_with_downloads(
                    figures["Survival"],
                    partial(numbers_table, survival, "years"),
                    key="glance_km",
                    name=("compare", survival.endpoint.key),
                    alt=survival_alt(title, survival, [survival_reading(survival)]),
                )
    if contrast is not None and contrast.n_tested:
        title = (
            f"Alterations, {contrast.group} against {contrast.others}: {contrast.n:,} and "
            f"{contrast.n_others:,} patients"
        )
        figures["Alterations"] = framed(
            enrichment_figure(contrast, compared.colours), title, synthetic=looking.synthetic
        )
        figure_with_downloads(
            figures["Alterations"],
            lambda: contrast.table,
            key="glance_alterations",
            name=("compare", "alterations"),
            alt=f"{title}. {enrichment_reading(contrast)}",
        )
    draw_take_away(
        looking,
        TakeAway(
            key="compare",
            name=("compare", compared.grouping.label),
            figures=figures,
            sheets=partial(_sheets, table, ranked, contrast, survival),
            told={} if survival is None else told(survival.outcome, survival.label),
            methods=comparison_methods(table, contrast, survival, looking.selection),
            script=partial(
                comparison_script,
                looking.cohort,
                looking.filter,
                compared,
                found.kinds if found is not None else (),
            ),
        ),
    )


def _sheets(
    table: TableOne,
    ranked: pd.DataFrame,
    contrast: Enrichment | None,
    survival: GroupSurvival | None,
) -> dict[str, pd.DataFrame]:
    sheets = {"Clinical": ranked, "Clinical numbers": numbers(table)}
    if contrast is not None:
        sheets["Alterations"] = contrast.table
    if survival is not None:
        sheets |= {
            "Survival": summary_sheet(survival, "years"),
            "Tests": tests_sheet(survival),
            "Curves": numbers_table(survival, "years"),
        }
    return sheets


def _draw_sizes(compared: Compared) -> None:
    looking, grouping = compared.looking, compared.grouping
    sizes = grouping.sizes(looking.selection.mask)
    title = comparison_title("Patients", compared)
    figure_with_downloads(
        framed(share_bars(
            grouping.names, sizes, [compared.n] * len(sizes), grouping.colours,
            of="patients compared" ), title, synthetic=looking.synthetic),
        lambda: pd.DataFrame({"group": grouping.names, "n": sizes, "of": compared.n}),
        key="compare_sizes",
        name=("compare", "sizes"),
        alt=f"{title}. "
        + ", ".join(f"{n} {size:,}" for n, size in zip(grouping.names, sizes, strict=True)),
    )  # fmt: skip
    named = ", ".join(f"{n} {size:,}" for n, size in zip(grouping.names, sizes, strict=True))
    st.caption(
        f"{compared.n:,} of {count(looking.selection.n, 'selected patient')} are compared: {named}."
        f" {disjoint_sentence(grouping, looking.selection.mask)}"
    )
    if compared.spec is not None and compared.spec.kind == FILTERS:
        _draw_overlap(compared, filters_from_text(compared.spec.name))


def _draw_overlap(compared: Compared, filters: dict[str, Filter]) -> None:
    """How the filters overlapped before they were made into groups."""
    looking = compared.looking
    found = overlap(looking.selection.cohort, filters)
    title = f"Overlap of {len(filters)} filters, {looking.selection.n:,} patients"
    listed = ", ".join(f"{n} {size:,}" for n, size in zip(found.names, found.sizes, strict=True))
    figure_with_downloads(
        framed(overlap_figure(found), title, synthetic=looking.synthetic),
        lambda: found.patterns,
        key="compare_overlap_figure",
        name=("compare", "overlap"),
        alt=f"UpSet figure. {title}. Sizes: {listed}; {found.outside:,} in none.",
    )
    policy = (
        "Each combination is a group of its own, so that nobody is in two."
        if compared.exclusive
        else "Patients in several filters are left out of all groups."
    )
    st.caption(
        f"{policy} In none: {found.outside:,}; not known for at least one: {found.unknown:,}."
    )
