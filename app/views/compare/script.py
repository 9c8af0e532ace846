"""The Python script that reproduces a comparison of groups with the project's own functions."""

from __future__ import annotations

from collections.abc import Sequence
from pprint import pformat
from typing import Protocol

from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, GroupingSpec
from app.study.scripts.parts import (
    filters_part,
    grouping_part,
    heading_part,
    imports_part,
    script_of,
    selection_part,
)
from data_loaders import Cohort
from data_loaders.model import FeatureKind


class Compared(Protocol):
    """How the groups were made: their specification and what was changed about it."""

    @property
    def spec(self) -> GroupingSpec | None:
        """The grouping."""

    @property
    def arrangement(self) -> Arrangement:
        """Names, colours and order as shown."""

    @property
    def picked(self) -> tuple[str, ...]:
        """The groups that were picked; empty for all."""

    @property
    def exclusive(self) -> bool:
        """Whether overlapping filters were made into combinations."""

    @property
    def made_of(self) -> set[str]:
        """Features that the groups are made of."""

    @property
    def variables(self) -> list[str]:
        """Clinical variables compared."""

    @property
    def endpoint(self) -> str:
        """Key of the endpoint; empty for none."""


def comparison_script(
    cohort: Cohort, chosen: Filter, compared: Compared, kinds: Sequence[FeatureKind]
) -> str:
    """The script of the comparison, to be saved in UTF-8 and run next to the file.

    Parameters
    ----------
    cohort
        The cohort before the filter.
    chosen
        The filter.
    compared
        How the groups were made.
    kinds
        Kinds of alterations compared; empty for none.
    """
    imports = {
        "app.analysis.associations": {"table_one"},
        "app.views.compare.analysis": {"clinical_differences"},
    }
    body = [
        'show = {"index": False, "float_format": "%.12g"}',
        f"variables = {pformat(compared.variables, compact=True)}",
        "table = table_one(cohort, grouping, selection.mask, variables=variables)",
        "print(clinical_differences(table).to_string(**show))",
    ]
    if kinds:
        imports["app.views.genomics.frequencies.analysis"] = imports.get(
            "app.views.genomics.frequencies.analysis", set()
        ) | {"group_frequencies"}
        imports["app.views.compare.analysis"] |= {"enrichment"}
        own = sorted(compared.made_of)
        body += [
            f"kinds = {list(kinds)!r}",
            "found = group_frequencies(cohort, selection.mask, kinds, grouping=grouping)",
            f"contrast = enrichment(found, next(iter(found.groups)), {own!r})",
            "print(contrast.table.to_string(**show))",
        ]
    if compared.endpoint:
        imports["app.views.survival.curves.analysis"] = imports.get(
            "app.views.survival.curves.analysis", set()
        ) | {"survival_by_group"}
        imports["app.views.survival.curves.words"] = imports.get(
            "app.views.survival.curves.words", set()
        ) | {"summary_table"}
        body += [
            "survival = survival_by_group(",
            f"    cohort, selection.mask, {compared.endpoint!r}, grouping",
            ")",
            'print(summary_table(survival, "years").to_string(index=False))',
            "print(survival.p_value)",
        ]
    return script_of(
        heading_part("Groups compared", cohort, chosen, compared.spec),
        imports_part(
            cohort, imports | _imports_of_groups(compared), compared.spec, compared.arrangement
        ),
        selection_part(cohort, chosen),
        _groups(compared),
        "\n".join(body),
    )


def _imports_of_groups(compared: Compared) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = {}
    if compared.exclusive:
        wanted["app.views.compare.overlap"] = wanted.get("app.views.compare.overlap", set()) | {
            "exclusive_groups"
        }
    if compared.picked:
        wanted["app.cohort.groupings"] = wanted.get("app.cohort.groupings", set()) | {"only_groups"}
    return wanted


def groups_part(spec: GroupingSpec, arrangement: Arrangement, *, exclusive: bool) -> str:
    """The groups before any are picked, as ``grouping``.

    Parameters
    ----------
    spec
        The grouping.
    arrangement
        Names, colours and order as shown.
    exclusive
        Whether overlapping filters were made into combinations.
    """
    if exclusive:
        return f"{filters_part(spec)}\ngrouping = exclusive_groups(cohort, filters)"
    return grouping_part(spec, arrangement)


def _groups(compared: Compared) -> str:
    """The groups as they were compared, as ``grouping``."""
    if compared.spec is None:
        return ""
    lines = [groups_part(compared.spec, compared.arrangement, exclusive=compared.exclusive)]
    if compared.picked:
        lines.append(f"grouping = only_groups(grouping, {list(compared.picked)!r})")
    return "\n".join(lines)
