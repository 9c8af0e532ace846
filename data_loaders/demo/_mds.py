"""``demo:mds``: a synthetic cohort of myelodysplastic syndromes with time-dependent transplant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_loaders.arrays import Bools, Floats
from data_loaders.demo import _mds_figures as figures
from data_loaders.demo._mds_scores import ipssm, ipssr, karyotype_group, who_2022
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
    TreatmentFactors,
    common_clock,
    event_at,
    follow_up,
    recorded,
    survival_under_treatment,
    under_treatment,
)
from data_loaders.demo.planted import (
    frequency_truths,
    hazard_truths,
    mixture_truths,
    relative_hazard,
    treatment_truths,
)
from data_loaders.demo.simulate import (
    Texts,
    bounded_normal,
    choose,
    draw_alleles,
    draw_features,
    draw_lost_y,
    lognormal,
    lookup,
    require_any,
    thinned,
)
from data_loaders.demo.sources import (
    BERNARD_2022,
    CUTLER_2004,
    DELLA_PORTA_2017,
    KORETH_2013,
    TENTORI_2024,
)
from data_loaders.demo.variants import HOTSPOTS, VariantDraw
from data_loaders.model import Cohort, PlantedTruth, Variable

CENTRES = {"Centre A": 0.35, "Centre B": 0.3, "Centre C": 0.23, "Centre D": 0.12}
CLOSING_YEAR = 2022

ENDPOINTS = (
    OVERALL_SURVIVAL,
    endpoint("lfs", "Leukaemia-free survival", "AML transformation or death"),
    competing_endpoint("aml", "AML transformation", "AML transformation"),
)
EFFECTS = {"os": figures.DEATH_EFFECTS, "aml": figures.AML_EFFECTS}

VARIABLES = (
    Variable(
        "diagnosis", "WHO 2022 category", "categorical", role="disease",
        levels=("MDS-LB", "MDS-SF3B1", "MDS-5q", "MDS-biTP53", "MDS-IB1", "MDS-IB2"),
        description="LB low blasts; IB1 5 to 9% and IB2 10 to 19% marrow blasts.",
    ),
    Variable("ipssm", "IPSS-M class", "ordinal", role="disease", levels=figures.IPSSM_LEVELS),
    *usual("age_years", "sex"),
    Variable("ipssr", "IPSS-R class", "ordinal", role="disease", levels=figures.IPSSR_LEVELS),
    Variable("ipssm_score", "IPSS-M score", "numeric", role="disease"),
    Variable("ipssr_score", "IPSS-R score", "numeric", role="disease"),
    *usual("hb_g_per_l", "platelets_1e9_per_l", "neutrophils_1e9_per_l", "wbc_1e9_per_l"),
    *usual("blasts_bm_percent"),
    Variable(
        "karyotype_group", "IPSS-R karyotype group", "ordinal", role="disease",
        levels=figures.KARYOTYPE_LEVELS,
    ),
    Variable(
        "transplant_months", "Transplant, time from diagnosis", "numeric", "months", "treatment",
        description="Empty if never transplanted. Known only later: never a baseline group.",
    ),
    Variable(
        "planted_class", "Planted genomic class", "categorical", role="other",
        levels=tuple(figures.CLASS_SHARES),
        description="SYNTHETIC: the class from which the patient's alterations were drawn.",
    ),
    *study_variables(figures.NOT_ON_CORE_PANEL, CENTRES),
)  # fmt: skip

MISSING_AT_RANDOM = {
    "hb_g_per_l": 0.02, "platelets_1e9_per_l": 0.02, "neutrophils_1e9_per_l": 0.03,
    "wbc_1e9_per_l": 0.06, "blasts_bm_percent": 0.02, "karyotype_group": 0.03,
}  # fmt: skip
IPSSM_INPUTS = ["hb_g_per_l", "platelets_1e9_per_l", "blasts_bm_percent", "karyotype_group"]


def generate(n: int, seed: int) -> Cohort:
    """Generate the cohort."""
    rng, patients, altered = _drawn(n, seed)
    outcomes, truths = _outcomes(rng, patients, altered)
    return assembled(
        rng,
        Parts(
            key="mds",
            citation="Figures planted from Bernard 2022 and 2024, Greenberg 2012, Cutler 2004, "
            "Koreth 2013 and others; each truth names its own.",
            features=figures.FEATURES,
            altered=altered,
            off_core_panel=figures.NOT_ON_CORE_PANEL,
            patients=patients,
            outcomes=outcomes,
            gaps=MISSING_AT_RANDOM,
            variables=VARIABLES,
            endpoints=ENDPOINTS,
            truths=(
                *mixture_truths(figures.FEATURES, figures.CLASS_SHARES, figures.PLANTED_PAIRS),
                *frequency_truths(figures.FEATURES, "planted_class", floor=0.15),
                *hazard_truths(EFFECTS, ENDPOINTS, VARIABLES, treatment="transplant_months"),
                *truths,
            ),
            uncomputable=_without_inputs,
            variants=partial(_variants, rng),
        ),
    )


def planted_process(n: int, seed: int) -> tuple[pd.DataFrame, DeathProcess, TreatmentFactors]:
    """Patients of :func:`generate` without gaps, how they die, what a transplant changes."""
    rng, patients, altered = _drawn(n, seed)
    return patients, _death(rng, patients, altered), _factors(_risk_half(patients))


def _drawn(n: int, seed: int) -> tuple[np.random.Generator, pd.DataFrame, dict[str, Bools]]:
    rng = np.random.Generator(np.random.PCG64(seed))
    group = choose(rng, figures.CLASS_SHARES, n)
    male = rng.random(n) < _by_class(group, 0)
    altered = _alterations(rng, group, male)
    return rng, _clinical(rng, group, male, altered), altered


def _by_class(group: Texts, position: int) -> Floats:
    return lookup({name: row[position] for name, row in figures.CLINICAL.items()}, group)


def _alterations(rng: np.random.Generator, group: Texts, male: Bools) -> dict[str, Bools]:
    specs = {spec.name: spec for spec in thinned(figures.FEATURES, figures.REQUIRED)}
    alleles = ("U2AF1_S34", "U2AF1_Q157", "IDH2_R140", "IDH2_R172")
    drawable = [spec for name, spec in specs.items() if name not in alleles]
    lost_y = draw_lost_y(rng, group, drawable, male, _by_class(group, 0))
    altered = draw_features(rng, group, drawable, lost_y)
    require_any(rng, group, altered, figures.FEATURES, figures.REQUIRED)
    s34, r140 = figures.U2AF1_S34_SHARE, figures.IDH2_R140_SHARE
    altered |= draw_alleles(rng, altered["U2AF1"], {"U2AF1_S34": s34, "U2AF1_Q157": 1 - s34})
    altered |= draw_alleles(rng, altered["IDH2"], {"IDH2_R140": r140, "IDH2_R172": 1 - r140})
    return {spec.name: altered[spec.name] for spec in figures.FEATURES}


def _clinical(
    rng: np.random.Generator, group: Texts, male: Bools, altered: dict[str, Bools]
) -> pd.DataFrame:
    n = len(group)
    placed = centres(rng, n, CENTRES)
    neutrophils = np.clip(lognormal(rng, _by_class(group, 3), 0.65, n), 0.05, 12)
    frame = pd.DataFrame(
        {
            "age_years": bounded_normal(rng, figures.AGE_MEAN, figures.AGE_SD, (18, 96), n).round(),
            "sex": np.where(male, "M", "F"),
            "hb_g_per_l": bounded_normal(rng, _by_class(group, 1), 17.0, (40, 165), n).round(),
            "platelets_1e9_per_l": np.clip(
                lognormal(rng, _by_class(group, 2), 0.62, n), 4, 1100
            ).round(),
            "neutrophils_1e9_per_l": neutrophils.round(1),
            "wbc_1e9_per_l": (neutrophils + lognormal(rng, 1.7, 0.35, n)).round(1),
            "blasts_bm_percent": np.clip(
                lognormal(rng, _by_class(group, 4), 0.8, n), 0, 19
            ).round(),
            "karyotype_group": karyotype_group(rng, altered),
            "planted_class": group,
            **placed,
        }
    )
    frame["ipssr_score"], frame["ipssr"] = ipssr(frame)
    frame["ipssm_score"], frame["ipssm"] = ipssm(frame, altered)
    frame["diagnosis"] = who_2022(frame, altered)
    return frame[[name for name in (v.name for v in VARIABLES) if name in frame]]


def _without_inputs(visible: pd.DataFrame) -> None:
    """A score without one of its inputs is not computable."""
    gap = visible[IPSSM_INPUTS].isna().any(axis=1)
    visible[["ipssm", "ipssm_score"]] = visible[["ipssm", "ipssm_score"]].mask(gap)
    gap |= visible["neutrophils_1e9_per_l"].isna()
    visible[["ipssr", "ipssr_score"]] = visible[["ipssr", "ipssr_score"]].mask(gap)


def _variants(
    rng: np.random.Generator, draws: dict[str, VariantDraw], seen: Mapping[str, Bools]
) -> None:
    """Multi-hit TP53: a second mutation, or one whose fraction tells the other allele is lost."""
    multi = seen["TP53_multi_hit"]
    lost = multi & (seen["17p-"] | (rng.random(len(multi)) < 0.4))
    choices = HOTSPOTS["TP53"]
    fraction = np.where(lost, 0.68, 0.33)
    draws["TP53"] = replace(draws["TP53"], carriers=seen["TP53"], vaf=fraction)
    draws["TP53_multi_hit"] = VariantDraw("TP53", multi & ~lost, choices, 0.33)


def _risk_half(patients: pd.DataFrame) -> Texts:
    return np.where(patients["ipssm"].isin(figures.HIGHER_RISK), "higher", "lower")


def _transplant_month(rng: np.random.Generator, patients: pd.DataFrame) -> Floats:
    """Month of the transplant a patient would get; infinite for most. Depends on age and risk."""
    half = _risk_half(patients)
    band = np.searchsorted(figures.TRANSPLANT_AGES, patients["age_years"], side="right")
    chance = np.array([figures.TRANSPLANT_CANDIDATES[name] for name in ("lower", "higher")])
    chosen = rng.random(len(half)) < chance[(half == "higher").astype(int), band]
    wait = lognormal(rng, lookup(figures.TRANSPLANT_MEDIAN_MONTH, half), 0.55, len(half))
    return np.where(chosen, wait, np.inf)


def _factors(half: Texts) -> TreatmentFactors:
    early = {name: pair[0] for name, pair in figures.TRANSPLANT_FACTORS.items()}
    late = {name: pair[1] for name, pair in figures.TRANSPLANT_FACTORS.items()}
    return TreatmentFactors(
        lookup(early, half), lookup(late, half), figures.TRANSPLANT_EARLY_MONTHS
    )


def _death(
    rng: np.random.Generator, patients: pd.DataFrame, altered: dict[str, Bools]
) -> DeathProcess:
    rate = relative_hazard(figures.DEATH_EFFECTS, patients, altered)
    clock = common_clock(rate, figures.MEDIAN_SURVIVAL_MONTHS, figures.SURVIVAL_SHAPE)
    return DeathProcess.drawn(rng, clock, rate)


def _outcomes(
    rng: np.random.Generator, patients: pd.DataFrame, altered: dict[str, Bools]
) -> tuple[dict[str, npt.NDArray[Any]], list[PlantedTruth]]:
    n = len(patients)
    death = _death(rng, patients, altered)
    clock = death.clock
    relative = relative_hazard(figures.AML_EFFECTS, patients, altered)
    after = death.rate_after(figures.MEDIAN_SURVIVAL_MONTHS, figures.SURVIVAL_AFTER_AML_MONTHS)
    transformed_at = event_at(
        rng, death, relative, after, [(np.ones(n, dtype=bool), *figures.AML_INCIDENCE)]
    )
    planned = _transplant_month(rng, patients)
    end, closing = follow_up(rng, n, shortest=6.0, longest=120.0, lost_per_year=0.05)
    half = _risk_half(patients)
    died = under_treatment(death.at, clock, planned, _factors(half))
    aml_factor = np.full(n, figures.TRANSPLANT_AML_FACTOR)
    transformed = under_treatment(
        transformed_at, clock, planned, TreatmentFactors(aml_factor, aml_factor, 0.0)
    )
    transformed = np.where(transformed <= died, transformed, np.inf)
    # Recorded in whole days: a transplant is at least a day before death or the end.
    done = recorded(planned) < recorded(np.minimum(died, end))

    course = Course(died, end)
    columns = {
        "transplant_months": np.where(done, recorded(planned), np.nan),
        "diagnosis_year": np.floor(CLOSING_YEAR - closing / 12),
        **course.survival("os"),
        **course.survival("lfs", transformed),
        **course.competing("aml", transformed),
    }
    return columns, _outcome_truths(patients, death, half)


def _outcome_truths(patients: pd.DataFrame, death: DeathProcess, half: Texts) -> list[PlantedTruth]:
    levels = levels_of("ipssm", figures.IPSSM_LEVELS)
    truths = median_truths(patients, death, levels, BERNARD_2022, before="transplant_months")
    for name, risk, source in (
        ("lower", figures.LOWER_RISK, CUTLER_2004),
        ("higher", figures.HIGHER_RISK, DELLA_PORTA_2017),
    ):
        truths.extend(
            treatment_truths(
                "os",
                name,
                within={"ipssm": risk},
                factors=figures.TRANSPLANT_FACTORS[name],
                early_months=figures.TRANSPLANT_EARLY_MONTHS,
                source=source.chosen(),
            )
        )
    truths.extend(_potential_outcomes(patients, death, half))
    return truths


def _potential_outcomes(
    patients: pd.DataFrame, death: DeathProcess, half: Texts
) -> list[PlantedTruth]:
    """Mean survival time gained by transplant in each IPSS-M class, among patients up to 70.

    Computed from the planted model, without sampling error, over the patients of the cohort (a
    sample of at most 2,000 a class).
    """
    horizon, start = figures.TRANSPLANT_HORIZON_MONTHS, figures.TRANSPLANT_STRATEGY_MONTH
    grid = np.linspace(0.0, horizon, 193)
    young = (patients["age_years"] <= figures.TRANSPLANT_AGES[1]).to_numpy()
    truths = []
    for level in figures.IPSSM_LEVELS:
        chosen = np.flatnonzero(young & (patients["ipssm"] == level).to_numpy())[:2000]
        if len(chosen) == 0:
            continue
        mask = np.isin(np.arange(len(patients)), chosen)
        rate, clock, factors = death.rate[mask], death.clock.of(mask), _factors(half[mask])
        source = KORETH_2013 if level in figures.LOWER_RISK else TENTORI_2024
        curves = [
            survival_under_treatment(grid, rate, clock, month, factors) for month in (start, np.inf)
        ]
        treated, never = (float(np.trapezoid(curve, grid)) for curve in curves)
        truths.append(
            PlantedTruth(
                key=f"effect:os:transplant@{level}",
                statement=(
                    f"In IPSS-M {level}, age up to 70, transplant at month {start:g} changes mean "
                    f"survival over {horizon / 12:g} years by {treated - never:+.1f} months "
                    f"({treated:.1f} against {never:.1f} without transplant)."
                ),
                value=treated - never,
                source=str(source.chosen()),
                details={
                    "analysis": "rmst_difference",
                    "endpoint": "os",
                    "treatment": "transplant_months",
                    "strategy_month": start,
                    "horizon": horizon,
                    "treated": treated,
                    "never": never,
                    "within": {"ipssm": (level,)},
                    "at_most": {"age_years": figures.TRANSPLANT_AGES[1]},
                },
            )
        )
    return truths
