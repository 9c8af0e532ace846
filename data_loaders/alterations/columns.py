"""Which columns hold alterations, and their values: altered, not altered, not tested."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from data_loaders.alterations.gene_calls import Calls, read_calls, says_more
from data_loaders.alterations.gene_cells import gene_of_date
from data_loaders.alterations.genes import (
    FeatureName,
    aliases,
    genes_of_changes,
    known_symbols,
    looks_like_symbol,
    read_feature_name,
    unlisted_gene,
)
from data_loaders.alterations.hgvs import changes_of
from data_loaders.arrays import Floats
from data_loaders.files.columns import TextColumn
from data_loaders.meaning.vocabulary import term_of
from data_loaders.model import FEATURE_COLUMNS, CohortError, Issue
from data_loaders.wording import listed, plural, shown

_MOST_MUTATIONS = 20  # of one gene in one patient
_DOUBLE = "CEBPA"  # the gene of which two mutations mean another disease than one
_MUTATIONS = re.compile(r"(?:^|[\W_])mut(?:ations?|ated)?(?:$|[\W_])", re.IGNORECASE)

_DETECTED = 0.01  # the least allele fraction that sequencing of a panel tells from none
_FRACTION_OF = re.compile(
    r"(?P<gene>[A-Za-z0-9]+)[\s_.(-]+(?:vaf|af|allel\w*[\s_.-]+(?:burden|freq\w*|fraction))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class Alterations:
    """The alteration columns of a table.

    Parameters
    ----------
    matrix
        Patients x features, nullable ``boolean``, NA = not tested.
    sources
        Columns of the file that the matrix holds in full; a column of counts is not among them.
    issues
        Old symbols, counts, columns without any test.
    calls
        Columns that say more than yes and no, read, by feature.
    """

    matrix: pd.DataFrame
    features: pd.DataFrame
    sources: frozenset[str]
    issues: tuple[Issue, ...]
    calls: Mapping[str, tuple[TextColumn, Calls]] = field(default_factory=dict)

    def added(
        self, features: pd.DataFrame, states: Mapping[str, Floats], issue: Issue
    ) -> Alterations:
        """These alterations and more, behind them.

        Parameters
        ----------
        features
            Rows for the new ones, index their names.
        states
            Of each new one per patient: 1 altered, 0 not altered, NaN not tested.
        issue
            What was read.
        """
        data = {e: pd.arrays.BooleanArray(v == 1, np.isnan(v)) for e, v in states.items()}
        rows = pd.concat([self.features, features[list(self.features.columns)].astype(object)])
        matrix = pd.concat([self.matrix, pd.DataFrame(data, index=self.matrix.index)], axis=1)
        return replace(
            self, matrix=matrix.set_axis(rows.index, axis=1), features=rows,
            issues=(*self.issues, issue),
        )  # fmt: skip


def find_alterations(
    columns: Mapping[str, TextColumn],
    stated: Mapping[str, FeatureName],
    index: pd.Index,
    others: Collection[str] = (),
) -> Alterations:
    """Take the alteration columns out of a table.

    A column is an alteration if its name is that of a gene, a refinement of one or a cytogenetic
    event and it answers yes or no, counts mutations (altered = one or more) or tells what was found
    (see :mod:`data_loaders.alterations.gene_calls`), which are kept as variables as well; also if
    its name has the shape of a gene symbol and it stands among gene columns. Columns in ``stated``
    are alterations whatever their names.

    Parameters
    ----------
    columns
        The candidates in the file's order, by name.
    others
        Columns that the user says are something else: they count as neighbours only, so that what
        is said of one column does not change what is inferred of another.

    Raises
    ------
    CohortError
        If a stated column does not answer yes or no.
    """
    for name in set(stated) & set(columns):
        kind = stated[name].kind
        if not columns[name].answers_only and read_calls(columns[name], kind) is None:
            raise CohortError(
                f"The mapping calls {shown(name)} an alteration, but it is not a column of yes and "
                'no; state which values mean altered ("codes"), or leave it out of the alterations.'
            )
    names = {
        name: stated.get(name) or feature
        for name, feature in _recognised(columns, stated).items()
        if name not in others
    }
    issues = _not_read_issue(columns, names, others)
    names, more = _with_unique_names(names)
    issues += more
    data = {}
    read = {
        source: calls
        for source, feature in names.items()
        if not columns[source].answers_only
        and not _counts(columns[source])
        and (calls := read_calls(columns[source], feature.kind)) is not None
    }
    counted = [
        source for source in names if not columns[source].answers_only and source not in read
    ]
    for source, feature in names.items():
        column = columns[source]
        if source in read:
            values = column.spread(read[source].states)
        else:
            values = column.spread(column.numbers if source in counted else column.answers)
        data[feature.name] = pd.arrays.BooleanArray(values >= 1, np.isnan(values))
        untested = ~(columns[source].filled.any())
        if untested:
            issues.append(
                Issue(
                    "warning",
                    f"{feature.label} was tested in nobody: the column {shown(source)} is empty.",
                    source,
                    len(index),
                    code="not_tested",
                )
            )
    if counted:
        issues.append(
            Issue(
                "info",
                f"{plural(len(counted), 'column counts', 'columns count')} mutations instead of "
                f"saying whether there is one: {listed(counted)}; one or more was read as altered, "
                "and the counts are kept as variables.",
                count=len(counted),
                code="counts",
            )
        )
    issues += _calls_issues(columns, read) + _fractions_issues(
        {name: own for name, own in names.items() if name not in stated}, read
    )
    rows = [(f.name, f.kind, f.gene, f.label, source, f.reason) for source, f in names.items()]
    for source in counted:
        name = f"{_DOUBLE}_double"
        if names[source].gene == _DOUBLE and name not in data:
            values = columns[source].spread(columns[source].numbers)
            data[name] = pd.arrays.BooleanArray(values >= 2, np.isnan(values))
            place = [row[0] for row in rows].index(names[source].name) + 1
            reason = f"{shown(source)} counts two or more mutations"
            rows.insert(place, (name, "refinement", _DOUBLE, f"{_DOUBLE} double", source, reason))
    features = pd.DataFrame(
        [row[1:] for row in rows],
        index=pd.Index([row[0] for row in rows], dtype=object),
        columns=[*FEATURE_COLUMNS, "reason"],
        dtype=object,
    )
    matrix = pd.DataFrame(data, index=index, columns=features.index)
    by_feature = {names[source].name: (columns[source], calls) for source, calls in read.items()}
    told = {source for source, calls in read.items() if says_more(columns[source], calls)}
    sources = frozenset(names) - set(counted) - told
    return Alterations(matrix, features, sources, tuple(issues), by_feature)


def _calls_issues(columns: Mapping[str, TextColumn], read: Mapping[str, Calls]) -> list[Issue]:
    """What columns say besides yes and no, and cells that were not understood."""
    issues = []
    telling = [source for source, calls in read.items() if says_more(columns[source], calls)]
    if telling:
        issues.append(
            Issue(
                "info",
                f"{plural(len(telling), 'column tells', 'columns tell')} what was found (protein "
                f"changes, allele fractions or the like): {listed(telling)}; read as altered, not "
                "altered and not tested, and kept as variables.",
                count=len(telling),
                code="calls",
            )
        )
    unread = {
        source: int(columns[source].counts[calls.unread].sum())
        for source, calls in read.items()
        if columns[source].counts[calls.unread].any()
    }
    if unread:
        cells = [f"{source} ({count})" for source, count in unread.items()]
        issues.append(
            Issue(
                "warning",
                f"{plural(sum(unread.values()), 'cell')} of columns of genes "
                f"{'was' if sum(unread.values()) == 1 else 'were'} not understood and "
                f"{'counts' if sum(unread.values()) == 1 else 'count'} as not tested: "
                f"{listed(cells)}; state which values mean altered.",
                count=sum(unread.values()),
                code="calls",
            )
        )
    return issues


def _not_read_issue(
    columns: Mapping[str, TextColumn], names: Mapping[str, FeatureName], others: Collection[str]
) -> list[Issue]:
    """Columns that are named after genes but say nothing that can be read, in one sentence."""
    taken = {feature.name for feature in names.values()}
    genes = {feature.gene for feature in names.values()}
    lost = [
        name
        for name, column in columns.items()
        if name not in names
        and name not in others
        and column.filled.any()
        and (
            ((own := _gene_named(name)) is not None and own.name not in taken)
            or ((own := _fraction_of(name)) is not None and own.gene not in genes)
        )
    ]
    if not lost:
        return []
    verb = "is named after a gene but does" if len(lost) == 1 else "are named after genes but do"
    return [
        Issue(
            "warning",
            f"{plural(len(lost), 'column')} {verb} not say who is altered and who is not: "
            f"{listed(lost)}; kept as variables. Write yes and no (or wild type where nothing was "
            "found), or state under Correct which values mean altered, not altered and not tested.",
            lost[0] if len(lost) == 1 else None,
            len(lost),
            code="gene_columns",
        )
    ]


def _fractions_issues(names: Mapping[str, FeatureName], read: Mapping[str, Calls]) -> list[Issue]:
    """What a column of allele fractions was taken to say of who is altered."""
    return [
        Issue(
            "warning",
            f"{shown(source)} is the only column of {names[source].gene}, and holds 0 or allele "
            f"fractions from {np.nanmin(calls.vaf):.1%} on: 0 was read as not altered, a fraction "
            "as altered, nothing as not tested. If 0 means something else, say so under Correct.",
            source,
            code="fractions",
        )
        for source, calls in read.items()
        if source in names and _fraction_of(source) is not None
    ]


def no_genes_here(columns: Mapping[str, TextColumn]) -> set[str]:
    """Columns with names like gene symbols that do not stand among the genes of their own table.

    Beside the columns of another table they would be taken for unlisted genes.
    """
    found = _recognised(columns)
    return {
        name
        for name in columns
        if name not in found and looks_like_symbol(name) and _gene_named(name) is None
    }


def _fraction_of(name: str) -> FeatureName | None:
    """The gene whose allele fractions a column is named after: ``TP53_VAF``."""
    match = _FRACTION_OF.match(name)
    gene = read_feature_name(match["gene"]) if match else None
    return gene if gene is not None and gene.kind == "gene" else None


def _told_by_fractions(columns: Mapping[str, TextColumn]) -> dict[str, FeatureName]:
    """Columns of allele fractions of genes that no other column names, and that leave no doubt.

    Of none, which is 0 or a word, and of at least a fraction that sequencing detects.
    """
    fractions = {name: own for name in columns if (own := _fraction_of(name)) is not None}
    genes = Counter(own.gene for own in fractions.values())
    genes.update(own.gene for name in columns if (own := _gene_named(name)) is not None)
    certain = {}
    for name, own in fractions.items():
        calls = read_calls(columns[name], "gene") if genes[own.gene] == 1 else None
        # Below a limit is neither none nor found.
        if calls is None or calls.unread.any() or columns[name].bounded.any():
            continue
        found = calls.vaf[calls.states == 1]
        if len(found) and (found >= _DETECTED).all():
            certain[name] = own
    return certain


def _gene_named(name: str) -> FeatureName | None:
    """The gene, or the part of one, whose name a column bears; None if it bears none."""
    feature = read_feature_name(name)
    if feature is None or feature.kind == "cytogenetic" or _clinical_first(name, feature):
        return None
    return feature


def _recognised(
    columns: Mapping[str, TextColumn], stated: Mapping[str, FeatureName] | None = None
) -> dict[str, FeatureName]:
    """What the names and values show, and on top of it what is stated."""
    order = list(columns)
    found: dict[str, FeatureName] = {}
    telling: dict[str, FeatureName] = {}
    for name, column in columns.items():
        feature = read_feature_name(name) or _named_by_cells(name, column)
        if feature is None or _clinical_first(name, feature):
            continue
        if _only_tells_the_altered(column):
            continue
        if column.answers_only or _counts(column):
            found[name] = feature
        elif read_calls(column, feature.kind) is not None:
            telling[name] = feature
    if found:
        dated = {n: gene_of_date(n) for n, column in columns.items() if column.is_binary}
        found |= {
            name: FeatureName(gene, "gene", gene, gene, "a gene that Excel made a date of", name)
            for name, gene in dated.items()
            if gene is not None and name not in found
        }
    telling |= _told_by_fractions(columns)
    # Beside a column of yes and no for the same, one that tells more is a variable.
    taken = {feature.name for feature in found.values()}
    found |= {name: feature for name, feature in telling.items() if feature.name not in taken}
    # Unlisted genes: spread outwards from recognised neighbours, so that FLAG behind a risk score
    # stays a clinical column while DHX33 between DICER1 and GATA1 becomes a gene.
    for sequence in (order, order[::-1]):
        beside = False
        for name in sequence:
            if name in found:
                beside = True
                continue
            beside = (
                beside
                and looks_like_symbol(name)
                and term_of(name) is None
                and columns[name].is_binary
                and not _only_tells_the_altered(columns[name])
            )
            if beside:
                found[name] = unlisted_gene(name)
    # What is stated comes last: it is no reason to take its neighbours for genes.
    found |= {name: feature for name, feature in (stated or {}).items() if name in columns}
    return {name: found[name] for name in order if name in found}


def _named_by_cells(name: str, column: TextColumn) -> FeatureName | None:
    """The gene of a column such as ``KD_mut`` whose cells name changes that are known of one gene.

    At least half of the changes named have to be known, and all of these of the same gene.
    """
    if not _MUTATIONS.search(name) or term_of(name) is not None or _only_tells_the_altered(column):
        return None
    calls = read_calls(column, "gene")
    if calls is None:
        return None
    known = genes_of_changes()
    cells = [changes_of(text) for text in calls.changes if text is not None]
    changes = {change.removeprefix("p.") for cell in cells for change in cell}
    told = sorted(changes & set(known))
    genes = {known[change] for change in told}
    if len(genes) != 1 or 2 * len(told) < len(changes):
        return None
    gene = genes.pop()
    reason = f"its cells name {listed(told)}, known of {gene} alone"
    return FeatureName(gene, "gene", gene, gene, reason, name)


def _alone(feature: FeatureName, wholes: Collection[str]) -> bool:
    return feature.gene not in known_symbols() and feature.gene not in wholes


def _several_bands(names: Mapping[str, FeatureName]) -> set[str]:
    """Events of which several columns mean different bands: each of them keeps its own."""
    meant: dict[str, set[str]] = {}
    for feature in names.values():
        if feature.kind == "cytogenetic" and feature.note:
            meant.setdefault(feature.name, set()).add(feature.note)
    return {name for name, notes in meant.items() if len(notes) > 1}


def _only_tells_the_altered(column: TextColumn) -> bool:
    """Whether a column says yes or is blank, so that it does not say who was tested."""
    yes = column.is_binary and not (column.answers == 0).any()
    return yes and not bool(column.filled.all())


def _counts(column: TextColumn) -> bool:
    """Whether the entries are small whole numbers from 0 on, such as numbers of mutations."""
    numbers = column.numbers
    if not len(numbers) or len(numbers) > _MOST_MUTATIONS + 1:
        return False
    whole = (numbers >= 0) & (numbers <= _MOST_MUTATIONS) & (numbers % 1 == 0)
    return bool(whole.all()) and bool((numbers == 0).any())


def _clinical_first(name: str, feature: FeatureName) -> bool:
    """Whether a name is rather that of a clinical variable (``ring``, ``MK``) than a feature."""
    return term_of(name) is not None and feature.kind != "cytogenetic"


def _with_unique_names(
    names: dict[str, FeatureName],
) -> tuple[dict[str, FeatureName], list[Issue]]:
    """Feature names without repetition, and the old symbols that were replaced."""
    current = {feature.name for source, feature in names.items() if feature.name == source}
    exact = {f.name for f in names.values() if f.kind == "cytogenetic" and not f.note}
    exact |= _several_bands(names)
    wholes = {f.name for f in names.values()} | {f.note for f in names.values() if f.note}
    taken: set[str] = set()
    unique: dict[str, FeatureName] = {}
    issues: list[Issue] = []
    events: list[str] = []
    for source, feature in names.items():
        if feature.note and feature.kind == "cytogenetic" and feature.name in exact:
            # Beside a column of +8 itself, plus8_8q keeps all that it means.
            feature = replace(feature, name=feature.note, label=feature.note, note="")  # noqa: PLW2901
        elif feature.note and feature.kind == "refinement" and feature.gene in exact:
            named = feature.name.replace(feature.gene, feature.note)
            feature = replace(feature, name=named, label=named, gene=feature.note, note="")  # noqa: PLW2901
        if feature.kind == "refinement" and _alone(feature, wholes):
            # Without a column of the event itself, its part is an event of its own.
            feature = replace(feature, kind="cytogenetic", gene=None)  # noqa: PLW2901
        clash = feature.name != source and feature.name in current
        if clash or feature.name in taken:
            # Both stay, each under its own name: which of them is right is for people to say.
            feature = replace(feature, name=source, label=source)  # noqa: PLW2901
            issues.append(
                Issue(
                    "warning",
                    f"{shown(source)} and another column both stand for "
                    f"{feature.gene or 'one event'}; both are kept under their own names.",
                    source,
                    code="alias",
                )
            )
        elif feature.alias and feature.gene not in known_symbols():
            meant = f" ({feature.note})" if feature.note else ""
            events.append(f"{shown(source)} is {feature.name}{meant}")
        elif feature.alias and feature.alias not in aliases():
            words = f"{shown(source)} is read as {feature.name}: {feature.reason}."
            issues.append(Issue("info", words, source, 1, code="alias"))
        elif feature.alias:
            note = f" ({feature.note})" if feature.note else ""
            issues.append(
                Issue(
                    "info",
                    f"{shown(source)} is called {feature.name} here, after the gene's current "
                    f"symbol{note}.",
                    source,
                    1,
                    code="alias",
                )
            )
        taken.add(feature.name)
        unique[source] = feature
    if events:
        issues.append(
            Issue(
                "info",
                f"{plural(len(events), 'cytogenetic event')} got the "
                f"{'name' if len(events) == 1 else 'names'} people use: {listed(events)}.",
                count=len(events),
                code="alias",
            )
        )
    return unique, issues
