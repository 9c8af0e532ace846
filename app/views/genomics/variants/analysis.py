"""Variants: where they lie on the protein, their allele fractions, and hints of their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.analysis.multiplicity import adjust_p_values
from app.cohort.groupings import Grouping
from app.study.accounting import Accounting
from data_loaders import Cohort
from data_loaders.alterations.mutation_rule import counts
from data_loaders.once import once_per_value

# Allele fractions this close are not told apart: read counts of a few hundred allow no more.
MARGIN = 0.05
MIN_PAIRS = 10
_CENTILES = {"low": 0.05, "q1": 0.25, "median": 0.5, "q3": 0.75, "high": 0.95}
_POSITION = r"^p\.\(?[A-Za-z*]{0,3}?(\d+)"
# In men these have one copy, so their allele fraction is about twice that of an autosomal gene.
X_LINKED = frozenset(
    {"ATRX", "BCOR", "BCORL1", "DDX3X", "GATA1", "KDM5C", "KDM6A", "PHF6", "SMC1A", "STAG2",
     "USP9X", "WAS", "ZRSR2"}
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class VafSummary:
    """Allele fractions of the leading genes.

    Attributes
    ----------
    table
        One row a gene, the highest median first: gene, variants, patients, low, q1, median, q3,
        high (5th and 95th centile), x_linked.
    points
        gene, vaf: every variant behind the table.
    without
        Variants of the selected patients that have no allele fraction.
    pairs
        Pairs of as many genes: see :func:`acquisition_order`.
    """

    table: pd.DataFrame
    points: pd.DataFrame
    without: int
    pairs: pd.DataFrame
    selected: int


@dataclass(frozen=True, eq=False)
class GeneVariants:
    """The variants of one gene along its protein.

    Attributes
    ----------
    table
        One row a group, change and class: group, protein_change, variant_class, position (1 = the
        first residue), patients, share (of the patients tested in the group).
    tested
        Patients tested for the gene, by group; one unnamed group without a grouping.
    altered
        Those of them with a variant that has a position, by group.
    unplaced
        Patients whose variants of this gene say no position, such as an ITD.
    accounting
        Who of the selected was tested, and is in one of the groups.
    """

    gene: str
    table: pd.DataFrame
    tested: dict[str, int]
    altered: dict[str, int]
    unplaced: int
    accounting: Accounting


def protein_positions(changes: pd.Series) -> Floats:
    """First residue that each protein change touches, NaN where it names none.

    Parameters
    ----------
    changes
        Such as ``p.V617F``, ``p.L367fs*46``, ``p.598_599insE``; ``ITD`` and ``p.?`` have none.
    """
    found = changes.astype("string").str.extract(_POSITION, expand=False)
    return np.asarray(pd.to_numeric(found, errors="coerce").to_numpy(float, na_value=np.nan))


def counted_variants(cohort: Cohort, mask: Bools) -> pd.DataFrame:
    """Variants of the selected patients that count as mutations by the one rule.

    Returns
    -------
    DataFrame
        gene (categorical), protein_change, variant_class, vaf (0 to 1, NaN where not measured),
        patient (position in the cohort), position (on the protein, NaN where none is named).
    """
    variants = _counted(cohort)
    return variants[mask[variants["patient"].to_numpy()]]


# Texts are read once, not at every change of a filter.
@once_per_value
def _counted(cohort: Cohort) -> pd.DataFrame:
    mutations = cohort.mutations
    place = cohort.patients.index.get_indexer(mutations["patient_id"])
    kept = (place >= 0) & counts(mutations)
    found = mutations.loc[kept, ["gene", "protein_change", "variant_class", "vaf"]]
    vaf = pd.to_numeric(found["vaf"], errors="coerce").to_numpy(float, na_value=np.nan)
    return found.assign(
        gene=found["gene"].astype("category"),
        # A fraction of 0 is a call without reads: not measured rather than absent.
        vaf=np.where((vaf > 0) & (vaf <= 1), vaf, np.nan),
        patient=place[kept],
        position=protein_positions(found["protein_change"]),
    ).reset_index(drop=True)


def vaf_summary(cohort: Cohort, mask: Bools, most: int, min_variants: int = 5) -> VafSummary:
    """Allele fractions of the genes that have most of them, and which of two has the higher one.

    Parameters
    ----------
    most
        How many genes.
    min_variants
        Genes with fewer variants with an allele fraction are not shown.

    Raises
    ------
    ValueError
        If no gene has enough.
    """
    variants = counted_variants(cohort, mask)
    known = variants[variants["vaf"].notna()]
    counts = known["gene"].value_counts()
    genes = counts[counts >= min_variants].head(most).index
    if not len(genes):
        raise ValueError(
            f"No gene has {min_variants} variants with an allele fraction (VAF) in the patients "
            "selected: the cohort needs a table of variants with a column such as vaf."
        )
    own = known[known["gene"].isin(genes)]
    groups = own.groupby("gene", observed=True)
    centiles = groups["vaf"].quantile([*_CENTILES.values()]).unstack()  # noqa: PD010  (one call)
    centiles.columns = [*_CENTILES]
    table = groups.agg(variants=("vaf", "size"), patients=("patient", "nunique")).join(centiles)
    table = table.rename_axis("gene").reset_index().astype({"gene": object})
    table["x_linked"] = table["gene"].isin(X_LINKED)
    table = table.sort_values(["median", "gene"], ascending=[False, True], ignore_index=True)
    return VafSummary(
        table=table,
        points=own[["gene", "vaf"]].reset_index(drop=True),
        without=int(variants["vaf"].isna().sum()),
        pairs=acquisition_order(cohort, mask, most),
        selected=int(mask.sum()),
    )


def acquisition_order(cohort: Cohort, mask: Bools, most: int = 20) -> pd.DataFrame:
    """Which of two mutated genes has the higher allele fraction, in the patients who have both.

    A hint of the order of acquisition, not a proof: a mutation in more of the cells came earlier
    only if both are heterozygous, in the same clone, and no copy was lost or gained. Nothing is
    corrected for copy number. Of several variants of a gene in a patient the largest counts, and
    fractions within :data:`MARGIN` are similar. Pairs in fewer patients than :data:`MIN_PAIRS` are
    left out.

    Parameters
    ----------
    most
        How many genes to pair, those with most patients.

    Returns
    -------
    DataFrame
        One row a pair, ``a`` the one that is more often higher: a, b, patients, a_higher, similar,
        b_higher, median_difference, p_value (exact sign test of the dissimilar), q_value
        (Benjamini-Hochberg), x_linked (whether either is); the most patients first.
    """
    known = counted_variants(cohort, mask)
    known = known[known["vaf"].notna()]
    pairs = known[["gene", "patient"]].drop_duplicates()
    counts = pairs["gene"].value_counts()
    genes = counts[counts > 0].head(most).index.tolist()
    own = known[known["gene"].isin(genes)]
    patients, columns_of = np.unique(own["patient"].to_numpy(), return_inverse=True)
    rows_of = own["gene"].astype(object).map({gene: i for i, gene in enumerate(genes)})
    values = np.full((len(genes), len(patients)), -np.inf)
    np.maximum.at(values, (rows_of.to_numpy(int), columns_of), own["vaf"].to_numpy(float))
    values[np.isinf(values)] = np.nan
    found = []
    for one, two in combinations(range(len(genes)), 2):
        difference = values[one] - values[two]
        difference = difference[~np.isnan(difference)]
        if len(difference) < MIN_PAIRS:
            continue
        first = int((difference > MARGIN).sum())
        second = int((difference < -MARGIN).sum())
        middle = float(np.median(difference))
        a, b = genes[one], genes[two]
        if (second, -middle) > (first, middle):
            a, b, first, second, middle = b, a, second, first, -middle
        found.append((a, b, len(difference), first, second, middle))
    columns = ["a", "b", "patients", "a_higher", "b_higher", "median_difference"]
    table = pd.DataFrame(found, columns=columns)
    table.insert(4, "similar", table["patients"] - table["a_higher"] - table["b_higher"])
    decided = (table["a_higher"] + table["b_higher"]).to_numpy(dtype=int)
    from scipy.stats import binom  # that few pages need

    tail = binom.cdf(table["b_higher"].to_numpy(dtype=int), decided, 0.5)
    table["p_value"] = np.where(decided > 0, np.minimum(2 * tail, 1.0), np.nan)
    table["q_value"] = adjust_p_values(table["p_value"].to_numpy(float))
    table["x_linked"] = table["a"].isin(X_LINKED) | table["b"].isin(X_LINKED)
    return table.sort_values("patients", ascending=False, kind="stable", ignore_index=True)


def placed_genes(cohort: Cohort, mask: Bools) -> pd.Series:
    """Patients with a variant that has a position on the protein, by gene, the most first."""
    variants = counted_variants(cohort, mask)
    placed = variants[variants["position"].notna()]
    counts = placed.groupby("gene", observed=True)["patient"].nunique()
    return counts.sort_values(ascending=False, kind="stable")


def gene_variants(
    cohort: Cohort,
    mask: Bools,
    gene: str,
    *,
    grouping: Grouping | None = None,
    groups: Sequence[str] = (),
) -> GeneVariants:
    """The variants of one gene by their place on its protein, in one or two groups."""
    variants = counted_variants(cohort, mask)
    own = variants[variants["gene"] == gene]
    tested = mask & _tested(cohort, gene)
    members: dict[str, npt.NDArray[np.bool_]] = {"": tested}
    if grouping is not None:
        members = {name: tested & (grouping.codes == grouping.names.index(name)) for name in groups}
    parts, altered = [], {}
    for name, inside in members.items():
        placed = own[own["position"].notna() & inside[own["patient"].to_numpy()]]
        altered[name] = int(placed["patient"].nunique())
        counts = placed.groupby(["protein_change", "variant_class", "position"], dropna=False)
        part = counts["patient"].nunique().rename("patients").reset_index()
        part.insert(0, "group", name)
        part["share"] = part["patients"] / max(int(inside.sum()), 1)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    anyone = np.logical_or.reduce(list(members.values()))
    placed_patients = set(own.loc[own["position"].notna(), "patient"])
    unplaced = {p for p in own["patient"] if anyone[p] and p not in placed_patients}
    return GeneVariants(
        gene=gene,
        table=table.sort_values(
            ["group", "patients", "position"], ascending=[True, False, True], ignore_index=True
        ),
        tested={name: int(inside.sum()) for name, inside in members.items()},
        altered=altered,
        unplaced=len(unplaced),
        accounting=_accounting(mask, tested, anyone),
    )


def _accounting(mask: Bools, tested: Bools, shown: Bools) -> Accounting:
    n, n_tested, n_shown = (int(who.sum()) for who in (mask, tested, shown))
    left_out = {"not tested for the gene": n - n_tested, "in neither group": n_tested - n_shown}
    return Accounting(n, n_shown, {reason: number for reason, number in left_out.items() if number})


def _tested(cohort: Cohort, gene: str) -> npt.NDArray[np.bool_]:
    """Who was tested for the gene; everyone where the cohort has no such alteration."""
    if gene not in cohort.alterations.columns:
        return np.ones(cohort.n, dtype=np.bool_)
    return np.asarray(cohort.feature_state(gene) >= 0)
