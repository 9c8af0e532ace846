"""Variants: positions, allele fractions, order, burden; by hand, by scipy, on published cohorts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, kruskal

from app.cohort.groupings import by_variable
from app.views.genomics.burden.analysis import mutation_burden
from app.views.genomics.variants.analysis import (
    acquisition_order,
    counted_variants,
    gene_variants,
    placed_genes,
    protein_positions,
    vaf_summary,
)
from app.views.genomics.variants.proteins import PROTEINS, protein_axis
from data_loaders import Cohort, load_cohort
from tests.builders import DIAGNOSIS, make_cohort


@pytest.mark.parametrize(
    ("change", "position"),
    [
        ("p.V617F", 617), ("p.L367fs*46", 367), ("p.Q1034*", 1034), ("p.*418Wext*", 418),
        ("p.598_599insDYF", 598), ("p.E598_Y599insDYF", 598), ("p.(R882H)", 882),
        ("p.M1?", 1), ("p.?", None), ("ITD", None), (None, None), ("MLL_PTD", None),
    ],
)  # fmt: skip
def test_the_first_residue_of_a_change(change: str | None, position: int | None):
    found = protein_positions(pd.Series([change], dtype="object"))[0]
    assert np.isnan(found) if position is None else found == position


def with_variants(rows: list[tuple[Any, ...]], n: int = 40) -> Cohort:
    half = n // 2
    cohort = make_cohort(
        {"diagnosis": ["A"] * half + ["B"] * (n - half)},
        {"TP53": [None, *[0] * (n - 1)], "TET2": [0] * n},
        variables=(DIAGNOSIS,),
    )
    columns = ["patient_id", "gene", "protein_change", "variant_class", "vaf"]
    return replace(cohort, mutations=pd.DataFrame(rows, columns=columns))


def test_silent_variants_and_fractions_of_zero_do_not_count():
    cohort = with_variants(
        [
            ("P2", "TP53", "p.R175H", "missense", 0.4),
            ("P3", "TP53", "p.P72P", "silent", 0.5),
            ("P4", "TP53", "p.R248Q", "missense", 0.0),
            ("P5", "TP53", "p.R248Q", "missense", None),
        ]
    )
    found = counted_variants(cohort, np.ones(40, dtype=bool))
    assert found["patient"].tolist() == [1, 3, 4]
    assert found["vaf"].isna().tolist() == [False, True, True]
    assert counted_variants(cohort, np.arange(40) == 3)["patient"].tolist() == [3]


def test_quantiles_of_a_genes_fractions():
    values = [0.1, 0.2, 0.3, 0.4, 0.5]
    rows = [(f"P{i + 2}", "TP53", "p.R175H", "missense", v) for i, v in enumerate(values)]
    summary = vaf_summary(with_variants(rows), np.ones(40, dtype=bool), 10)
    row = summary.table.iloc[0]
    assert (row["variants"], row["q1"], row["median"], row["q3"]) == (5, 0.2, 0.3, 0.4)


def test_a_planted_order_is_found_and_tested_as_by_scipy():
    rows = []
    for i in range(16):
        late = 0.2 if i < 12 else 0.39 if i < 14 else 0.48
        rows.append((f"P{i + 1}", "TET2", "p.Q1034*", "truncating", 0.40))
        # The smaller of two variants of a gene does not count.
        rows.append((f"P{i + 1}", "TET2", "p.H1881R", "missense", 0.05))
        rows.append((f"P{i + 1}", "TP53", "p.R175H", "missense", late))
    table = acquisition_order(with_variants(rows), np.ones(40, dtype=bool))
    row = table.iloc[0]
    assert (row["a"], row["b"], row["patients"]) == ("TET2", "TP53", 16)
    assert (row["a_higher"], row["similar"], row["b_higher"]) == (12, 2, 2)
    assert row["p_value"] == pytest.approx(binomtest(12, 14).pvalue)
    assert row["median_difference"] == pytest.approx(0.2)


def test_the_order_of_rows_changes_nothing():
    rng = np.random.default_rng(4)
    rows = [
        (f"P{i + 1}", gene, "p.R175H", "missense", round(float(rng.uniform(0.05, 0.9)), 3))
        for i in range(30)
        for gene in ("TET2", "TP53", "CBL")
    ]
    shuffled = [rows[i] for i in rng.permutation(len(rows))]
    mask = np.ones(40, dtype=bool)
    key = ["a", "b"]
    one = acquisition_order(with_variants(rows), mask).sort_values(key, ignore_index=True)
    two = acquisition_order(with_variants(shuffled), mask).sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(one, two)


def test_variants_of_two_groups_have_their_own_denominators():
    rows = [
        ("P1", "TP53", "p.R175H", "missense", 0.4),  # not tested: not counted
        ("P2", "TP53", "p.R175H", "missense", 0.4),
        ("P3", "TP53", "p.R175H", "missense", 0.4),
        ("P25", "TP53", "p.R213*", "truncating", 0.4),
        ("P26", "TP53", "p.?", "splice", 0.4),
    ]
    cohort = with_variants(rows)
    found = gene_variants(
        cohort, np.ones(40, dtype=bool), "TP53",
        grouping=by_variable(cohort, "diagnosis"), groups=["A", "B"],
    )  # fmt: skip
    assert found.tested == {"A": 19, "B": 20}
    assert found.altered == {"A": 2, "B": 1}
    assert found.unplaced == 1
    first = found.table.iloc[0]
    assert (first["group"], first["position"], first["patients"]) == ("A", 175, 2)
    assert first["share"] == pytest.approx(2 / 19)


def test_a_protein_shorter_than_a_variant_lies_is_no_axis():
    assert protein_axis("TP53", 393) is PROTEINS["TP53"]
    assert protein_axis("TP53", 394) is PROTEINS["TP53"], "the stop codon"
    assert protein_axis("TP53", 395) is None
    assert protein_axis("RUNX1", 10) is None


def test_every_protein_names_its_records_and_its_domains_lie_on_it_one_after_another():
    for gene, protein in PROTEINS.items():
        assert re.fullmatch(r"[OPQ]\d[A-Z0-9]{3}\d", protein.accession), gene
        assert re.fullmatch(r"NP_\d{6,9}", protein.refseq), gene
        limits = [limit for _, *both in protein.domains for limit in both]
        assert limits == sorted(set(limits)), gene
        assert not limits or (limits[0] >= 1 and limits[-1] <= protein.length), gene


# Human sequences, UniProt and RefSeq alike: residues that variants are named after.
@pytest.mark.parametrize(
    ("gene", "domain", "residues"),
    [
        ("CALR", "C-domain", (367, 385)),  # type 1 and 2 begin
        ("DNMT3A", "Methyltransferase", (882,)),
        ("KIT", "Kinase", (816,)),
        ("JAK2", "Pseudokinase", (617,)),
        ("CBL", "RING", (384, 404, 420)),
        ("TP53", "DNA-binding", (175, 248, 273)),
    ],
)
def test_hot_spots_lie_in_the_domains_that_are_known_for_them(
    gene: str, domain: str, residues: tuple[int, ...]
):
    first, last = next(both for name, *both in PROTEINS[gene].domains if name == domain)
    assert all(first <= residue <= last for residue in residues)


@pytest.mark.shared
@pytest.mark.parametrize("source", ["mds_iwg_2022", "aml_papaemmanuil_2016"])
def test_published_variants_lie_on_their_proteins(public_cohorts: Path, source: str):
    """Hundreds of independent annotations: a wrong length would be overrun."""
    cohort = load_cohort(public_cohorts / source)
    mask = np.ones(cohort.n, dtype=bool)
    seen = 0
    for gene in set(PROTEINS) & set(placed_genes(cohort, mask).index):
        table = gene_variants(cohort, mask, gene).table
        # A stop lost changes the codon after the last residue.
        beyond = (table["position"] > PROTEINS[gene].length + 1).sum()
        assert beyond <= 0.01 * len(table), gene
        seen += len(table)
    assert seen > 300


@pytest.mark.shared
def test_v617f_and_k700e_are_where_they_are(public_cohorts: Path):
    cohort = load_cohort(public_cohorts / "mds_iwg_2022")
    mask = np.ones(cohort.n, dtype=bool)
    for gene, change, position in (("JAK2", "p.V617F", 617), ("SF3B1", "p.K700E", 700)):
        top = gene_variants(cohort, mask, gene).table.iloc[0]
        assert (top["protein_change"], top["position"]) == (change, position)
        raw = cohort.mutations
        own = raw[(raw["gene"] == gene) & (raw["protein_change"] == change)]
        assert top["patients"] == own["patient_id"].nunique()


# Burden --------------------------------------------------------------------------------------


def test_burden_by_hand_and_by_scipy():
    cohort = make_cohort(
        {"diagnosis": ["A"] * 12 + ["B"] * 12 + ["C"] * 12},
        {
            "TP53": [1] + [0] * 11 + [1] * 24,
            "CBL": [0] * 18 + [1] * 17 + [None],
        },
        variables=(DIAGNOSIS,),
    )
    mask = np.ones(36, dtype=bool)
    grouping = by_variable(cohort, "diagnosis")
    found = mutation_burden(cohort, mask, ["gene"], grouping=grouping)
    rows = found.summary.set_index("group")
    assert rows["mean"].to_dict() == pytest.approx({"A": 1 / 12, "B": 1.5, "C": 23 / 12})
    assert rows.loc["A", "none"] == 11
    assert found.incomplete == 1
    number = (cohort.states == 1).sum(axis=1)
    assert found.p_value == pytest.approx(kruskal(number[:12], number[12:24], number[24:]).pvalue)
    sums = found.shares.groupby("group")[["patients", "share"]].sum()
    assert (sums["patients"] == 12).all()
    assert sums["share"].tolist() == pytest.approx([1, 1, 1])


@pytest.mark.shared
def test_most_mds_patients_have_a_mutated_gene(public_cohorts: Path, known_answers: list[Any]):
    expected = next(entry["value"] for entry in known_answers if entry["id"] == "KA030")
    cohort = load_cohort(public_cohorts / "mds_iwg_2022")
    genes = [cohort.alterations.columns.get_loc(g) for g in cohort.features_of_kind(["gene"])]
    ptd = [cohort.alterations.columns.get_loc(f) for f in ("KMT2A_PTD", "FLT3_ITD")]
    some = (cohort.states[:, genes + ptd] == 1).any(axis=1)
    assert 100 * some.mean() == pytest.approx(expected, abs=0.0051)
    found = mutation_burden(cohort, np.ones(cohort.n, dtype=bool), ["gene"])
    assert int(found.summary.loc[0, "none"]) == cohort.n - int(
        (cohort.states[:, genes] == 1).any(axis=1).sum()
    )
