"""``demo:aml``: a synthetic cohort of acute myeloid leukaemia, drawn from planted classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit

from data_loaders.arrays import Bools, Floats
from data_loaders.demo import _aml_figures as figures
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
    follow_up,
    intermediate_event,
    observed,
    recorded,
    under_treatment,
)
from data_loaders.demo.planted import frequency_truths, hazard_truths, relative_hazard
from data_loaders.demo.simulate import (
    Texts,
    bounded_normal,
    choose,
    choose_within,
    draw_features,
    draw_lost_y,
    lognormal,
    lookup,
    require_any,
    thinned,
)
from data_loaders.demo.sources import LACHOWIEZ_2023, PAPAEMMANUIL_2016
from data_loaders.demo.variants import HOTSPOTS, VariantDraw
from data_loaders.model import Cohort, PlantedTruth, Variable

CENTRES = {
    f"Centre {name}": share for name, share in zip("ABCDEF", (3, 3, 2, 2, 1, 1), strict=True)
}
CLOSING_YEAR = 2020

ENDPOINTS = (
    OVERALL_SURVIVAL,
    endpoint("rfs", "Relapse-free survival, from remission", "relapse or death"),
    competing_endpoint("relapse", "Relapse, from remission", "relapse"),
)
MALE = 0.53

VARIABLES = (
    Variable(
        "eln_2022", "ELN 2022 risk", "ordinal", role="disease", levels=figures.ELN_LEVELS,
        description="Not defined for t(15;17).",
    ),
    Variable(
        "planted_class", "Planted genomic class", "categorical", role="disease",
        levels=figures.CLASSES,
        description="SYNTHETIC: the class from which the patient's alterations were drawn, after "
        "the classes of Papaemmanuil 2016. Subgroup discovery should find it again.",
    ),
    *usual("age_years", "sex"),
    Variable(
        "aml_type", "AML type", "categorical", role="disease",
        levels=("De novo", "Secondary", "Therapy-related"),
    ),
    *usual("wbc_1e9_per_l", "hb_g_per_l", "platelets_1e9_per_l", "blasts_bm_percent"),
    *usual("ldh_u_per_l", "ecog"),
    Variable(
        "cr_months", "Complete remission, time from diagnosis", "numeric", "months", "outcome",
        description="Empty if no remission was reached.",
    ),
    Variable(
        "transplant_months", "Transplant in first remission, time from diagnosis", "numeric",
        "months", "treatment",
        description="Empty if never transplanted. Known only later: never a baseline group.",
    ),
    *study_variables(figures.NOT_ON_CORE_PANEL, CENTRES),
)  # fmt: skip

MISSING_AT_RANDOM = {
    "wbc_1e9_per_l": 0.01, "hb_g_per_l": 0.02, "platelets_1e9_per_l": 0.02,
    "blasts_bm_percent": 0.05, "ldh_u_per_l": 0.06, "ecog": 0.03,
}  # fmt: skip


def generate(n: int, seed: int) -> Cohort:
    """Generate the cohort."""
    rng = np.random.Generator(np.random.PCG64(seed))
    stratum = choose(rng, figures.STRATUM_SHARES, n)
    male = rng.random(n) < MALE
    altered = _alterations(rng, stratum, male)
    patients = _clinical(rng, stratum, male, altered)
    outcomes, truths = _outcomes(rng, patients, altered)
    planted = frequency_truths(figures.by_class(), "planted_class", 0.1, pairs_within=("NPM1",))
    return assembled(
        rng,
        Parts(
            key="aml",
            citation="Figures planted from Papaemmanuil 2016, Herold 2020, Lachowiez 2023, "
            "Koreth 2009 and others; each truth names its own.",
            features=figures.FEATURES,
            altered=altered,
            off_core_panel=figures.NOT_ON_CORE_PANEL,
            patients=patients,
            outcomes=outcomes,
            gaps=MISSING_AT_RANDOM,
            variables=VARIABLES,
            endpoints=ENDPOINTS,
            truths=(
                *planted,
                *hazard_truths({"os": figures.DEATH_EFFECTS}, ENDPOINTS, VARIABLES),
                *truths,
            ),
            variants=partial(_variants, rng),
        ),
    )


def _alterations(rng: np.random.Generator, stratum: Texts, male: Bools) -> dict[str, Bools]:
    specs = thinned(figures.FEATURES, figures.REQUIRED)
    drawn = draw_features(rng, stratum, specs, draw_lost_y(rng, stratum, specs, male, MALE))
    require_any(rng, stratum, drawn, figures.FEATURES, figures.REQUIRED)
    return drawn


def eln_2022(altered: Mapping[str, Bools]) -> Texts:
    """ELN 2022 genetic risk (Döhner 2022 Blood 140:1345, table 6); ``APL`` for t(15;17)."""

    def any_of(*names: str) -> Bools:
        return np.asarray(np.any([altered[name] for name in names], axis=0))

    cytogenetics = any_of("complex", "-5/5q-", "-7/7q-", "17p-", "inv(3)", "t(6;9)") | (
        altered["t(v;11)"] & ~altered["t(9;11)"]
    )
    genes = any_of(
        "TP53", "RUNX1", "ASXL1", "BCOR", "EZH2", "SF3B1", "SRSF2", "STAG2", "U2AF1", "ZRSR2"
    )
    npm1 = altered["NPM1"] & ~cytogenetics & ~altered["TP53"]
    return np.select(
        [
            altered["t(15;17)"],
            altered["t(8;21)"] | altered["inv(16)"],
            npm1 & ~altered["FLT3_ITD"],
            npm1,
            altered["CEBPA_biallelic"] & ~cytogenetics,
            altered["t(9;11)"],
            cytogenetics | genes,
        ],
        [
            "APL", "Favourable", "Favourable", "Intermediate", "Favourable", "Intermediate",
            "Adverse",
        ],
        "Intermediate",
    )  # fmt: skip


def _clinical(
    rng: np.random.Generator, stratum: Texts, male: Bools, altered: dict[str, Bools]
) -> pd.DataFrame:
    n = len(stratum)
    age, cells, marrow = (
        lookup({name: row[i] for name, row in figures.CLINICAL.items()}, stratum) for i in range(3)
    )
    kind = np.where(np.isin(stratum, list(figures.AML_TYPES)), stratum, "usual")
    aml_type = choose_within(rng, figures.AML_TYPES, kind)
    wbc = lognormal(rng, cells * np.where(altered["FLT3_ITD"], 1.7, 1.0), 1.1, n)
    wbc = np.clip(wbc, 0.4, 420)
    placed = centres(rng, n, CENTRES)
    risk = eln_2022(altered)
    return pd.DataFrame(
        {
            "eln_2022": pd.Series(risk, dtype=object).mask(risk == "APL", None),
            "planted_class": np.where(
                np.isin(stratum, list(figures.CLASS_OF)), "TP53-aneuploidy", stratum
            ),
            "age_years": bounded_normal(rng, age, 13.0, (18, 84), n).round(),
            "sex": np.where(male, "M", "F"),
            "aml_type": aml_type,
            "wbc_1e9_per_l": wbc.round(1),
            "hb_g_per_l": bounded_normal(rng, 91.0, 17.0, (40, 160), n).round(),
            "platelets_1e9_per_l": np.clip(lognormal(rng, 55.0, 0.75, n), 4, 700).round(),
            "blasts_bm_percent": bounded_normal(rng, marrow, 21.0, (20, 99), n).round(),
            "ldh_u_per_l": lognormal(rng, 330.0 * (wbc / 10) ** 0.25, 0.5, n).round(),
            "ecog": choose(rng, figures.ECOG_SHARES, n).astype(float),
            **placed,
        }
    )


def _variants(
    rng: np.random.Generator, draws: dict[str, VariantDraw], seen: Mapping[str, Bools]
) -> None:
    """CEBPA on both alleles, and TP53 with the other allele lost or mutated too."""
    # Biallelic CEBPA: an N-terminal frameshift and an in-frame change of the bZIP domain.
    both = seen["CEBPA_biallelic"]
    draws["CEBPA_biallelic"] = VariantDraw("CEBPA", both, ((None, "truncating", 1.0),))
    draws["CEBPA_bzip"] = VariantDraw("CEBPA", both, ((None, "inframe", 1.0),))
    lost = seen["17p-"]
    draws["TP53"] = replace(draws["TP53"], vaf=np.where(lost, 0.7, 0.42))
    draws["TP53_second"] = VariantDraw(
        "TP53", seen["TP53"] & ~lost & (rng.random(len(lost)) < 0.4), HOTSPOTS["TP53"]
    )


def _remission(
    rng: np.random.Generator, death: DeathProcess, group: Texts
) -> tuple[Floats, Floats]:
    """Month of remission (infinite if none), likelier in those who live long, at planted rates."""
    n = len(group)
    month = np.clip(lognormal(rng, 1.2, 0.35, n), 0.7, 4.0)
    alive = death.months > month
    tendency = 1.2 * np.log(death.at * death.rate)
    chance = np.zeros(n)
    for name, wanted in figures.REMISSION.items():
        here = group == name
        if not here.any():
            continue
        ceiling = float(alive[here].mean())

        def excess(level: float, here: Bools = here, wanted: float = wanted) -> float:
            return float((expit(level + tendency[here]) * alive[here]).mean()) - wanted

        level = brentq(excess, -30.0, 60.0) if wanted < ceiling else 60.0
        chance[here] = expit(level + tendency[here])
    return np.where(alive & (rng.random(n) < chance), month, np.inf), month


def _transplant_month(
    rng: np.random.Generator, group: Texts, age: Floats, remission: Floats
) -> Floats:
    older = {name: pair[1] for name, pair in figures.TRANSPLANT_CANDIDATES.items()}
    younger = {name: pair[0] for name, pair in figures.TRANSPLANT_CANDIDATES.items()}
    chance = np.select([age <= 60, age <= 70], [lookup(younger, group), lookup(older, group)], 0.0)
    wait = 0.7 + lognormal(rng, 3.0, 0.4, len(group))
    return np.where(rng.random(len(group)) < chance, remission + wait, np.inf)


def _outcomes(
    rng: np.random.Generator, patients: pd.DataFrame, altered: dict[str, Bools]
) -> tuple[dict[str, Floats], list[PlantedTruth]]:
    n = len(patients)
    group = eln_2022(altered)
    rate = relative_hazard(figures.DEATH_EFFECTS, patients, altered)
    median = figures.MEDIAN_SURVIVAL_MONTHS
    clock = common_clock(rate, median, figures.SURVIVAL_SHAPE)
    death = DeathProcess.drawn(rng, clock, rate)
    remission, reached = _remission(rng, death, group)
    begun = clock.elapsed(reached)
    after = death.rate_after(median, figures.SURVIVAL_AFTER_RELAPSE_MONTHS)
    left = np.maximum(death.at - begun, 1e-12)
    relapse_at = begun + intermediate_event(
        rng, left, rate, figures.RELAPSE_SHARE_OF_HAZARD * rate, after
    )
    untreated = np.where(np.isfinite(remission), clock.months(relapse_at), np.inf)
    planned = _transplant_month(rng, group, patients["age_years"].to_numpy(), remission)
    # In first remission only, and alive.
    planned = np.where(planned < np.minimum(untreated, death.months), planned, np.inf)
    factor = lookup(figures.TRANSPLANT_FACTORS, group)
    spared = np.full(n, figures.TRANSPLANT_RELAPSE_FACTOR)
    died = under_treatment(death.at, clock, planned, TreatmentFactors(factor, factor, 0.0))
    relapsed = under_treatment(relapse_at, clock, planned, TreatmentFactors(spared, spared, 0.0))
    relapsed = np.where(np.isfinite(remission) & (relapsed <= died), relapsed, np.inf)
    end, closing = follow_up(rng, n, shortest=6.0, longest=144.0, lost_per_year=0.03)

    in_remission = recorded(remission) < recorded(np.minimum(died, end))
    last = recorded(np.minimum(np.minimum(died, relapsed), end))
    done = in_remission & (recorded(planned) > recorded(remission)) & (recorded(planned) < last)
    time, event, competing = observed(relapsed, died, end)
    since = np.maximum(time - recorded(remission), recorded(np.zeros(n)))
    from_remission = {
        "rfs_months": since,
        "rfs_event": event + competing,
        "relapse_months": since,
        "relapse_event": event,
        "relapse_competing": competing,
    }
    columns = {
        "cr_months": np.where(in_remission, recorded(remission), np.nan),
        "transplant_months": np.where(done, recorded(planned), np.nan),
        "diagnosis_year": np.floor(CLOSING_YEAR - closing / 12),
        **Course(died, end).survival("os"),
        **{key: np.where(in_remission, value, np.nan) for key, value in from_remission.items()},
    }
    return columns, _outcome_truths(patients, death)


def _outcome_truths(patients: pd.DataFrame, death: DeathProcess) -> list[PlantedTruth]:
    risks = levels_of("eln_2022", figures.ELN_LEVELS)
    classes = levels_of("planted_class", figures.CLASSES)
    truths = median_truths(patients, death, risks, LACHOWIEZ_2023)
    truths += median_truths(patients, death, classes, PAPAEMMANUIL_2016)
    truths.extend(
        PlantedTruth(
            key=f"remission@{name}",
            statement=f"{100 * share:.0f}% of patients with {name} risk reach remission.",
            value=share,
            source=str(LACHOWIEZ_2023.chosen()),
            details={
                "analysis": "proportion",
                "column": "cr_months",
                "within": {"eln_2022": (name,)},
            },
        )
        for name, share in figures.REMISSION.items()
        if name in figures.ELN_LEVELS
    )
    truths.extend(
        PlantedTruth(
            key=f"hr:os:transplant@{name}",
            statement=(
                f"From the day of transplant in first remission, {name} risk has its hazard of "
                f"death multiplied by {ratio:g}. Patients are chosen by remission, age and risk, "
                "so no comparison with everybody else shows it."
            ),
            value=ratio,
            source=str(figures.TRANSPLANT_SOURCE),
            details={
                "analysis": "generated",
                "endpoint": "os",
                "treatment": "transplant_months",
                "within": {"eln_2022": (name,)},
            },
        )
        for name, ratio in figures.TRANSPLANT_FACTORS.items()
        if name in figures.ELN_LEVELS
    )
    return truths
