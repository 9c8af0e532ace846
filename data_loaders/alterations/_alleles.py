"""Parts of a gene's mutations that mean something of their own: hotspots and allele classes.

Each is a rule on the variants of one gene. Residues and definitions follow WHO 2022, ICC 2022 and
ELN 2022; CALR types follow Klampfl et al. (N Engl J Med 2013;369:2379): type 1 is the deletion of
52 bases (p.L367fs*46), type 2 the insertion of 5 bases (p.K385fs*47).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data_loaders.alterations.hgvs import (
    CALR_CODING,
    CALR_WORDS,
    V617F_CODING,
    changes_of,
    is_nameless,
    is_residue,
    is_understood,
)
from data_loaders.arrays import Bools

_SUBSTITUTION = frozenset({"missense", "unknown"})
_SHORT = frozenset({"missense", "inframe", "complex", "unknown"})
_FRAMESHIFT = frozenset({"truncating", "inframe", "complex", "unknown"})
_LENGTHENING = frozenset({"ITD", "inframe", "complex", "splice", "unknown"})
# From the juxtamembrane domain to the first kinase domain, where FLT3 is duplicated.
_ITD_RESIDUES = (560, 630)
_MULTI_HIT_VAF = 0.10  # ICC 2022: each of two TP53 mutations at 10% or more ...
_LOH_VAF = 0.50  # ... or one above 50%, which a loss of the other allele explains


@dataclass(frozen=True)
class Allele:
    """A part of a gene's mutations.

    Parameters
    ----------
    name
        Feature name in the cohort.
    rule
        From the gene's variants (protein_change, variant_class, vaf, inserted, cdna) to the rows
        that belong to the part.
    classes
        Variant classes that the part can have: a variant of one of them whose protein change is
        not given may or may not belong to it.
    repeated
        How many rows of one patient it takes.
    counts_hits
        Whether it is about how many mutations there are: a cell with several changes may hold
        several mutations, or one as several transcripts have it.
    by_residue
        Whether the residue alone tells it: ``p.W515`` is MPL W515, ``p.V617`` may be any change.
    shown_by_variants
        Whether variants alone show it; a loss of the other allele of TP53 is seen by other methods,
        so a file's own column may rightly hold more.
    """

    name: str
    gene: str
    label: str
    rule: Callable[[pd.DataFrame], Bools]
    classes: frozenset[str]
    repeated: int = 1
    counts_hits: bool = False
    by_residue: bool = False
    shown_by_variants: bool = True

    def undecided(self, rows: pd.DataFrame) -> Bools:
        """Rows that may belong to the part but do not say so."""
        changes = rows["protein_change"]
        if self.counts_hits:
            return _by_text(
                changes,
                lambda text: ";" in text or not (is_nameless(text) or is_understood(text)),
            )
        unclear = changes.isna().to_numpy() | _by_text(
            changes,
            lambda text: (
                is_nameless(text)
                or not is_understood(text)
                or (not self.by_residue and any(map(is_residue, changes_of(text))))
            ),
        )
        told = _by_text(rows["cdna"], lambda text: _CODING.search(text) is not None)
        undecided: Bools = unclear & ~told & rows["variant_class"].isin(self.classes).to_numpy()
        return undecided


_CODING = re.compile("|".join((V617F_CODING, *CALR_CODING)))
_SEVERAL = re.compile(r"multi|bi-?allel|double|doppel|zwei|two |2 mut", re.IGNORECASE)


def _matching(pattern: str, column: str = "protein_change") -> Callable[[pd.DataFrame], Bools]:
    compiled = re.compile(pattern)

    def rule(rows: pd.DataFrame) -> Bools:
        return _by_text(
            rows[column],
            lambda text: any(compiled.search(change) for change in changes_of(text)),
        )

    return rule


def _residues(first: int, last: int) -> Callable[[pd.DataFrame], Bools]:
    """Short changes whose first residue lies between two."""

    def rule(rows: pd.DataFrame) -> Bools:
        inside = _by_text(
            rows["protein_change"],
            lambda text: any(first <= _residue(change) <= last for change in changes_of(text)),
        )
        short: Bools = rows["variant_class"].isin(_SHORT).to_numpy()
        return inside & short

    return rule


def _either(*rules: Callable[[pd.DataFrame], Bools]) -> Callable[[pd.DataFrame], Bools]:
    def rule(rows: pd.DataFrame) -> Bools:
        found: Bools = np.logical_or.reduce([one(rows) for one in rules])
        return found

    return rule


def _tandem(kind: str) -> Callable[[pd.DataFrame], Bools]:
    def rule(rows: pd.DataFrame) -> Bools:
        called: Bools = (rows["variant_class"] == kind).to_numpy()
        return called

    return rule


def _flt3_itd(rows: pd.DataFrame) -> Bools:
    """Called an ITD, or a lengthening of the region where FLT3 is duplicated.

    General callers report an ITD as an in-frame insertion; at the end of exon 14 as a splice site
    variant without a residue, told by three or more inserted codons.
    """
    first, last = _ITD_RESIDUES
    codes, entries = pd.factorize(rows["protein_change"])
    residue = np.array([*(_residue(str(entry)) for entry in entries), np.nan])[codes]
    here = (residue >= first) & (residue <= last)
    longer = _by_text(rows["protein_change"], lambda text: any(map(_lengthens, changes_of(text))))
    codons = (rows["inserted"] >= 9) & (rows["inserted"] % 3 == 0)
    nowhere = np.isnan(residue)
    may = rows["variant_class"].isin(_LENGTHENING).to_numpy()
    called = (rows["variant_class"] == "ITD").to_numpy()
    found: Bools = called | (may & ((here & (longer | codons)) | (nowhere & codons)))
    return found


def _tp53_multi_hit(rows: pd.DataFrame) -> Bools:
    """Rows of patients with two mutations at 10% or more (or unknown), or one above 50%."""
    enough = (~(rows["vaf"] < _MULTI_HIT_VAF)).to_numpy()
    several = rows.loc[enough].drop_duplicates(["patient", "protein_change", "cdna"])
    twice = several["patient"].value_counts()
    patients = set(twice.index[twice >= 2]) | set(rows.loc[rows["vaf"] > _LOH_VAF, "patient"])
    said = _by_text(rows["protein_change"], lambda text: _SEVERAL.search(text) is not None)
    patients |= set(rows.loc[said, "patient"])
    found: Bools = rows["patient"].isin(patients).to_numpy()
    return found


def _any(rows: pd.DataFrame) -> Bools:
    return np.ones(len(rows), dtype=bool)


ALLELES: tuple[Allele, ...] = (
    Allele("JAK2_V617F", "JAK2", "JAK2 V617F",
           _either(_matching(rf"^p\.V617F$|{V617F_CODING}"), _matching(V617F_CODING, "cdna")),
           _SUBSTITUTION),
    Allele("JAK2_exon_12", "JAK2", "JAK2 exon 12",
           _either(_residues(533, 547), _matching(r"(?i:\bex(?:on)?[\s_.-]*12\b)")), _SHORT),
    Allele("CALR_type_1", "CALR", "CALR type 1",
           _either(_matching(rf"^p\.L367[A-Z]?fs|{CALR_WORDS[0]}|{CALR_CODING[0]}"),
                   _matching(r"1099_1150del|1092_1143del", "cdna")), _FRAMESHIFT),
    Allele("CALR_type_2", "CALR", "CALR type 2",
           _either(_matching(rf"^p\.K385[A-Z]?fs|{CALR_WORDS[1]}|{CALR_CODING[1]}"),
                   _matching(r"115[45]_115[56](ins|dup)", "cdna")), _FRAMESHIFT),
    Allele("MPL_W515", "MPL", "MPL W515", _residues(515, 515), _SHORT, by_residue=True),
    Allele("FLT3_ITD", "FLT3", "FLT3-ITD", _flt3_itd, frozenset({"unknown"})),
    Allele("FLT3_TKD", "FLT3", "FLT3-TKD",
           _either(_residues(835, 836), _matching(r"\bTKD\b")), _SHORT),
    Allele("KMT2A_PTD", "KMT2A", "KMT2A-PTD", _tandem("PTD"), frozenset({"unknown"})),
    Allele("U2AF1_S34", "U2AF1", "U2AF1 S34", _residues(34, 34), _SHORT, by_residue=True),
    Allele("U2AF1_Q157", "U2AF1", "U2AF1 Q157", _residues(157, 157), _SHORT, by_residue=True),
    Allele("IDH2_R140", "IDH2", "IDH2 R140", _residues(140, 140), _SHORT, by_residue=True),
    Allele("IDH2_R172", "IDH2", "IDH2 R172", _residues(172, 172), _SHORT, by_residue=True),
    Allele("SF3B1_K700", "SF3B1", "SF3B1 K700", _residues(700, 700), _SHORT, by_residue=True),
    Allele("DNMT3A_R882", "DNMT3A", "DNMT3A R882", _residues(882, 882), _SHORT, by_residue=True),
    Allele("KIT_D816", "KIT", "KIT D816", _residues(816, 816), _SHORT, by_residue=True),
    Allele("CEBPA_double", "CEBPA", "CEBPA double", _any, frozenset(), repeated=2,
           counts_hits=True),
    Allele("TP53_multi_hit", "TP53", "TP53 multi-hit", _tp53_multi_hit, frozenset(),
           counts_hits=True, shown_by_variants=False),
)  # fmt: skip


def _by_text(texts: pd.Series, test: Callable[[str], bool]) -> Bools:
    """A test of texts, made once for each different one; missing is false."""
    codes, entries = pd.factorize(texts)
    answers = np.array([*(test(str(entry)) for entry in entries), False], dtype=bool)
    found: Bools = answers[codes]
    return found


def _residue(text: str) -> float:
    """The first residue that a protein change names, NaN if it names none."""
    match = re.match(r"^p\.[A-Z*_-]*(\d{1,5})", text)
    return float(match[1]) if match else np.nan


def _lengthens(text: str) -> bool:
    """Whether a protein change adds residues: an insertion, a duplication, ``Y>YDFRE``."""
    replaced = re.search(r"\d([A-Z*]+)>([A-Z*]+)$", text)
    if replaced:
        return len(replaced[2]) > len(replaced[1])
    return bool(re.search(r"(?<!del)ins|dup", text))
