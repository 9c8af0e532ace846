"""``demo:dlbcl``: a synthetic cohort of diffuse large B-cell lymphoma."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from data_loaders.arrays import Bools, Floats
from data_loaders.demo._lymphoid import dlbcl_figures as figures
from data_loaders.demo.assemble import (
    OVERALL_SURVIVAL,
    Course,
    Parts,
    assembled,
    centres,
    competing_endpoint,
    endpoint,
    levels_of,
    median_truths,
    study_variables,
    usual,
)
from data_loaders.demo.outcomes import (
    DeathProcess,
    common_clock,
    follow_up,
    intermediate_event,
    recorded,
)
from data_loaders.demo.planted import frequency_truths, hazard_truths, relative_hazard
from data_loaders.demo.simulate import (
    Texts,
    bounded_normal,
    choose,
    choose_within,
    draw_features,
    lognormal,
    lookup,
)
from data_loaders.demo.sources import RUPPERT_2020
from data_loaders.model import Cohort, PlantedTruth, Variable

CLOSING_YEAR = 2022
STAGES = ("I", "II", "III", "IV")

ENDPOINTS = (
    OVERALL_SURVIVAL,
    endpoint("pfs", "Progression-free survival", "progression or death"),
    competing_endpoint("ttp", "Time to progression", "progression"),
)
EFFECTS = {"os": figures.DEATH_EFFECTS, "ttp": figures.DEATH_EFFECTS}

VARIABLES = (
    Variable(
        "cell_of_origin", "Cell of origin", "categorical", role="disease", levels=figures.ORIGINS,
        description="By gene expression: germinal centre B-cell, activated B-cell, unclassified.",
    ),
    Variable(
        "ipi", "IPI", "ordinal", role="disease", levels=figures.IPI,
        description="Age above 60, stage III or IV, LDH above normal, ECOG 2 or more, two or more "
        "extranodal sites: 0 or 1 is low, 2, 3, and 4 or 5 high.",
    ),
    Variable("double_hit", "Double or triple hit", "binary", role="disease",
             description="Rearrangements of MYC and of BCL2 or BCL6."),
    Variable(
        "planted_class", "Planted genetic class", "categorical", role="disease",
        levels=figures.CLASSES,
        description="SYNTHETIC: the class from which the patient's alterations were drawn, after "
        "the classes of Wright 2020. Subgroup discovery should find it again.",
    ),
    *usual("age_years", "sex"),
    Variable("ann_arbor_stage", "Ann Arbor stage", "ordinal", role="disease", levels=STAGES),
    *usual("ecog"),
    Variable("ldh_ratio", "LDH, multiple of the upper limit", "numeric", "× ULN", "laboratory"),
    Variable("extranodal_sites", "Extranodal sites", "numeric", role="clinical"),
    Variable(
        "major_extranodal", "Extranodal disease of a major organ", "binary", role="clinical",
        description="Marrow, central nervous system, liver, gastrointestinal tract or lung.",
    ),
    *usual("b_symptoms"),
    Variable("bulky_disease", "Bulky disease", "binary", role="clinical"),
    Variable("ki67_percent", "Ki-67", "numeric", "%", "laboratory"),
    *usual("beta2_microglobulin_mg_per_l", "hb_g_per_l", "wbc_1e9_per_l", "platelets_1e9_per_l"),
    Variable(
        "response", "Response at the end of treatment", "ordinal", role="clinical",
        levels=figures.RESPONSES,
        description="By Lugano, of those who were alive and followed then.",
    ),
    Variable(
        "response_months", "Complete response, time from diagnosis", "numeric", "months", "outcome",
        description="Empty if no complete response was reached.",
    ),
    *study_variables(figures.NOT_ON_CORE_PANEL),
)  # fmt: skip

MISSING_AT_RANDOM = {
    "b_symptoms": 0.04, "bulky_disease": 0.06, "ki67_percent": 0.1,
    "beta2_microglobulin_mg_per_l": 0.15, "hb_g_per_l": 0.03, "wbc_1e9_per_l": 0.03,
    "platelets_1e9_per_l": 0.03,
}  # fmt: skip


def generate(n: int, seed: int) -> Cohort:
    """Generate the cohort."""
    rng = np.random.Generator(np.random.PCG64(seed))
    genetic = choose(rng, figures.CLASS_SHARES, n)
    altered = draw_features(rng, genetic, figures.FEATURES, {})
    patients = _clinical(rng, genetic, altered)
    patients["ipi"] = _ipi(patients)
    outcomes, medians = _outcomes(rng, patients, altered)
    return assembled(
        rng,
        Parts(
            key="dlbcl",
            citation="Figures planted from Wright 2020, Schmitz 2018, Reddy 2017, Chapuy 2018, "
            "Lacy 2020, Ruppert 2020, Rosenwald 2019 and others; each truth names its own.",
            features=figures.FEATURES,
            altered=altered,
            off_core_panel=figures.NOT_ON_CORE_PANEL,
            patients=patients,
            outcomes=outcomes,
            gaps=MISSING_AT_RANDOM,
            variables=VARIABLES,
            endpoints=ENDPOINTS,
            truths=(
                *frequency_truths(figures.FEATURES, "planted_class", 0.05),
                *hazard_truths(EFFECTS, ENDPOINTS, VARIABLES),
                *medians,
            ),
        ),
    )


def _clinical(rng: np.random.Generator, genetic: Texts, altered: dict[str, Bools]) -> pd.DataFrame:
    n = len(genetic)
    origin = choose_within(rng, figures.ORIGIN_SHARES, genetic)
    stage = choose(rng, figures.STAGE_SHARES, n)
    double_hit = altered["MYC_rearrangement"] & (
        altered["BCL2_rearrangement"] | altered["BCL6_rearrangement"]
    )
    ldh = lognormal(
        rng, lookup(figures.LDH_MEDIAN, stage) * np.where(double_hit, 1.4, 1.0), 0.45, n
    )
    male = rng.random(n) < figures.MALE
    sites = np.minimum(
        rng.poisson(lookup(figures.EXTRANODAL, stage)), np.where(stage == "I", 1, 6)
    ).astype(float)
    flags = {
        name: (rng.random(n) < lookup(shares, stage)).astype(float)
        for name, shares in (("b_symptoms", figures.B_SYMPTOMS), ("bulky_disease", figures.BULK))
    }
    return pd.DataFrame(
        {
            "cell_of_origin": origin,
            "double_hit": double_hit.astype(float),
            "planted_class": genetic,
            "age_years": bounded_normal(
                rng, np.where(origin == "ABC", 66.0, 61.0), 13.5, (18, 92), n
            ).round(),
            "sex": np.where(male, "M", "F"),
            "ann_arbor_stage": stage,
            "ecog": choose(rng, figures.ECOG_SHARES, n).astype(float),
            "ldh_ratio": np.clip(ldh, 0.4, 20).round(2),
            "extranodal_sites": sites,
            "major_extranodal": (rng.random(n) < 1 - figures.MINOR_ORGAN**sites).astype(float),
            **flags,
            "ki67_percent": bounded_normal(
                rng, np.where(double_hit, 88.0, 74.0), 14.0, (25, 100), n
            ).round(),
            "beta2_microglobulin_mg_per_l": np.clip(
                lognormal(rng, np.where(np.isin(stage, ("III", "IV")), 2.9, 2.1), 0.4, n), 0.8, 20
            ).round(1),
            "hb_g_per_l": bounded_normal(rng, 126.0, 18.0, (60, 180), n).round(),
            "wbc_1e9_per_l": np.clip(lognormal(rng, 7.2, 0.35, n), 1.5, 40).round(1),
            "platelets_1e9_per_l": np.clip(lognormal(rng, 262.0, 0.35, n), 20, 900).round(),
            **centres(rng, n),
        }
    )


def _ipi(patients: pd.DataFrame) -> pd.Series:
    """IPI risk (N Engl J Med 1993;329:987) of the values without gaps."""
    points = (
        (patients["age_years"] > 60).astype(int)
        + patients["ann_arbor_stage"].isin(("III", "IV"))
        + (patients["ldh_ratio"] > 1)
        + (patients["ecog"] >= 2)
        + (patients["extranodal_sites"] >= 2)
    )
    risk = np.array(figures.IPI, dtype=object)[np.array([0, 0, 1, 2, 3, 3])[points]]
    return pd.Series(risk, index=patients.index)


def _response(
    rng: np.random.Generator, death: DeathProcess, progressed: Floats, end: Floats
) -> dict[str, npt.NDArray[Any]]:
    """Response at the end of treatment, likelier complete in those who live long."""
    n = len(end)
    month = recorded(np.clip(lognormal(rng, figures.END_OF_TREATMENT_MONTHS, 0.1, n), 4, 7))
    assessed = month < recorded(np.minimum(death.months, end))
    tendency = np.log(death.at * death.rate)
    level = np.log(figures.COMPLETE / (1 - figures.COMPLETE)) + 0.6
    complete = rng.random(n) < expit(level + 0.8 * tendency)
    partial = rng.random(n) < figures.PARTIAL
    response = np.select(
        [~assessed, progressed <= month, complete, partial], ["", "PD", "CR", "PR"], "SD"
    )
    return {
        "response": pd.Series(response, dtype=object).mask(response == "", None).to_numpy(),
        "response_months": np.where(response == "CR", month, np.nan),
    }


def _outcomes(
    rng: np.random.Generator, patients: pd.DataFrame, altered: dict[str, Bools]
) -> tuple[dict[str, npt.NDArray[Any]], list[PlantedTruth]]:
    rate = relative_hazard(figures.DEATH_EFFECTS, patients, altered)
    clock = common_clock(rate, figures.MEDIAN_SURVIVAL_MONTHS, figures.SURVIVAL_SHAPE)
    death = DeathProcess.drawn(rng, clock, rate)
    after = death.rate_after(12.0, figures.SURVIVAL_AFTER_PROGRESSION_MONTHS)
    progressing = figures.PROGRESSION_SHARE_OF_HAZARD * rate
    progressed = clock.months(intermediate_event(rng, death.at, rate, progressing, after))
    end, closing = follow_up(rng, len(rate), shortest=18.0, longest=150.0, lost_per_year=0.02)
    course = Course(death.months, end)
    columns = {
        "diagnosis_year": np.floor(CLOSING_YEAR - closing / 12),
        **course.survival("os"),
        **course.survival("pfs", progressed),
        **course.competing("ttp", progressed),
        **_response(rng, death, progressed, end),
    }
    groups = [*levels_of("cell_of_origin", figures.ORIGINS), *levels_of("ipi", figures.IPI)]
    return columns, median_truths(patients, death, groups, RUPPERT_2020)
