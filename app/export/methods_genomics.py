"""Methods of the genomics page's results, from the results themselves."""

from __future__ import annotations

from collections.abc import Sequence

from app.analysis.associations_groups import CHI_SQUARED, FISHER, SIMULATED, GroupFrequencies
from app.analysis.associations_pairs import PairScreen
from app.analysis.cohort_screen import KINDS
from app.analysis.oncoprint import Oncoprint
from app.analysis.wording import listing, mid_sentence
from app.cohort.filters import Selection
from app.export.methods_parts import analysed_sentence, view_methods
from data_loaders.model import FeatureKind

_TESTS = {
    FISHER: "two groups were compared by Fisher's exact test, two-sided",
    CHI_SQUARED: "groups were compared by Pearson's chi-squared test",
    SIMULATED: (
        "where expected counts were too small for it (Cochran 1954), by Fisher's exact test with "
        "up to 9,999 random tables of the same margins"
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
        f"{analysed_sentence(found.selected, found.analysed, found.left_out)} "
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
            f"{ways[:1].upper()}{ways[1:]}. Odds ratios are conditional maximum likelihood "
            "estimates with exact 95% intervals, as R's fisher.test, of each group against the "
            f"others. P-values were adjusted over the {found.n_tested:,} alterations compared "
            "(Benjamini & Hochberg 1995)."
        )
    return view_methods(selection, found.analysed, parts)


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
    return f"Alterations looked at: {listing([KINDS[kind].lower() for kind in kinds])}."


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
        f"{analysed_sentence(made.selected, made.analysed, made.left_out)} "
        f"{kinds_sentence(kinds)} The oncoprint shows {len(made.labels)} of them by their "
        "frequency among the patients tested. Patients are sorted row by row, altered before not "
        "altered before not tested"
    )
    part += f", within {mid_sentence(made.label)}." if made.label else "."
    if made.every > 1:
        part += f" Every {made.every}th of the sorted patients is drawn."
    return view_methods(selection, made.analysed, [part])
