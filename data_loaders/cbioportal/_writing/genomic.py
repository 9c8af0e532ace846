"""The genomic files of a written study: mutations, copy numbers, fusions and gene panels."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_loaders.alterations.mutation_rule import counts
from data_loaders.arrays import Bools, Texts
from data_loaders.cbioportal._writing.clinical import texts_of
from data_loaders.cbioportal._writing.text import cleaned, unique_name
from data_loaders.files.columns import BLANKS, NO_WORDS, UNKNOWN_WORDS, YES_WORDS
from data_loaders.model import Cohort

MAX_PANELS = 500
_SYMBOL = r"[A-Za-z0-9][A-Za-z0-9.@_-]*"
_COPY_NUMBER = re.compile(rf"({_SYMBOL}) (deletion|amplification)")
_FUSION = re.compile(rf"({_SYMBOL}) fusion|({_SYMBOL})::({_SYMBOL})|({_SYMBOL}) (intragenic \w+)")
_ANY = " (any)"  # FLT3 with FLT3-ITD, where a file's own column of FLT3 leaves it out
_LEVEL = {"deletion": "-2", "amplification": "2"}

# Our classes in the words of MAF; the word of the file the variants came from is preferred.
_MAF_WORDS = {
    "truncating": "Nonsense_Mutation", "splice": "Splice_Site", "missense": "Missense_Mutation",
    "inframe": "In_Frame_Del", "start_loss": "Translation_Start_Site",
    "stop_loss": "Nonstop_Mutation", "silent": "Silent", "noncoding": "Intron",
    "ITD": "In_Frame_Ins", "PTD": "In_Frame_Ins",
}  # fmt: skip
_UNKNOWN = "Unknown"
_OWN_COLUMNS = frozenset(
    {"patient_id", "gene", "protein_change", "variant_class", "vaf", "sample_id",
     "Variant_Classification"}
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PanelMatrix:
    """Who was tested for what, as gene panels.

    Parameters
    ----------
    panel_of
        Panel of each patient's sample, ``NA`` for none.
    tested
        Which patients have a panel.
    """

    panel_of: list[str]
    genes: Mapping[str, list[str]]
    tested: Bools


def kinds_of_features(features: pd.DataFrame) -> dict[str, Any]:
    """Where each feature goes: ``genes``, ``copy_numbers``, ``fusions`` or ``attributes``.

    ``fusions`` is a mapping from the feature to its genes, the others are lists of names. A gene
    "with any of its parts" goes nowhere: in a list of mutations, that is the gene itself.
    """
    genes, copies, attributes = [], [], []
    fusions: dict[str, set[str]] = {}
    labels = features["label"].astype(str)
    for name, kind, label in zip(map(str, features.index), features["kind"], labels, strict=True):
        fusion = _FUSION.fullmatch(name)
        if label.endswith(_ANY):
            continue
        if kind == "gene" and is_symbol(name):
            genes.append(name)
        elif kind == "cytogenetic" and _COPY_NUMBER.fullmatch(name):
            copies.append(name)
        elif kind == "cytogenetic" and fusion:
            fusions[name] = {gene for gene in fusion.groups()[:4] if gene}
        else:
            attributes.append(name)
    return {"genes": genes, "copy_numbers": copies, "fusions": fusions, "attributes": attributes}


def is_symbol(text: str) -> bool:
    """Whether a text can stand in a column of genes and be read as one again."""
    word = text.lower()
    plain = word in BLANKS | UNKNOWN_WORDS | YES_WORDS | NO_WORDS
    return bool(re.fullmatch(_SYMBOL, text) and re.search("[a-z]", word)) and not plain


def tested_by_gene(features: pd.DataFrame, genes: Sequence[str]) -> dict[str, set[str]]:
    """Features that say whether a gene was tested, with the gene.

    These are the genes, and the parts of a gene (FLT3-ITD) that has no feature of its own.
    """
    parts = features[(features["kind"] == "refinement") & ~features["gene"].isin(genes)]
    found = {gene: {gene} for gene in genes}
    for name, gene in parts["gene"].items():
        if isinstance(gene, str) and is_symbol(gene):
            found[str(name)] = {gene}
    return found


def panel_matrix(
    cohort: Cohort, genes_of: Mapping[str, Collection[str]], prefix: str
) -> PanelMatrix:
    """Put patients who were tested for the same features on one panel.

    Beyond :data:`MAX_PANELS` different ones, a patient is put on the largest panel that holds
    nothing the patient was not tested for: tests may be lost then, but none is made up.

    Parameters
    ----------
    genes_of
        Genes of each feature.
    prefix
        Of the panels' names.
    """
    names = list(genes_of)
    if not names:
        none = np.zeros(cohort.n, dtype=bool)
        return PanelMatrix(["NA"] * cohort.n, {}, none)
    states = np.stack([cohort.feature_state(name) for name in names], axis=1)
    patterns, codes, counts = np.unique(
        states >= 0, axis=0, return_inverse=True, return_counts=True
    )
    codes = codes.reshape(-1)
    order = np.argsort(-counts, kind="stable")
    order = order[patterns[order].any(axis=1)]
    kept, rare = order[:MAX_PANELS], order[MAX_PANELS:]
    label = {int(pattern): f"{prefix}_{place}" for place, pattern in enumerate(kept, 1)}
    if len(rare):
        outside = patterns[kept].astype(np.float32) @ (~patterns[rare]).T.astype(np.float32)
        size = np.where(outside == 0, patterns[kept].sum(axis=1)[:, None], 0)
        for place, pattern in enumerate(rare):
            if size[:, place].any():
                label[int(pattern)] = label[int(kept[size[:, place].argmax()])]
    panel_of = [label.get(int(code), "NA") for code in codes]
    genes = {
        label[int(k)]: sorted({g for i in np.flatnonzero(patterns[k]) for g in genes_of[names[i]]})
        for k in kept
    }
    return PanelMatrix(panel_of, genes, np.array([name != "NA" for name in panel_of]))


def mutation_rows(
    cohort: Cohort, genes: Sequence[str], sample_of: Mapping[str, str]
) -> tuple[list[str], list[list[str]]]:
    """The list of mutations: header and rows.

    A gene that is mutated without a variant in the list has a row of its own with the protein
    change ``p.?``, which in HGVS means that the effect is not known.
    """
    table = cohort.mutations
    taken = {"HUGO_SYMBOL", "TUMOR_SAMPLE_BARCODE", "VARIANT_CLASSIFICATION", "HGVSP_SHORT", "VAF"}
    more = {name: unique_name(_column_name(name), taken) for name in table.columns
            if name not in _OWN_COLUMNS}  # fmt: skip
    header = ["Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification", "HGVSp_Short",
              "VAF", *more.values()]  # fmt: skip
    columns = []
    if len(table):
        columns = [
            texts_of(table["gene"])[0],
            [sample_of.get(str(patient), "") for patient in table["patient_id"]],
            _maf_words(table),
            texts_of(table["protein_change"])[0],
            texts_of(table["vaf"])[0],
            *(texts_of(table[name])[0] for name in more),
        ]
    rows = [list(row) for row in zip(*columns, strict=True)] if columns else []
    symbols = {gene for gene in {row[0] for row in rows} if is_symbol(gene)}
    rows = [row for row in rows if row[0] in symbols and row[1]]
    counted = table[counts(table)]
    listed = set(zip(counted["patient_id"].astype(str), counted["gene"].astype(str), strict=True))
    index = [str(patient) for patient in cohort.patients.index]
    for gene in genes:
        for position in np.flatnonzero(cohort.feature_state(gene) == 1).tolist():
            if (index[position], gene) not in listed:
                sample = sample_of[index[position]]
                rows.append([gene, sample, _UNKNOWN, "p.?", "", *([""] * len(more))])
    return header, rows


def copy_number_rows(
    cohort: Cohort, names: Sequence[str], samples: Sequence[str]
) -> tuple[list[str], list[list[str]], Bools]:
    """The matrix of copy numbers: header, rows, and which patients it has."""
    levels: dict[str, Texts] = {}
    for name in names:
        match = _COPY_NUMBER.fullmatch(name)
        if match is None:
            continue
        gene, word = match.groups()
        own = levels.setdefault(gene, np.full(cohort.n, "NA", dtype=object))
        state = cohort.feature_state(name)
        own[(state == 0) & (own == "NA")] = "0"
        own[(state == 1) & (own != "-2")] = _LEVEL[word]
    tested = np.zeros(cohort.n, dtype=bool)
    for own in levels.values():
        tested |= own != "NA"
    header = ["Hugo_Symbol", *(s for s, own in zip(samples, tested, strict=True) if own)]
    return header, [[gene, *own[tested]] for gene, own in levels.items()], tested


def fusion_rows(
    cohort: Cohort, names: Mapping[str, Collection[str]], samples: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    """The structural variants: header and rows."""
    header = ["Sample_Id", "SV_Status", "Site1_Hugo_Symbol", "Site2_Hugo_Symbol", "Class",
              "Event_Info"]  # fmt: skip
    rows = []
    for name in names:
        match = _FUSION.fullmatch(name)
        if match is None:
            continue
        one, first, second, within, what = match.groups()
        sites = (one, "") if one else (first, second) if first else (within, within)
        kind = what.rsplit(" ", 1)[-1].upper() if what else "FUSION"
        rows += [
            [samples[position], "SOMATIC", *sites, kind, name]
            for position in np.flatnonzero(cohort.feature_state(name) == 1).tolist()
        ]
    return header, rows


def _maf_words(table: pd.DataFrame) -> list[str]:
    ours = [_MAF_WORDS.get(str(word), _UNKNOWN) for word in table["variant_class"]]
    frameshift = table["protein_change"].astype(str).str.contains("fs").to_numpy()
    ours = ["Frame_Shift_Del" if fs and word == "Nonsense_Mutation" else word
            for word, fs in zip(ours, frameshift, strict=True)]  # fmt: skip
    if "Variant_Classification" not in table.columns:
        return ours
    theirs = texts_of(table["Variant_Classification"])[0]
    return [own or word for own, word in zip(theirs, ours, strict=True)]


def _column_name(name: object) -> str:
    return cleaned(name).lstrip("#").strip() or "column"
