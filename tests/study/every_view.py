"""One script of every view, with numbers that the view shows and the script has to print."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.subgroups import SubgroupSettings, find_subgroups
from app.analysis.transplant import EmulationSettings, Strategy, emulate
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.study.analyses import compute
from app.study.question import Question
from app.study.scripts.question import question_script
from app.views.compare.two_cohorts.analysis import compare_cohorts
from app.views.compare.two_cohorts.asking import AskedInBoth
from app.views.compare.two_cohorts.script import cohorts_script
from app.views.patient.similar.analysis import similar_patients
from app.views.patient.swimmer.analysis import swimmer
from app.views.subgroups.analysis import search_input, subgroups_of
from app.views.survival.cox.analysis import fit_models
from app.views.survival.cox.checks import adjusted_curves, subgroup_forest
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.during.analysis import during_follow_up
from app.views.survival.during.words import answers_table
from app.views.survival.incidence.analysis import incidence_by_group
from app.views.survival.screen.analysis import screen_cohort
from app.views.transplant.protocol.analysis import write_protocol
from app.views.transplant.protocol.trial import TargetTrial
from app.views.transplant.script import transplant_script
from data_loaders import Cohort

CHOSEN = Filter.from_dict({"column": "age_years", "between": [25, None]})
BY = GroupingSpec.parse("variable:diagnosis")
GENE = GroupingSpec.parse("alteration:TP53")
Made = tuple[str, list[float]]
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def mask_of(cohort: Cohort) -> npt.NDArray[np.bool_]:
    return CHOSEN.apply(cohort).mask


def numbers(text: str) -> npt.NDArray[np.float64]:
    return np.array([float(word) for word in _NUMBER.findall(text)])


def curves(cohort: Cohort) -> Made:
    result = survival_by_group(cohort, mask_of(cohort), "os", BY.build(cohort))
    held = [float(result.analysed)]
    if result.test is not None:
        held += [result.test.statistic, result.test.p_value]
    held += [curve.km.median for curve in result.drawn if curve.km is not None]
    question = Question(
        "upload:abc", cohort.fingerprint, "survival.curves", CHOSEN, BY,
        settings={"endpoint_key": "os"}, shown={"unit": "months"},
    )  # fmt: skip
    return question_script(question, cohort, "Survival"), held


def incidence(cohort: Cohort) -> Made:
    result = incidence_by_group(cohort, mask_of(cohort), "aml", GENE.build(cohort))
    assert result.gray_event is not None
    question = Question(
        "upload:abc", cohort.fingerprint, "survival.incidence", CHOSEN, GENE,
        settings={"endpoint_key": "aml"},
    )  # fmt: skip
    return question_script(question, cohort, "Incidence"), [result.gray_event.statistic]


def scripted(cohort: Cohort, analysis: str, **settings: Any) -> str:
    question = Question("upload:abc", cohort.fingerprint, analysis, CHOSEN, settings=settings)
    return question_script(question, cohort, analysis)


def adjusted(cohort: Cohort) -> Made:
    specs = ["variable:age_years", "variable:sex", "alteration:TP53"]
    settings = {"by": specs[-1], "endpoint_key": "os", "covariates": specs}
    view = adjusted_curves(cohort, mask_of(cohort), **settings)
    held = [view.adjusted.table["survival"].iloc[-1]]
    return scripted(cohort, "survival.cox.adjusted", **settings), held


def models(cohort: Cohort) -> Made:
    specs = ["variable:age_years", "variable:sex", "alteration:TP53"]
    found = fit_models(cohort, mask_of(cohort), "os", specs)
    assert found.model is not None
    script = scripted(cohort, "survival.cox", endpoint_key="os", covariates=specs)
    return script, [*found.model.summary["hr"], *found.model.ph_test["chi2"]]


def subgroups_of_a_gene(cohort: Cohort) -> Made:
    settings = {"endpoint_key": "os", "exposure": "alteration:TP53", "by": ["variable:sex"]}
    forest = subgroup_forest(cohort, mask_of(cohort), **settings)
    return scripted(cohort, "survival.cox.subgroups", **settings), list(forest.rows["hr"].dropna())


def screen(cohort: Cohort) -> Made:
    settings = {"endpoint_key": "os", "adjust": ["age_years"]}
    found = screen_cohort(cohort, mask_of(cohort), **settings)
    return scripted(cohort, "survival.screen", **settings), list(found.table["hr"])


def during(cohort: Cohort) -> Made:
    settings = {
        "endpoint_key": "os", "exposure": "column:transplant_months", "landmarks": [6.0],
        "drawn": 6.0,
    }  # fmt: skip
    found = during_follow_up(cohort, mask_of(cohort), **settings)
    held = list(answers_table(found)["hr"].dropna())
    return scripted(cohort, "survival.during", **settings), held


def genomics(cohort: Cohort, analysis: str, by: GroupingSpec | None = None, **settings: Any):
    """The script of a view of the genomics page, and its result."""
    question = Question(
        "upload:abc", cohort.fingerprint, f"genomics.{analysis}", CHOSEN, by, settings=settings
    )
    return question_script(question, cohort, analysis), compute(question, cohort)


def frequencies(cohort: Cohort) -> Made:
    script, found = genomics(cohort, "frequencies", BY, kinds=["gene"])
    return script, list(found.differences["p_value"].dropna())


def pairs(cohort: Cohort) -> Made:
    script, found = genomics(cohort, "pairs", kinds=["gene"], most=12, min_altered=4)
    return script, list(found.table["odds_ratio"])


def burden(cohort: Cohort) -> Made:
    script, found = genomics(cohort, "burden", BY, kinds=["gene"])
    return script, list(found.summary["mean"])


def prints(cohort: Cohort) -> Made:
    script, made = genomics(cohort, "oncoprint", BY, kinds=["gene"], most=5)
    return script, [float(made.any_altered)]


def variants(cohort: Cohort) -> Made:
    script, found = genomics(cohort, "variants", gene="TP53")
    return script, list(found.table.select_dtypes("number").iloc[:, 0])


def fractions(cohort: Cohort) -> Made:
    script, found = genomics(cohort, "allele_fractions", most=10)
    return script, [*found.table["median"], *found.pairs["p_value"].dropna()]


def compared(cohort: Cohort) -> Made:
    question = Question(
        "upload:abc", cohort.fingerprint, "compare.groups", CHOSEN, GENE,
        settings={"endpoint_key": "os"},
    )  # fmt: skip
    result = compute(question, cohort)
    held = [*result.ranked["p_value"].dropna(), result.survival.test.p_value]
    return question_script(question, cohort, "Groups compared"), held


def two_cohorts(cohort: Cohort) -> Made:
    selection, grouping = CHOSEN.apply(cohort), GENE.build(cohort)
    settings = {"endpoint_key": "os"}
    result = compare_cohorts((selection, selection), (grouping, grouping), **settings)
    asked = AskedInBoth((CHOSEN, CHOSEN), (GENE, GENE), settings=settings)
    return cohorts_script(result, asked), [*result.clinical["p_value_2"], float(selection.n)]


def similar(cohort: Cohort) -> Made:
    mask = mask_of(cohort)
    position = int(np.flatnonzero(mask)[0])
    settings = {"position": position, "endpoint_key": "os"}
    question = Question(
        "upload:abc", cohort.fingerprint, "patient.similar", CHOSEN, settings=settings
    )
    distance = similar_patients(cohort, mask, position).distance
    return question_script(question, cohort, "Patients like one"), list(distance)


def lanes(cohort: Cohort) -> Made:
    question = Question("upload:abc", cohort.fingerprint, "patient.swimmer", CHOSEN)
    total = swimmer(cohort, mask_of(cohort)).total
    return question_script(question, cohort, "Swimmer plot"), [float(total)]


def transplant(cohort: Cohort) -> Made:
    trial = TargetTrial(
        eligibility=CHOSEN,
        confounders=("variable:age_years", "variable:sex"),
        strategies=(Strategy("within", 12.0), Strategy("never")),
        horizon_months=36.0,
    )
    settings = EmulationSettings(36.0, draws=2)
    protocol = write_protocol(cohort, trial)
    found = emulate(protocol.compared, trial.strategies, settings)
    return transplant_script(cohort, trial, settings), list(found.contrasts["rmst_difference"])


def subgroups(cohort: Cohort) -> Made:
    first = find_subgroups(
        search_input(cohort, mask_of(cohort)), SubgroupSettings("preview", 3, evidence=False)
    )
    settings = {"quality": "preview", "seed": 3, "evidence": False}
    settings |= {"names": {first.groups[0]: "The first"}, "endpoint_key": "os"}
    settings |= {"curves": ["The first", *first.groups[1:]]}
    found = subgroups_of(cohort, mask_of(cohort), **settings)
    result, survival = found.shown.result, found.survival
    held = [*result.summary["n"], *result.enrichment["p_value"].dropna()]
    if survival.p_value is not None:
        held.append(survival.p_value)
    return scripted(cohort, "subgroups.search", **settings), held


VIEWS: Mapping[str, Callable[[Cohort], Made]] = {
    made.__name__: made
    for made in (
        curves, incidence, models, adjusted, subgroups_of_a_gene, screen, during, frequencies,
        pairs, burden, prints, variants, fractions, compared, two_cohorts, similar, lanes,
        transplant, subgroups,
    )
}  # fmt: skip


def patients(n: int = 220, seed: int = 4) -> pd.DataFrame:
    """A table with what every view needs; one diagnosis is too rare to be tested."""
    rng = np.random.default_rng(seed)
    time = rng.exponential(40, n).round(2) + 0.2
    at = rng.exponential(25, n).round(2)
    onset = rng.exponential(80, n).round(2)
    dead = rng.random(n) < 0.7
    frame = pd.DataFrame(
        {
            "patient_id": [f"MRN-{5003 + 7 * i}" for i in range(n)],
            "diagnosis": rng.choice(["MDS-LB", "MDS-IB1", "CMML"], n),
            "age_years": rng.integers(22, 88, n),
            "sex": rng.choice(["female", "male"], n),
            "hb_g_per_l": rng.normal(105, 18, n).round(),
            "os_months": time,
            "os_event": dead.astype(int),
            "aml_months": np.minimum(time, onset),
            "aml_event": (onset < time).astype(int),
            "transplant_months": np.where(at < time, at, np.nan),
        }
    )
    frame.loc[:5, "diagnosis"] = "MDS-5q"
    return frame


GENES = {"TP53": 0.25, "SF3B1": 0.4, "ASXL1": 0.35, "TET2": 0.3, "RUNX1": 0.2, "SRSF2": 0.25}


def genes(n: int = 220, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    shared = rng.random(n) < 0.4
    return pd.DataFrame(
        {
            gene: ((rng.random(n) < share) | (shared & (rng.random(n) < share))).astype(int)
            for gene, share in GENES.items()
        }
    )


def maf(ids: pd.Series, calls: pd.DataFrame, seed: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for gene in calls:
        for patient in ids[calls[gene] == 1]:
            depth, position = int(rng.integers(80, 400)), int(rng.integers(20, 300))
            reads = int(depth * rng.uniform(0.05, 0.6))
            rows.append(
                (patient, gene, "Missense_Mutation", f"p.R{position}H", reads, depth - reads)
            )
    columns = ["Tumor_Sample_Barcode", "Hugo_Symbol", "Variant_Classification", "HGVSp_Short",
               "t_alt_count", "t_ref_count"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
