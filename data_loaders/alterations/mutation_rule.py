"""What counts as a mutation: one rule for every source and every view.

A variant counts if it is somatic and called, passed the file's filter, has reads, changes the
protein (or the promoter of TERT, the enhancer of GATA2), is a driver where the file judges that, is
of the sample that stands for its patient, and if its gene was looked for there. Every other row
stays in the list with the reason in the column ``set_aside``; views count what has none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Ints, Texts
from data_loaders.files.columns import TextColumn
from data_loaders.model import Issue, Severity
from data_loaders.variants.classes import NOT_COUNTED, REGULATORY_GENES
from data_loaders.variants.words import (
    NOT_TESTED_WORDS,
    PASSED_WORDS,
    PERHAPS_WILD,
    is_wild_type,
    status_reason,
    verdicts,
)
from data_loaders.wording import at_rows, listed, plural, shown

SET_ASIDE = "set_aside"


class _Reason(NamedTuple):
    """How a reason is told."""

    words: str
    short: str
    code: str
    severity: Severity = "info"


REASONS: Mapping[str, _Reason] = {
    "wild_type": _Reason(
        "the row says that there is no mutation (wild type)", "wild type", "no_mutation"
    ),
    "not_tested": _Reason(
        "the row says that the gene was not tested, and so it counts in that patient",
        "not tested", "not_tested",
    ),
    "germline": _Reason(
        "germline, which is kept apart as an alteration of its own, such as TP53 germline",
        "germline", "germline",
    ),
    "not_called": _Reason(
        "the status is no call in the tumour (uncalled, LOH, none, rejected)",
        "not called", "no_mutation",
    ),
    "filtered": _Reason("the file's filter was not passed", "filter not passed", "filter"),
    "no_reads": _Reason("the tumour has no read with the change", "no reads", "no_reads"),
    "other_sample": _Reason(
        "of a relapse or another sample than the one that stands for the patient",
        "relapse or another sample", "samples",
    ),
    "silent": _Reason(
        "silent or outside the coding sequence", "silent or outside the coding sequence", "silent"
    ),
    "not_driver": _Reason("the file calls it no driver", "no driver", "not_driver"),
    "not_profiled": _Reason(
        "the gene was not looked for in the patient's sample", "gene not looked for", "gene_panel"
    ),
    "denied": _Reason(
        "the patient's own column of the gene says not mutated", "denied by the gene's column",
        "conflict",
    ),
}  # fmt: skip


def germline_label(gene: str) -> str:
    """Name of the alteration of a gene's germline variants, which are kept apart."""
    return f"{gene} germline"


def is_germline(label: str) -> bool:
    """Whether an alteration's label is that of germline variants."""
    return label.endswith(" germline")


def _has_status(reason: str, word: str) -> bool:
    return status_reason(word) == reason


def reasons(
    parts: Mapping[str, str],
    columns: Mapping[str, TextColumn],
    classes: Texts,
    outside: Bools,
    seen: tuple[Bools, Bools],
) -> Texts:
    """Why each row of a list does not count; None where it does.

    Parameters
    ----------
    parts
        Names of the columns by part, from
        :func:`data_loaders.variants.columns.variant_columns`.
    classes
        Of the rows, as read.
    outside
        Rows that are silent or outside the coding sequence, from :func:`outside_the_gene`.
    seen
        Rows without a read of the change in the tumour, and rows of a sample that does not stand
        for its patient.
    """
    unseen, other_sample = seen
    place = {key: number for number, key in enumerate(REASONS, 1)}
    found = np.zeros(len(classes), dtype=np.int8)

    def holding(part: str, test: Callable[[str], bool]) -> Bools:
        if part not in parts:
            return np.zeros(len(classes), dtype=bool)
        column = columns[parts[part]]
        return column.rows_holding(np.array([test(word) for word in column.words], dtype=bool))

    def mark(rows: Bools, reason: str) -> None:
        found[rows & (found == 0)] = place[reason]

    if SET_ASIDE in parts:  # the product's own list
        own = columns[parts[SET_ASIDE]]
        found = np.array([*(place[str(text)] for text in own.texts), 0], dtype=np.int8)[own.codes]
    nothing_said = classes == "unknown"
    for part in ("protein", "effect", "cdna"):
        mark(holding(part, is_wild_type), "wild_type")
        mark(holding(part, PERHAPS_WILD.__contains__) & nothing_said, "wild_type")
        mark(holding(part, NOT_TESTED_WORDS.__contains__) & nothing_said, "not_tested")
    mark(holding("result", lambda word: is_wild_type(word) or word in PERHAPS_WILD), "wild_type")
    mark(holding("result", NOT_TESTED_WORDS.__contains__), "not_tested")
    mark(holding("verdict", is_wild_type), "wild_type")
    for reason in ("wild_type", "germline", "not_called"):
        mark(holding("status", partial(_has_status, reason)), reason)
    if "artefact" in parts:
        column = columns[parts["artefact"]]
        mark(column.spread(column.answers) == 1, "not_called")
    for part, answer in (("germline", 1.0), ("somatic", 0.0)):
        if part in parts:
            column = columns[parts[part]]
            mark(column.spread(column.answers) == answer, "germline")
    mark(holding("filter", lambda word: word not in PASSED_WORDS), "filtered")
    mark(unseen, "no_reads")
    mark(other_sample, "other_sample")
    mark(outside, "silent")
    if "verdict" in parts:
        column = columns[parts["verdict"]]
        passenger = np.array([verdict == "passenger" for verdict in verdicts(column)], dtype=bool)
        mark(column.rows_holding(passenger), "not_driver")
        mark(holding("verdict", PERHAPS_WILD.__contains__), "not_driver")
    told: Texts = np.array([None, *REASONS], dtype=object)[found]
    return told


def outside_the_gene(classes: Texts, genes: Texts) -> Bools:
    """Rows of a class that makes no gene mutated: silent, or outside the coding sequence."""
    regulatory = pd.Series(genes).isin(REGULATORY_GENES).to_numpy() & (classes == "noncoding")
    silent: Bools = pd.Series(classes).isin(NOT_COUNTED).to_numpy() & ~regulatory
    return silent


def is_set_aside(found: Texts) -> Bools:
    """Which reasons are none."""
    aside: Bools = pd.notna(found)
    return aside


def counts(mutations: pd.DataFrame) -> Bools:
    """Which rows of a cohort's list of mutations count, by the one rule.

    Parameters
    ----------
    mutations
        ``Cohort.mutations``; a list without the column ``set_aside`` is judged by its classes.
    """
    return ~is_set_aside(_set_aside(mutations))


def agreeing(
    mutations: pd.DataFrame,
    matrix: pd.DataFrame,
    gene_columns: Mapping[str, str],
    *,
    untested: Collection[str] = (),
) -> pd.DataFrame:
    """The list, with the rows set aside that the matrix of alterations does not bear out.

    Parameters
    ----------
    matrix
        Patients x features, NA = not tested.
    gene_columns
        Column of each gene.
    untested
        Genes that are no features because they were looked for in nobody.
    """
    found = _set_aside(mutations).copy()
    kept = ~is_set_aside(found)
    codes, names = pd.factorize(mutations["gene"])
    here = [place for place, name in enumerate(names) if name in gene_columns]
    found[kept & mutations["gene"].isin(untested).to_numpy()] = "not_profiled"
    if not here:
        return mutations.assign(**{SET_ASIDE: found})
    states = np.empty((len(matrix), len(here) + 1), dtype=np.int8, order="F")
    for column, place in enumerate(here):
        own = matrix[gene_columns[names[place]]]
        states[:, column] = own.to_numpy(dtype=np.int8, na_value=-1)
    states[:, -1] = 1  # genes that are no features
    column_of = np.full(len(names) + 1, len(here), dtype=np.intp)
    column_of[here] = np.arange(len(here))
    patients = matrix.index.get_indexer(mutations["patient_id"])
    state = states[patients, column_of[codes]]
    found[kept & (state == 0)] = "denied"
    found[kept & (state == -1)] = "not_profiled"
    return mutations.assign(**{SET_ASIDE: found})


def set_aside_issues(found: Texts, parts: Mapping[str, str], file: str, lines: Ints) -> list[Issue]:
    """One finding a reason, with the number of rows and examples."""
    of_part = {"filtered": "filter", "not_driver": "verdict", "germline": "status",
               "not_called": "status", "silent": "effect"}  # fmt: skip
    issues = []
    for key, count in _counted(found):
        reason = REASONS[key]
        column = parts.get(of_part.get(key, ""))
        rows = lines[found == key]
        source = f" ({shown(column)})" if key in {"filtered", "not_driver"} and column else ""
        verb = "is listed but makes" if count == 1 else "are listed but make"
        issues.append(
            Issue.at(
                "warning" if count > len(found) / 2 and key == "filtered" else reason.severity,
                f"{file}: {plural(count, 'variant')} of {len(found):,} {verb} no gene mutated: "
                f"{reason.words}{source}.",
                rows,
                column,
                reason.code,
            )
        )
    return issues


# The rule in short, for the methods of a figure.
RULE = (
    "counted are somatic, called variants that change the protein (or the promoter of TERT or the "
    "enhancer of GATA2), of the sample that stands for the patient, in genes that were looked for"
)


def rule_in_words(mutations: pd.DataFrame) -> str:
    """The rule as it was applied to a cohort's list of mutations, with the rows it set aside.

    Parameters
    ----------
    mutations
        ``Cohort.mutations``.

    Returns
    -------
    str
        Empty without a list.
    """
    if not len(mutations):
        return ""
    found = _set_aside(mutations)
    kept = ~is_set_aside(found)
    words = (
        "A variant counts as a mutation if it is somatic and called, passed the file's filter, has "
        "reads, changes the protein (or the promoter of TERT or the enhancer of GATA2), is not "
        "called a passenger by the file, is of the sample that stands for the patient, and if its "
        f"gene was looked for there. Every view counts by this rule: {int(kept.sum()):,} of "
        f"{plural(len(mutations), 'variant')} {'counts' if kept.sum() == 1 else 'count'}"
    )
    aside = aside_in_words(mutations)
    return f"{words}. Listed but not counted: {aside}." if aside else f"{words}."


def aside_in_words(mutations: pd.DataFrame) -> str:
    """Why rows of a list do not count, with their numbers: ``germline (2) and no reads (1)``."""
    aside = [f"{REASONS[key].short} ({n:,})" for key, n in _counted(_set_aside(mutations))]
    return listed(aside, limit=len(REASONS))


def swapped_reads(swapped: Bools, parts: Mapping[str, str], file: str, lines: Ints) -> list[Issue]:
    """A finding where the normal sample has the reads that the tumour lacks.

    Parameters
    ----------
    swapped
        Rows with reads of the change in the normal sample and none in the tumour.
    """
    rows = lines[swapped]
    if not len(rows):
        return []
    return [
        Issue.at(
            "warning",
            f"{file}: {shown(parts['alt_count'])} is 0 while {shown(parts['normal_alt'])} has "
            f"reads in {at_rows(rows.tolist())}; the columns of tumour and normal look swapped "
            "there, so check them; these variants count as no mutation.",
            rows,
            parts["alt_count"],
            "swapped",
        )
    ]


def _set_aside(mutations: pd.DataFrame) -> Texts:
    """Why each row does not count, None where it does."""
    if SET_ASIDE in mutations:
        own = mutations[SET_ASIDE]
        found: Texts = own.astype(object).where(own.notna(), None).to_numpy(dtype=object)
        return found
    classes = mutations["variant_class"].to_numpy(dtype=object)
    outside = outside_the_gene(classes, mutations["gene"].to_numpy(dtype=object))
    found = np.full(len(outside), None, dtype=object)
    found[outside] = "silent"
    return found


def _counted(found: Iterable[object]) -> list[tuple[str, int]]:
    """Number of rows of each reason, in the order of the rule."""
    held = pd.Series(list(found), dtype=object).value_counts()
    return [(key, int(held[key])) for key in REASONS if key in held.index]
