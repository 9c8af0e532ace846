"""Transplant timing: the target trial and its emulation, states over time, life-years by delay."""

from app.analysis.transplant._balance import UNBALANCED
from app.analysis.transplant._diagnostics import (
    age_bands,
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
from app.analysis.transplant._microsimulation import (
    NEVER,
    Microsimulation,
    MicrosimulationSettings,
    microsimulate,
)
from app.analysis.transplant._multistate import Occupancy, Paths, occupancy, paths_of
from app.analysis.transplant._strata import restratified, rows_of
from app.analysis.transplant._strategies import Strategy
from app.analysis.transplant._support import LARGE_WEIGHT, NEAR_ZERO, window_probability
from app.analysis.transplant._transitions import TransitionModels, transition_models
from app.analysis.transplant._trial import Arm
from app.analysis.transplant._trial_data import EVERYONE, TrialData, trial_data

__all__ = [
    "EVERYONE",
    "FEWEST_FOR_AN_ESTIMATE",
    "LARGE_WEIGHT",
    "NEAR_ZERO",
    "NEVER",
    "UNBALANCED",
    "Arm",
    "Emulation",
    "EmulationSettings",
    "Microsimulation",
    "MicrosimulationSettings",
    "Occupancy",
    "Paths",
    "Strategy",
    "TransitionModels",
    "TrialData",
    "age_bands",
    "e_value",
    "emulate",
    "microsimulate",
    "occupancy",
    "paths_of",
    "positivity",
    "rate_to_risk_ratio",
    "restratified",
    "rows_of",
    "sensitivity",
    "transition_models",
    "trial_data",
    "weight_histogram",
    "window_probability",
]
