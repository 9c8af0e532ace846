"""Transplant timing: the target trial and its emulation, states over time, life-years by delay."""

from app.analysis.transplant._answers.comparison import (
    CRUDE,
    ROBUST,
    STANDARDISED,
    TIMED,
    WEIGHTED,
    SameTerms,
    same_terms,
)
from app.analysis.transplant._answers.timed_cox import (
    EARLY,
    EARLY_UNTIL,
    LATE,
    THROUGHOUT,
    timed_cox,
)
from app.analysis.transplant._balance import UNBALANCED
from app.analysis.transplant._claims.groups import HIGHER, LOWER
from app.analysis.transplant._claims.horizon import EFFECTIVE
from app.analysis.transplant._claims.influence import LARGE_PART, LARGE_SHARE
from app.analysis.transplant._claims.intervals import Interval, band, interval
from app.analysis.transplant._claims.kinds import Kinds, kinds_of, without_kinds
from app.analysis.transplant._diagnostics import (
    age_bands,
    balance_within,
    positivity,
    sensitivity,
    weight_histogram,
)
from app.analysis.transplant._e_value import e_value, rate_to_risk_ratio
from app.analysis.transplant._emulation import (
    FEWEST_FOR_AN_ESTIMATE,
    Emulation,
    EmulationSettings,
    emulate,
)
from app.analysis.transplant._states.microsimulation import (
    NEVER,
    Microsimulation,
    MicrosimulationSettings,
    microsimulate,
)
from app.analysis.transplant._states.paths import Occupancy, Paths, occupancy, paths_of
from app.analysis.transplant._states.transitions import TransitionModels, transition_models
from app.analysis.transplant._strata import restratified, rows_of, without_confounders
from app.analysis.transplant._strategies import Strategy
from app.analysis.transplant._support import (
    FEWEST_DEATHS,
    LARGE_WEIGHT,
    NEAR_ZERO,
    window_probability,
)
from app.analysis.transplant._trial import Arm
from app.analysis.transplant._trial_data import (
    EVERYONE,
    FEWEST_OF_A_CENTRE,
    TrialData,
    trial_data,
)

__all__ = [
    "CRUDE",
    "EARLY",
    "EARLY_UNTIL",
    "EFFECTIVE",
    "EVERYONE",
    "FEWEST_DEATHS",
    "FEWEST_FOR_AN_ESTIMATE",
    "FEWEST_OF_A_CENTRE",
    "HIGHER",
    "LARGE_PART",
    "LARGE_SHARE",
    "LARGE_WEIGHT",
    "LATE",
    "LOWER",
    "NEAR_ZERO",
    "NEVER",
    "ROBUST",
    "STANDARDISED",
    "THROUGHOUT",
    "TIMED",
    "UNBALANCED",
    "WEIGHTED",
    "Arm",
    "Emulation",
    "EmulationSettings",
    "Interval",
    "Kinds",
    "Microsimulation",
    "MicrosimulationSettings",
    "Occupancy",
    "Paths",
    "SameTerms",
    "Strategy",
    "TransitionModels",
    "TrialData",
    "age_bands",
    "balance_within",
    "band",
    "e_value",
    "emulate",
    "interval",
    "kinds_of",
    "microsimulate",
    "occupancy",
    "paths_of",
    "positivity",
    "rate_to_risk_ratio",
    "restratified",
    "rows_of",
    "same_terms",
    "sensitivity",
    "timed_cox",
    "transition_models",
    "trial_data",
    "weight_histogram",
    "window_probability",
    "without_confounders",
    "without_kinds",
]
