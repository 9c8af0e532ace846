"""Groupings by several alterations at once: two genes, a hierarchy, their number, their classes.

Each tells patients who were not tested from those without an alteration: a patient whose group
would depend on a test that was not made is in no group.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.cohort.colours import SLATE, assign_colours
from app.cohort.gene_states import TESTED_SHARE, gene_states
from app.cohort.groupings._grouping import MAX_GROUPS, NOT_TESTED, Grouping, GroupingError
from app.cohort.number_colours import number_colours
from data_loaders import Cohort, CohortError
from data_loaders.arrays import Bools, Codes, States

NONE_OF_THESE = "None of these"
_MOST_STEPS = 5
_FEWEST_IN_LAST_STEP = 0.05
_LISTED = 4
_LOSS = " LOH"  # at the end of the label that the loaders give a loss of heterozygosity


def by_two_genes(cohort: Cohort, first: str, second: str) -> Grouping:
    """Only the first altered, only the second, both, neither.

    Each of these four needs both states, so a patient not tested for one of the two is in none.

    Raises
    ------
    GroupingError
        If the cohort lacks one of the two, or they are the same.
    """
    if first == second:
        raise GroupingError("Choose two different genes: both are the same.")
    a, b = _states(cohort, first), _states(cohort, second)
    labels = _labels(cohort, (first, second))
    tested = (a >= 0) & (b >= 0)
    altered = [tested & (a == 1) & (b == 0), tested & (a == 0) & (b == 1), tested & (a + b == 2)]
    codes = np.select([*altered, tested], [0, 1, 2, 3], NOT_TESTED).astype(np.int16)
    return Grouping(
        label=" and ".join(labels),
        names=(f"{labels[0]} only", f"{labels[1]} only", "Both", "Neither"),
        codes=codes,
        colours=(*assign_colours([*labels, "Both"], beside=[SLATE]), SLATE),
        reference=3,
    )


def by_hierarchy(cohort: Cohort, features: Sequence[str]) -> Grouping:
    """The first altered of several, in an order of precedence; the rest have none of them.

    A patient not tested for one that comes before the first altered one is in no group: it might
    have come first.

    Raises
    ------
    GroupingError
        If the cohort lacks one of them, one stands twice, or there are none or too many.
    """
    if not 1 <= len(features) < MAX_GROUPS:
        raise GroupingError(f"Choose one to {MAX_GROUPS - 1} genes, the one that goes first first.")
    if len(set(features)) < len(features):
        raise GroupingError("Choose each gene once: one stands twice in the order.")
    codes = np.full(cohort.n, len(features), dtype=np.int16)
    undecided = np.ones(cohort.n, dtype=bool)
    for position, feature in enumerate(features):
        state = _states(cohort, feature)
        codes[undecided & (state == 1)] = position
        codes[undecided & (state < 0)] = NOT_TESTED
        undecided &= state == 0
    labels = _labels(cohort, features)
    return Grouping(
        label=f"First altered of {', '.join(labels)}",
        names=(*labels, NONE_OF_THESE),
        codes=codes,
        colours=(*assign_colours(labels, beside=[SLATE]), SLATE),
        reference=len(labels),
        note=(
            f"A patient with several counts for the first of {', '.join(labels)}."
            if len(labels) > 1
            else ""
        ),
    )


def by_burden(cohort: Cohort, mask: Bools | None = None) -> Grouping:
    """Number of mutated genes: none, 1, 2, ... and the last step "or more".

    A gene counts once, whatever refinements it has; a gene known only by its refinements
    (FLT3 by FLT3-ITD and FLT3-TKD) counts where one of them is present. Only genes tested in 95%
    of the selected patients count, so that a number means the same for everyone; a patient not
    tested for one of these is in no group. Cytogenetic events are not counted.

    Parameters
    ----------
    mask
        The patients selected, shape (cohort.n,); None for everyone. They decide which genes count
        and where the last step begins: the largest number, at most 5, that 5% of them reach.

    Raises
    ------
    GroupingError
        If no gene can be counted.
    """
    genes = gene_states(cohort)
    selected = np.ones(cohort.n, dtype=bool) if mask is None else mask
    tested_for_any = np.zeros(cohort.n, dtype=bool)
    n_tested = []
    for state in genes.values():
        tested = (state >= 0) & selected
        tested_for_any |= tested
        n_tested.append(int(np.count_nonzero(tested)))
    enough = TESTED_SHARE * max(1, int(np.count_nonzero(tested_for_any)))
    counted = [gene for gene, n in zip(genes, n_tested, strict=True) if n >= enough]
    if not counted:
        raise GroupingError(
            f"No gene was tested in {TESTED_SHARE:.0%} of the selected patients, so mutated genes "
            "cannot be counted; choose single genes instead."
        )
    number = np.zeros(cohort.n, dtype=np.int16)
    untested = np.zeros(cohort.n, dtype=bool)
    for gene in counted:
        number += genes[gene] == 1
        untested |= genes[gene] < 0
    last = _last_step(number[selected & ~untested])
    names = ("None", *(f"{n} gene{'s' * (n > 1)}" for n in range(1, last)))
    names = (*names, f"{last} gene{'s' * (last > 1)} or more")
    return Grouping(
        label="Number of mutated genes",
        names=names,
        codes=np.where(untested, NOT_TESTED, np.minimum(number, last)).astype(np.int16),
        colours=number_colours(len(names)),
        ordered=True,
        note=_counted_note(counted, [gene for gene in genes if gene not in set(counted)]),
    )


def by_alleles(cohort: Cohort, gene: str) -> Grouping:
    """Classes of a gene's alterations, such as CALR type 1 and type 2, against its wild type.

    The classes are the gene's refinements. A patient with several of them is in a group of its
    own, as is one whose alteration is none of them; these two exist only where somebody is in
    them. Of a gene with one refinement the others are told apart from it by name: TP53 multi-hit
    and single-hit. A loss of heterozygosity is no class beside others: it is one of the ways in
    which the second allele is hit, so that most multi-hit patients have it, too.

    Raises
    ------
    GroupingError
        If the cohort has no refinement of this gene.
    """
    features = cohort.features
    own = [str(name) for name in features.index[features["gene"] == gene]]
    refined = [name for name in own if features.loc[name, "kind"] == "refinement"]
    event = gene in features.index and features.loc[gene, "kind"] == "cytogenetic"
    lost = [name for name in refined if str(features.loc[name, "label"]).endswith(_LOSS)]
    classes = [name for name in refined if name not in lost] or refined
    whole = gene if event else next((n for n in own if features.loc[n, "kind"] == "gene"), None)
    if not classes:
        raise GroupingError(f"This cohort has no classes of {gene} mutations to compare.")
    if len(classes) >= MAX_GROUPS:
        raise GroupingError(f"{gene} has more than {MAX_GROUPS - 1} classes; choose a single one.")
    present = np.stack([_states(cohort, name) for name in classes])
    number = np.count_nonzero(present == 1, axis=0)
    known = ~(present < 0).any(axis=0)
    state = present.max(axis=0) if whole is None else _states(cohort, whole)
    several = number > 1
    other = (number == 0) & known & (state == 1)
    wild = (number == 0) & (state == 0) & (known | (whole is not None))
    labels = _labels(cohort, classes)
    short = gene if whole is None else _labels(cohort, (whole,))[0]
    groups = [
        *((name, (number == 1) & known & (present[i] == 1)) for i, name in enumerate(labels)),
        *([(f"{short} several classes", several)] if several.any() else []),
        *([(_other_name(short, labels), other)] if other.any() else []),
        (
            NONE_OF_THESE if whole is None else f"no {short}" if event else f"{short} wild type",
            wild,
        ),
    ]
    names = tuple(name for name, _ in groups)
    return Grouping(
        label=short if event else f"{short} mutation class",
        names=names,
        codes=np.select([who for _, who in groups], range(len(groups)), NOT_TESTED).astype(
            np.int16
        ),
        colours=(*assign_colours(names[:-1], beside=[SLATE]), SLATE),
        reference=len(names) - 1,
    )


def allele_genes(cohort: Cohort) -> list[str]:
    """Genes whose classes can be compared: more than a single yes and no, with somebody in it."""
    carried = dict(zip(cohort.features.index, cohort.altered_counts > 0, strict=True))
    genes: dict[str, int] = {}
    for name, kind, gene in zip(
        cohort.features.index, cohort.features["kind"], cohort.features["gene"], strict=True
    ):
        if kind in {"gene", "refinement"} and isinstance(gene, str) and carried[name]:
            genes[gene] = genes.get(gene, 0) + 1
    refined = set(cohort.features["gene"][cohort.features["kind"] == "refinement"])
    return [gene for gene, number in genes.items() if number > 1 and gene in refined]


def _other_name(gene: str, labels: Sequence[str]) -> str:
    if len(labels) > 1:
        return f"{gene} other"
    own = labels[0].removeprefix(gene).strip(" -_") or labels[0]
    return f"{gene} single-hit" if own == "multi-hit" else f"{gene} mutated, not {own}"


def _states(cohort: Cohort, feature: str) -> States:
    try:
        return cohort.feature_state(feature)
    except CohortError as error:
        raise GroupingError(str(error)) from error


def _labels(cohort: Cohort, features: Sequence[str]) -> tuple[str, ...]:
    """Labels for people; the columns' own names where two would read alike."""
    labels = tuple(str(cohort.features.loc[name, "label"]) for name in features)
    return labels if len(set(labels)) == len(labels) else tuple(features)


def _last_step(number: Codes) -> int:
    reached = [
        step
        for step in range(2, _MOST_STEPS + 1)
        if np.count_nonzero(number >= step) >= _FEWEST_IN_LAST_STEP * max(1, len(number))
        and (number >= step).any()
    ]
    return max(reached, default=1)


def _counted_note(counted: Sequence[str], left: Sequence[str]) -> str:
    many = len(counted) > 1
    note = (
        f"Counted over {len(counted)} gene{'s' * many} tested in at least {TESTED_SHARE:.0%} of "
        "the selected patients; a gene counts once, however it is mutated."
    )
    if left:
        more = f" and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
        note += f" Tested in fewer and not counted: {', '.join(left[:_LISTED])}{more}."
    return note
