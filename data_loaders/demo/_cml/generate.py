"""``demo:cml``: a synthetic cohort of chronic myeloid leukaemia in chronic phase."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_loaders.arrays import Bools, Floats
from data_loaders.demo._cml import figures
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
from data_loaders.demo.outcomes import DeathProcess, common_clock, event_at, follow_up, recorded
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
    draw_features,
    draw_lost_y,
    lognormal,
    lookup,
)
from data_loaders.demo.sources import PFIRRMANN_2016
from data_loaders.model import Cohort, PlantedTruth, Variable

CLOSING_YEAR = 2023
MONTHS = (3, 6, 12)

ENDPOINTS = (
    OVERALL_SURVIVAL,
    competing_endpoint("mmr", "Major molecular response", "major molecular response"),
    competing_endpoint("ap_bp", "Accelerated or blast phase", "accelerated or blast phase"),
    endpoint(
        "pfs",
        "Progression-free survival",
        "accelerated phase, blast phase or death",
    ),
)
EFFECTS = {
    "os": figures.DEATH_EFFECTS,
    "mmr": figures.RESPONSE_EFFECTS,
    "ap_bp": figures.PROGRESSION_EFFECTS,
}

_SCALE = "International scale; the major molecular response is 0.1% or less, which is MR3."
VARIABLES = (
    Variable(
        "elts", "ELTS", "ordinal", role="disease", levels=figures.RISKS,
        description="EUTOS long-term survival score, from age, spleen, platelets and blasts.",
    ),
    Variable("sokal", "Sokal", "ordinal", role="disease", levels=figures.RISKS),
    Variable(
        "transcript", "BCR::ABL1 transcript", "categorical", role="disease",
        levels=tuple(figures.TRANSCRIPTS),
    ),
    *usual("age_years", "sex"),
    Variable("spleen_size_cm", "Spleen size", "numeric", "cm", "clinical",
             description="Below the costal margin; 0 if not palpable."),
    *usual("wbc_1e9_per_l", "platelets_1e9_per_l", "hb_g_per_l", "blasts_pb_percent"),
    Variable("basophils_percent", "Basophils", "numeric", "%", "laboratory"),
    Variable("eosinophils_percent", "Eosinophils", "numeric", "%", "laboratory"),
    Variable(
        "tki_first_line", "First-line TKI", "categorical", role="clinical",
        levels=tuple(figures.TKIS), description="Started at diagnosis.",
    ),
    *(
        Variable(
            f"bcr_abl1_is_{month}m", f"BCR::ABL1 (international scale) at {month} months",
            "numeric", "%", "clinical", description=_SCALE,
        )
        for month in MONTHS
    ),
    Variable(
        "eln_response", "ELN response at 12 months", "ordinal", role="clinical",
        levels=figures.ELN_RESPONSES, description="By the milestones of ELN 2020.",
    ),
    Variable(
        "second_line_months", "Second-line TKI, time from diagnosis", "numeric", "months",
        "treatment", description="Empty if the first TKI was never changed.",
    ),
    *study_variables(figures.NOT_ON_CORE_PANEL),
)  # fmt: skip

MISSING_AT_RANDOM = {
    "wbc_1e9_per_l": 0.02, "hb_g_per_l": 0.02, "platelets_1e9_per_l": 0.02,
    "basophils_percent": 0.04, "eosinophils_percent": 0.04, "transcript": 0.05,
}  # fmt: skip


def generate(n: int, seed: int) -> Cohort:
    """Generate the cohort."""
    rng = np.random.Generator(np.random.PCG64(seed))
    patients = _clinical(rng, n)
    elts = patients["elts"].to_numpy(dtype=str)
    male = (patients["sex"] == "M").to_numpy()
    lost_y = draw_lost_y(rng, elts, figures.FEATURES, male, figures.MALE)
    altered = draw_features(rng, elts, figures.FEATURES, lost_y)
    outcomes, medians = _outcomes(rng, patients, altered)
    resistant = np.isin(outcomes["eln_response"], figures.ELN_RESPONSES[1:])
    return assembled(
        rng,
        Parts(
            key="cml",
            citation="Figures planted from Pfirrmann 2016, Hehlmann 2017, Marin 2012, Branford "
            "2018, Kim 2017, Fabarius 2011, Soverini 2011 and others; each truth names its own.",
            features=figures.FEATURES,
            altered=altered,
            off_core_panel=figures.NOT_ON_CORE_PANEL,
            patients=patients.drop(columns="bcr_abl1_is_3m"),
            outcomes=outcomes,
            gaps=MISSING_AT_RANDOM,
            variables=VARIABLES,
            endpoints=ENDPOINTS,
            truths=(
                *frequency_truths(figures.FEATURES, "elts", 0.012),
                *hazard_truths(EFFECTS, ENDPOINTS, VARIABLES),
                *medians,
                incidence_truth(
                    "ap_bp", figures.PROGRESSION_MONTH, figures.PROGRESSION_INCIDENCE,
                    figures.PROGRESSION_SOURCE, {},
                ),
            ),
            not_tested=dict.fromkeys(figures.AT_RESISTANCE, ~resistant),
        ),
    )  # fmt: skip


def elts_score(age: Floats, spleen: Floats, platelets: Floats, blasts: Floats) -> Floats:
    """EUTOS long-term survival score (Pfirrmann 2016).

    Parameters
    ----------
    age, spleen, platelets, blasts
        Years, cm below the costal margin, 10⁹/L, per cent of the blood.
    """
    return np.asarray(
        0.0025 * (age / 10) ** 3
        + 0.0615 * spleen
        + 0.1052 * blasts
        + 0.4104 * (platelets / 1000) ** -0.5
    )


def sokal_score(age: Floats, spleen: Floats, platelets: Floats, blasts: Floats) -> Floats:
    """Score of Sokal 1984; parameters as for :func:`elts_score`."""
    return np.exp(
        0.0116 * (age - 43.4)
        + 0.0345 * (spleen - 7.51)
        + 0.188 * ((platelets / 700) ** 2 - 0.563)
        + 0.0887 * (blasts - 2.10)
    )


def _risk(score: Floats, limits: tuple[float, float]) -> Texts:
    return np.array(figures.RISKS)[np.searchsorted(limits, score)]


def _clinical(rng: np.random.Generator, n: int) -> pd.DataFrame:
    age = bounded_normal(rng, 53.0, 16.0, (18, 90), n).round()
    spleen = np.where(rng.random(n) < 0.5, 0.0, np.clip(lognormal(rng, 4.5, 0.75, n), 1, 28))
    spleen = spleen.round()
    platelets = np.clip(lognormal(rng, 370.0, 0.55, n), 60, 2400).round()
    blasts = np.where(rng.random(n) < 0.45, 0.0, rng.geometric(0.42, n))
    blasts = np.minimum(blasts, 14.0)
    limits = (np.log(8), np.log(415))
    wbc = np.exp(bounded_normal(rng, np.log(90.0 * (1 + spleen / 12)), 0.75, limits, n))
    parts = age, spleen, platelets, blasts
    tki = choose(rng, figures.TKIS, n)
    slow = rng.random(n) < lookup(figures.SLOW_START, tki)
    fast = 10 ** bounded_normal(rng, 0.1, 0.6, (-0.95, 0.99), n)
    start = np.where(slow, 10 ** bounded_normal(rng, 1.35, 0.25, (1.0, 1.95), n), fast)
    return pd.DataFrame(
        {
            "elts": _risk(elts_score(*parts), figures.ELTS_LIMITS),
            "sokal": _risk(sokal_score(*parts), figures.SOKAL_LIMITS),
            "transcript": choose(rng, figures.TRANSCRIPTS, n),
            "age_years": age,
            "sex": np.where(rng.random(n) < figures.MALE, "M", "F"),
            "spleen_size_cm": spleen,
            "wbc_1e9_per_l": wbc.round(1),
            "platelets_1e9_per_l": platelets,
            "hb_g_per_l": bounded_normal(rng, 123.0, 17.0, (60, 175), n).round(),
            "blasts_pb_percent": blasts,
            "basophils_percent": np.minimum(rng.geometric(0.27, n), 19).astype(float),
            "eosinophils_percent": np.minimum(rng.geometric(0.4, n), 15).astype(float),
            "tki_first_line": tki,
            "bcr_abl1_is_3m": start.round(2),
            **centres(rng, n),
        }
    )


def _transcripts(rng: np.random.Generator, start: Floats, reached: Floats) -> dict[int, Floats]:
    """BCR::ABL1 by month: in logs a straight line from 3 months to the response, and beyond it.

    Parameters
    ----------
    start
        At 3 months, in per cent of the international scale.
    reached
        Month of the major molecular response.
    """
    first = np.log10(start)
    values = {3: start}
    for month in MONTHS[1:]:
        share = (month - figures.FIRST_CONTROL) / (reached - figures.FIRST_CONTROL)
        before = first + (-1.0 - first) * share + rng.normal(0, 0.08, len(start))
        beyond = -1.0 - 0.09 * (month - reached) - np.abs(rng.normal(0, 0.15, len(start)))
        level = np.where(reached <= month, np.maximum(beyond, -3.0), np.maximum(before, -0.995))
        values[month] = np.maximum(10**level, 0.001).round(4)
    return values


def _eln(values: dict[int, Floats]) -> Texts:
    """Response at 12 months by ELN 2020."""
    failure, warning = figures.MILESTONES[12]
    level = values[12]
    return np.select([level > failure, level > warning], ["Failure", "Warning"], "Optimal")


def _outcomes(
    rng: np.random.Generator, patients: pd.DataFrame, altered: dict[str, Bools]
) -> tuple[dict[str, npt.NDArray[Any]], list[PlantedTruth]]:
    n = len(patients)
    rate, responding, progressing = (
        relative_hazard(effects, patients, altered) for effects in EFFECTS.values()
    )
    clock = common_clock(rate, figures.MEDIAN_SURVIVAL_MONTHS, figures.SURVIVAL_SHAPE)
    death = DeathProcess.drawn(rng, clock, rate)
    after = death.rate_after(60.0, figures.SURVIVAL_AFTER_PROGRESSION_MONTHS)
    horizon = (np.ones(n, dtype=bool), figures.PROGRESSION_MONTH, figures.PROGRESSION_INCIDENCE)
    progressed = clock.months(event_at(rng, death, progressing, after, [horizon]))
    reached = figures.FIRST_CONTROL + waiting_time(
        rng, responding, figures.MEDIAN_RESPONSE_MONTHS, figures.RESPONSE_SHAPE
    )
    end, closing = follow_up(rng, n, shortest=14.0, longest=190.0, lost_per_year=0.02)
    last = np.minimum(death.months, end)

    values = _transcripts(rng, patients["bcr_abl1_is_3m"].to_numpy(), reached)
    columns: dict[str, npt.NDArray[Any]] = {"diagnosis_year": np.floor(CLOSING_YEAR - closing / 12)}
    for control, level in values.items():
        seen = (last > control) & (rng.random(n) > 0.04)
        columns[f"bcr_abl1_is_{control}m"] = np.where(seen, level, np.nan)
    controlled = ~np.isnan(columns["bcr_abl1_is_12m"])
    response = _eln(values)
    columns["eln_response"] = pd.Series(response, dtype=object).where(controlled, None).to_numpy()
    # After failure most change the drug within months, after a warning some do.
    changes = rng.random(n) < lookup({"Optimal": 0.08, "Warning": 0.4, "Failure": 0.85}, response)
    change = 12.0 + lognormal(rng, np.where(response == "Optimal", 20.0, 2.5), 0.6, n)
    columns["second_line_months"] = np.where(changes & (change < last), recorded(change), np.nan)
    course = Course(death.months, end)
    columns |= course.survival("os")
    columns |= course.competing("mmr", reached)
    columns |= course.competing("ap_bp", progressed)
    columns |= course.survival("pfs", progressed)
    groups = [*levels_of("elts", figures.RISKS), *levels_of("tki_first_line", figures.TKIS)]
    return columns, median_truths(patients, death, groups, PFIRRMANN_2016)
