"""Under the map: the verdict, the table of subgroups, and what each of them is."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app.analysis.subgroups import Evidence, SubgroupError
from app.cohort.groupings import Grouping
from app.shell.controls.choice import pick
from app.shell.layout import download_table, figure_with_downloads
from app.shell.saved_groups import saved_groups
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.shell.work.jobs import Job
from app.study.figures.theme import title_of
from app.study.files.tables import file_stem
from app.study.wording import format_p_cell, format_percent, format_ratio
from app.views.subgroups.analysis import SubgroupMap
from app.views.subgroups.answer import (
    described_groups,
    draw_classes,
    draw_prevalence,
)
from app.views.subgroups.checks import agreement, batch_table, classifications, indefinite_classes
from app.views.subgroups.page_search import Search
from app.views.subgroups.profile import clinical_profile, profile_in_words, telling_features

AGAINST, INDEFINITE = "against", "indefinite_"
_SHARE = st.column_config.ProgressColumn(format="%.2f", min_value=0.0, max_value=1.0)
_ROW, _TALLEST = 35, 640
_VERDICT_ICONS = {
    "structure": ":material/verified:",
    "single lesions": ":material/layers:",
    "none": ":material/remove_circle:",
}


def draw_verdict(looking: Looking, found: SubgroupMap, search: Search) -> None:
    """How far the subgroups can be trusted, in a place that is reserved for it."""
    with st.container(border=True, key="verdict"):
        st.markdown("**How far to trust this**")
        _draw_evidence(found.result.evidence, search)
        for warning in [*found.result.warnings, *_batch_warnings(looking, found)]:
            st.markdown(f":orange[:material/warning:] {warning}")
        st.caption(
            "The subgroups were made from these patients' alterations: differences in alterations "
            "between them are by construction, and any comparison is to be confirmed elsewhere."
        )


def draw_subgroup_table(found: SubgroupMap, search: Search) -> None:
    """One row a subgroup, with its stability once that is known."""
    draw_table(
        _subgroup_table(found, search),
        key="subgroup_table",
        height=min(_ROW * (len(found.result.summary) + 1) + 3, _TALLEST),
        column_config={
            "Subgroup": st.column_config.TextColumn(pinned=True, width="medium"),
            "Defined by": st.column_config.TextColumn(width="medium"),
            "Median confidence": _SHARE,
            "Stability": _SHARE,
        },
    )
    st.caption(f"{_stability_in_words(search)} {' '.join(found.result.notes)}")


def draw_alterations(looking: Looking, found: SubgroupMap) -> None:
    """Heat map of group by alteration, and the whole table of enrichment."""
    result = found.result
    features = telling_features(result.enrichment)
    if not features:
        st.info("No alteration is enriched in any subgroup.")
        return
    told = result.summary[result.summary["group"].isin(described_groups(found))]
    figure = draw_prevalence(looking.cohort, found)
    figure_with_downloads(
        figure,
        partial(_heatmap_numbers, result.enrichment, features),
        key="heatmap",
        name=("subgroups", "alterations"),
        alt=f"{title_of(figure)}. "
        + "; ".join(
            f"{row.group}: {row.defining or 'no defining alteration'}" for row in told.itertuples()
        ),
    )
    with st.expander(
        "Every alteration in every subgroup", key="enrichment", on_change="rerun"
    ) as box:
        if box.open:
            draw_table(
                _enrichment_table(result.enrichment),
                key="enrichment_table",
            )
            st.caption(
                "Each subgroup against all other patients tested: odds ratio with Woolf's 95% "
                "interval, Fisher's exact test, q by Benjamini-Hochberg over the whole table. The "
                "subgroups were made from these alterations, so small q values are expected."
            )
            stem = file_stem(looking.cohort.name, "enrichment", synthetic=looking.synthetic)
            download_table(
                "Enrichment (CSV)", lambda: result.enrichment, key="enrichment_csv", stem=stem
            )


def draw_profiles(looking: Looking, found: SubgroupMap) -> None:
    """Clinical variables by subgroup, or by groups that were saved."""
    grouping = _profiled(looking, found)
    profile = clinical_profile(looking.cohort, grouping, looking.selection.mask)
    if profile.empty:
        st.info("This cohort has no clinical variable to describe the groups with.")
        return
    sizes = zip(grouping.names, grouping.sizes(looking.selection.mask), strict=True)
    labels = {name: f"{name} ({n:,})" for name, n in sizes if n}
    profile = profile[profile["group"].isin(labels)]
    draw_table(
        profile_in_words(profile, labels),
        key="profile_table",
        height=_TALLEST,
        column_config={
            "Variable": st.column_config.TextColumn(pinned=True),
            "Largest SMD": st.column_config.NumberColumn(format="%.2f"),
        },
    )
    st.caption(
        "Median (quartiles) of numbers, share of categories, among patients with a value. Largest "
        "SMD: the largest standardised difference between one subgroup and all others; 0.2 is "
        "small, 0.8 large."
    )
    stem = file_stem(looking.cohort.name, "profile", synthetic=looking.synthetic)
    download_table("Profiles (CSV)", lambda: profile, key="profile_csv", stem=stem)


def _profiled(looking: Looking, found: SubgroupMap) -> Grouping:
    """The groups to describe: the subgroups, unless saved groups are asked for."""
    saved = saved_groups(looking.cohort)
    if not saved:
        return found.grouping
    subgroups = "The subgroups"
    chosen = st.selectbox("Describe", [subgroups, *saved], key="profiled")
    return saved.get(chosen, found.grouping)


def draw_agreement(looking: Looking, found: SubgroupMap) -> None:
    """The subgroups against a classification that the cohort carries."""
    cohort = looking.cohort
    known = {
        variable.name: variable.label
        for variable in classifications(cohort, looking.selection.mask)
    }
    if not known:
        st.info("This cohort carries no classification to compare the subgroups with.")
        return
    left, right = st.columns(2)
    column = pick("Compare with", known, AGAINST, labels=known, place=left)
    values = sorted(str(value) for value in cohort.factor(column)[1])
    indefinite = right.multiselect(
        "No definite class",
        values,
        default=indefinite_classes(cohort, column),
        key=f"{INDEFINITE}{column}",
        help="Patients with these values are left out of the comparison.",
        select_all=False,
    )
    try:
        compared = agreement(cohort, looking.selection.mask, found.result, column, indefinite)
    except SubgroupError as error:
        st.info(str(error))
        return
    first, second, third = st.columns(3)
    first.metric("Adjusted Rand index", f"{compared.ari:.2f}", help="1 identical, 0 chance")
    second.metric(
        "Adjusted mutual information", f"{compared.ami:.2f}", help="1 identical, 0 chance"
    )
    third.metric("Patients compared", f"{compared.n:,}", help=f"{compared.left_out:,} left out")
    figure = draw_classes(cohort, found, compared, column)
    figure_with_downloads(
        figure,
        compared.table.reset_index,
        key="alluvial",
        name=("subgroups", known[column]),
        alt=f"{title_of(figure)}. {compared.sentence}",
    )
    with st.expander("Cross-table", key="cross_table"):
        draw_table(compared.table, key="cross_counts", hide_index=False)


def laid_beside(looking: Looking) -> dict[str, Any]:
    """Which classification the subgroups are laid beside, or would be: settings of the answer."""
    known = [v.name for v in classifications(looking.cohort, looking.selection.mask)]
    if not known:
        return {}
    chosen = st.session_state.get(AGAINST)
    column = chosen if chosen in known else known[0]
    usual = indefinite_classes(looking.cohort, column)
    return {
        "against": column,
        "indefinite": st.session_state.get(f"{INDEFINITE}{column}", usual),
    }


def _draw_evidence(evidence: Evidence | None, search: Search) -> None:
    if evidence is not None:
        st.markdown(f"{_VERDICT_ICONS.get(evidence.kind, ':material/info:')} {evidence.verdict}")
    elif not search.judged:
        st.markdown(
            ":material/info: No verdict: only standard and fine quality are tested against "
            "shuffled data."
        )
    elif search.interrupted is not None:
        st.markdown(":material/info: The test against shuffled data was not finished.")
    else:
        st.markdown(
            ":material/hourglass_empty: Would shuffled data fall into such groups too? This is "
            "being computed."
        )


def _batch_warnings(looking: Looking, found: SubgroupMap) -> list[str]:
    table = batch_table(looking.cohort, looking.selection.mask, found.result)
    return [str(sentence) for sentence in table["warning"] if sentence]


def stability_of(search: Search) -> pd.DataFrame | None:
    """The stability of the subgroups by the names of the search; None where it is not known."""
    job: Job | None = search.stability
    return job.result if job is not None and job.state == "done" else None


def _stability_in_words(search: Search) -> str:
    if stability_of(search) is not None:
        return (
            "Stability: overlap (Jaccard) with the most similar group when 80% of the patients are "
            "searched again; stable from 0.75, tentative from 0.5, else unstable."
        )
    if not search.judged:
        return "Stability is computed for standard and fine quality."
    if search.interrupted is not None:
        return "Stability was not computed."
    return "Stability is being computed in the background."


def _subgroup_table(found: SubgroupMap, search: Search) -> pd.DataFrame:
    summary = found.result.summary
    stability = stability_of(search)
    mean: list[float] = [float("nan")] * len(summary)
    verdict = ["…" if search.judged and not search.finished else "–"] * len(summary)
    if stability is not None:
        # By the search's own names: the page's may be the user's.
        own = search.best.result.groups if search.best is not None else []
        by_group = stability.set_index("group")
        mean = [float(by_group["mean_jaccard"].get(name, float("nan"))) for name in own]
        verdict = [str(by_group["verdict"].get(name, "–")) for name in own]
    return pd.DataFrame(
        {
            "Subgroup": summary["group"],
            "n": summary["n"],
            "Share": [format_percent(share, 1) for share in summary["share"]],
            "Defined by": [names or "–" for names in summary["defining"]],
            "Median confidence": summary["median_confidence"],
            "Uncertain": summary["uncertain"],
            "Stability": mean,
            "Verdict": verdict,
        }
    )


def _heatmap_numbers(enrichment: pd.DataFrame, features: list[str]) -> pd.DataFrame:
    return enrichment[enrichment["feature"].isin(features)]


def _enrichment_table(enrichment: pd.DataFrame) -> pd.DataFrame:
    def of(altered: str, tested: str) -> list[str]:
        pairs = zip(enrichment[altered], enrichment[tested], strict=True)
        return [f"{a:,} of {n:,}" for a, n in pairs]

    odds = zip(enrichment["odds_ratio"], enrichment["lower"], enrichment["upper"], strict=True)
    return pd.DataFrame(
        {
            "Subgroup": enrichment["group"],
            "Alteration": enrichment["feature"],
            "In it": of("altered_in_group", "tested_in_group"),
            "In others": of("altered_outside", "tested_outside"),
            "Odds ratio (95%)": [format_ratio(o, low, high) for o, low, high in odds],
            "p": enrichment["p_value"].map(format_p_cell),
            "q": enrichment["q_value"].map(format_p_cell),
        }
    )
