"""``demo:aml``: a synthetic cohort of acute myeloid leukaemia, drawn from planted classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit

from data_loaders.arrays import Bools, Floats
from data_loaders.demo import _aml_figures as figures
from data_loaders.demo.assemble import Parts, assembled, centres, study_variables
from data_loaders.demo.outcomes import (
    DeathProcess,
    TreatmentFactors,
    calibrated_clock,
    follow_up,
    intermediate_event,
    median_survival,
    observed,
    recorded,
    under_treatment,
)
from data_loaders.demo.planted import (
    frequency_truths,
    hazard_truths,
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
    patient_ids,
    require_any,
    thinned,
)
from data_loaders.demo.sources import LACHOWIEZ_2023, PAPAEMMANUIL_2016
from data_loaders.demo.variants import HOTSPOTS, VariantDraw, mutation_table, ordinary_draws
from data_loaders.model import Cohort, Endpoint, PlantedTruth, Variable

CENTRES = {
    f"Centre {name}": share for name, share in zip("ABCDEF", (3, 3, 2, 2, 1, 1), strict=True)
}
CLOSING_YEAR = 2020

ENDPOINTS = (
    Endpoint("os", "Overall survival", "os_months", "os_event", event_label="death"),
    Endpoint(
        "rfs", "Relapse-free survival, from remission", "rfs_months", "rfs_event",
        event_label="relapse or death",
    ),
    Endpoint(
        "relapse", "Relapse, from remission", "relapse_months", "relapse_event",
        "relapse_competing", event_label="relapse",
    ),
)  # fmt: skip

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
    Variable("age_years", "Age at diagnosis", "numeric", "years", "demographic"),
    Variable("sex", "Sex", "categorical", role="demographic", levels=("F", "M")),
    Variable(
        "aml_type", "AML type", "categorical", role="disease",
        levels=("De novo", "Secondary", "Therapy-related"),
    ),
    Variable("wbc_1e9_per_l", "White cell count", "numeric", "10⁹/L", "laboratory"),
    Variable("hb_g_per_l", "Haemoglobin", "numeric", "g/L", "laboratory"),
    Variable("platelets_1e9_per_l", "Platelets", "numeric", "10⁹/L", "laboratory"),
    Variable("blasts_bm_percent", "Marrow blasts", "numeric", "%", "laboratory"),
    Variable("ldh_u_per_l", "LDH", "numeric", "U/L", "laboratory"),
    Variable("ecog", "ECOG performance status", "numeric", role="clinical"),
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
    male = rng.random(n) < 0.53
    altered = _alterations(rng, stratum, male)
    patients = _clinical(rng, stratum, male, altered)
    patients.index = patient_ids("AML", n)
    outcomes, truths = _outcomes(rng, patients, altered)
    planted = frequency_truths(figures.by_class(), "planted_class", 0.1, pairs_within=("NPM1",))
    return assembled(
        rng,
        Parts(
            key="aml",
            title="AML demo (synthetic)",
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
            truths=(*planted, *truths),
            mutations=_mutations,
        ),
    )


def _alterations(rng: np.random.Generator, stratum: Texts, male: Bools) -> dict[str, Bools]:
    specs = thinned(figures.FEATURES, figures.REQUIRED)
    lost_y = next(spec for spec in specs if spec.name == "-Y").frequency
    chance = lookup({name: lost_y.get(name, 0.0) for name in figures.STRATUM_SHARES}, stratum)
    minus_y = male & (rng.random(len(stratum)) < chance / 0.53)  # only men can lose Y
    drawn = draw_features(rng, stratum, specs, {"-Y": minus_y})
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
    aml_type = np.full(n, "Therapy-related")
    for name, shares in figures.AML_TYPES.items():
        here = kind == name
        aml_type[here] = choose(rng, shares, int(here.sum()))
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


def _mutations(
    rng: np.random.Generator, patients: pd.DataFrame, seen: Mapping[str, Bools]
) -> pd.DataFrame:
    draws = ordinary_draws(figures.FEATURES, seen)
    # Biallelic CEBPA: an N-terminal frameshift and an in-frame change of the bZIP domain.
    both = seen["CEBPA_biallelic"]
    draws["CEBPA_biallelic"] = VariantDraw("CEBPA", both, ((None, "truncating", 1.0),))
    draws["CEBPA_bzip"] = VariantDraw("CEBPA", both, ((None, "inframe", 1.0),))
    lost = seen["17p-"]
    draws["TP53"] = replace(draws["TP53"], vaf=np.where(lost, 0.7, 0.42))
    draws["TP53_second"] = VariantDraw(
        "TP53", seen["TP53"] & ~lost & (rng.random(len(lost)) < 0.4), HOTSPOTS["TP53"]
    )
    return mutation_table(rng, patients.index, list(draws.values()))


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
) -> tuple[pd.DataFrame, list[PlantedTruth]]:
    n = len(patients)
    everyone = np.full(n, "all")
    group = eln_2022(altered)
    rate = relative_hazard(figures.DEATH_EFFECTS, patients, altered, everyone)
    median = figures.MEDIAN_SURVIVAL_MONTHS
    clock = calibrated_clock(rate, everyone, {"all": median}, {"all": figures.SURVIVAL_SHAPE})
    death = DeathProcess(clock, rate, rng.exponential(1.0, n) / rate)
    remission, reached = _remission(rng, death, group)
    begun = clock.elapsed(reached)
    after = death.rate_after(np.full(n, median), figures.SURVIVAL_AFTER_RELAPSE_MONTHS)
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
    columns: dict[str, Floats] = {
        "cr_months": np.where(in_remission, recorded(remission), np.nan),
        "transplant_months": np.where(done, recorded(planned), np.nan),
        "diagnosis_year": np.floor(CLOSING_YEAR - closing / 12),
    }
    columns["os_months"], columns["os_event"], _ = observed(died, died, end)
    time, event, competing = observed(relapsed, died, end)
    since = np.maximum(time - recorded(remission), recorded(np.zeros(n)))
    columns |= {
        "rfs_months": since,
        "rfs_event": event + competing,
        "relapse_months": since,
        "relapse_event": event,
        "relapse_competing": competing,
    }
    for name in ("rfs_months", "rfs_event", "relapse_months", "relapse_event", "relapse_competing"):
        columns[name] = np.where(in_remission, columns[name], np.nan)
    frame = pd.DataFrame(columns, index=patients.index)
    return frame, _outcome_truths(patients, death)


def _outcome_truths(patients: pd.DataFrame, death: DeathProcess) -> list[PlantedTruth]:
    truths = hazard_truths("os", "death", figures.DEATH_EFFECTS, VARIABLES)
    for column, levels, source in (
        ("eln_2022", figures.ELN_LEVELS, LACHOWIEZ_2023.chosen()),
        ("planted_class", figures.CLASSES, PAPAEMMANUIL_2016.chosen()),
    ):
        for level in levels:
            here = (patients[column] == level).to_numpy()
            if here.any():
                months = median_survival(death.rate[here], death.clock.of(here))
                truths.append(median_truth("os", months, source, {column: level}))
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
