"""Variants behind the alterations of the demo cohorts.

A protein change is given for hotspots only; elsewhere it is left empty, because a made-up residue
could contradict the reference sequence. Hotspots and their weights are textbook knowledge
(recalled), except U2AF1, whose weights are the counts of the public data of Bernard 2022.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Floats
from data_loaders.demo.simulate import FeatureSpec
from data_loaders.model import MUTATION_COLUMNS

Choice = tuple[str | None, str, float]

_TRUNCATING: tuple[Choice, ...] = ((None, "truncating", 0.92), (None, "splice", 0.08))
_MIXED: tuple[Choice, ...] = (
    (None, "truncating", 0.6),
    (None, "missense", 0.35),
    (None, "splice", 0.05),
)
_MISSENSE: tuple[Choice, ...] = ((None, "missense", 1.0),)

# By feature: (protein change, class, weight).
HOTSPOTS: dict[str, tuple[Choice, ...]] = {
    "JAK2_V617F": (("p.V617F", "missense", 1.0),),
    "JAK2_exon_12": (
        ("p.N542_E543del", "inframe", 0.35),
        ("p.K539L", "missense", 0.25),
        ("p.E543_D544del", "inframe", 0.2),
        ("p.F537_K539delinsL", "inframe", 0.2),
    ),
    "JAK2": (("p.V617F", "missense", 1.0),),
    "CALR_type_1": (("p.L367fs*46", "truncating", 1.0),),
    "CALR_type_2": (("p.K385fs*47", "truncating", 1.0),),
    "CALR": ((None, "truncating", 1.0),),
    "MPL": (
        ("p.W515L", "missense", 0.6),
        ("p.W515K", "missense", 0.25),
        ("p.S505N", "missense", 0.08),
        ("p.W515R", "missense", 0.07),
    ),
    "ASXL1": (
        ("p.G646fs*12", "truncating", 0.4),
        ("p.R693*", "truncating", 0.06),
        ("p.E635fs*15", "truncating", 0.12),
        (None, "truncating", 0.42),
    ),
    "DNMT3A": (
        ("p.R882H", "missense", 0.3),
        ("p.R882C", "missense", 0.15),
        (None, "missense", 0.3),
        (None, "truncating", 0.25),
    ),
    "SRSF2": (
        ("p.P95H", "missense", 0.5),
        ("p.P95L", "missense", 0.2),
        ("p.P95R", "missense", 0.15),
        ("p.P95_R102del", "inframe", 0.15),
    ),
    "SF3B1": (
        ("p.K700E", "missense", 0.55),
        ("p.K666N", "missense", 0.12),
        ("p.H662Q", "missense", 0.11),
        ("p.R625C", "missense", 0.1),
        ("p.E622D", "missense", 0.07),
        (None, "missense", 0.05),
    ),
    "U2AF1_S34": (("p.S34F", "missense", 89.0), ("p.S34Y", "missense", 17.0)),
    "U2AF1_Q157": (("p.Q157P", "missense", 93.0), ("p.Q157R", "missense", 34.0)),
    "IDH1": (
        ("p.R132H", "missense", 0.45),
        ("p.R132C", "missense", 0.4),
        ("p.R132G", "missense", 0.08),
        ("p.R132S", "missense", 0.07),
    ),
    "IDH2_R140": (("p.R140Q", "missense", 0.93), ("p.R140W", "missense", 0.07)),
    "IDH2_R172": (("p.R172K", "missense", 1.0),),
    "NRAS": (
        ("p.G12D", "missense", 0.35),
        ("p.G12S", "missense", 0.1),
        ("p.G13D", "missense", 0.2),
        ("p.Q61R", "missense", 0.15),
        ("p.Q61K", "missense", 0.2),
    ),
    "KRAS": (
        ("p.G12D", "missense", 0.35),
        ("p.G12V", "missense", 0.2),
        ("p.G13D", "missense", 0.25),
        ("p.A146T", "missense", 0.2),
    ),
    "KIT": (
        ("p.D816V", "missense", 0.45),
        ("p.D816Y", "missense", 0.15),
        ("p.N822K", "missense", 0.25),
        (None, "inframe", 0.15),
    ),
    "PTPN11": (
        ("p.E76K", "missense", 0.3),
        ("p.D61Y", "missense", 0.15),
        ("p.A72V", "missense", 0.15),
        (None, "missense", 0.4),
    ),
    "SETBP1": (
        ("p.G870S", "missense", 0.4),
        ("p.D868N", "missense", 0.4),
        ("p.I871T", "missense", 0.2),
    ),
    "CBL": (
        ("p.C404Y", "missense", 0.15),
        ("p.R420Q", "missense", 0.15),
        ("p.Y371H", "missense", 0.12),
        (None, "missense", 0.58),
    ),
    "TP53": (
        ("p.R175H", "missense", 0.08),
        ("p.R248Q", "missense", 0.08),
        ("p.R273H", "missense", 0.07),
        ("p.Y220C", "missense", 0.07),
        (None, "missense", 0.5),
        (None, "truncating", 0.2),
    ),
    "NPM1": (("p.W288fs*12", "truncating", 1.0),),
    "FLT3_ITD": ((None, "ITD", 1.0),),
    "FLT3_TKD": (
        ("p.D835Y", "missense", 0.6),
        ("p.D835H", "missense", 0.2),
        ("p.I836del", "inframe", 0.2),
    ),
    "KMT2A_PTD": ((None, "PTD", 1.0),),
    "GNB1": (("p.K57E", "missense", 1.0),),
    "ETNK1": (("p.N244S", "missense", 0.6), ("p.H243Y", "missense", 0.4)),
    "GNAS": (("p.R201H", "missense", 0.5), ("p.R201C", "missense", 0.5)),
    **dict.fromkeys(("PPM1D", "STAG2", "BCOR", "BCORL1", "WT1", "CUX1", "DDX41"), _TRUNCATING),
    **dict.fromkeys(("CSNK1A1", "PRPF8", "SH2B3", "GATA2", "SMC1A"), _MISSENSE),
}


@dataclass(frozen=True)
class VariantDraw:
    """Variants to be drawn: one for each carrier.

    Parameters
    ----------
    choices
        Protein change (None if not stated), class and weight.
    vaf
        Mean variant allele fraction, one value or one a patient.
    """

    gene: str
    carriers: Bools
    choices: tuple[Choice, ...]
    vaf: Floats | float = 0.36


def ordinary_draws(
    specs: Sequence[FeatureSpec], altered: Mapping[str, Bools]
) -> dict[str, VariantDraw]:
    """The draws of every mutated gene, by feature.

    A gene with refinements (CALR type 1 and 2) gets its variants from them; carriers without any
    of the refinements get one of the gene's own.
    """
    draws: dict[str, VariantDraw] = {}
    for spec in specs:
        if spec.kind == "cytogenetic" or spec.symbol is None:
            continue
        carriers = altered[spec.name].copy()
        if spec.kind == "gene":
            for other in specs:
                if other.kind == "refinement" and other.gene == spec.name:
                    carriers &= ~altered[other.name]
        choices = HOTSPOTS.get(spec.name, _MIXED)
        draws[spec.name] = VariantDraw(spec.symbol, carriers, choices)
    return draws


def mutation_table(
    rng: np.random.Generator, patient_id: pd.Index, draws: Sequence[VariantDraw]
) -> pd.DataFrame:
    """Long table of variants, ordered by patient and gene.

    Parameters
    ----------
    draws
        What to draw; the allele fraction of a variant is beta-distributed around its mean.

    Returns
    -------
    Columns ``patient_id, gene, protein_change, variant_class, vaf``.
    """
    rows, genes, changes, classes, fractions = [], [], [], [], []
    for draw in draws:
        carriers = np.flatnonzero(draw.carriers)
        weights = np.array([weight for _, _, weight in draw.choices])
        pick = rng.choice(len(weights), size=len(carriers), p=weights / weights.sum())
        mean = np.broadcast_to(np.asarray(draw.vaf, dtype=float), draw.carriers.shape)[carriers]
        rows.append(carriers)
        genes.append(np.full(len(carriers), draw.gene, dtype=object))
        changes.append(np.array([change for change, _, _ in draw.choices], dtype=object)[pick])
        classes.append(np.array([name for _, name, _ in draw.choices], dtype=object)[pick])
        fractions.append(np.clip(rng.beta(14 * mean, 14 * (1 - mean)), 0.02, 0.98).round(3))
    position = np.concatenate(rows)
    gene = np.concatenate(genes)
    order = np.lexsort((gene.astype(str), position))
    table = pd.DataFrame(
        {
            "patient_id": patient_id.to_numpy()[position],
            "gene": gene,
            "protein_change": np.concatenate(changes),
            "variant_class": np.concatenate(classes),
            "vaf": np.concatenate(fractions),
        }
    )
    return table.iloc[order].reset_index(drop=True)[list(MUTATION_COLUMNS)]
