"""Groups side by side, in words: what differs, and how it was compared."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from app.analysis.associations import TableOne
from app.cohort.groupings import MIN_GROUP_FOR_TEST, Grouping
from app.study.accounting import Accounting
from app.study.methods import endpoint_sentence
from app.study.wording import (
    SIGNIFICANT,
    count,
    format_p,
    format_percent,
    format_q,
    format_ratio,
    listing,
    mid_sentence,
)
from app.views.cohort.table_one.words import no_findings
from app.views.compare.analysis import Comparison, Enrichment
from app.views.genomics.frequencies.analysis import MIN_COMPARED, made_of_sentence
from app.views.survival.curves.analysis import GroupSurvival

_LEADING = 3


def comparison_title(what: str, result: Comparison) -> str:
    """Title of a figure: what is shown, which groups, and of how many."""
    return groups_title(what, result.grouping, sum(result.sizes))


def groups_title(what: str, grouping: Grouping, n: int) -> str:
    """As :func:`comparison_title`, of ``n`` patients in groups."""
    names = grouping.names
    # Yes and No alone do not say of what.
    telling = len(names) == 2 and set(names) != {"Yes", "No"}
    groups = f": {' and '.join(names)}" if telling else f" by {mid_sentence(grouping.label)}"
    return f"{what}{groups}, {count(n, 'patient')}"


def contrast_title(contrast: Enrichment) -> str:
    """Title of a figure of one group against the others."""
    return (
        f"Alterations, {contrast.group} against {contrast.others}: {contrast.n:,} and "
        f"{contrast.n_others:,} patients"
    )


def clinical_reading(ranked: pd.DataFrame, names: Sequence[str]) -> str:
    """The clinical differences in one sentence.

    Parameters
    ----------
    ranked
        Of :func:`clinical_differences`.
    """
    tested = 0 if ranked.empty else int(ranked["p_value"].notna().sum())
    if not tested:
        return (
            "No clinical variable could be tested: each needs "
            f"{MIN_GROUP_FOR_TEST} patients with a value in every group."
        )
    hits = ranked[ranked["q_value"] < SIGNIFICANT]
    said = (
        f"**Clinical:** {len(hits)} of {count(tested, 'variable')} tested "
        f"{'differs' if len(hits) == 1 else 'differ'} at q below {SIGNIFICANT}"
    )
    leading = [
        f"{lowered(str(row['label']))} ({_by_group(row, names)}"
        f"{format_q(float(row['q_value']))}, SMD {row['smd']:.2f})"
        for row in hits.head(_LEADING).to_dict("records")
    ]
    also = no_findings(dict(zip(ranked["label"].map(str), ranked["test"], strict=True)))
    return f"{said}{', led by ' + listing(leading) if leading else ''}.{also}"


def enrichment_reading(found: Enrichment) -> str:
    """The alterations that differ, in one sentence."""
    made = made_of_sentence(found.by_construction)
    if not found.n_tested:
        return f"No alteration could be compared between {found.group} and {found.others}.{made}"
    hits = found.hits
    leading = [
        f"{row.label} ({format_percent(row.frequency)} against "
        f"{format_percent(row.others_frequency)}; odds ratio "
        f"{format_ratio(row.odds_ratio, row.lower, row.upper)}, {format_q(row.q_value)})"
        for row in hits.head(_LEADING).itertuples()
    ]
    return (
        f"**Alterations:** {len(hits)} of {count(found.n_tested, 'alteration')} compared "
        f"{'differs' if len(hits) == 1 else 'differ'} between {found.group} and {found.others} at "
        f"q below {SIGNIFICANT}{', led by ' + listing(leading) if leading else ''}.{made}"
    )


def survival_reading(result: GroupSurvival) -> str:
    """What the test of equal survival says, in one sentence."""
    events = ", ".join(
        f"{curve.name} {count(curve.events, 'event')} in {curve.n:,}" for curve in result.drawn
    )
    if result.p_value is None:
        return f"**{result.endpoint.label}:** {events}. {result.p_note}"
    return (
        f"**{result.endpoint.label}:** {format_p(result.p_value)} ({result.test_method}); {events}."
    )


def disjoint_sentence(result: Comparison) -> str:
    """Whether groups can overlap, and who is in none."""
    left = [f"{number:,} {reason}" for reason, number in result.table.left_out.items()]
    out = f" In no group: {listing(left)}." if left else " Everyone selected is in a group."
    return f"Nobody is in two of these groups.{out}"


def lowered(label: str) -> str:
    """A variable with its unit within a sentence: ``haemoglobin, g/L``."""
    name, comma, unit = label.partition(",")
    return f"{mid_sentence(name)}{comma}{unit}"


def comparison_methods(result: Comparison, accounting: Accounting) -> list[str]:
    """Paragraphs: which groups were compared, in what, and by which tests."""
    table, contrast, survival = result.table, result.contrast, result.survival
    groups = [f"{name} ({size:,})" for name, size in zip(table.names, table.sizes, strict=True)]
    parts = [
        f"{accounting.methods()} Groups by "
        f"{mid_sentence(table.label)}: {listing(groups)}; nobody is in two of them.",
        _clinical(table),
    ]
    if contrast is not None:
        parts.append(_alterations(contrast))
    if survival is not None:
        parts.append(_survival(survival))
    return parts


def _by_group(row: dict[str, object], names: Sequence[str]) -> str:
    cells = [str(row[name]) for name in names]
    if any(";" in cell for cell in cells) or len(names) > _LEADING + 1:
        return ""
    return ", ".join(f"{name} {cell}" for name, cell in zip(names, cells, strict=True)) + "; "


def _clinical(table: TableOne) -> str:
    tested = [row for row in table.rows if row.q_value == row.q_value]
    tests = list(dict.fromkeys(row.comparison.test for row in tested))
    used = f" ({listing(tests)})" if tests else ""
    return (
        f"{count(len(table.rows), 'clinical variable')} were described, {len(tested)} tested{used} "
        "and ranked by p-value; p-values were adjusted over those tested (Benjamini & Hochberg "
        "1995). A group with fewer than "
        f"{MIN_GROUP_FOR_TEST} patients with a value was in no test. The standardised mean "
        "difference is the largest of all pairs of the groups tested. A variable that "
        "the groups are made of, that is made of the same, or that tells them in other words was "
        "described and not tested. Missing values were counted and not imputed."
    )


def _alterations(contrast: Enrichment) -> str:
    made = made_of_sentence(contrast.by_construction, whole=True)
    return (
        f"Alterations of {contrast.group} ({contrast.n:,}) were compared with {contrast.others} "
        f"({contrast.n_others:,}) among the patients tested for each, by Fisher's exact test, "
        "two-sided, with conditional maximum likelihood odds ratios and exact 95% intervals, as "
        f"R's fisher.test. P-values were adjusted over the {contrast.n_tested:,} alterations "
        f"compared (Benjamini & Hochberg 1995), those in at least {MIN_COMPARED} patients with "
        f"{MIN_GROUP_FOR_TEST} tested on either side; those that overlap counted once.{made}"
    )


def _survival(result: GroupSurvival) -> str:
    test = (
        result.p_note
        if result.p_value is None
        else f"Groups were compared by {result.test_method}."
    )
    told = endpoint_sentence(
        result.endpoint, result.n_events, result.analysed, result.outcome.limit
    )
    biased = f" {result.bias}" if result.bias else ""
    return f"{told} Curves are Kaplan-Meier estimates. {test}{biased}"
