"""Methods and sheets of a search for genomic subgroups, from its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

import pandas as pd

from app.analysis.subgroups import SubgroupResult
from app.cohort.filters import Selection
from app.study.methods import endpoint_sentence, view_methods
from app.study.wording import count, listing
from app.views.survival.curves.analysis import GroupSurvival
from app.views.survival.curves.words import numbers_table, summary_sheet
from app.views.survival.curves.words_sheets import tests_sheet

_PACKAGES = {"UMAP": "umap-learn", "HDBSCAN": "hdbscan", "scikit-learn": "scikit-learn"}
_DATA_DRIVEN = (
    "The subgroups were made from these patients' alterations: differences in alterations between "
    "them are by construction, and other comparisons are to be confirmed in other patients."
)


@dataclass(frozen=True, eq=False)
class SubgroupsFound:
    """What a page shows of a search.

    Parameters
    ----------
    result
        The result, its groups as they were named there.
    kinds
        Kinds of alterations that were used.
    renamed
        New name by the name that the search gave.
    stability
        From ``subgroup_stability``; None where it is not known.
    resamples
        How many subsamples it is from.
    survival
        Survival of the groups that have a curve; None without an endpoint.
    grouped
        Names of these groups, where they are subgroups rather than a selection on the map.
    """

    result: SubgroupResult
    kinds: tuple[str, ...]
    renamed: dict[str, str]
    stability: pd.DataFrame | None = None
    resamples: int = 0
    survival: GroupSurvival | None = None
    grouped: tuple[str, ...] = ()


def subgroups_methods(found: SubgroupsFound, selection: Selection) -> str:
    """What was searched for, how, what was found and how far it can be trusted."""
    result = found.result
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
    return view_methods(selection, len(result.labels), [part for part in parts if part])


def subgroups_sheets(found: SubgroupsFound) -> dict[str, pd.DataFrame]:
    """Groups, alterations, verdict and survival, by the names of their sheets."""
    result = found.result
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
    return sheets


def subgroups_told(found: SubgroupsFound) -> dict[str, str]:
    """Settings and verdict, for the first sheet."""
    evidence = found.result.evidence
    return {
        "Settings": ", ".join(f"{k} {v}" for k, v in found.result.settings.to_dict().items()),
        "Alterations": listing(list(found.kinds)),
        "Verdict": "" if evidence is None else evidence.verdict,
    }


def _evidence(result: SubgroupResult) -> str:
    held = result.evidence
    if held is None:
        return "The groups were not tested against permuted data."
    return (
        "The search was repeated after every alteration was permuted over the patients: the groups "
        f"tell {held.information:.3f} bits a patient beyond each one's strongest alteration, "
        f"{held.null_information:.3f} by chance (ratio {held.ratio:.1f}; {held.null_groups} groups "
        f"in permuted data). {held.verdict}"
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
    names: Sequence[str] = [curve.name for curve in shown.curves]
    return (
        f"{endpoint} Kaplan-Meier curves of {listing(list(names))} with {shown.conf_type} "
        f"intervals; {test}."
    ).replace("..", ".")
