"""A table's column of karyotypes as alterations and variables.

The column is known by its content. Events become alterations of kind cytogenetic: altered where a
karyotype has them, not altered where a karyotype was read in full without them, not tested where
there is none or where a part of it could not be read. What the file holds itself stays the file's:
it is compared, and a finding says how many agree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil

import numpy as np
import pandas as pd

from data_loaders.alterations.columns import Alterations
from data_loaders.arrays import Ints
from data_loaders.files.columns import TextColumn
from data_loaders.karyotype._findings import (
    compared,
    other_sex,
    others,
    same_answers,
    same_groups,
    summary,
)
from data_loaders.karyotype.events import forget_tokens
from data_loaders.karyotype.patients import Read, read_karyotypes
from data_loaders.karyotype.reading import parse_karyotype
from data_loaders.karyotype.rules import IPSSR_GROUPS
from data_loaders.meaning.variables import ReadColumn
from data_loaders.meaning.vocabulary import term, term_of
from data_loaders.model import Issue, Variable, VariableKind
from data_loaders.wording import plural, shown

_LOOKS_ISCN = re.compile(
    r"[\s\"'~?<]{0,3}(?:[2-9]\d|1\d{2})\s?(?:[-~]\s?\d{1,3})?\s?(?:<\dn[+-]?>)?\s?,?\s?[XYxy]{1,4}(?![A-Za-z])"
)
_SAMPLE = 100  # distinct entries looked at
_FEWEST = 2  # different karyotypes in full, in a column whose name says nothing
_MOSTLY = 0.5
_RARE = 0.005  # an event in fewer of the karyotypes stays in the text alone
_HOW = {
    "complex_karyotype": "Three or more clonal abnormalities, counted as in Chun 2010.",
    "monosomal_karyotype": (
        "Two autosomal monosomies, or one with a structural abnormality, without a core-binding "
        "factor rearrangement (Breems 2008)."
    ),
    "n_abnormalities": "Clonal, acquired abnormalities, counted as in Chun 2010.",
    "cyto_ipssr": "Of the karyotype; Schanz 2012 and Greenberg 2012, a rule for MDS.",
}
_A_MATRIX = 3  # own columns of events from which on the file has its own cytogenetics
_COMPARABLE = re.compile(
    r"[+-](?:\d{1,2}|[XY])|(?:del|add|i)\(\w{1,3}\)|(?:t|inv)\([\dXY;]{1,11}\)"
)


def with_karyotypes(
    base: Alterations, columns: Mapping[str, TextColumn], rows: Ints
) -> tuple[Alterations, list[ReadColumn]]:
    """Add what the column of karyotypes says, if there is one.

    Parameters
    ----------
    base
        The alterations so far.
    columns
        The columns that are no alteration and no outcome.

    Returns
    -------
    Alterations, list of ReadColumn
        With the events; the complex and monosomal flags, the number of abnormalities and the
        IPSS-R group as variables.
    """
    found = [name for name in columns if name not in base.sources and is_iscn(columns[name])]
    if not found:
        forget_tokens()
        return base, []
    sexes = _sexes(columns)
    read = read_karyotypes(columns[found[0]], sexes)
    issues = [*summary(read, rows), *others(found), *other_sex(read, sexes, rows)]
    own = [
        (str(name), str(label).split("/"))
        for name, kind, label in zip(
            base.features.index, base.features["kind"], base.features["label"], strict=True
        )
        if kind == "cytogenetic"
    ]
    comparable = [
        (name, parts) for name, parts in own if all(_COMPARABLE.fullmatch(p) for p in parts)
    ]
    if len(comparable) >= _A_MATRIX:
        issues += compared(base, read, comparable)
        added = base
    else:
        held = {part for _, parts in own for part in parts} | set(base.features.index)
        if any(known.key == "complex_karyotype" for n in columns if (known := term_of(n))):
            held.add("complex")
        added, left_out = _with_events(base, read, held)
        issues += left_out
    variables, further = _variables(read, columns)
    forget_tokens()
    return replace(added, issues=(*added.issues, *issues, *further)), variables


def is_iscn(column: TextColumn) -> bool:
    """Whether entries are karyotypes: some in a column named so, elsewhere two, and most entries.

    Beside karyotypes in full, "normal" and "no metaphases" count.
    """
    if column.answers_only:
        return False
    known = term_of(column.name)
    named = known is not None and known.key == "karyotype"
    sample = [str(text) for text in column.texts[:_SAMPLE]]
    hits = sum(_LOOKS_ISCN.match(text) is not None for text in sample)
    if named or hits < _FEWEST:
        return named and hits > 0
    if column.share_numeric >= _MOSTLY:
        return False  # 50y is an age, not fifty chromosomes
    read = [parse_karyotype(text) for text in sample]
    fits = np.array([(k.readable and not k.problems) or k.failed for k in read], dtype=bool)
    counts = column.counts[:_SAMPLE]
    return bool(counts[fits].sum() >= _MOSTLY * counts.sum())


def _sexes(columns: Mapping[str, TextColumn]) -> list[str]:
    """``male``, ``female`` or nothing in each row, as far as a column says so in words."""
    for name, column in columns.items():
        known = term_of(name)
        if known is not None and known.key == "sex":
            words = {"m": "male", "f": "female", "w": "female"}
            return [words.get(str(cell or "")[:1].lower(), "") for cell in column.objects()]
    return []


def _with_events(base: Alterations, read: Read, held: set[str]) -> tuple[Alterations, list[Issue]]:
    """The events that the file has no column of, the most frequent first."""
    patients = Counter({name: n for name, n in _carriers(read).items() if name not in held})
    readable = int(sum(read.karyotypes[i].readable for i in read.which))
    least = max(1, ceil(_RARE * readable))
    taken = sorted((e for e, n in patients.items() if n >= least), key=lambda e: (-patients[e], e))
    reason = f"an event of the karyotypes in {shown(read.column.name)}"
    entries = {name: (name, read.has([name]), reason) for name in taken}
    answers = read.states([k.complex for k in read.karyotypes])
    if not held & {"complex", "Complex karyotype"} and (answers == 1).any():
        words = f"three or more abnormalities in {shown(read.column.name)}"
        entries["complex"] = ("Complex karyotype", answers, words)
    data = {
        name: pd.arrays.BooleanArray(states == 1, states < 0)
        for name, (_, states, _) in entries.items()
    }
    features = pd.DataFrame(
        [
            {"kind": "cytogenetic", "gene": None, "label": label,
             "source_column": read.column.name, "reason": why}
            for label, _, why in entries.values()
        ],
        index=pd.Index(list(entries), dtype=object),
        columns=base.features.columns,
        dtype=object,
    )  # fmt: skip
    matrix = pd.concat([base.matrix, pd.DataFrame(data, index=base.matrix.index)], axis=1)
    rare = len(patients) - len(taken)
    issues = []
    if rare:
        issues.append(
            Issue(
                "info",
                f"{plural(rare, 'event')} of {shown(read.column.name)} in fewer than "
                f"{plural(least, 'patient')} stay in its text and are no alterations of their own.",
                read.column.name,
                rare,
                code="karyotype",
            )
        )
    features = pd.concat([base.features, features]) if entries else base.features
    return replace(base, matrix=matrix.set_axis(features.index, axis=1), features=features), issues


def _carriers(read: Read) -> Counter[str]:
    patients = np.bincount(read.which, minlength=len(read.karyotypes))
    return Counter({name: int(patients[places].sum()) for name, places in read.sure.items()})


def _variables(
    read: Read, columns: Mapping[str, TextColumn]
) -> tuple[list[ReadColumn], list[Issue]]:
    """Flags, number and group where the file has none; where it has, how many agree."""
    by_term = {known.key: columns[name] for name in columns if (known := term_of(name))}
    complexes = [k.complex for k in read.karyotypes]
    groups = [k.ipssr_group for k in read.karyotypes]
    made = [
        _number(read, "monosomal_karyotype", "Monosomal karyotype", "binary",
                [k.monosomal for k in read.karyotypes]),
        _number(read, "n_abnormalities", "Chromosomal abnormalities", "numeric",
                [None if k.problems or k.incomplete else k.n_abnormalities
                 for k in read.karyotypes]),
    ]  # fmt: skip
    issues: list[Issue] = []
    if "complex_karyotype" in by_term:
        issues += same_answers(by_term["complex_karyotype"], read, complexes)
    else:
        made.append(_number(read, "complex_karyotype", "Complex karyotype", "binary", complexes))
    if "cyto_ipssr" in by_term:
        issues += same_groups(by_term["cyto_ipssr"], read, groups)
    else:
        words = np.array([g and g.capitalize() for g in groups], dtype=object)
        levels = tuple(g.capitalize() for g in IPSSR_GROUPS)
        group = _variable(read, "cyto_ipssr", "Cytogenetic risk (IPSS-R)", "ordinal")
        made.append(ReadColumn(replace(group, levels=levels), words[read.which], _rank()))
    return made, issues


def _number(
    read: Read, key: str, label: str, kind: VariableKind, values: Sequence[float | None]
) -> ReadColumn:
    cells = np.array([np.nan if v is None else float(v) for v in values])[read.which]
    return ReadColumn(_variable(read, key, label, kind), cells, _rank())


def _variable(read: Read, key: str, label: str, kind: VariableKind) -> Variable:
    source = read.column.name
    return Variable(
        key, label, kind, role="disease", description=_HOW[key],
        reason=f"read from {shown(source)}", source_column=source,
    )  # fmt: skip


def _rank() -> int:
    return term("karyotype").rank
