"""Genomic subgroups against published classes, with the plain pipeline beside them.

Run from the project's folder: ``python -m benchmarks.subgroups`` (``--help`` for less or more).
Cohorts come from ``../shared/public-cohorts`` where that folder exists (the AML cohort needs the
``rdata`` package to read its clinical table), else from the embedded demonstration cohort; beside
them stand simulated ones (AML with small fusions, lymphoid, dense, sparse, small, many groups).
"""

from __future__ import annotations

import argparse
import os
import resource
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from app.analysis.subgroups import (
    NO_ALTERATION,
    NOISE,
    SubgroupSettings,
    concordance,
    find_subgroups,
    warm_up,
)
from data_loaders import load_cohort

SHARED = Path(__file__).resolve().parents[2] / "shared" / "public-cohorts"
_MB = 1024
_AML_CLINICAL_FEATURES = ("NPM1", "FLT3_ITD", "FLT3_TKD", "FLT3_other", "MLL_PTD")
_CHROMATIN_SPLICEOSOME = (
    *("ASXL1", "EZH2", "SRSF2", "U2AF1", "CBL", "ZRSR2", "GNAS", "KRAS", "IDH2", "BCOR", "NRAS"),
    *("CUX1", "STAG2", "IDH1", "RUNX1", "PHF6", "7q-", "4qUPD"),
)


@dataclass(frozen=True, eq=False)
class Labelled:
    """A cohort's alterations with a known class; ``indefinite`` classes do not count."""

    name: str
    alterations: pd.DataFrame
    classes: pd.Series
    indefinite: tuple[str, ...]


def aml_papaemmanuil(folder: Path) -> Labelled:
    """Papaemmanuil 2016: 1,540 AML, 85 features, the published class.

    Variants that are oncogenic or possibly so, one feature a gene, IDH2 split into R172 and other;
    NPM1, FLT3, CEBPA, KMT2A-PTD and cytogenetics from the clinical table.

    Parameters
    ----------
    folder
        The folder ``aml_papaemmanuil_2016``.

    Raises
    ------
    ImportError
        If the ``rdata`` package is not installed.
    """
    import rdata

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rdata warns about R classes that do not matter here
        parsed = rdata.parser.parse_file(folder / "AMLSG_Clinical_Anon.RData")
        clinical = rdata.conversion.convert(parsed)["clinicalData"]
    clinical.columns = clinical.columns.astype(str)
    patients = pd.Index(clinical["PDID"].astype(str), name="patient_id")
    variants = pd.read_csv(
        folder / "AMLSG_Genetic.txt", sep="\t", lineterminator="\r", low_memory=False
    )
    gene = variants["GENE"].replace({"SFRS2": "SRSF2"})
    r172 = variants["AA_CHANGE"].str.contains("R172", na=False)
    gene = gene.mask(gene == "IDH2", pd.Series(np.where(r172, "IDH2_R172", "IDH2_other")))
    genes = pd.crosstab(variants["SAMPLE_NAME"], gene).gt(0)
    genes = genes.drop(columns=["FLT3", "NPM1", "CEBPA"])
    genes = genes.reindex(patients, fill_value=False).astype("boolean")
    columns = list(clinical.columns)
    karyotype = columns[columns.index("inv3_t3_3") : columns.index("complex") + 1]
    wanted = [*_AML_CLINICAL_FEATURES, *karyotype, "t_9_11", "t_v_11", "CEBPA"]
    table = pd.DataFrame(
        {name: pd.array([_number(v) for v in clinical[name]], dtype="Int64") for name in wanted},
        index=patients,
    )
    cebpa = table.pop("CEBPA")
    table["CEBPA_mono"], table["CEBPA_bi"] = cebpa.eq(1), cebpa.eq(2)
    alterations = pd.concat([genes, table.astype("boolean")], axis=1)
    classes = pd.read_csv(folder / "AMLSG_Classification.txt", sep="\t").set_index("ID")
    return Labelled(
        "AML, Papaemmanuil 2016",
        alterations,
        classes["Overall_classification"].rename("published class").reindex(patients),
        ("No_class", "No_drivers", "Ambiguous_classification"),
    )


def _number(value: object) -> int | None:
    return None if pd.isna(value) else int(value)  # type: ignore[call-overload]


def mpn_grinfeld(folder: Path) -> Labelled:
    """Grinfeld 2018: 1,875 MPN, 53 features, classes by the paper's decision list.

    Parameters
    ----------
    folder
        The folder ``mpn_grinfeld_2018``.
    """
    table = pd.read_csv(folder / "mpn_patients.csv").set_index("patient_id")
    alterations = table.loc[:, "JAK2":"20q-"].astype("boolean")

    def any_of(*features: str) -> pd.Series:
        return alterations[list(features)].any(axis=1)

    homozygous = any_of("JAK2") & any_of("9pUPD", "9+", "NFE2")
    rules = {
        "TP53 disruption or aneuploidy": any_of("TP53", "17pUPD_del", "5q-"),
        "chromatin or spliceosome": any_of(*_CHROMATIN_SPLICEOSOME),
        "CALR": any_of("CALR"),
        "MPL": any_of("MPL"),
        "JAK2 homozygous or NFE2": homozygous | any_of("JAK2e12"),
        "JAK2 heterozygous": any_of("JAK2"),
        "other driver": alterations.any(axis=1),
    }
    conditions = [rule.to_numpy(dtype=bool) for rule in rules.values()]
    classes = pd.Series(np.select(conditions, list(rules), "no known driver"), alterations.index)
    return Labelled(
        "MPN, Grinfeld 2018",
        alterations.drop(columns=["CALR_Type_1", "CALR_Type_2"]),
        classes.rename("class by rules"),
        ("other driver", "no known driver"),
    )


def demo_aml() -> Labelled:
    """The embedded synthetic AML cohort with the classes it was made from."""
    cohort = load_cohort("demo:aml")
    classes = cohort.patients["planted_class"].astype(str)
    return Labelled("AML, demonstration", cohort.alterations, classes, ())


def cohorts() -> list[Labelled]:
    """The published cohorts that this machine can read, else the demonstration cohort."""
    found = []
    if SHARED.is_dir():
        try:
            found.append(aml_papaemmanuil(SHARED / "aml_papaemmanuil_2016"))
        except ImportError:
            print("AML, Papaemmanuil 2016 left out: pip install rdata to read its clinical table.")
        found.append(mpn_grinfeld(SHARED / "mpn_grinfeld_2018"))
    return found or [demo_aml()]


def enlarged(cohort: Labelled, n_patients: int, seed: int = 0) -> Labelled:
    """A larger cohort with the same classes: features drawn independently within each class."""
    rng = np.random.default_rng(seed)
    frequency = cohort.alterations.fillna(value=False).astype(float).groupby(cohort.classes).mean()
    drawn = rng.choice(cohort.classes.dropna().to_numpy(), size=n_patients)
    index = pd.Index([f"P{number:06d}" for number in range(n_patients)], name="patient_id")
    altered = rng.random((n_patients, frequency.shape[1])) < frequency.loc[drawn].to_numpy()
    return Labelled(
        f"{cohort.name}, enlarged to {n_patients:,}",
        pd.DataFrame(altered, index=index, columns=frequency.columns),
        pd.Series(drawn, index=index, name="class"),
        cohort.indefinite,
    )


@dataclass(frozen=True)
class Recipe:
    """A simulated cohort; the last of ``shares`` has no signature and does not count.

    Parameters
    ----------
    n_patients, n_features, shares
        Size, and shares of the classes.
    signature
        Fewest and most features of a class's signature, and lowest and highest frequency in it.
    leading
        Least frequency of the first of them.
    background
        Median frequency of a feature elsewhere.
    burden
        Standard deviation of the log odds by which patients carry more or fewer alterations.
    """

    n_patients: int
    n_features: int
    shares: tuple[float, ...]
    signature: tuple[int, int, float, float]
    leading: float
    background: float
    burden: float


RECIPES = {
    "lymphoid": Recipe(
        699, 163, (0.16, 0.16, 0.2, 0.06, 0.07, 0.04, 0.31), (8, 14, 0.1, 0.4), 0.5, 0.04, 0.6
    ),
    "dense": Recipe(
        1000, 120, (0.25, 0.2, 0.15, 0.12, 0.05, 0.03, 0.2), (6, 12, 0.3, 0.8), 0.75, 0.08, 0.3
    ),
    "sparse": Recipe(
        1500, 45, (0.4, 0.2, 0.1, 0.06, 0.03, 0.02, 0.012, 0.178), (1, 4, 0.2, 0.6),
        0.75, 0.012, 0.2,
    ),
    "small": Recipe(260, 50, (0.3, 0.25, 0.15, 0.1, 0.2), (3, 7, 0.3, 0.8), 0.75, 0.04, 0.3),
    "many groups": Recipe(
        2200, 80,
        (0.25, 0.2, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02, 0.015, 0.012, 0.01, 0.233),
        (2, 6, 0.2, 0.6), 0.75, 0.025, 0.3,
    ),
}  # fmt: skip


def simulated(name: str, seed: int = 0) -> Labelled:
    """A cohort drawn from a recipe: signatures, passengers shared by two, burdens that differ."""
    recipe = RECIPES[name]
    rng = np.random.default_rng([seed, list(RECIPES).index(name)])
    n_classes, n_features = len(recipe.shares), recipe.n_features
    spread = np.exp(rng.normal(np.log(recipe.background), 0.8, n_features))
    frequency = np.tile(np.clip(spread, 0.003, 0.35), (n_classes, 1))
    fewest, most, low, high = recipe.signature
    for own in frequency[:-1]:
        features = rng.choice(n_features, int(rng.integers(fewest, most + 1)), replace=False)
        own[features] = rng.uniform(low, high, len(features))
        own[features[0]] = max(own[features[0]], recipe.leading)
        own[rng.choice(n_features, 2)] = rng.uniform(0.15, 0.4, 2)
    drawn = rng.choice(n_classes, recipe.n_patients, p=recipe.shares)
    odds = frequency[drawn] / (1 - frequency[drawn])
    odds *= np.exp(rng.normal(0, recipe.burden, recipe.n_patients))[:, None]
    altered = rng.random(odds.shape) < odds / (1 + odds)
    index = pd.Index([f"P{number:05d}" for number in range(len(drawn))], name="patient_id")
    return Labelled(
        f"simulated, {name}",
        pd.DataFrame(altered, index=index, columns=[f"G{n:03d}" for n in range(n_features)]),
        pd.Series([f"class {number}" for number in drawn], index=index, name="class"),
        (f"class {n_classes - 1}",),
    )


# An AML cohort in kind: class, patients, and frequencies of what its patients carry (in per cent),
# drawn as one remembers them from the literature, not from a cohort that is measured here.
AML_CLASSES = (
    ("NPM1", 590, "NPM1:100 DNMT3A:53 FLT3_ITD:40 NRAS:19 TET2:17 PTPN11:17 IDH1:14 IDH2:14"),
    ("secondary", 390, "RUNX1:33 ASXL1:30 SRSF2:26 TET2:22 STAG2:20 MLL_PTD:14 SF3B1:14 BCOR:12 "
     "U2AF1:11 EZH2:11 DNMT3A:17 NRAS:17 IDH2:12 FLT3_ITD:13 +8:14 PHF6:10 -7:6"),
    ("TP53", 230, "complex:75 TP53:72 -5:55 -7:38 -17:33 -12:20 -18:16 +8:16 -20:14 -3:14 +21:12"),
    ("t(8;21)", 95, "t(8;21):100 -Y:40 KIT:27 NRAS:20 ASXL2:18 -9q:16 RAD21:10"),
    ("inv(16)", 90, "inv(16):100 NRAS:42 KIT:33 FLT3_TKD:17 +22:17 KRAS:13 +8:13"),
    ("KMT2A", 75, "t(9;11):42 t(v;11):58 NRAS:24 KRAS:20 +8:20 FLT3_TKD:15"),
    ("CEBPA", 70, "CEBPA_bi:100 GATA2:27 NRAS:20 WT1:18 FLT3_ITD:17 TET2:12"),
    ("t(15;17)", 55, "t(15;17):100 FLT3_ITD:30 WT1:14 FLT3_TKD:13 +8:12"),
    ("inv(3)", 30, "inv(3):100 -7:55 NRAS:27 SF3B1:25 PTPN11:18 GATA2:15 RUNX1:13 KRAS:13"),
    ("IDH2 R172", 30, "IDH2_R172:100 DNMT3A:67 BCOR:17 +8:10"),
    ("NUP98", 26, "NUP98::NSD1:100 FLT3_ITD:75 WT1:45 +8:12"),
    ("t(6;9)", 22, "t(6;9):100 FLT3_ITD:66 WT1:12 +8:10"),
    ("none", 410, "DNMT3A:22 FLT3_ITD:16 +8:14 NRAS:13 TET2:12 WT1:9 IDH1:8 IDH2:8 -Y:6"),
)  # fmt: skip
_RECOGNISED = 0.7


def aml_with_fusions(seed: int = 0, rare_features: int = 90) -> Labelled:
    """2,113 patients of :data:`AML_CLASSES`, with rare features that belong to no class."""
    rng = np.random.default_rng([seed, 99])
    held = {
        name: {f: int(share) / 100 for f, share in (pair.rsplit(":", 1) for pair in text.split())}
        for name, _, text in AML_CLASSES
    }
    features = sorted({feature for own in held.values() for feature in own})
    rows, classes = [], []
    for name, n, _ in AML_CLASSES:
        # What other classes carry by chance; fusions exclude each other.
        elsewhere = {f: 0.0 if "(" in f or "::" in f else 0.01 for f in features}
        share = np.array([held[name].get(feature, elsewhere[feature]) for feature in features])
        odds = share / np.maximum(1 - share, 1e-9) * np.exp(rng.normal(0, 0.3, (n, 1)))
        bits = rng.random((n, len(features))) < np.where(share == 1, 1, odds / (1 + odds))
        fusions = [features.index(f) for f in ("t(9;11)", "t(v;11)")]
        if name == "KMT2A":  # each has one of them
            bits[:, fusions[1]] = ~bits[:, fusions[0]]
        rows.append(bits)
        classes += [name] * n
    altered = np.vstack(rows)
    rate = np.exp(rng.normal(np.log(0.007), 0.7, rare_features))
    burden = np.exp(rng.normal(0, 0.5, (len(altered), 1)))
    rare = rng.random((len(altered), rare_features)) < np.clip(rate * burden, 0, 0.5)
    index = pd.Index([f"P{number:05d}" for number in range(len(altered))], name="patient_id")
    names = [*features, *(f"R{number:02d}" for number in range(rare_features))]
    return Labelled(
        "simulated, AML with fusions",
        pd.DataFrame(np.hstack([altered, rare]), index=index, columns=names),
        pd.Series(classes, index=index, name="class"),
        ("none",),
    )


def recognised(labels: pd.Series, cohort: Labelled) -> float:
    """Share of the classes of which one group holds 70% and which are 70% of that group."""
    definite = cohort.classes.notna() & ~cohort.classes.isin(cohort.indefinite)
    table = pd.crosstab(cohort.classes[definite], labels[definite]).to_numpy(float)
    recall, precision = table / table.sum(axis=1, keepdims=True), table / table.sum(axis=0)
    found = (recall >= _RECOGNISED) & (precision >= _RECOGNISED)
    return float(found.any(axis=1).mean())


def subsamples(cohort: Labelled, n_patients: int, number: int) -> list[Labelled]:
    """Random subsamples of a cohort."""
    found = []
    for seed in range(number):
        rng = np.random.default_rng(100 + seed)
        rows = np.sort(rng.choice(len(cohort.alterations), n_patients, replace=False))
        found.append(
            Labelled(
                cohort.name,
                cohort.alterations.iloc[rows],
                cohort.classes.iloc[rows],
                cohort.indefinite,
            )
        )
    return found


def score(cohort: Labelled, quality: str, seeds: range) -> tuple[dict[str, object], pd.DataFrame]:
    """Mean agreement with the classes, processor time with the verdict, and the labels."""
    found, labels, seconds = [], {}, []
    for seed in seeds:
        settings = SubgroupSettings(quality=quality, seed=seed)  # type: ignore[arg-type]
        started = time.process_time()
        result = find_subgroups(cohort.alterations, settings)
        seconds.append(time.process_time() - started)
        labels[seed] = result.labels
        found.append(concordance(result.labels, cohort.classes, cohort.indefinite))
    table = pd.DataFrame(labels)
    pairs = list(combinations(seeds, 2))
    row = {
        "cohort": cohort.name,
        "pipeline": quality,
        "ARI": np.mean([one.ari for one in found]),
        "AMI": np.mean([one.ami for one in found]),
        "lowest ARI": np.min([one.ari for one in found]),
        "seeds agree": np.mean([concordance(table[a], table[b]).ari for a, b in pairs] or [np.nan]),
        "recognised": np.mean([recognised(table[s], cohort) for s in seeds]),
        "groups": np.mean(
            [table[s][~table[s].isin([NOISE, NO_ALTERATION])].nunique() for s in seeds]
        ),
        "processor s": np.mean(seconds),
    }
    return row, table


def pooled(name: str, cohorts: Iterable[Labelled], quality: str, seeds: range) -> dict[str, object]:
    """The means of several cohorts of one kind."""
    rows = pd.DataFrame([score(one, quality, seeds)[0] for one in cohorts])
    means = rows.select_dtypes("number").mean().to_dict()
    return {"cohort": name, "pipeline": quality} | means | {"lowest ARI": rows["lowest ARI"].min()}


def permuted(cohort: Labelled, seed: int) -> pd.DataFrame:
    """The alterations with every column shuffled over the patients."""
    rng = np.random.default_rng(seed)
    shuffled = cohort.alterations.apply(lambda column: rng.permutation(column.to_numpy()))
    return shuffled.astype("boolean")


def verdicts(cohort: Labelled, seeds: range) -> list[dict[str, object]]:
    """What the null says of a cohort, and of permutations of it."""
    tables = [("as it is", seed, cohort.alterations) for seed in seeds]
    tables += [("permuted", seed, permuted(cohort, seed)) for seed in seeds]
    rows = []
    for kind, seed, table in tables:
        evidence = find_subgroups(table, SubgroupSettings(seed=seed)).evidence
        if evidence is not None:
            rows.append(
                {
                    "cohort": cohort.name, "data": kind, "seed": seed, "groups": evidence.n_groups,
                    "verdict": evidence.kind, "company over chance": evidence.ratio,
                    "of the strongest": evidence.strongest_share,
                }
            )  # fmt: skip
    return rows


def order_matters(cohort: Labelled) -> bool:
    """Whether a label changes when rows and columns are shuffled."""
    settings = SubgroupSettings(seed=0, evidence=False)
    found = find_subgroups(cohort.alterations, settings)
    shuffled = cohort.alterations.sample(frac=1, random_state=1).sample(
        frac=1, axis=1, random_state=2
    )
    again = find_subgroups(shuffled, settings)
    return not again.labels.loc[found.labels.index].equals(found.labels)


def main() -> None:
    """Print the tables that README and docs/MEASURED.md quote."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6, help="seeds of the published cohorts")
    parser.add_argument("--draws", type=int, default=3, help="draws of each simulated cohort")
    parser.add_argument("--shuffles", type=int, default=4, help="permutations of each cohort")
    parser.add_argument("--large", type=int, default=20_000, help="patients of the large cohort")
    parser.add_argument("--skip-plain", action="store_true", help="leave the plain pipeline out")
    options = parser.parse_args()
    print("load", *(f"{load:.1f}" for load in os.getloadavg()))
    started = time.perf_counter()
    warm_up()
    print(f"warm-up {time.perf_counter() - started:.1f} s")
    available = cohorts()
    both = ("preview", "standard")
    rows = []
    for cohort in available:
        rows += [score(cohort, quality, range(options.seeds))[0] for quality in both]
        if not options.skip_plain:
            rows.append(score(cohort, "plain", range(1))[0])
    for cohort in available:
        small = subsamples(cohort, 400, 5)
        rows += [pooled(f"{cohort.name}, five of 400", small, q, range(1)) for q in both]
    draws = {"simulated, AML with fusions": [aml_with_fusions(n) for n in range(options.draws)]}
    for name in RECIPES:
        draws[f"simulated, {name}"] = [simulated(name, n) for n in range(options.draws)]
    for name, drawn in draws.items():
        rows += [pooled(name, drawn, quality, range(1)) for quality in both]
    for n_patients in (2000, options.large):
        large = enlarged(available[0], n_patients)
        rows += [score(large, quality, range(1))[0] for quality in both]
    _show(rows)
    _show([row for cohort in available for row in verdicts(cohort, range(options.shuffles))])
    for cohort in available:
        changed = "change labels" if order_matters(cohort) else "change no label"
        print(f"{cohort.name}: rows and columns shuffled {changed}")
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MB:.0f} MB")
    print("load", *(f"{load:.1f}" for load in os.getloadavg()))


def _show(rows: list[dict[str, object]]) -> None:
    print(pd.DataFrame(rows).to_string(index=False, float_format=lambda value: f"{value:.3f}"))


if __name__ == "__main__":
    main()
