"""FISH as alterations: per cent of nuclei a probe, or a sentence that names what was found.

``FISH_del17p_pct`` of 34, ``34/200`` in ``FISH_17p``, ``del(17p) in 34% of nuclei; trisomy 12 in
8%`` and ``nuc ish(D13S319x1)[90/200]`` are read. The columns stay variables: how large the clone
was is a finding of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_loaders.alterations.columns import Alterations
from data_loaders.alterations.genes import FeatureName, read_feature_name
from data_loaders.arrays import Floats
from data_loaders.files.columns import UNKNOWN_WORDS, TextColumn
from data_loaders.karyotype.columns import is_iscn
from data_loaders.model import Issue
from data_loaders.variants.words import NOT_TESTED_WORDS
from data_loaders.wording import at_rows, listed, shown

# Laboratories' limits lie between 3 and 20%, by probe; 10% is the European Myeloma Network's for
# fusions (Ross 2012 Haematologica 97:1272).
POSITIVE_FROM = 10.0
_OF_NUCLEI = re.compile(
    r"[\s_.(\[]*(?:%|(?:_|\b)(?:pct|percent\w*|per cent|of|nuclei|plasma|cells|pcs?\b))+[\s_.)\]]*",
    re.IGNORECASE,
)
_IS_FISH = re.compile(r"(?:^|[\W_])i?fish(?:$|[\W_])", re.IGNORECASE)
_BY_FISH = re.compile(r"[\s_.]*[(\[]?\bi?fish\b[)\]]?[\s_.]*", re.IGNORECASE)
_COUNTED = re.compile(r"(\d{1,4})\s*(?:/|of)\s*(\d{1,4})")
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*(?:%|per\s?cent|pct)", re.IGNORECASE)
_NUMBER = re.compile(r"[<>≤≥~]?\s*(\d{1,3}(?:[.,]\d+)?)")
_NORMAL = re.compile(
    r"(?:normal\w*|neg(?:ative|\.)?|no (?:abnormalit\w+|aberration\w*|evidence.*)|nil|unremarkable|"
    r"not (?:detected|deleted|found)|(?:keine? |un)auff[aä]llig\w*)\.?"
)
_DENIED = re.compile(r"\b(?:no|not|non|neg(?:ative)?|without|absent|kein\w*|ohne)\b", re.IGNORECASE)
_EVENT = re.compile(
    r"(?:(?:del|deletion|loss|gain|dup|amp)(?: of)?[\s(]*\d{1,2}\)?\(?[pq][\d.]*\)?"
    r"|\d{1,2}[pq][\d.]*[\s-]*(?:deletion|deleted|del|loss|gain)|(?:trisomy|monosomy|tri)[\s-]*\d{1,2}"
    r"|(?:t|inv)\([\dXY;]+\)(?:\([pq\d.;]+\))?|(?<![\w(])[+-]\d{1,2}[pq]?(?![\d%])"
    r"|(?:MYC|BCL2|BCL6|KMT2A|IGH) ?-?rearrange\w+|BCR::?ABL1?)",
    re.IGNORECASE,
)
_ISCN = re.compile(r"\bish\b(.*)", re.IGNORECASE | re.DOTALL)
_SIGNAL = re.compile(r"([A-Z0-9]+)\s*[x×]\s*(\d)", re.IGNORECASE)
_APART = re.compile(r"[,;\n|](?![^(]*\))|\s*/\s*(?=\D|\d+[pq])|\b(?:and|und|et)\b")
_JOINED = re.compile(r"([A-Z0-9]+) con ([A-Z0-9]+?)(?:x\d|\W|$)", re.IGNORECASE)
_PARTED = re.compile(r"([A-Z0-9]+) sep", re.IGNORECASE)
# Probes by the arm or chromosome that they count.
_PROBES = {
    "TP53": "17p", "P53": "17p", "ATM": "11q", "D13S319": "13q", "D13S25": "13q", "DLEU1": "13q",
    "DLEU2": "13q", "RB1": "13q", "MYB": "6q", "SEC63": "6q", "D12Z3": "12", "CEP12": "12",
    "D8Z2": "8", "CEP8": "8", "D7Z1": "7", "CEP7": "7", "D7S486": "7q", "D7S522": "7q",
    "EGR1": "5q", "D20S108": "20q", "CKS1B": "1q",
}  # fmt: skip
_FUSIONS = {
    frozenset({"CCND1", "IGH"}): "t(11;14)", frozenset({"BCL2", "IGH"}): "t(14;18)",
    frozenset({"MYC", "IGH"}): "t(8;14)", frozenset({"FGFR3", "IGH"}): "t(4;14)",
    frozenset({"MAF", "IGH"}): "t(14;16)", frozenset({"ABL1", "BCR"}): "BCR::ABL1",
    frozenset({"PML", "RARA"}): "t(15;17)", frozenset({"RUNX1T1", "RUNX1"}): "t(8;21)",
}  # fmt: skip
_MOSTLY = 0.8
_ENTRY_LENGTH = 1000

States = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Report:
    """The events that an entry names: 1 found, 0 looked for and not found.

    ``precise`` where it gives shares or a formula, so that the column is no mere category.
    """

    events: Mapping[str, float]
    precise: bool = False


def with_fish(
    base: Alterations, columns: Mapping[str, TextColumn], rows: npt.NDArray[np.int64]
) -> Alterations:
    """Add what columns of FISH say of events that the file has no column of.

    Parameters
    ----------
    base
        The alterations so far.
    columns
        The columns that are no alteration and no outcome.
    """
    for name, column in columns.items():
        # A karyotype that ends in "nuc ish" is one all the same.
        if name in base.sources or column.answers_only or not len(column.texts) or is_iscn(column):
            continue
        feature = _probe_named(name, column)
        found = _of_probe(column, feature) if feature is not None else _of_reports(column)
        if found:
            base = _with(base, column, found, rows, reports=feature is None)
    return base


def _probe_named(name: str, column: TextColumn) -> FeatureName | None:
    """The event of a column with a share of nuclei; None if its name or entries are of no such."""
    plain = _OF_NUCLEI.sub(" ", name).strip(" _.-")
    told = plain != name or _IS_FISH.search(name) is not None
    if not told and not any(
        _PERCENT.search(str(t)) or _COUNTED.search(str(t)) for t in column.texts
    ):
        return None
    features = map(read_feature_name, (plain, _BY_FISH.sub(" ", plain).strip()))
    return next((f for f in features if f is not None and f.kind == "cytogenetic"), None)


def _of_probe(column: TextColumn, feature: FeatureName) -> dict[str, States]:
    """States of one event from the shares of nuclei; nothing if too many entries are none."""
    shares = np.array([_share(str(text)) for text in column.texts])
    known = ~np.isnan(shares)
    plain = known & ~np.isnan(column.numbers) & ~column.percent
    if plain.any() and shares[plain].max() <= 1 and (shares[plain] % 1 > 0).any():
        shares = np.where(plain, 100 * shares, shares)  # fractions
    states = np.where(known, (shares >= POSITIVE_FROM).astype(float), np.nan)
    for place, word in enumerate(column.words):
        if not known[place] and word not in UNKNOWN_WORDS | NOT_TESTED_WORDS:
            states[place] = 0.0 if _NORMAL.fullmatch(word) else column.answers[place]
            known[place] = not np.isnan(states[place])
    unknown = np.array(
        [word in UNKNOWN_WORDS | NOT_TESTED_WORDS for word in column.words], dtype=bool
    )
    told = column.counts[known | unknown].sum()
    if (
        not known.any()
        or np.nanmax(shares, initial=0) > 100
        or told < _MOSTLY * column.counts.sum()
    ):
        return {}
    return {feature.name: states}


def _share(text: str) -> float:
    """Per cent of nuclei that an entry about one probe gives, NaN if none."""
    counted = _COUNTED.search(text)
    if counted and float(counted[2]) >= max(1.0, float(counted[1])):
        return 100 * float(counted[1]) / float(counted[2])
    found = _PERCENT.search(text) or _NUMBER.fullmatch(text.strip())
    return float(found[1].replace(",", ".")) if found else np.nan


def _of_reports(column: TextColumn) -> dict[str, States]:
    """States of every event that the sentences of a column name; nothing if they are no reports."""
    if column.share_numeric > 0 or column.is_dates:
        return {}
    named = _IS_FISH.search(column.name) is not None
    if not named and not any(_ISCN.search(str(text)) for text in column.texts[:50]):
        return {}
    read = [_report(str(text), word) for text, word in zip(column.texts, column.words, strict=True)]
    told = sum(int(n) for n, one in zip(column.counts, read, strict=True) if one is not None)
    if told < _MOSTLY * column.counts.sum() or not any(
        one is not None and one.precise for one in read
    ):
        return {}
    events = sorted({event for one in read if one is not None for event in one.events})
    return {
        event: np.array([np.nan if one is None else one.events.get(event, 0.0) for one in read])
        for event in events
    }


def _report(text: str, word: str) -> _Report | None:
    """What a sentence or a formula says; None if it names nothing that is understood."""
    if len(text) > _ENTRY_LENGTH:
        return None
    formula = _ISCN.search(text)
    if formula:
        return _Report(_signals(formula[1]), precise=True)
    if _NORMAL.fullmatch(word):
        return _Report({})
    events: dict[str, float] = {}
    precise = False
    for piece in _APART.split(re.sub(r"(?<=\d),(?=\d)", ".", text)):
        match = _EVENT.search(piece)
        feature = read_feature_name(re.sub(r"\bof\b\s*", "", match[0])) if match else None
        if match is None or feature is None:
            continue
        rest = piece[: match.start()] + piece[match.end() :]
        share = _share(rest)
        precise |= not np.isnan(share)
        found = not _DENIED.search(rest) and not share < POSITIVE_FROM
        events[feature.name] = max(events.get(feature.name, 0.0), float(found))
    return _Report(events, precise) if events else None


def _signals(formula: str) -> dict[str, float]:
    """Events of the nomenclature for nuclei: ``(D13S319x1,TP53x2)[90/200]``."""
    events: dict[str, float] = {}
    for part in re.findall(r"\(([^()]+)\)+\s*(?:\[[^\]]*\])?", formula):
        share = _share(formula.partition(part)[2].partition("(")[0])
        found = float(not share < POSITIVE_FROM)
        pairs = [frozenset(pair.upper() for pair in match) for match in _JOINED.findall(part)]
        for event in (_FUSIONS[pair] for pair in pairs if pair in _FUSIONS):
            events[event] = found
        for gene in _PARTED.findall(part):
            events[f"{gene.upper()} rearrangement"] = found
        for probe, copies in () if pairs or _PARTED.search(part) else _SIGNAL.findall(part):
            place = _PROBES.get(probe.strip().upper())
            if place is None or copies == "2":
                continue
            lost = f"del({place})" if place[-1] in "pq" else f"-{place}"
            events[lost if copies in "01" else f"+{place}"] = found
    return events


def _with(
    base: Alterations,
    column: TextColumn,
    found: Mapping[str, Floats],
    rows: npt.NDArray[np.int64],
    *,
    reports: bool,
) -> Alterations:
    new = {
        event: column.spread(states)
        for event, states in found.items()
        if event not in base.features.index
    }
    if not new:
        return base
    reason = f"FISH in {shown(column.name)}, altered from {POSITIVE_FROM:g}% of nuclei"
    features = pd.DataFrame(
        [
            {"kind": "cytogenetic", "gene": None, "label": event, "source_column": column.name,
             "reason": reason}
            for event in new
        ],
        index=pd.Index(list(new), dtype=object),
    )  # fmt: skip
    sentence = (
        f"{shown(column.name)} was read as FISH: {listed(list(new))}, altered from "
        f"{POSITIVE_FROM:g}% of nuclei. Laboratories' limits differ (3 to 20%, by probe): for "
        "another one, state a column of yes and no."
    )
    if reports:
        sentence += (
            " An event that a report does not name counts as not found, as if one panel of probes "
            "was used in everyone."
        )
    unread = column.filled & np.isnan(next(iter(new.values())))
    if unread.any():
        sentence += f" Not tested, or not understood: {at_rows(rows[unread].tolist())}."
    issue = Issue(
        "warning" if reports else "info",
        sentence,
        column.name,
        int(column.filled.sum()),
        code="fish",
    )
    return base.added(features, new, issue)
