"""The Python script that reproduces a comparison of the same groups in two cohorts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pprint import pformat
from typing import Protocol

from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, GroupingSpec
from app.study.scripts.loading import loading_lines
from app.study.scripts.parts import comment, heading_part, imports_part, script_of, selection_part
from app.study.wording import listing
from app.views.compare.script import groups_part
from data_loaders import Cohort
from data_loaders.model import FeatureKind


class Asked(Protocol):
    """The question in one cohort, in this cohort's names."""

    @property
    def cohort(self) -> Cohort:
        """The cohort before the filter."""

    @property
    def filter(self) -> Filter:
        """The filter."""

    @property
    def spec(self) -> GroupingSpec:
        """The grouping."""

    @property
    def made_of(self) -> set[str]:
        """Features that the groups are made of."""

    @property
    def kinds(self) -> list[FeatureKind]:
        """Kinds of alterations compared; empty for none."""


class AskedInBoth(Protocol):
    """The question in both cohorts."""

    @property
    def sides(self) -> tuple[Asked, Asked]:
        """The two cohorts, the one looked at first."""

    @property
    def arrangement(self) -> Arrangement:
        """Names, colours and order as shown."""

    @property
    def exclusive(self) -> bool:
        """Whether overlapping filters were made into combinations."""

    @property
    def groups(self) -> Sequence[str]:
        """Names of the groups compared."""

    @property
    def same(self) -> Mapping[str, str]:
        """Groups matched by hand, the second's name by the first's."""

    @property
    def variables(self) -> dict[str, str]:
        """Clinical variables compared, the second's name by the first's."""

    @property
    def endpoint(self) -> str:
        """Key of the endpoint; empty where the second cohort lacks it."""


def cohorts_script(both: AskedInBoth, limit: float | None) -> str:
    """The script, to be saved in UTF-8 and run next to the files of both cohorts.

    Parameters
    ----------
    both
        What was asked, in either cohort's names.
    limit
        Months at which follow-up ends in both; None without survival.
    """
    first, second = both.sides
    imports = {
        "app.views.compare.two_cohorts.analysis": {"clinical_replication"},
        "app.views.compare.match": {"match_cohorts", "matched"},
        "app.analysis.associations": {"table_one"},
        "app.cohort.groupings": {"only_groups"},
    }
    if both.exclusive:
        imports["app.views.compare.overlap"] = imports.get("app.views.compare.overlap", set()) | {
            "exclusive_groups"
        }
    body = [
        f"same = {dict(both.same)!r}",
        "groupings = matched(groupings[0], groupings[1], (masks[0], masks[1]), same)",
        f"groupings = [only_groups(held, {list(both.groups)!r}) for held in groupings]",
        'show = {"index": False, "float_format": "%.12g"}',
        f"variables = {pformat(both.variables, compact=True, sort_dicts=False)}",
        "asked = list(zip(cohorts, groupings, masks, strict=True))",
        "tables = [",
        "    table_one(*held, variables=list(names))",
        "    for held, names in zip(asked, (variables, variables.values()), strict=True)",
        "]",
        "print(clinical_replication(*tables, variables).to_string(**show))",
    ]
    if first.kinds and second.kinds:
        imports["app.views.genomics.frequencies.analysis"] = imports.get(
            "app.views.genomics.frequencies.analysis", set()
        ) | {"group_frequencies"}
        imports["app.views.compare.analysis"] = imports.get("app.views.compare.analysis", set()) | {
            "enrichment"
        }
        imports["app.views.compare.two_cohorts.analysis"] |= {"replication"}
        body += [
            f"kinds = {[list(first.kinds), list(second.kinds)]!r}",
            f"made_of = {[sorted(first.made_of), sorted(second.made_of)]!r}",
            "found = []",
            "for (cohort, grouping, mask), kind, own in zip(asked, kinds, made_of, strict=True):",
            "    frequencies = group_frequencies(cohort, mask, kind, grouping)",
            "    found.append(enrichment(frequencies, grouping.names[0], own))",
            "matching = match_cohorts(*cohorts)",
            "print(replication(*found, matching.alterations).to_string(**show))",
        ]
    if both.endpoint and limit is not None:
        imports["app.views.compare.two_cohorts.analysis"] |= {"hazards_reading"}
        imports["app.views.survival.curves.analysis"] = imports.get(
            "app.views.survival.curves.analysis", set()
        ) | {"survival_by_group"}
        body += [
            comment("Follow-up ends at the limit in both, in months."),
            f"limit = {limit!r}",
            "survival = [",
            f"    survival_by_group(cohort, mask, {both.endpoint!r}, grouping, limit=limit)",
            "    for cohort, grouping, mask in asked",
            "]",
            "print(hazards_reading(*survival, [cohort.name for cohort in cohorts]))",
        ]
    loading = loading_lines(second.cohort, number=2)
    for module, names in loading.imports.items():
        imports[module] = imports.get(module, set()) | names
    also = list(loading.notes)
    if loading.beside:
        also.append(f"And in the folder of {listing(list(loading.beside))}, for the second cohort.")
    parts = [
        "\n".join(
            (
                heading_part(
                    "The same groups in two cohorts", first.cohort, first.filter, first.spec
                ),
                *map(comment, also),
            )
        ),
        imports_part(first.cohort, imports, first.spec, both.arrangement),
        "cohorts, masks, groupings = [], [], []",
    ]
    for number, side in enumerate(both.sides, 1):
        parts += [
            selection_part(side.cohort, side.filter, number=number),
            groups_part(side.spec, both.arrangement, exclusive=both.exclusive),
            "cohorts.append(cohort)\nmasks.append(selection.mask)\ngroupings.append(grouping)",
        ]
    return script_of(*parts, "\n".join(body))
