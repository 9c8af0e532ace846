"""Facts of published genomic classes: drivers of MPN, groups of genes of AML, copies counted."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from app.cohort.classification._facts import Fact, Reader, all_of, any_of
from data_loaders.arrays import States

# Grinfeld 2018; 7/7q and loss of heterozygosity of 4q beside them.
CHROMATIN_MPN = ("ASXL1", "EZH2", "SRSF2", "U2AF1", "CBL", "ZRSR2", "GNAS", "KRAS", "IDH2", "BCOR",
                 "NRAS", "CUX1", "STAG2", "IDH1", "RUNX1", "PHF6")  # fmt: skip
# Secondary-type genes of Tazi 2022, as found from its labels: an approximation.
SECONDARY = ("SRSF2", "SF3B1", "U2AF1", "ZRSR2", "ASXL1", "EZH2", "BCOR", "STAG2", "RUNX1",
             "KMT2A_PTD", "TET2", "PHF6", "NF1", "SETBP1", "CUX1")  # fmt: skip
_NINE_P = re.compile(r"^(?:9p\W?(?:upd|loh|cnloh|\(?aupd)|upd\(?9p)", re.IGNORECASE)
_FOUR_Q = re.compile(r"^(?:4q\W?(?:upd|loh|cnloh|\(?aupd)|upd\(?4q)", re.IGNORECASE)
_SEVENTEEN_P = re.compile(r"^(?:17p\W?(?:upd|loh|cnloh)|upd\(?17p)", re.IGNORECASE)


def drivers_of_mpn(reader: Reader) -> dict[str, Fact]:
    """What the eight genomic subgroups of Grinfeld 2018 ask for."""
    seventeen = _at_a_place(reader, ("-17", "del(17p)"), _SEVENTEEN_P)
    five = _at_a_place(reader, ("-5", "del(5q)"))
    tp53 = any_of([reader.gene("TP53"), *seventeen, *five])
    seven = _at_a_place(reader, ("-7", "del(7q)"))
    four = reader.events.named(_FOUR_Q)  # where recorded: in few patients
    chromatin = any_of([*(reader.gene(gene) for gene in CHROMATIN_MPN), *seven, *four])
    jak2 = reader.gene("JAK2")
    exon = [states for _, states, _ in reader.refinement("JAK2", r"e(?:xon)?[\s_]*12")]
    nine = _at_a_place(reader, (), _NINE_P)
    gained = _at_a_place(reader, ("+9",))
    double = any_of([*nine, *gained, reader.gene("NFE2"), *exon])
    any_ = any_of([*reader.genes.values(), *reader.events.states]) if reader.genes else jak2
    return {
        "tp53_17p_5q": Fact(tp53, "TP53 mutated, or an aberration of 17p or 5q",
                            "no TP53 mutation, no aberration of 17p or 5q", "TP53, 17p, 5q"),
        "chromatin": Fact(chromatin, "a chromatin or spliceosome gene mutated, or 7q or 4q altered",
                          "no chromatin or spliceosome gene mutated",
                          "chromatin and spliceosome genes"),
        "calr": _gene(reader, "CALR"),
        "mpl": _gene(reader, "MPL"),
        "jak2_double": Fact(all_of([jak2, double]),
                            "JAK2 mutated with 9p loss of heterozygosity, +9 or NFE2, or exon 12",
                            "JAK2 not homozygous", "JAK2, 9p loss of heterozygosity, +9, NFE2"),
        "jak2_any": _gene(reader, "JAK2"),
        "any_driver": Fact(any_, "another driver", "no driver found", "sequencing"),
    }  # fmt: skip


def groups_of_aml(reader: Reader) -> dict[str, Fact]:
    """What the classes of Tazi 2022 ask for, as far as they can be told."""
    tp53 = any_of([reader.gene("TP53"), reader.events.complex])
    states = np.array([_part(reader, name) for name in SECONDARY])
    sure, most = (states == 1).sum(axis=0), (states != 0).sum(axis=0)
    both = reader.unknown()
    for _, found, _ in reader.refinement("CEBPA", r"double|bi\b|biallel|_bi|two"):
        both = np.where(both < 0, found, both).astype(np.int8)
    both[reader.gene("CEBPA") == 0] = 0
    asks = "secondary-type genes"
    return {
        "tp53_complex": Fact(tp53, "TP53 mutated or a complex karyotype",
                             "no TP53 mutation, no complex karyotype", "TP53, complex karyotype"),
        "secondary_2": Fact(_at_least(sure, most, 2), "two or more secondary-type genes mutated",
                            "fewer than two secondary-type genes mutated", asks),
        "secondary_1": Fact(_at_least(sure, most, 1), "a secondary-type gene mutated",
                            "no secondary-type gene mutated", asks),
        "cebpa_bi": Fact(both, "CEBPA biallelic", "CEBPA not biallelic", "CEBPA, both alleles"),
    }  # fmt: skip


def _gene(reader: Reader, gene: str) -> Fact:
    return Fact(reader.gene(gene), f"{gene} mutated", f"{gene} not mutated", gene)


def _part(reader: Reader, name: str) -> States:
    """A gene, or the part of one: KMT2A_PTD."""
    gene, _, part = name.partition("_")
    if not part:
        return reader.gene(gene)
    found = [states for _, states, _ in reader.refinement(gene, part.lower())]
    return found[0] if found else reader.unknown()


def _at_least(sure: np.ndarray, most: np.ndarray, least: int) -> States:
    return np.where(sure >= least, 1, np.where(most >= least, -1, 0)).astype(np.int8)


def _at_a_place(
    reader: Reader, names: Sequence[str], pattern: re.Pattern[str] | None = None
) -> list[States]:
    """What the cohort records of events at one place, whichever they are; else not known."""
    found = [] if pattern is None else reader.events.named(pattern)
    lacking = reader.events.unrecorded(names)
    found += [reader.events.has([name]) for name in names if name not in lacking]
    return found or [reader.unknown()]
