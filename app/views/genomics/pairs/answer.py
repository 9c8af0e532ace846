"""What pairs of alterations say: which occur together, which avoid each other."""

from __future__ import annotations

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import count
from app.views.genomics.pairs.analysis import PairScreen, about_reading, pair_reading, pair_screen
from app.views.genomics.pairs.figures import co_occurrence_figure
from app.views.genomics.words import kinds_sentence
from data_loaders import Cohort


def pair_answer(cohort: Cohort, result: PairScreen, *, about: str = "") -> Answer:
    """The answer of the pairs.

    Parameters
    ----------
    about
        The alteration that the sentences are about; any that was not paired for all pairs.
    """
    title = (
        f"Alterations together and apart, {count(len(result.features), 'alteration')} in "
        f"{count(result.selected, 'patient')}"
    )
    reading = pair_reading(result)
    own = f"; {count(result.own, 'pair')} of one gene left out" if result.own else ""
    return Answer(
        key="genomics_pairs",
        name=("co-occurrence",),
        title=title,
        figures={
            "Figure": titled(cohort, title, co_occurrence_figure, result.table, result.features)
        },
        numbers=lambda: result.table,
        alt=(
            f"{title}. A triangle, one cell a pair, the deeper the stronger the evidence. "
            f"{' '.join(reading)}"
        ),
        accounting=Accounting(result.selected, result.selected),
        tables=lambda: {"Pairs": result.table},
        methods=[_methods(result)],
        sentences=about_reading(result, about) if about in result.features else reading,
        footnote=(
            "Fisher's exact test in the patients tested for both; odds ratios are conditional "
            "estimates with exact 95% intervals, as R's fisher.test; Benjamini-Hochberg over all "
            f"{result.n_tested:,} pairs tested{own}. Pairs of a mixed cohort can go together only "
            "because both belong to one disease: filter to one diagnosis to see."
        ),
    )


PAIRS = Analysis(pair_screen, pair_answer)


def _methods(result: PairScreen) -> str:
    """Which pairs were tested, how, and how their number was accounted for."""
    own = " Pairs that describe one gene were left out." if result.own else ""
    return (
        f"{kinds_sentence(result.kinds)} Of {result.n_features:,} altered in at least "
        f"{result.min_altered} of the patients tested, the {len(result.features):,} most frequent "
        f"were paired.{own} Each pair was judged in the patients tested for both by Fisher's exact "
        "test, two-sided, with the conditional maximum likelihood odds ratio and its exact 95% "
        f"interval, as R's fisher.test; p-values were adjusted over the {result.n_tested:,} pairs "
        "that can be tested (Benjamini & Hochberg 1995)."
    )
