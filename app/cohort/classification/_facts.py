"""The facts that the classifications ask for: three-valued, each with its words and its source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.cohort.classification._events import Cytogenetics
from app.cohort.gene_states import gene_states
from data_loaders import Cohort
from data_loaders.arrays import Bools, Floats, Positions, States, Texts
from data_loaders.meaning.vocabulary import factor_between, term_of

# A number that implies another: who has 20 % blasts has 10 %.
IMPLIES: tuple[tuple[str, str], ...] = (
    ("blasts_20", "blasts_10"), ("blasts_10", "ib2"), ("ib2", "ib1"), ("tp53_multi", "tp53_10"),
    ("secondary_2", "secondary_1"), ("jak2_double", "jak2_any"),
    ("isolated_5q", "del_5q"), ("minus_7", "chr_7"), ("cebpa_icc", "cebpa_who"),
)  # fmt: skip
MR_GENES = ("ASXL1", "BCOR", "EZH2", "SF3B1", "SRSF2", "STAG2", "U2AF1", "ZRSR2")
# Khoury 2022 (WHO) and Arber 2022 (ICC), beside a complex karyotype.
MR_EVENTS_WHO = ("-5", "del(5q)", "-7", "del(7q)", "del(11q)", "-12", "del(12p)", "-13", "del(13q)",
                 "-17", "del(17p)", "i(17q)", "idic(X)")  # fmt: skip
MR_EVENTS_ICC = ("-5", "del(5q)", "-7", "del(7q)", "+8", "del(12p)", "-17", "del(17p)", "i(17q)",
                 "del(20q)", "idic(X)")  # fmt: skip
_BZIP = (278, 358)  # residues of the basic leucine zipper of CEBPA


@dataclass(frozen=True, eq=False)
class Fact:
    """Something that is so, is not so, or is not known, in every patient.

    Parameters
    ----------
    state
        1, 0, or -1 where not known.
    yes, no
        What is said where it is so and where it is not: one text, or one a patient.
    asks
        What is missing where it is not known.
    recorded
        Whether the cohort has anything to know it by.
    """

    state: States
    yes: str | Texts
    no: str | Texts
    asks: str
    recorded: bool = True

    def said(self, patient: int) -> str:
        """The sentence of a patient in whom it is known."""
        words = self.yes if self.state[patient] == 1 else self.no
        return words if isinstance(words, str) else str(words[patient])


def any_of(states: Sequence[States]) -> States:
    """So if one is so; not so if all are not."""
    matrix = np.array(states)
    found = np.where((matrix == 1).any(axis=0), 1, matrix.min(axis=0))
    return np.asarray(found, dtype=np.int8)


def all_of(states: Sequence[States]) -> States:
    """So if all are so; not so if one is not."""
    matrix = np.array(states)
    found = np.where((matrix == 0).any(axis=0), 0, matrix.min(axis=0))
    return np.asarray(found, dtype=np.int8)


def _not(state: States) -> States:
    return np.where(state < 0, -1, 1 - state).astype(np.int8)


class Reader:
    """What a cohort holds, under the names that the facts are made of."""

    def __init__(self, cohort: Cohort, *, unrecorded_absent: bool) -> None:
        self.cohort = cohort
        self.events = Cytogenetics(cohort, unrecorded_absent)
        self._absent = unrecorded_absent
        self.genes = gene_states(cohort)
        tested = np.array(list(self.genes.values()) or [self.unknown()])
        self._sequenced = (tested >= 0).any(axis=0)
        vafs = cohort.mutations
        has = len(vafs) > 0 and vafs["vaf"].notna().any()
        self._vafs = vafs[vafs["vaf"].notna()] if has else vafs.iloc[:0]

    def unknown(self) -> States:
        """Nothing known of anybody."""
        return np.full(len(self.cohort), -1, dtype=np.int8)

    def gene(self, symbol: str) -> States:
        """Whether a gene is mutated."""
        if symbol in self.genes:
            return self.genes[symbol]
        if self._absent:
            return np.where(self._sequenced, 0, -1).astype(np.int8)
        return self.unknown()

    def assumed(self, lacking: Sequence[str]) -> str:
        """What a sentence about absence adds where nothing shows it and the user assumes it."""
        if not lacking or not self._absent:
            return ""
        return f" ({', '.join(lacking)} assumed absent, as nothing shows it)"

    def has_gene(self, symbol: str) -> bool:
        """Whether the cohort has the gene."""
        return symbol in self.genes

    def refinement(self, gene: str, pattern: str) -> list[tuple[str, States, bool]]:
        """Columns of parts of a gene's mutations: name, states, whether made from variants."""
        found = []
        for position, (name, kind, of, label) in enumerate(
            zip(self.cohort.features.index, self.cohort.features["kind"],
                self.cohort.features["gene"], self.cohort.features["label"], strict=True)
        ):  # fmt: skip
            words = f"{name} {label}".lower()
            if kind == "refinement" and of == gene and re.search(pattern, words):
                row = self.cohort.features.loc[name]
                made = "listed in" in str(row.get("reason", ""))
                found.append((str(name), self.cohort.states[:, position], made))
        return found

    def vaf(self, gene: str) -> Floats:
        """The highest variant allele fraction of a gene, NaN where none is known."""
        rows = self._vafs[self._vafs["gene"] == gene]
        highest = rows.groupby("patient_id")["vaf"].max()
        found = np.asarray(highest.reindex(self.cohort.patients.index), dtype=np.float64)
        named = re.compile(rf"{re.escape(gene.lower())}[\W_]*(?:max)?[\W_]*vaf[\W_]*(?:percent)?")
        for name, variable in self.cohort.variables.items():
            if variable.kind == "numeric" and named.fullmatch(name.lower()):
                values = self.cohort.numbers(name)
                percent = variable.unit == "%" or bool(np.nanmax(values, initial=0) > 1)
                values = np.where(values > 0, values / (100 if percent else 1), np.nan)
                found = np.fmax(found, values)
        return found

    def number(self, key: str, unit: str | None = None) -> tuple[Floats, str]:
        """A measurement by its key in the vocabulary, in a unit, and its column; NaN if none."""
        for name, variable in self.cohort.variables.items():
            known = term_of(variable.source_column or name) or term_of(name)
            if known is None or known.key != key or name not in self.cohort.patients:
                continue
            try:
                values = self.cohort.numbers(name)
            except (TypeError, ValueError):
                continue
            factor = 1.0
            if unit and variable.unit and variable.unit != unit:
                found = factor_between(variable.unit, unit)
                if found is None:
                    continue
                factor = found
            return values * factor, name
        return np.full(len(self.cohort), np.nan), ""


def _at_least(values: Floats, cut: float) -> States:
    return np.where(np.isnan(values), -1, values >= cut).astype(np.int8)


def numbers_said(label: str, values: Floats, unit: str, column: str) -> Texts:
    """A sentence a patient with their number; empty where it is missing."""
    codes, different = pd.factorize(values)
    texts = [f"{label} {value:g}{unit} ({column})" for value in different]
    return _of_codes(texts, codes)


def _of_codes(texts: Sequence[str], codes: Positions) -> Texts:
    """One text a patient; the code -1 has none."""
    found: Texts = np.array([*texts, ""], dtype=object)[codes]
    return found


def _joined(first: Texts, second: Texts) -> Texts:
    pairs = [", ".join(filter(None, pair)) for pair in zip(first, second, strict=True)]
    return np.array(pairs, dtype=object)


def blasts(reader: Reader) -> dict[str, Fact]:
    """Blasts: the marrow's count, and the blood's and Auer rods where the cohort records them."""
    marrow, in_marrow = reader.number("bm_blasts", "%")
    blood, in_blood = reader.number("pb_blasts", "%")
    auer = _named_flag(reader, r"auer")
    said = numbers_said("marrow blasts", marrow, " %", in_marrow)
    also = numbers_said("blood blasts", blood, " %", in_blood)
    both = _joined(said, also)
    asks = "blasts" if not in_blood else "marrow and blood blasts"
    recorded = bool(in_marrow or in_blood)

    def level(in_m: float, in_b: float, *more: States) -> Fact:
        states = [_at_least(marrow, in_m)] if in_marrow else []
        states += [_at_least(blood, in_b)] if in_blood else []
        state = any_of([*states, *more]) if states else reader.unknown()
        return Fact(state, both, both, asks, recorded)

    return {
        "blasts_20": level(20, 20), "blasts_10": level(10, 10),
        "ib2": level(10, 5, *([auer] if auer is not None else [])), "ib1": level(5, 2),
    }  # fmt: skip


def _named_flag(reader: Reader, pattern: str) -> States | None:
    """A yes-or-no column whose name has a word; None without."""
    for name, variable in reader.cohort.variables.items():
        if variable.kind == "binary" and re.search(pattern, f"{name} {variable.label}".lower()):
            values = reader.cohort.numbers(name)
            return np.where(np.isnan(values), -1, values >= 1).astype(np.int8)
    return None


def counts(reader: Reader) -> dict[str, Fact]:
    monocytes, named = reader.number("monocytes", "10⁹/L")
    white, in_white = reader.number("wcc", "10⁹/L")
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(white > 0, 100 * monocytes / white, np.nan)
    state = all_of([_at_least(monocytes, 0.5), _at_least(share, 10)])
    words = numbers_said("monocytes", monocytes, " × 10⁹/L", named)
    part = numbers_said("monocytes", share.round(1), " % of white cells", in_white)
    said = _joined(words, part)
    altered = any_of([*reader.genes.values(), reader.events.complex])
    return {
        "monocytes": Fact(state, said, said, "monocytes and white cell count"),
        "mono_1": Fact(_at_least(monocytes, 1.0), words, words, "monocytes"),
        "clonal": Fact(altered, "a clonal alteration", "no clonal alteration", "sequencing"),
        "wbc_13": Fact(_at_least(white, 13),
                       *2 * (numbers_said("white cells", white, " × 10⁹/L", in_white),),
                       "white cell count"),
    }  # fmt: skip


def _mutated(reader: Reader, gene: str, cut: float = 0.0) -> Fact:
    """A gene mutated, at an allele fraction of at least ``cut`` where fractions are recorded."""
    state = reader.gene(gene).copy()
    yes: str | Texts = f"{gene} mutated"
    lacking = [] if reader.has_gene(gene) else [gene]
    no: str | Texts = f"{gene} not mutated{reader.assumed(lacking)}"
    asks = gene
    vaf = reader.vaf(gene) if cut else np.array([np.nan])
    if not np.isnan(vaf).all():
        state[(state == 1) & (vaf < cut)] = 0
        state[(state == 1) & np.isnan(vaf)] = -1
        said = numbers_said(f"{gene} mutated, allele fraction", np.round(100 * vaf, 1), " %", "VAF")
        yes = np.where(np.isnan(vaf), yes, said)
        no = np.where(np.isnan(vaf), no, said)
        asks = f"{gene} with its allele fraction"
    return Fact(state, yes, no, asks, reader.has_gene(gene))


def _several(reader: Reader, genes: Sequence[str], what: str) -> Fact:
    """Any of several genes mutated; the sentence names those that are."""
    states = [reader.gene(gene) for gene in genes]
    mutated = np.array(states) == 1
    codes, patterns = _patterns(mutated.T)
    texts = [", ".join(g for g, on in zip(genes, row, strict=True) if on) for row in patterns]
    yes = np.array([f"{text} mutated" for text in texts], dtype=object)[codes]
    lacking = [gene for gene in genes if not reader.has_gene(gene)]
    asks = what + (f" (no column of {', '.join(lacking)})" if lacking else "")
    no = f"none of {', '.join(genes)} mutated{reader.assumed(lacking)}"
    return Fact(any_of(states), yes, no, asks)


def _patterns(rows: Bools) -> tuple[Positions, Bools]:
    patterns, codes = np.unique(rows, axis=0, return_inverse=True)
    return codes.reshape(-1), patterns


def single_genes(reader: Reader) -> dict[str, Fact]:
    # WHO 2022: 15 % ring sideroblasts may stand for the mutation, where they were counted.
    own = _mutated(reader, "SF3B1", 0.05)
    rings, column = reader.number("ring_sideroblasts", "%")
    stands = (rings >= 15) & (own.state < 1)
    said = numbers_said("ring sideroblasts", rings, " %, which stand for SF3B1", column)
    yes = np.where(stands, said, own.yes)
    state = np.where(stands, 1, own.state).astype(np.int8)
    return {
        "npm1": _mutated(reader, "NPM1"),
        "runx1": _mutated(reader, "RUNX1"),
        "sf3b1_10": _mutated(reader, "SF3B1", 0.10),
        "sf3b1_who": Fact(state, yes, own.no, own.asks, own.recorded),
    }


def related_genes(reader: Reader) -> dict[str, Fact]:
    what = "myelodysplasia-related genes"
    return {
        "mr_genes": _several(reader, MR_GENES, what),
        "mr_genes_icc": _several(reader, (*MR_GENES, "RUNX1"), what),
    }


def cebpa(reader: Reader) -> dict[str, Fact]:
    any_ = reader.gene("CEBPA")
    both = reader.unknown()
    for _, states, _ in reader.refinement("CEBPA", r"double|bi\b|biallel|_bi|two"):
        both = np.where(both < 0, states, both).astype(np.int8)
    both[any_ == 0] = 0
    zip_ = reader.unknown()
    for _, states, _ in reader.refinement("CEBPA", r"bzip"):
        zip_ = np.where(zip_ < 0, states, zip_).astype(np.int8)
    zip_[any_ == 0] = 0
    rows = reader.cohort.mutations
    rows = rows[(rows["gene"] == "CEBPA") & rows["protein_change"].notna()]
    residue = rows["protein_change"].astype(str).str.extract(r"(\d{1,4})")[0].astype(float)
    inside = residue.between(*_BZIP) & rows["variant_class"].isin(["missense", "inframe"])
    where = reader.cohort.patients.index
    told = where.isin(rows["patient_id"]) & (zip_ < 0) & (any_ == 1)
    zip_[told] = 0
    zip_[told & where.isin(rows.loc[inside, "patient_id"])] = 1
    return {
        "cebpa_who": Fact(
            any_of([both, zip_]), "CEBPA mutated, biallelic or in the bZIP region",
            "no biallelic or bZIP mutation of CEBPA", "CEBPA, both alleles and bZIP region",
        ),
        "cebpa_icc": Fact(
            zip_, "CEBPA mutated in frame in the bZIP region",
            "no in-frame bZIP mutation of CEBPA", "CEBPA, bZIP region",
        ),
    }  # fmt: skip


def chromosomes(reader: Reader) -> dict[str, Fact]:
    events = reader.events
    five = events.has(["del(5q)"])
    seven = events.has(["-7", "del(7q)"])
    complex_ = events.complex
    isolated = all_of([five, _not(seven), _not(complex_)])
    return {
        "del_5q": Fact(five, "del(5q)", "no del(5q)", "karyotype: del(5q)"),
        "isolated_5q": Fact(
            isolated, "del(5q), alone or with one other abnormality that is not of chromosome 7",
            "no isolated del(5q)", "karyotype: del(5q), chromosome 7, number of abnormalities",
        ),
        "minus_7": Fact(events.has(["-7"]), "monosomy 7", "no monosomy 7", "karyotype: -7"),
        "chr_7": Fact(seven, "-7 or del(7q)", "no -7 or del(7q)", "karyotype: -7, del(7q)"),
        "complex": Fact(complex_, "complex karyotype", "no complex karyotype",
                        "karyotype: number of abnormalities"),
    }  # fmt: skip


def related_karyotypes(reader: Reader) -> dict[str, Fact]:
    """Myelodysplasia-related cytogenetic abnormalities."""
    events, complex_ = reader.events, reader.events.complex
    found = {}
    for key, names in (("mr_events", MR_EVENTS_WHO), ("mr_events_icc", MR_EVENTS_ICC)):
        state = any_of([events.has(names), complex_])
        lacking = events.unrecorded(names)
        note = f" (nothing shows {', '.join(lacking)})" if lacking else ""
        there = _which_events(reader, names, complex_)
        no = f"no myelodysplasia-related karyotype{reader.assumed(lacking)}"
        found[key] = Fact(state, there, no, f"karyotype: myelodysplasia-related{note}")
    return found


def rearrangements(reader: Reader) -> dict[str, Fact]:
    events, found = reader.events, {}
    for key, word in FUSION_FACTS.items():
        state = events.fusion(word)
        name = f"{word} rearranged" if "::" not in word else word
        found[key] = Fact(
            state,
            f"{name} (cytogenetics)",
            f"no {name}{reader.assumed([] if events.records(word) else [word])}",
            f"karyotype: {word}",
            events.records(word),
        )
    return found


FUSION_FACTS = {
    "pml": "PML::RARA", "runx1t1": "RUNX1::RUNX1T1", "cbfb": "CBFB::MYH11", "dek": "DEK::NUP214",
    "kmt2a": "KMT2A", "mecom": "MECOM", "bcr": "BCR::ABL1",
}  # fmt: skip


def _which_events(reader: Reader, names: Sequence[str], complex_: States) -> Texts:
    each = np.array([*(reader.events.has([name]) == 1 for name in names), complex_ == 1])
    codes, patterns = _patterns(each.T)
    words = [*names, "complex karyotype"]
    texts = [
        ", ".join(w for w, on in zip(words, row, strict=True) if on)
        or "a myelodysplasia-related event"
        for row in patterns
    ]
    return np.array(texts, dtype=object)[codes]


def tp53(reader: Reader) -> dict[str, Fact]:
    """TP53: how many hits, by mutations, loss of 17p and loss of heterozygosity."""
    mutated = reader.gene("TP53")
    enough = _mutated(reader, "TP53", 0.10)
    vaf = reader.vaf("TP53")
    loss = reader.events.has(["-17", "del(17p)", "i(17q)"])
    loh = reader.unknown()
    for _, states, _ in reader.refinement("TP53", r"loh|loss of het"):
        loh = np.where(loh < 0, states, loh).astype(np.int8)
    other = np.where((loss == 1) | (loh == 1), 1, np.where(loh == 0, 0, -1)).astype(np.int8)
    several = reader.unknown()
    for _, states, made in reader.refinement("TP53", r"multi|biallel|two|double"):
        # Variants alone show two mutations; that there is no loss they do not show.
        known = np.where(states == 1, 1, -1 if made else states)
        several = np.where(several < 0, known, several).astype(np.int8)
    rows = reader.cohort.mutations
    rows = rows[rows["gene"] == "TP53"].drop_duplicates(["patient_id", "protein_change"])
    who, icc = (
        _hits(reader, several, listed, other)
        for listed in (rows, rows[~(rows["vaf"].astype(float) < 0.10)])
    )
    icc = np.where((vaf > 0.5) | ((reader.events.complex == 1) & (loh < 0)), 1, icc)
    who = np.where(mutated == 1, who, mutated).astype(np.int8)
    icc = np.where(enough.state == 1, icc, enough.state).astype(np.int8)
    reasons = np.select(
        [loss == 1, loh == 1, vaf > 0.5],
        ["with loss of 17p", "with loss of heterozygosity", "allele fraction above 50 %"],
        "more than one hit",
    ).astype(object)
    yes = np.array([f"TP53 mutated, {reason}" for reason in reasons], dtype=object)
    no = np.where(mutated == 1, "TP53 mutated, a single hit", "TP53 not mutated").astype(object)
    asks = "TP53, both alleles (second mutation, 17p, loss of heterozygosity)"
    return {
        "tp53_10": enough,
        "tp53_bi": Fact(who, yes, no, asks),
        "tp53_multi": Fact(icc, yes, no, asks),
    }


def _hits(reader: Reader, stated: States, listed: pd.DataFrame, other: States) -> States:
    """Whether both alleles are hit: as a column says, by two variants, or by a loss beside one."""
    index = reader.cohort.patients.index
    counts = listed["patient_id"].value_counts()
    found = np.where(index.isin(counts.index[counts >= 2]) | (other == 1), 1, stated)
    one = index.isin(counts.index) & (other == 0)
    return np.where((found < 0) & one, 0, found).astype(np.int8)


def myeloproliferative(reader: Reader) -> dict[str, Fact]:
    drivers = _several(reader, ("JAK2", "CALR", "MPL"), "driver genes")
    hb, in_hb = reader.number("hb", "g/dL")
    sex = _sexes(reader)
    cut = np.where(sex == "m", 16.5, np.where(sex == "f", 16.0, np.nan))
    crit, in_crit = reader.number("haematocrit", "%")
    crit_cut = np.where(sex == "m", 49.0, np.where(sex == "f", 48.0, np.nan))
    high = np.where(np.isnan(hb) | np.isnan(cut), -1, hb > cut).astype(np.int8)
    if in_crit:
        thick = np.where(np.isnan(crit) | np.isnan(crit_cut), -1, crit > crit_cut)
        high = any_of([high, thick.astype(np.int8)])
    hb_words = numbers_said("haemoglobin", np.round(hb, 1), " g/dL", in_hb)
    crit_words = numbers_said("haematocrit", np.round(crit, 1), " %", in_crit)
    words = _joined(hb_words, crit_words)
    platelets, in_platelets = reader.number("platelets", "10⁹/L")
    many = numbers_said("platelets", platelets, " × 10⁹/L", in_platelets)
    return {
        "jak2": _mutated(reader, "JAK2"),
        "driver": drivers,
        "red_cells": Fact(high, words, words, "haemoglobin and sex"),
        "platelets_450": Fact(_at_least(platelets, 450), many, many, "platelets"),
    }


def _sexes(reader: Reader) -> Texts:
    for name, variable in reader.cohort.variables.items():
        known = term_of(variable.source_column or name) or term_of(name)
        if known is not None and known.key == "sex":
            codes, values = reader.cohort.factor(name)
            short = [_SEX.get(str(value).strip().lower()[:1], "") for value in values]
            return np.array([*short, ""], dtype=object)[codes]
    return np.full(len(reader.cohort), "", dtype=object)


_SEX: Mapping[str, str] = {"m": "m", "f": "f", "w": "f"}
