"""Methods of the genomics page's results, from the results themselves."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from app.cohort.filters import Selection
from app.study.accounting import Accounting
from app.study.methods import view_methods
from app.study.outcomes import too_small
from app.study.wording import capitalised, listing, mid_sentence
from app.views.genomics.burden.analysis import Burden
from app.views.genomics.frequencies.analysis import (
    CHI_SQUARED,
    FISHER,
    MIN_COMPARED,
    SIMULATED,
    GroupFrequencies,
)
from app.views.genomics.oncoprint.analysis import Oncoprint
from app.views.genomics.pairs.analysis import PairScreen
from app.views.genomics.variants.analysis import MARGIN, MIN_PAIRS, GeneVariants, VafSummary
from app.views.genomics.variants.proteins import Protein
from data_loaders.alterations.mutation_rule import RULE
from data_loaders.model import FEATURE_KINDS, FeatureKind

_TESTS = {
    FISHER: "two groups were compared by Fisher's exact test, two-sided",
    CHI_SQUARED: "groups were compared by Pearson's chi-squared test",
    SIMULATED: (
        "where expected counts were too small for it (Cochran 1954), by Fisher's exact test with "
        "up to 4,999 random tables of the same margins"
    ),
}
_TESTED_ONLY = "Patients not tested for an alteration are not in its denominator."


def frequency_methods(found: GroupFrequencies, selection: Selection) -> str:
    """Whose alterations were counted, with which intervals, and how groups were compared.

    Parameters
    ----------
    found
        The frequencies.
    selection
        The patients they were counted in.
    """
    parts = [
        f"{Accounting(found.selected, found.analysed, found.left_out).methods()} "
        f"{kinds_sentence(found.kinds)} {_TESTED_ONLY} Intervals of frequencies are Wilson's "
        "(1927), 95%."
    ]
    if len(found.differences):
        used = set(found.differences["test"])
        tests = [words for name, words in _TESTS.items() if name in used]
        groups = [f"{name} ({size:,})" for name, size in found.groups.items()]
        ways = "; ".join(tests)
        parts.append(
            f"Groups by {mid_sentence(found.label)}: {listing(groups)}. "
            f"{capitalised(ways)}. Odds ratios are conditional maximum likelihood "
            "estimates with exact 95% intervals, as R's fisher.test, of each group against the "
            f"others. P-values were adjusted over the {found.n_tested:,} alterations compared, "
            f"those in at least {MIN_COMPARED} patients (Benjamini & Hochberg 1995), alterations "
            f"that overlap counted once.{_made_of(found)}"
        )
    return view_methods(selection, found.analysed, parts)


def _made_of(found: GroupFrequencies) -> str:
    own = found.features.loc[found.made_of, "label"].tolist()
    return f" Not compared, as the groups are made of it: {listing(own)}." if own else ""


def pair_methods(screen: PairScreen, selection: Selection) -> str:
    """Which pairs were tested, how, and how their number was accounted for.

    Parameters
    ----------
    screen
        The pairs.
    selection
        The patients they were tested in.
    """
    own = " Pairs that describe one gene were left out." if screen.own else ""
    part = (
        f"{kinds_sentence(screen.kinds)} Of {screen.n_features:,} altered in at least "
        f"{screen.min_altered} of the patients tested, the {len(screen.features):,} most frequent "
        f"were paired.{own} Each pair was judged in the patients tested for both by Fisher's exact "
        "test, two-sided, with the conditional maximum likelihood odds ratio and its exact 95% "
        f"interval, as R's fisher.test; p-values were adjusted over the {screen.n_tested:,} pairs "
        "that can be tested (Benjamini & Hochberg 1995)."
    )
    return view_methods(selection, screen.selected, [part])


def kinds_sentence(kinds: Sequence[FeatureKind]) -> str:
    """Which alterations were looked at."""
    return f"Alterations looked at: {listing([FEATURE_KINDS[kind].lower() for kind in kinds])}."


def oncoprint_methods(made: Oncoprint, kinds: Sequence[FeatureKind], selection: Selection) -> str:
    """What an oncoprint shows, and how it is sorted.

    Parameters
    ----------
    made
        The oncoprint.
    kinds
        Kinds of alterations it was asked for.
    selection
        The patients it was made of.
    """
    part = (
        f"{Accounting(made.selected, made.analysed, made.left_out).methods()} "
        f"{kinds_sentence(kinds)} The oncoprint shows {len(made.labels)} of them by their "
        "frequency among the patients tested. Patients are sorted row by row, altered before not "
        "altered before not tested"
    )
    part += f", within {mid_sentence(made.label)}." if made.label else "."
    if made.every > 1:
        part += f" Every {made.every}th of the sorted patients is drawn."
    return view_methods(selection, made.analysed, [part])


def vaf_methods(summary: VafSummary, pairs: pd.DataFrame, selection: Selection) -> str:
    """Which allele fractions were looked at, and what a comparison of two assumes.

    Parameters
    ----------
    summary
        The allele fractions.
    pairs
        The pairs compared.
    selection
        The patients.
    """
    part = (
        f"Variant allele fractions of {len(summary.points):,} variants in "
        f"{len(summary.table):,} genes; {RULE}."
    )
    if len(pairs):
        part += (
            f" In patients with mutations of both of two genes the larger allele fractions were "
            f"compared ({len(pairs):,} pairs of genes in at least {MIN_PAIRS} patients; fractions "
            f"within {100 * MARGIN:.0f} points counted as similar; exact sign test; "
            "Benjamini & Hochberg 1995). A higher fraction hints at an earlier mutation under the "
            "assumptions of heterozygous mutations in one clone without changes of copy number; "
            "nothing was corrected for copy number, uniparental disomy or the X chromosome in men."
        )
    return view_methods(selection, selection.n, [part])


def lollipop_methods(found: GeneVariants, protein: Protein | None, selection: Selection) -> str:
    """Whose variants of which gene, and what the axis is.

    Parameters
    ----------
    found
        The variants.
    protein
        The protein of the axis; None for the range observed.
    selection
        The patients.
    """
    axis = (
        f"The axis is UniProtKB {protein.accession}, RefSeq {protein.refseq} "
        f"({protein.length:,} residues)."
        if protein is not None
        else "The axis is the range of positions observed."
    )
    tested = sum(found.tested.values())
    part = (
        f"Variants of {found.gene} in {tested:,} patients tested, by the first residue of the "
        f"protein change; {RULE}. {axis}"
    )
    return view_methods(selection, tested, [part])


def burden_methods(found: Burden, selection: Selection) -> str:
    """What was counted in whom, and how groups were compared.

    Parameters
    ----------
    found
        The numbers of alterations.
    selection
        The patients.
    """
    test = f" Groups were compared by the {found.test} test." if found.test else ""
    if found.test and found.untested:
        test += f" Not in the test: {too_small(found.untested)}."
    if found.not_counted:
        test += f" Not counted, as the groups are made of it: {listing(list(found.not_counted))}."
    part = (
        f"{Accounting(found.selected, found.analysed, found.left_out).methods()} "
        f"{kinds_sentence(found.kinds)} Each patient's alterations were counted; not tested counts "
        f"as none found ({found.incomplete:,} patients were not tested for all).{test}"
    )
    return view_methods(selection, found.analysed, [part])
