"""Conditions on what was sequenced and found: variants, their number, who was tested; lists of ids.

As all conditions they are three-valued: 1 holds, 0 does not, -1 is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.cohort.filters._clauses import (
    All,
    AnyOf,
    Clause,
    FilterError,
    Not,
    feature_label,
    plain_number,
    state_of,
)
from app.cohort.gene_states import TESTED_SHARE, gene_states
from data_loaders import Cohort
from data_loaders.alterations.mutation_rule import counts
from data_loaders.arrays import States
from data_loaders.wording import listing


@dataclass(frozen=True)
class Tested:
    """The gene or event was tested, whatever was found; this is never unknown."""

    feature: str

    def evaluate(self, cohort: Cohort) -> States:
        """Truth for every patient: 1 or 0."""
        return (state_of(cohort, self.feature) >= 0).astype(np.int8)

    def describe(self, cohort: Cohort | None = None) -> str:
        """For instance ``ASXL1 tested``."""
        return f"{feature_label(cohort, self.feature)} tested"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"tested": self.feature}


@dataclass(frozen=True)
class Variant:
    """The gene has a variant of one of these classes whose allele fraction lies in a range.

    Parameters
    ----------
    gene
        Symbol, as in the cohort's list of variants.
    classes
        Variant classes, such as ``missense``; empty for any.
    low, high
        Allele fraction from 0 to 1, both ends included; None leaves an end open.
    """

    gene: str
    classes: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    def evaluate(self, cohort: Cohort) -> States:
        """Truth for every patient.

        Unknown where the gene was not tested, where it is altered but no variant is listed, and
        where a variant that may fit lacks its class or its allele fraction.
        """
        rows = cohort.mutations[cohort.mutations["gene"] == self.gene]
        rows = rows[counts(rows)]
        state = gene_states(cohort).get(self.gene)
        if state is None:
            if rows.empty:
                raise FilterError(
                    f"The filter names variants of {self.gene}, of which this cohort lists none; "
                    "remove that condition or choose another cohort."
                )
            state = np.full(cohort.n, -1, dtype=np.int8)
        known, fits = self._fit(rows)
        place = cohort.patients.index.get_indexer(rows["patient_id"])
        listed, holds, may = (np.zeros(cohort.n, dtype=bool) for _ in range(3))
        listed[place] = True
        holds[place[known & fits]] = True
        may[place[~known & fits]] = True
        unclear = may | (~listed & (state != 0))
        return np.select([holds, unclear], [1, -1], 0).astype(np.int8)

    def describe(self, cohort: Cohort | None = None) -> str:  # noqa: ARG002
        """For instance ``TP53 missense or truncating variant with VAF 10% or more``."""
        kind = f" {listing(self.classes, 'or')}" if self.classes else ""
        words = f"{self.gene}{kind} variant"
        low, high = (
            None if end is None else plain_number(100 * end) for end in (self.low, self.high)
        )
        if low is not None and high is not None:
            return f"{words} with VAF from {low} to {high}%"
        if low is not None:
            return f"{words} with VAF {low}% or more"
        return words if high is None else f"{words} with VAF {high}% or less"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        data: dict[str, Any] = {"variant": self.gene}
        if self.classes:
            data["class"] = list(self.classes)
        if self.low is not None or self.high is not None:
            data["vaf"] = [self.low, self.high]
        return data

    def _fit(self, rows: Any) -> tuple[Any, Any]:
        """Of each variant: whether what is asked for is known, and whether it fits or may."""
        known = np.ones(len(rows), dtype=bool)
        fits = np.ones(len(rows), dtype=bool)
        if self.classes:
            given = rows["variant_class"].notna().to_numpy() & (
                rows["variant_class"] != "unknown"
            ).to_numpy(dtype=bool, na_value=False)
            known &= given
            fits &= ~given | rows["variant_class"].isin(self.classes).to_numpy()
        if self.low is not None or self.high is not None:
            vaf = rows["vaf"].to_numpy(dtype=float, na_value=np.nan)
            missing = np.isnan(vaf)
            known &= ~missing
            inside = (vaf >= (-np.inf if self.low is None else self.low)) & (
                vaf <= (np.inf if self.high is None else self.high)
            )
            fits &= missing | inside
        return known, fits


@dataclass(frozen=True)
class MutatedGenes:
    """The number of mutated genes lies in a range; a gene counts once, however it is mutated.

    Only genes tested in 95% of the patients tested for any count, as in the grouping by number.
    """

    low: float | None
    high: float | None

    def evaluate(self, cohort: Cohort) -> States:
        """Truth for every patient: unknown where genes that were not tested could decide it."""
        states = gene_states(cohort)
        if not states:
            raise FilterError(
                "The filter counts mutated genes, and this cohort has none; remove that condition."
            )
        table = np.stack(list(states.values()))
        tested = np.count_nonzero(table >= 0, axis=1)
        anyone = max(int(np.count_nonzero((table >= 0).any(axis=0))), 1)
        table = table[tested >= TESTED_SHARE * anyone]
        fewest = np.count_nonzero(table == 1, axis=0)
        most = fewest + np.count_nonzero(table < 0, axis=0)
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        within = (fewest >= low) & (most <= high)
        without = (most < low) | (fewest > high)
        return np.select([within, without], [1, 0], -1).astype(np.int8)

    def describe(self, cohort: Cohort | None = None) -> str:  # noqa: ARG002
        """For instance ``3 or more mutated genes``."""
        low, high = (None if end is None else plain_number(end) for end in (self.low, self.high))
        if low is not None and high is not None:
            genes = "gene" if low == high == "1" else "genes"
            return f"{low if low == high else f'{low} to {high}'} mutated {genes}"
        if low is not None:
            return f"{low} or more mutated genes"
        return "number of mutated genes known" if high is None else f"{high} or fewer mutated genes"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"mutated_genes": [self.low, self.high]}


@dataclass(frozen=True)
class Patients:
    """The patient is on a list of identifiers; its words never name them."""

    ids: tuple[str, ...]

    def evaluate(self, cohort: Cohort) -> States:
        """Truth for every patient: 1 or 0; identifiers that the cohort lacks match nobody."""
        listed: States = cohort.patients.index.isin(self.ids).astype(np.int8)
        return listed

    def describe(self, cohort: Cohort | None = None) -> str:  # noqa: ARG002
        """For instance ``on a list of 12 patients``."""
        n = len(self.ids)
        return f"on a list of {n:,} patient{'s' * (n != 1)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: with the identifiers, hence never for a link."""
        return {"patients": list(self.ids)}


def names_patients(clause: Clause) -> bool:
    """Whether a condition holds identifiers of patients anywhere."""
    match clause:
        case Patients():
            return True
        case Not(inner):
            return names_patients(inner)
        case All(clauses) | AnyOf(clauses):
            return any(names_patients(inner) for inner in clauses)
    return False
