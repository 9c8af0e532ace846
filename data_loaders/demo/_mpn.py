"""``demo:mpn``: a synthetic cohort of myeloproliferative neoplasms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Floats
from data_loaders.demo import _mpn_figures as figures
from data_loaders.demo.assemble import (
    OVERALL_SURVIVAL,
    Course,
    Parts,
    assembled,
    centres,
    competing_endpoint,
    endpoint,
    median_truths,
    study_variables,
    usual,
)
from data_loaders.demo.outcomes import DeathProcess, calibrated_clock, event_at, follow_up
from data_loaders.demo.planted import (
    frequency_truths,
    hazard_truths,
    incidence_truth,
    median_truth,
    relative_hazard,
)
from data_loaders.demo.simulate import (
    Texts,
    bounded_normal,
    choose,
    draw_features,
    lognormal,
    lookup,
)
from data_loaders.demo.sources import RUMI_2014
from data_loaders.demo.variants import VariantDraw
from data_loaders.model import Cohort, PlantedTruth, Variable

CLOSING_YEAR = 2024

ENDPOINTS = (
    OVERALL_SURVIVAL,
    competing_endpoint("aml", "AML transformation", "AML transformation"),
    competing_endpoint(
        "mf", "Myelofibrotic transformation (ET and PV)", "myelofibrotic transformation"
    ),
    competing_endpoint("thrombosis", "Thrombosis", "thrombosis"),
    endpoint("efs", "Event-free survival", "AML, myelofibrotic transformation or death"),
)
EFFECTS = {
    "os": figures.DEATH_EFFECTS,
    "aml": figures.AML_EFFECTS,
    "mf": figures.MF_EFFECTS,
    "thrombosis": figures.THROMBOSIS_EFFECTS,
}

VARIABLES = (
    Variable(
        "diagnosis", "Diagnosis", "categorical", role="disease", levels=figures.DIAGNOSES,
        description="ET essential thrombocythaemia, PV polycythaemia vera, MF myelofibrosis.",
    ),
    Variable(
        "driver", "Driver mutation", "categorical", role="disease", levels=figures.DRIVERS,
        description="The mutated driver gene; triple-negative if none of the three is.",
    ),
    *usual("age_years", "sex"),
    Variable(
        "diagnosis_detail", "Diagnosis, with fibrotic stage", "categorical", role="disease",
        levels=("ET", "PV", "Prefibrotic MF", "Overt MF"),
        description="Myelofibrosis is prefibrotic at grade 0 to 1 and overt at grade 2 to 3.",
    ),
    *usual("hb_g_per_l", "wbc_1e9_per_l", "platelets_1e9_per_l", "neutrophils_1e9_per_l"),
    *usual("blasts_pb_percent", "ldh_u_per_l"),
    Variable(
        "fibrosis_grade", "Marrow fibrosis grade", "numeric", role="clinical",
        description="Grade 0 to 3; recorded in myelofibrosis only.",
    ),
    *usual("splenomegaly"),
    Variable("constitutional_symptoms", "Constitutional symptoms", "binary", role="clinical"),
    Variable("prior_thrombosis", "Thrombosis before diagnosis", "binary", role="clinical"),
    *study_variables(figures.NOT_ON_CORE_PANEL),
)  # fmt: skip

MISSING_AT_RANDOM = {
    "hb_g_per_l": 0.02, "wbc_1e9_per_l": 0.02, "platelets_1e9_per_l": 0.02,
    "neutrophils_1e9_per_l": 0.06, "blasts_pb_percent": 0.04, "ldh_u_per_l": 0.12,
    "splenomegaly": 0.05, "constitutional_symptoms": 0.03, "prior_thrombosis": 0.03,
}  # fmt: skip


def generate(n: int, seed: int) -> Cohort:
    """Generate the cohort."""
    rng = np.random.Generator(np.random.PCG64(seed))
    diagnosis = choose(rng, figures.DIAGNOSIS_SHARES, n)
    drawn = _drivers(rng, diagnosis)
    altered = draw_features(rng, diagnosis, figures.FEATURES, drawn)
    patients = _clinical(rng, diagnosis, altered)
    outcomes, death = _outcomes(rng, patients, altered)
    return assembled(
        rng,
        Parts(
            key="mpn",
            citation="Figures planted from Grinfeld 2018, Tefferi 2014 to 2020, Rumi 2014, "
            "Guglielmelli 2014, Barbui 2012 and others; each truth names its own.",
            features=figures.FEATURES,
            altered=altered,
            off_core_panel=figures.NOT_ON_CORE_PANEL,
            patients=patients,
            outcomes=outcomes,
            gaps=MISSING_AT_RANDOM,
            variables=VARIABLES,
            endpoints=ENDPOINTS,
            truths=(
                *frequency_truths(figures.FEATURES, "diagnosis"),
                *hazard_truths(EFFECTS, ENDPOINTS, VARIABLES, strata="diagnosis"),
                *_outcome_truths(patients, death),
            ),
            variants=partial(_variants, diagnosis),
        ),
    )


def _drivers(rng: np.random.Generator, diagnosis: Texts) -> dict[str, Bools]:
    n = len(diagnosis)
    driver = np.full(n, "Triple-negative")
    calr_type = np.full(n, "none", dtype="<U8")
    for name, shares in figures.DRIVER_SHARES.items():
        here = diagnosis == name
        driver[here] = choose(rng, shares, int(here.sum()))
        carries = here & (driver == "CALR")
        if name in figures.CALR_TYPE_SHARES:
            calr_type[carries] = choose(rng, figures.CALR_TYPE_SHARES[name], int(carries.sum()))
    exon_12 = (diagnosis == "PV") & (rng.random(n) < figures.EXON_12_SHARE_IN_PV)
    return {
        "JAK2": driver == "JAK2",
        "JAK2_V617F": (driver == "JAK2") & ~exon_12,
        "JAK2_exon_12": exon_12,
        "CALR": driver == "CALR",
        "CALR_type_1": calr_type == "type 1",
        "CALR_type_2": calr_type == "type 2",
        "MPL": driver == "MPL",
    }


def _clinical(
    rng: np.random.Generator, diagnosis: Texts, altered: dict[str, Bools]
) -> pd.DataFrame:
    n = len(diagnosis)
    driver = np.select(
        [altered["JAK2"], altered["CALR"], altered["MPL"]], ["JAK2", "CALR", "MPL"],
        "Triple-negative",
    )  # fmt: skip
    group = np.char.add(np.char.add(diagnosis, ":"), driver)
    is_mf = diagnosis == "MF"
    male = rng.random(n) < lookup(figures.MALE, diagnosis)
    spread = np.where(is_mf, 11.5, 15.0)
    age = bounded_normal(rng, lookup(figures.AGE, group), spread, (18, 95), n).round()
    blasts = np.where(is_mf & (rng.random(n) < 0.3), rng.geometric(0.45, n), 0)
    grade = np.where(is_mf, choose(rng, figures.FIBROSIS_SHARES, n).astype(float), np.nan)
    placed = centres(rng, n)
    jak2_odds = np.where(altered["JAK2"], 1.25, 0.75)
    counts = _blood_counts(rng, diagnosis, group, male, altered)
    detail = np.where(is_mf, np.where(grade >= 2, "Overt MF", "Prefibrotic MF"), diagnosis)
    frame = pd.DataFrame(
        {
            "diagnosis": diagnosis,
            "driver": driver,
            "age_years": age,
            "sex": np.where(male, "M", "F"),
            "diagnosis_detail": detail,
            **counts,
            "blasts_pb_percent": blasts.astype(float),
            "ldh_u_per_l": lognormal(
                rng, np.select([is_mf, diagnosis == "PV"], [520.0, 270.0], 225.0), 0.4, n
            ).round(),
            "fibrosis_grade": grade,
            "splenomegaly": rng.random(n) < lookup(figures.SPLENOMEGALY, diagnosis),
            "constitutional_symptoms": rng.random(n) < lookup(figures.SYMPTOMS, diagnosis),
            "prior_thrombosis": rng.random(n)
            < lookup(figures.PRIOR_THROMBOSIS, diagnosis) * jak2_odds,
            **placed,
        }
    )
    flags = ["splenomegaly", "constitutional_symptoms", "prior_thrombosis"]
    frame[flags] = frame[flags].astype(float)
    return frame


def _blood_counts(
    rng: np.random.Generator,
    diagnosis: Texts,
    group: Texts,
    male: Bools,
    altered: dict[str, Bools],
) -> dict[str, Floats]:
    n = len(diagnosis)
    et, pv, mf = (diagnosis == name for name in figures.DIAGNOSES)
    # In myelofibrosis U2AF1 goes with anaemia and thrombocytopenia (Tefferi 2016 Blood Adv 1:105,
    # read; sizes chosen) and ASXL1 with some anaemia (chosen). Men have 9 g/L more (chosen).
    hb = lookup(figures.HB, group) + np.where(male, 4.5, -4.5)
    hb -= 8.0 * (mf & altered["ASXL1"]) + 14.0 * (mf & altered["U2AF1"])
    spread = np.select([et, pv], [11.5, 13.0], 22.0)
    # WHO 2016: PV needs Hb above 165 g/L in men and 160 g/L in women.
    low = np.where(pv, np.where(male, 166.0, 161.0), 45.0)
    high = np.select([et, pv], [165.0, 240.0], 180.0)
    wbc_sigma = np.select([et, pv], [0.28, 0.36], 0.68)
    wbc = lookup(figures.WBC, group) * np.exp(wbc_sigma * rng.standard_normal(n))
    wbc = np.clip(wbc * np.where(mf & (altered["NRAS"] | altered["CBL"]), 1.6, 1.0), 1.2, 160.0)
    platelets = lookup(figures.PLATELETS, group) * np.where(altered["CALR_type_2"] & et, 1.12, 1)
    # ET needs 450 (WHO 2016), so what varies is the excess over it.
    floor = np.where(et, 450.0, 0.0)
    sigma = np.select([et, pv], [0.6, 0.45], 0.85)
    platelets = floor + (platelets - floor) * np.exp(sigma * rng.standard_normal(n))
    platelets *= np.where(mf & altered["U2AF1"], 0.6, 1.0)
    share = bounded_normal(rng, 0.68, 0.09, (0.3, 0.93), n)
    return {
        "hb_g_per_l": bounded_normal(rng, hb, spread, (low, high), n).round(),
        "wbc_1e9_per_l": wbc.round(1),
        "platelets_1e9_per_l": np.clip(platelets, 12, np.where(et, 3500, 1800)).round(),
        "neutrophils_1e9_per_l": (wbc * share).round(1),
    }


def _variants(diagnosis: Texts, draws: dict[str, VariantDraw], seen: Mapping[str, Bools]) -> None:
    """The allele burden of JAK2 V617F goes by the diagnosis, and is highest with 9p UPD."""
    burden = np.where(seen["9pUPD"], 0.74, lookup({"ET": 0.22, "PV": 0.35, "MF": 0.38}, diagnosis))
    draws["JAK2_V617F"] = replace(draws["JAK2_V617F"], vaf=burden)


def _outcomes(
    rng: np.random.Generator, patients: pd.DataFrame, altered: dict[str, Bools]
) -> tuple[dict[str, Floats], DeathProcess]:
    diagnosis = patients["diagnosis"].to_numpy(dtype=str)
    rate, to_aml, to_mf, to_clot = (
        relative_hazard(effects, patients, altered, diagnosis) for effects in EFFECTS.values()
    )
    clock = calibrated_clock(
        rate, diagnosis, figures.MEDIAN_SURVIVAL_MONTHS, figures.SURVIVAL_SHAPE
    )
    death = DeathProcess.drawn(rng, clock, rate)

    def transformation(
        relative: Floats, targets: dict[str, figures.Target], months_left: float
    ) -> Floats:
        after = death.rate_after(lookup(figures.MEDIAN_SURVIVAL_MONTHS, diagnosis), months_left)
        horizons = [
            (diagnosis == name, month, incidence) for name, (month, incidence, _) in targets.items()
        ]
        return clock.months(event_at(rng, death, relative, after, horizons))

    aml = transformation(to_aml, figures.AML_INCIDENCE, figures.SURVIVAL_AFTER_AML_MONTHS)
    fibrosis = transformation(to_mf, figures.MF_INCIDENCE, figures.SURVIVAL_AFTER_MF_MONTHS)
    fibrosis = np.where(fibrosis < aml, fibrosis, np.inf)
    per_month = lookup(figures.THROMBOSIS_RATE, diagnosis) / 1200.0
    clot = rng.exponential(1.0, len(rate)) / (per_month * to_clot)
    end, closing = follow_up(rng, len(rate), shortest=18.0, longest=300.0, lost_per_year=0.02)

    course = Course(death.months, end)
    before_mf = course.competing("mf", fibrosis)
    columns = {
        "diagnosis_year": np.floor(CLOSING_YEAR - closing / 12),
        **course.survival("os"),
        **course.competing("aml", aml),
        **{name: np.where(diagnosis == "MF", np.nan, column) for name, column in before_mf.items()},
        **course.competing("thrombosis", clot),
        **course.survival("efs", aml, fibrosis),
    }
    return columns, death


def _outcome_truths(patients: pd.DataFrame, death: DeathProcess) -> list[PlantedTruth]:
    truths = [
        median_truth("os", months, figures.MEDIAN_SURVIVAL_SOURCE, {"diagnosis": name})
        for name, months in figures.MEDIAN_SURVIVAL_MONTHS.items()
    ]
    drivers_of_mf = [{"diagnosis": "MF", "driver": driver} for driver in figures.DRIVERS]
    truths += median_truths(patients, death, drivers_of_mf, RUMI_2014)
    for key, targets in (("aml", figures.AML_INCIDENCE), ("mf", figures.MF_INCIDENCE)):
        truths.extend(
            incidence_truth(key, month, incidence, source, {"diagnosis": name})
            for name, (month, incidence, source) in targets.items()
        )
    return truths
