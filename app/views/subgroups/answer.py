"""What a search for genomic subgroups says: its tables, its methods, and its map to take away."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.analysis.subgroups import Concordance, SubgroupResult
from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.alluvial import alluvial
from app.study.figures.heatmap import prevalence_heatmap
from app.study.figures.theme import framed, titled
from app.study.methods import endpoint_sentence
from app.study.wording import count, listing
from app.views.subgroups.analysis import SubgroupMap, SubgroupsFound, subgroups_of
from app.views.subgroups.checks import agreement
from app.views.subgroups.figures import MapLook, map_by_group
from app.views.subgroups.profile import telling_features
from app.views.survival.curves.figures import survival_figure
from app.views.survival.curves.words import numbers_table, summary_sheet, survival_title
from app.views.survival.curves.words_sheets import tests_sheet
from data_loaders import Cohort

CLASSES = "Classes"
_PACKAGES = {"UMAP": "umap-learn", "HDBSCAN": "hdbscan", "scikit-learn": "scikit-learn"}
_DATA_DRIVEN = (
    "The subgroups were made from these patients' alterations: differences in alterations between "
    "them are by construction, and other comparisons are to be confirmed in other patients."
)


def subgroups_answer(
    cohort: Cohort, found: SubgroupsFound, *, against: str = "", indefinite: Sequence[str] = ()
) -> Answer:
    """The answer of a search, coloured by subgroup as its map is at first.

    Parameters
    ----------
    against, indefinite
        A variable that classifies patients, which the subgroups are laid beside, and its values
        that are no definite class; empty for none.
    """
    shown, evidence = found.shown, found.shown.result.evidence
    title = map_title(shown, "subgroup")
    figures = {"Figure": titled(cohort, title, _map, shown)}
    if found.survival is not None:
        figures["Survival"] = titled(
            cohort, survival_title(found.survival), survival_figure, found.survival,
            band=False, until=found.survival.supported_until,
        )  # fmt: skip
    if telling_features(shown.result.enrichment):
        figures["Alterations"] = partial(draw_prevalence, cohort, shown)
    tables = partial(_tables, found)
    if against:
        mask = np.isin(np.arange(cohort.n), shown.positions)
        compared = agreement(cohort, mask, shown.result, against, indefinite)
        figures[CLASSES] = partial(draw_classes, cohort, shown, compared, against)
        tables = partial(_tables, found, compared.table.reset_index())
    return Answer(
        key="subgroup_search",
        of_patients=frozenset({"Figure"}),
        name=("subgroups",),
        title="Genomic subgroups",
        figures=figures,
        numbers=partial(map_numbers, shown),
        alt=map_alt(shown, title),
        accounting=Accounting(len(shown.positions), len(shown.positions)),
        tables=tables,
        methods=search_methods(found),
        told={
            "Settings": ", ".join(f"{k} {v}" for k, v in shown.result.settings.to_dict().items()),
            "Alterations": listing(list(found.kinds)),
            "Verdict": "" if evidence is None else evidence.verdict,
        },
    )


SEARCH = Analysis(subgroups_of, subgroups_answer)


def map_title(shown: SubgroupMap, label: str) -> str:
    """Title of the map, coloured by what ``label`` says."""
    return f"{count(len(shown.positions), 'patient')} by their alterations, coloured by {label}"


def map_alt(shown: SubgroupMap, title: str) -> str:
    """Alternative text of the map: its title and the subgroups."""
    sizes = zip(shown.grouping.names, shown.grouping.sizes(), strict=True)
    groups = ", ".join(f"{name} ({size})" for name, size in sizes)
    return f"{title}. Subgroups: {groups}."


def map_numbers(shown: SubgroupMap) -> pd.DataFrame:
    """The numbers behind the map: place, subgroup and confidence, without identifiers."""
    return pd.DataFrame(
        {
            "x": shown.points["x"].to_numpy(),
            "y": shown.points["y"].to_numpy(),
            "subgroup": shown.result.labels.to_numpy(),
            "confidence": shown.confidence,
            "uncertain": shown.uncertain,
        }
    )


def _map(shown: SubgroupMap) -> go.Figure:
    codes, look = shown.grouping.codes[shown.positions], MapLook(uncertain=shown.uncertain)
    return map_by_group(shown.points, codes, shown.grouping, shown.hover, labels=True, look=look)


def described_groups(shown: SubgroupMap) -> dict[str, int]:
    """The subgroups that enrichment tells of, with their sizes."""
    result = shown.result
    told = result.summary[result.summary["group"].isin(set(result.enrichment["group"]))]
    return dict(zip(told["group"], told["n"], strict=True))


def draw_prevalence(cohort: Cohort, shown: SubgroupMap) -> go.Figure:
    """What each subgroup carries, as a heat map."""
    enrichment = shown.result.enrichment
    groups = described_groups(shown)
    drawn = prevalence_heatmap(enrichment, groups, telling_features(enrichment))
    patients = count(sum(groups.values()), "patient")
    title = f"Share of each subgroup that carries an alteration (%), {patients}"
    return framed(drawn, title, synthetic=cohort.provenance.synthetic)


def draw_classes(
    cohort: Cohort, shown: SubgroupMap, compared: Concordance, against: str
) -> go.Figure:
    """The subgroups flowing into the classes of a variable."""
    colours = dict(zip(shown.grouping.names, shown.grouping.colours, strict=True))
    label = cohort.variables[against].label
    drawn = alluvial(compared.table, colours, left="Subgroup", right=label)
    title = f"Subgroups and {label}, {count(compared.n, 'patient')}"
    return framed(drawn, title, synthetic=cohort.provenance.synthetic)


def search_methods(found: SubgroupsFound) -> list[str]:
    """What was searched for, how, what was found and how far it can be trusted."""
    result = found.shown.result
    settings = result.settings
    rarest = (
        "0.5% of the patients and at least 5 (3 below 300 patients)"
        if settings.min_frequency is None
        else f"{100 * settings.min_frequency:g}% of the patients"
    )
    asked = (
        f"Genomic subgroups were searched for among {listing(list(found.kinds))}, alterations in "
        f"fewer than {rarest} left out; quality {settings.quality}, seed {settings.seed}. Used "
        f"were {count(len(result.features), 'alteration')}: {', '.join(result.features)}."
    )
    sizes = [f"{row.group} (n = {row.n:,})" for row in result.summary.itertuples()]
    groups = f"Found were {count(len(sizes), 'group')}: {listing(sizes)}."
    if found.renamed:
        names = [f"{new} ({old})" for old, new in found.renamed.items()]
        groups += f" Renamed by the user, the name of the search in brackets: {listing(names)}."
    packages = [f"{name} {version(package)}" for name, package in _PACKAGES.items()]
    parts = [
        asked,
        f"{result.method} Computed with {listing(packages)}.",
        " ".join([groups, *result.notes]),
        _evidence(result),
        _stability(found),
        " ".join([*result.warnings, _DATA_DRIVEN]),
        _survival(found),
    ]
    return [part for part in parts if part]


def _tables(found: SubgroupsFound, classes: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """Groups, alterations, verdict and survival, by the names of their sheets."""
    result = found.shown.result
    groups = result.summary.drop(columns="name", errors="ignore")
    if found.stability is not None:
        known = found.stability[["group", "mean_jaccard", "lowest_jaccard", "verdict"]]
        groups = groups.merge(known, on="group", how="left")
    sheets = {"Groups": groups, "Enrichment": result.enrichment}
    if result.evidence is not None:
        held = result.evidence
        sheets["Evidence"] = pd.DataFrame(
            {
                "Item": [
                    "Information, bits a patient", "Information by chance, bits a patient",
                    "Ratio", "Share of the strongest alterations", "Groups",
                    "Groups in permuted data",
                ],
                "Value": [
                    held.information, held.null_information, held.ratio, held.strongest_share,
                    held.n_groups, held.null_groups,
                ],
            }
        )  # fmt: skip
    sheets["Features"] = pd.DataFrame({"Alteration used": list(result.features)})
    if found.survival is not None:
        sheets |= {
            "Survival": summary_sheet(found.survival, "years"),
            "Tests": tests_sheet(found.survival),
            "Curves": numbers_table(found.survival, "years"),
        }
        if found.survival.pairwise is not None:
            sheets["Pairs"] = found.survival.pairwise
    if classes is not None:
        sheets["Classes"] = classes
    return sheets


def _evidence(result: SubgroupResult) -> str:
    held = result.evidence
    if held is None:
        return "The groups were not tested against permuted data."
    return (
        "The search was repeated after every alteration was permuted over the patients: the groups "
        f"tell {held.information:.3f} bits a patient beyond each one's strongest alteration, "
        f"{held.null_information:.3f} by chance (ratio {held.ratio:.1f}; "
        f"{count(held.null_groups, 'group')} in permuted data). {held.verdict}"
    )


def _stability(found: SubgroupsFound) -> str:
    if found.stability is None:
        return ""
    said = [
        f"{row.group} {row.mean_jaccard:.2f} ({row.verdict})"
        for row in found.stability.itertuples()
    ]
    return (
        f"Stability is the mean Jaccard overlap with the most similar group of "
        f"{found.resamples} searches in random 80% of the patients: {listing(said)}."
    )


def _survival(found: SubgroupsFound) -> str:
    shown = found.survival
    if shown is None:
        return ""
    endpoint = endpoint_sentence(
        shown.endpoint, shown.n_events, shown.analysed, shown.outcome.limit
    )
    test = f"compared by the {shown.test_method}" if shown.test is not None else shown.p_note
    names = [curve.name for curve in shown.curves]
    return (
        f"{endpoint} Kaplan-Meier curves of {listing(names)} with {shown.conf_type} "
        f"intervals; {test}."
    ).replace("..", ".")
