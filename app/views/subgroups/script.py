"""A short Python script that searches for genomic subgroups again and prints the page's tables."""

from __future__ import annotations

from pprint import pformat

from app.cohort.filters import Filter
from app.study.scripts.parts import comment, heading_part, imports_part, script_of, selection_part
from app.views.subgroups.words_methods import SubgroupsFound
from data_loaders import Cohort

_NUMBERS = 'to_string(index=False, float_format="%.12g".__mod__)'
_COLUMNS = [
    "group", "n", "share", "median_confidence", "uncertain", "placed", "profiles", "defining",
]  # fmt: skip


def subgroups_script(found: SubgroupsFound, cohort: Cohort, chosen: Filter) -> str:
    """The script, as text to be saved in UTF-8."""
    settings = found.result.settings
    evidence = found.result.evidence is not None
    imports = {
        "app.views.subgroups.analysis": {"place_result", "search_input"},
        "app.analysis.subgroups": {"SubgroupSettings", "find_subgroups"},
    }
    body = [
        f"alterations = search_input(cohort, selection.mask, {list(found.kinds)!r})",
        "settings = SubgroupSettings(",
        f"    quality={settings.quality!r},",
        f"    seed={settings.seed!r},",
        f"    min_frequency={settings.min_frequency!r},",
        f"    evidence={evidence!r},",
        ")",
        "result = find_subgroups(alterations, settings)",
    ]
    if found.stability is not None:
        imports["app.analysis.subgroups"] |= {"subgroup_stability"}
        body += [
            "stability = subgroup_stability(",
            f"    alterations, settings, {found.resamples!r}, result=result",
            ")",
            f"print(stability.{_NUMBERS})",
        ]
    if found.renamed:
        imports["app.views.subgroups.analysis"] |= {"with_names"}
        body.append(f"result = with_names(result, {pformat(found.renamed, sort_dicts=False)})")
    body += [
        f"columns = {pformat(_COLUMNS, compact=True, width=88)}",
        f"print(result.summary[columns].{_NUMBERS})",
        f"print(result.enrichment.{_NUMBERS})",
    ]
    if evidence:
        body += [
            'print(f"ratio {result.evidence.ratio:.12g}")',
            "print(result.evidence.verdict)",
        ]
    if found.survival is not None and found.grouped:
        imports["app.views.survival.curves.words"] = imports.get(
            "app.views.survival.curves.words", set()
        ) | {"summary_table"}
        imports["app.views.survival.curves.analysis"] = imports.get(
            "app.views.survival.curves.analysis", set()
        ) | {"survival_by_group"}
        imports["app.cohort.groupings"] = imports.get("app.cohort.groupings", set()) | {
            "only_groups"
        }
    return script_of(
        heading_part("Genomic subgroups", cohort, chosen),
        imports_part(cohort, imports),
        selection_part(cohort, chosen),
        "\n".join(body),
        _survival(found),
    )


def _survival(found: SubgroupsFound) -> str:
    if found.survival is None:
        return ""
    if not found.grouped:
        return comment("The curves of a selection on the map are not part of this script.")
    return "\n".join(
        [
            "placed = place_result(cohort, selection.mask, result)",
            f"shown = only_groups(placed.grouping, {list(found.grouped)!r})",
            "survival = survival_by_group(",
            f"    cohort, selection.mask, {found.survival.endpoint.key!r}, shown",
            ")",
            'print(summary_table(survival, "years").to_string(index=False))',
            "if survival.test is not None:",
            '    print(f"chi-squared {survival.test.statistic:.12g}, p = {survival.p_value:.12g}")',
        ]
    )
