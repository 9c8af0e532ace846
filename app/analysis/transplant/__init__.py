"""Transplant timing: the target trial and its emulation, states over time, life-years by delay."""

from app.analysis.transplant.diagnostics import age_bands, positivity, sensitivity
from app.analysis.transplant.e_value import e_value, rate_to_risk_ratio
from app.analysis.transplant.emulation import Emulation, EmulationSettings, emulate
from app.analysis.transplant.microsimulation import (
    NEVER,
    Microsimulation,
    MicrosimulationSettings,
    microsimulate,
)
from app.analysis.transplant.multistate import Occupancy, Paths, occupancy, paths_of
from app.analysis.transplant.protocol import Protocol, TargetTrial, write_protocol
from app.analysis.transplant.strategies import Strategy
from app.analysis.transplant.transitions import TransitionModels, transition_models
from app.analysis.transplant.trial_data import EVERYONE, TrialData, trial_data

__all__ = [
    "EVERYONE",
    "NEVER",
    "Emulation",
    "EmulationSettings",
    "Microsimulation",
    "MicrosimulationSettings",
    "Occupancy",
    "Paths",
    "Protocol",
    "Strategy",
    "TargetTrial",
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
    "sensitivity",
    "transition_models",
    "trial_data",
    "write_protocol",
]
