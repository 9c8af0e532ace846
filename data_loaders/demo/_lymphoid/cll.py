"""``demo:cll``: a synthetic cohort of chronic lymphocytic leukaemia."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Floats
from data_loaders.demo._lymphoid import cll_figures as figures
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
    waiting_time,
)
from data_loaders.demo.outcomes import DeathProcess, common_clock, event_at, follow_up
from data_loaders.demo.planted import (
    frequency_truths,
    hazard_truths,
    incidence_truth,
    relative_hazard,
)
from data_loaders.demo.simulate import (
    Texts,
    bounded_normal,
    choose,
    choose_within,
    draw_features,
    lognormal,
    lookup,
)
from data_loaders.demo.sources import CLL_IPI_2016
from data_loaders.model import Cohort, PlantedTruth, Variable

CLOSING_YEAR = 2024
RAI, BINET = ("0", "I", "II", "III", "IV"), ("A", "B", "C")

ENDPOINTS = (
    OVERALL_SURVIVAL,
    competing_endpoint("ttt", "Time to first treatment", "first treatment"),
    competing_endpoint("richter", "Richter transformation", "Richter transformation"),
    endpoint("tfs", "Treatment-free survival", "first treatment or death"),
)
EFFECTS = {
    "os": figures.DEATH_EFFECTS,
    "ttt": figures.TREATMENT_EFFECTS,
    "richter": figures.RICHTER_EFFECTS,
}

VARIABLES = (
    Variable(
        "ighv_status", "IGHV status", "categorical", role="disease", levels=figures.IGHV,
        description="Unmutated if 98% or more of the sequence is that of the germline.",
    ),
    Variable("binet_stage", "Binet stage", "ordinal", role="disease", levels=BINET),
    Variable("rai_stage", "Rai stage", "ordinal", role="disease", levels=RAI),
    *usual("age_years", "sex"),
    Variable("ighv_identity_percent", "IGHV identity to germline", "numeric", "%", "laboratory"),
    *usual("beta2_microglobulin_mg_per_l", "hb_g_per_l", "wbc_1e9_per_l"),
    Variable("lymphocytes_1e9_per_l", "Lymphocytes", "numeric", "10⁹/L", "laboratory"),
    *usual("platelets_1e9_per_l", "ldh_u_per_l", "ecog", "b_symptoms", "splenomegaly"),
    Variable(
        "treatment_era", "Treatment era", "categorical", role="study", levels=figures.ERAS,
        description=f"By the year of diagnosis: targeted agents from {figures.TARGETED_FROM} on.",
    ),
    *study_variables(figures.NOT_ON_CORE_PANEL),
)  # fmt: skip

MISSING_AT_RANDOM = {
    "beta2_microglobulin_mg_per_l": 0.07, "hb_g_per_l": 0.02, "wbc_1e9_per_l": 0.02,
    "lymphocytes_1e9_per_l": 0.03, "platelets_1e9_per_l": 0.02, "ldh_u_per_l": 0.08,
    "ecog": 0.04, "b_symptoms": 0.03, "splenomegaly": 0.04, "ighv_identity_percent": 0.05,
}  # fmt: skip


def generate(n: int, seed: int) -> Cohort:
    """Generate the cohort."""
    rng = np.random.Generator(np.random.PCG64(seed))
    ighv = choose(rng, figures.IGHV_SHARES, n)
    altered = draw_features(rng, ighv, figures.FEATURES, {})
    end, closing = follow_up(rng, n, shortest=12.0, longest=216.0, lost_per_year=0.02)
    year = np.floor(CLOSING_YEAR - closing / 12)
    patients = _clinical(rng, ighv, year)
    outcomes, medians = _outcomes(rng, patients, altered, end)
    return assembled(
        rng,
        Parts(
            key="cll",
            citation="Figures planted from Dietrich 2018, Döhner 2000, CLL-IPI 2016, Oscier 2013, "
            "Puente 2015, Landau 2015 and others; each truth names its own.",
            features=figures.FEATURES,
            altered=altered,
            off_core_panel=figures.NOT_ON_CORE_PANEL,
            patients=patients,
            outcomes=outcomes,
            gaps=MISSING_AT_RANDOM,
            variables=VARIABLES,
            endpoints=ENDPOINTS,
            truths=(
                *frequency_truths(figures.FEATURES, "ighv_status"),
                *hazard_truths(EFFECTS, ENDPOINTS, VARIABLES),
                *medians,
                incidence_truth(
                    "richter", figures.RICHTER_MONTH, figures.RICHTER_INCIDENCE,
                    figures.RICHTER_SOURCE, {},
                ),
            ),
        ),
    )  # fmt: skip


def _clinical(rng: np.random.Generator, ighv: Texts, year: Floats) -> pd.DataFrame:
    n = len(ighv)
    rai = choose_within(rng, figures.RAI_SHARES, ighv)
    late = np.isin(rai, ("III", "IV"))
    # Rai III is haemoglobin below 110 g/L, Binet C below 100; platelets below 100 are Rai IV and C.
    hb = np.where(
        rai == "III",
        bounded_normal(rng, 99.0, 9.0, (60, 109.9), n),
        bounded_normal(rng, 138.0, 13.0, (110, 180), n),
    )
    platelets = np.where(
        rai == "IV",
        bounded_normal(rng, 72.0, 20.0, (12, 99), n),
        bounded_normal(rng, 205.0, 55.0, (100, 480), n),
    )
    three_areas = rng.random(n) < lookup(figures.BINET_B, rai)
    binet = np.where((hb < 100) | (platelets < 100), "C", np.where(three_areas, "B", "A"))
    lymphocytes = np.clip(lognormal(rng, np.where(late, 75.0, 22.0), 0.9, n), 5.0, 380.0)
    identity = np.where(
        ighv == "Unmutated",
        np.where(rng.random(n) < 0.7, 100.0, bounded_normal(rng, 99.3, 0.5, (98.0, 100), n)),
        bounded_normal(rng, 94.0, 2.2, (84, 97.9), n),
    )
    male = rng.random(n) < figures.MALE
    return pd.DataFrame(
        {
            "ighv_status": ighv,
            "binet_stage": binet,
            "rai_stage": rai,
            "age_years": bounded_normal(rng, 65.0, 10.5, (30, 94), n).round(),
            "sex": np.where(male, "M", "F"),
            "ighv_identity_percent": np.floor(identity * 10) / 10,
            "beta2_microglobulin_mg_per_l": np.clip(
                lognormal(rng, lookup(figures.B2M, binet), 0.38, n), 0.8, 20
            ).round(1),
            "hb_g_per_l": np.floor(hb),
            "wbc_1e9_per_l": (lymphocytes + lognormal(rng, 5.0, 0.3, n)).round(1),
            "lymphocytes_1e9_per_l": lymphocytes.round(1),
            "platelets_1e9_per_l": np.floor(platelets),
            "ldh_u_per_l": lognormal(rng, np.where(late, 260.0, 205.0), 0.25, n).round(),
            "ecog": choose(rng, figures.ECOG_SHARES, n).astype(float),
            "b_symptoms": (rng.random(n) < lookup(figures.B_SYMPTOMS, binet)).astype(float),
            "splenomegaly": np.where(
                rai == "II", rng.random(n) < 0.75, (rng.random(n) < 0.45) & late
            ).astype(float),
            "treatment_era": np.where(year >= figures.TARGETED_FROM, *reversed(figures.ERAS)),
            **centres(rng, n),
            "diagnosis_year": year,
        }
    )


def _outcomes(
    rng: np.random.Generator, patients: pd.DataFrame, altered: dict[str, Bools], end: Floats
) -> tuple[dict[str, Floats], list[PlantedTruth]]:
    rate, treating, transforming = (
        relative_hazard(effects, patients, altered) for effects in EFFECTS.values()
    )
    clock = common_clock(rate, figures.MEDIAN_SURVIVAL_MONTHS, figures.SURVIVAL_SHAPE)
    death = DeathProcess.drawn(rng, clock, rate)
    after = death.rate_after(80.0, figures.SURVIVAL_AFTER_RICHTER_MONTHS)
    horizon = (np.ones(len(patients), dtype=bool), figures.RICHTER_MONTH, figures.RICHTER_INCIDENCE)
    richter = clock.months(event_at(rng, death, transforming, after, [horizon]))
    treated = waiting_time(rng, treating, figures.MEDIAN_TREATMENT_MONTHS, figures.TREATMENT_SHAPE)
    course = Course(death.months, end)
    columns = {
        **course.survival("os"),
        **course.competing("ttt", treated),
        **course.competing("richter", richter),
        **course.survival("tfs", treated),
    }
    # Both eras together have no median that a curve could show: the later one, in which fewer
    # die, is followed for less long.
    within = [{}, *levels_of("ighv_status", figures.IGHV), *levels_of("binet_stage", BINET)]
    groups = [{"treatment_era": era} | group for era in figures.ERAS for group in within]
    return columns, median_truths(patients, death, groups, CLL_IPI_2016)
