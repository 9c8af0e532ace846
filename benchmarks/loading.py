"""Loading 100,000 patients, 200 gene columns and a million variants, beside plain pandas.

Run from the root of the project: ``python -m benchmarks.loading``. Writes the files to a temporary
folder, then reads them in fresh processes, so that the time and the peak memory are those of one
load. Plain pandas reads the same files, turns days to months and marks who is mutated: the least
that a notebook would do, without finding out what the columns are.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

PATIENTS, GENES, VARIANTS = 100_000, 200, 1_000_000
_CLASSES = ("Missense_Mutation", "Nonsense_Mutation", "Frame_Shift_Del", "Splice_Site", "Silent")


def write_files(folder: Path, patients: int, genes: int, variants: int) -> None:
    """Write a clinical table, a gene matrix and a list of variants with random content."""
    from data_loaders.alterations.genes import known_symbols

    rng = np.random.default_rng(7)
    ids = np.array([f"P{i:06d}" for i in range(patients)])
    symbols = np.array(sorted(known_symbols()))[:genes]
    pd.DataFrame(
        {
            "patient_id": ids,
            "sex": rng.choice(["F", "M"], patients),
            "age_years": rng.integers(18, 95, patients),
            "diagnosis": rng.choice(["MDS", "AML", "ET", "PV", "MF"], patients),
            "hb_g_per_l": rng.normal(110, 20, patients).round(1),
            "platelets_1e9_per_l": rng.lognormal(5, 0.6, patients).round(0),
            "centre": rng.integers(1, 60, patients),
            "os_days": rng.exponential(1500, patients).round(0),
            "os_status": rng.choice(["Alive", "Dead"], patients),
        }
    ).to_csv(folder / "clinical.csv", index=False)
    matrix = (rng.random((patients, genes)) < 0.04).astype(np.int8)
    pd.DataFrame(matrix, columns=symbols).assign(ID=ids).to_csv(
        folder / "genes.tsv", sep="\t", index=False
    )
    residue = rng.integers(1, 2500, variants)
    start = rng.integers(10**6, 2 * 10**8, variants)
    pd.DataFrame(
        {
            "Hugo_Symbol": rng.choice(symbols, variants),
            "Chromosome": rng.integers(1, 23, variants),
            "Start_Position": start,
            "End_Position": start,
            "Variant_Classification": rng.choice(_CLASSES, variants),
            "Reference_Allele": rng.choice(list("ACGT"), variants),
            "Tumor_Seq_Allele2": rng.choice(list("ACGT"), variants),
            "Tumor_Sample_Barcode": rng.choice(ids, variants),
            "HGVSp_Short": pd.Series(residue).map("p.R{}C".format),
            "HGVSc": pd.Series(residue * 3).map("c.{}C>T".format),
            "t_alt_count": rng.integers(5, 400, variants),
            "t_ref_count": rng.integers(100, 900, variants),
        }
    ).to_csv(folder / "variants.maf", sep="\t", index=False)


def plain_pandas(folder: Path) -> str:
    """What a notebook would write."""
    clinical = pd.read_csv(folder / "clinical.csv", index_col="patient_id")
    clinical["os_months"] = clinical["os_days"] / 30.4375
    genes = pd.read_csv(folder / "genes.tsv", sep="\t", index_col="ID").astype("boolean")
    variants = pd.read_csv(folder / "variants.maf", sep="\t", low_memory=False)
    mutated = variants[variants["Variant_Classification"] != "Silent"]
    called = mutated.pivot_table(
        index="Tumor_Sample_Barcode", columns="Hugo_Symbol", values="Chromosome", aggfunc="size"
    )
    joined = clinical.join(genes).join(called.notna(), rsuffix="_called")
    return f"{len(joined):,} patients, {len(variants):,} variants"


def this_project(folder: Path) -> str:
    """One call."""
    from data_loaders import load_cohort

    cohort = load_cohort(folder)
    return (
        f"{cohort.n:,} patients, {cohort.alterations.shape[1]} features, "
        f"{len(cohort.mutations):,} variants"
    )


def main() -> None:
    """Print seconds, processor time and peak memory of both, each in a process of its own."""
    if len(sys.argv) == 3:
        begin = time.perf_counter()
        what = {"plain": plain_pandas, "this": this_project}[sys.argv[1]](Path(sys.argv[2]))
        seconds = time.perf_counter() - begin
        usage = resource.getrusage(resource.RUSAGE_SELF)
        busy = usage.ru_utime + usage.ru_stime  # start of Python and imports included
        peak = usage.ru_maxrss / 2**20
        print(f"{seconds:6.1f} s  {busy:5.1f} s of processor  {peak:5.2f} GiB  {what}")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, PATIENTS, GENES, VARIANTS)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 2**20
        print(f"{PATIENTS:,} patients, {GENES} genes, {VARIANTS:,} variants: {size:.0f} MiB")
        for label, key in (("plain pandas", "plain"), ("load_cohort", "this")):
            print(f"{label:<14}", end="", flush=True)
            subprocess.run(
                [sys.executable, "-m", "benchmarks.loading", key, str(folder)], check=True
            )


if __name__ == "__main__":
    main()
