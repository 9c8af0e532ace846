"""What the frequencies of alterations say, together and by group."""

from __future__ import annotations

import pandas as pd

from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import capitalised, count, listing, mid_sentence
from app.views.genomics.frequencies.analysis import (
    CHI_SQUARED,
    FISHER,
    MIN_COMPARED,
    SIMULATED,
    GroupFrequencies,
    frequency_reading,
    group_frequencies,
    made_of_sentence,
)
from app.views.genomics.frequencies.figures import frequency_alt, frequency_figure
from app.views.genomics.words import by_groups, kinds_sentence
from data_loaders import Cohort

_TESTS = {
    FISHER: "two groups were compared by Fisher's exact test, two-sided",
    CHI_SQUARED: "groups were compared by Pearson's chi-squared test",
    SIMULATED: (
        "where expected counts were too small for it (Cochran 1954), by Fisher's exact test with "
        "up to 4,999 random tables of the same margins"
    ),
}


def frequency_answer(
    cohort: Cohort, result: GroupFrequencies, *, most: int = 20, different: bool = False
) -> Answer:
    """The answer of the frequencies.

    Parameters
    ----------
    most
        How many alterations are drawn.
    different
        Whether those that differ most between the groups come first, not the most frequent.
    """
    features = _leading(result, most, different=different)
    by = by_groups(result.label if result.groups else "")
    title = f"Frequency of alterations{by}, {count(result.accounting.analysed, 'patient')}"
    return Answer(
        key="genomics_frequencies",
        name=("alteration", "frequencies"),
        title=title,
        figures={"Figure": titled(cohort, title, frequency_figure, result, features)},
        numbers=lambda: result.by_group if result.groups else result.overall,
        alt=frequency_alt(title, result, features),
        accounting=result.accounting,
        tables=lambda: _tables(result),
        methods=_methods(result),
        sentences=frequency_reading(result),
        footnote=(
            "Denominators are the patients tested for each alteration; intervals are Wilson's, 95%."
        ),
    )


FREQUENCIES = Analysis(group_frequencies, frequency_answer)


def _leading(result: GroupFrequencies, most: int, *, different: bool) -> list[str]:
    """Alterations that somebody has, the leading ones by frequency or by difference."""
    table = result.overall
    if different:
        table = result.differences[result.differences["p_value"].notna()]
    names: list[str] = table.loc[table["altered"] > 0, "feature"].head(most).tolist()
    return names or result.overall["feature"].head(most).tolist()


def _tables(result: GroupFrequencies) -> dict[str, pd.DataFrame]:
    tables = {"Everyone": result.overall}
    if result.groups:
        tables["By group"] = result.by_group
    if len(result.differences):
        tables["Differences"] = result.differences
    return tables


def _methods(result: GroupFrequencies) -> list[str]:
    """Whose alterations were counted, with which intervals, and how groups were compared."""
    parts = [
        f"{result.accounting.methods()} {kinds_sentence(result.kinds)} Patients not tested for an "
        "alteration are not in its denominator. Intervals of frequencies are Wilson's (1927), 95%."
    ]
    if len(result.differences):
        used = set(result.differences["test"])
        ways = "; ".join(words for name, words in _TESTS.items() if name in used)
        groups = [f"{name} ({size:,})" for name, size in result.groups.items()]
        own = result.features.loc[result.made_of, "label"].tolist()
        made_of = made_of_sentence(own, whole=True)
        parts.append(
            f"Groups by {mid_sentence(result.label)}: {listing(groups)}. "
            f"{capitalised(ways)}. Odds ratios are conditional maximum likelihood "
            "estimates with exact 95% intervals, as R's fisher.test, of each group against the "
            f"others. P-values were adjusted over the {result.n_tested:,} alterations compared, "
            f"those in at least {MIN_COMPARED} patients (Benjamini & Hochberg 1995), alterations "
            f"that overlap counted once.{made_of}"
        )
    return parts
