"""Python scripts that reproduce the genomics page's numbers with the project's own functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, GroupingSpec
from app.study.scripts.parts import (
    grouping_part,
    heading_part,
    imports_part,
    script_of,
    selection_part,
)
from app.views.genomics.burden.analysis import Burden
from app.views.genomics.frequencies.analysis import GroupFrequencies
from app.views.genomics.pairs.analysis import PairScreen
from app.views.genomics.variants.analysis import GeneVariants
from data_loaders import Cohort
from data_loaders.model import FeatureKind


class Grouped(Protocol):
    """How the patients were grouped: the specification and what the user changed about it."""

    @property
    def spec(self) -> GroupingSpec | None:
        """The grouping, None for everyone together."""

    @property
    def arrangement(self) -> Arrangement:
        """Names, colours and order as shown."""


def frequency_script(
    found: GroupFrequencies, cohort: Cohort, chosen: Filter, grouped: Grouped
) -> str:
    """The script of the frequencies, to be saved in UTF-8 and run next to the file.

    Parameters
    ----------
    found
        The result to reproduce.
    cohort
        The cohort before the filter.
    chosen
        The filter.
    grouped
        How the patients were grouped.
    """
    group = "grouping" if grouped.spec is not None else "None"
    shown = "by_group" if found.groups else "overall"
    body = f"""\
found = group_frequencies(cohort, selection.mask, {list(found.kinds)!r}, grouping={group})
print(found.{shown}.to_string(index=False, float_format="%.12g".__mod__))
print(found.differences.to_string(index=False, float_format="%.12g".__mod__))"""
    return grouped_script(
        "Frequency of alterations",
        (cohort, chosen, grouped),
        {"app.views.genomics.frequencies.analysis": {"group_frequencies"}},
        body,
    )


def pair_script(screen: PairScreen, most: int, cohort: Cohort, chosen: Filter) -> str:
    """The script of the pairs, to be saved in UTF-8 and run next to the file.

    Parameters
    ----------
    screen
        The result to reproduce.
    most
        How many alterations were asked for.
    cohort
        The cohort before the filter.
    chosen
        The filter.
    """
    body = f"""\
screen = pair_screen(
    cohort, selection.mask, {list(screen.kinds)!r}, {most!r}, min_altered={screen.min_altered!r}
)
print(screen.table.to_string(index=False, float_format="%.12g".__mod__))"""
    return grouped_script(
        "Alterations together and apart",
        (cohort, chosen, None),
        {"app.views.genomics.pairs.analysis": {"pair_screen"}},
        body,
    )


def oncoprint_script(
    asked: tuple[Sequence[FeatureKind], int, Sequence[str], Sequence[str]],
    cohort: Cohort,
    chosen: Filter,
    grouped: Grouped,
) -> str:
    """The script of the oncoprint's cells, to be saved in UTF-8 and run next to the file.

    Parameters
    ----------
    asked
        Kinds of alterations, how many, clinical tracks, and alterations named instead.
    cohort
        The cohort before the filter.
    chosen
        The filter.
    grouped
        How the patients were grouped.
    """
    kinds, most, tracks, picked = asked
    group = "grouping" if grouped.spec is not None else "None"
    body = f"""\
made = oncoprint(
    cohort, selection.mask, {list(kinds)!r}, {most!r}, grouping={group},
    tracks={list(tracks)!r}, chosen={list(picked)!r},
)
print(f"{{made.any_altered}} of {{made.analysed}} carry at least one of them")
print(made.table().to_string(index=False))"""
    imports = {"app.views.genomics.oncoprint.analysis": {"oncoprint"}}
    return grouped_script("Oncoprint", (cohort, chosen, grouped), imports, body)


def vaf_script(most: int, cohort: Cohort, chosen: Filter) -> str:
    """The script of the allele fractions, to be saved in UTF-8 and run next to the file.

    Parameters
    ----------
    most
        How many genes were asked for.
    cohort
        The cohort before the filter.
    chosen
        The filter.
    """
    body = f"""\
summary = vaf_summary(cohort, selection.mask, {most!r})
print(summary.table.to_string(index=False, float_format="%.12g".__mod__))
pairs = acquisition_order(cohort, selection.mask, {most!r})
print(pairs.to_string(index=False, float_format="%.12g".__mod__))"""
    imports = {"app.views.genomics.variants.analysis": {"acquisition_order", "vaf_summary"}}
    return grouped_script("Allele fractions", (cohort, chosen, None), imports, body)


def lollipop_script(found: GeneVariants, cohort: Cohort, chosen: Filter, grouped: Grouped) -> str:
    """The script of one gene's variants, to be saved in UTF-8 and run next to the file.

    Parameters
    ----------
    found
        The result to reproduce.
    cohort
        The cohort before the filter.
    chosen
        The filter.
    grouped
        How the patients were grouped.
    """
    of = f", grouping=grouping, groups={list(found.tested)!r}" if grouped.spec is not None else ""
    body = f"""\
found = gene_variants(cohort, selection.mask, {found.gene!r}{of})
print(found.table.to_string(index=False, float_format="%.12g".__mod__))
print(found.tested)"""
    imports = {"app.views.genomics.variants.analysis": {"gene_variants"}}
    return grouped_script(f"{found.gene} variants", (cohort, chosen, grouped), imports, body)


def burden_script(found: Burden, cohort: Cohort, chosen: Filter, grouped: Grouped) -> str:
    """The script of the number of alterations a patient, to be saved in UTF-8 and run next to it.

    Parameters
    ----------
    found
        The result to reproduce.
    cohort
        The cohort before the filter.
    chosen
        The filter.
    grouped
        How the patients were grouped.
    """
    group = "grouping" if grouped.spec is not None else "None"
    body = f"""\
found = mutation_burden(
    cohort, selection.mask, {list(found.kinds)!r}, "#2a7fc1", grouping={group}
)
print(found.summary.to_string(index=False, float_format="%.12g".__mod__))
print(found.test, found.p_value)"""
    imports = {"app.views.genomics.burden.analysis": {"mutation_burden"}}
    return grouped_script(
        "Number of alterations a patient", (cohort, chosen, grouped), imports, body
    )


def grouped_script(
    title: str,
    asked: tuple[Cohort, Filter, Grouped | None],
    imports: dict[str, set[str]],
    body: str,
) -> str:
    """The script of a view of groups: loading, selection, the groups as shown, then its own lines.

    Parameters
    ----------
    title
        What the script reproduces.
    asked
        The cohort before the filter, the filter, and how the patients were grouped; None for not.
    imports
        What the view's own lines need, by module.
    body
        These lines.
    """
    cohort, chosen, grouped = asked
    spec = None if grouped is None else grouped.spec
    arrangement = None if grouped is None else grouped.arrangement
    return script_of(
        heading_part(title, cohort, chosen, spec),
        imports_part(cohort, imports, spec, arrangement),
        selection_part(cohort, chosen),
        grouping_part(spec, arrangement),
        body,
    )
