"""Methods of a comparison of groups, from the results themselves."""

from __future__ import annotations

from collections.abc import Sequence

from app.analysis.associations import TableOne
from app.cohort.filters import Selection
from app.cohort.groupings import MIN_GROUP_FOR_TEST, Grouping
from app.study.accounting import Accounting
from app.study.methods import endpoint_sentence, selected_sentence, source_sentence, view_methods
from app.study.wording import SIGNIFICANT, count, listing, mid_sentence
from app.views.compare.analysis import Enrichment
from app.views.genomics.frequencies.analysis import MIN_COMPARED
from app.views.survival.curves.analysis import GroupSurvival


def comparison_methods(
    table: TableOne,
    contrast: Enrichment | None,
    survival: GroupSurvival | None,
    selection: Selection,
) -> str:
    """Which groups were compared, in what, and by which tests.

    Parameters
    ----------
    table
        Their clinical variables.
    contrast
        Their alterations; None where the cohort has none.
    survival
        Their survival; None where there is no endpoint.
    selection
        The patients selected.
    """
    groups = [f"{name} ({size:,})" for name, size in zip(table.names, table.sizes, strict=True)]
    parts = [
        f"{Accounting(selection.n, table.n, table.left_out).methods()} Groups by "
        f"{mid_sentence(table.label)}: {listing(groups)}; nobody is in two of them.",
        _clinical(table),
    ]
    if contrast is not None:
        parts.append(_alterations(contrast))
    if survival is not None:
        parts.append(_survival(survival))
    return view_methods(selection, table.n, parts)


def cohorts_methods(
    sides: Sequence[tuple[Selection, Grouping]],
    survival: tuple[GroupSurvival, GroupSurvival] | None,
    compared: tuple[int, int],
) -> str:
    """How the same groups were compared in two cohorts.

    Parameters
    ----------
    sides
        Whom either cohort has selected, and the matched groups.
    survival
        Survival in both; None where the second lacks the endpoint.
    compared
        How many clinical variables and alterations both have and were compared.
    """
    told = []
    for selection, grouping in sides:
        sizes = zip(grouping.names, grouping.sizes(selection.mask), strict=True)
        groups = listing([f"{name} ({size:,})" for name, size in sizes])
        told.append(f"{selection.source.name}: {groups}")
    label = mid_sentence(sides[0][1].label)
    parts = [
        f"{source_sentence(sides[1][0])} {selected_sentence(sides[1][0])}",
        f"The same groups, by {label}, were compared in two cohorts ({'; '.join(told)}). Variables "
        "and alterations were matched by their names, else by their labels; values at which "
        "numbers were cut are those of the first cohort.",
        f"{count(compared[0], 'clinical variable')} and {count(compared[1], 'alteration')} were "
        "compared in both. Between two groups, standardised mean differences have a direction and "
        "95% intervals (Hedges & Olkin 1985). Alterations were compared by Fisher's exact test "
        "with conditional odds ratios. A difference counts as found again where it has q below "
        f"{SIGNIFICANT} in the first cohort (Benjamini & Hochberg 1995), the same direction in the "
        f"second, and there p below {SIGNIFICANT} divided by the number looked for.",
    ]
    if survival is not None:
        events = [count(result.n_events, "event") for result in survival]
        parts.append(
            f"{survival[0].endpoint.label} ({listing(events)}) was followed for as long as the "
            "shorter follow-up of the two. Hazard ratios are of Cox models with the group alone, "
            "and were compared between the cohorts by Wald's test of the difference of their "
            f"logarithms.{' ' + survival[0].bias if survival[0].bias else ''}"
        )
    selection, grouping = sides[0]
    return view_methods(selection, sum(grouping.sizes(selection.mask)), parts)


def _clinical(table: TableOne) -> str:
    tested = [row for row in table.rows if row.q_value == row.q_value]
    tests = list(dict.fromkeys(row.comparison.test for row in tested))
    used = f" ({listing(tests)})" if tests else ""
    return (
        f"{count(len(table.rows), 'clinical variable')} were described, {len(tested)} tested{used} "
        "and ranked by p-value; p-values were adjusted over those tested (Benjamini & Hochberg "
        "1995). A group with fewer than "
        f"{MIN_GROUP_FOR_TEST} patients with a value was in no test. The standardised mean "
        "difference is the largest of all pairs of the groups tested. Missing values "
        "were counted and not imputed."
    )


def _alterations(contrast: Enrichment) -> str:
    own = contrast.by_construction
    made = f" Not compared, as the groups are made of them: {listing(own)}." if own else ""
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
