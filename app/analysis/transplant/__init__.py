"""Transplant timing: the target trial and its emulation, states over time, life-years by delay."""

from app.analysis.transplant._answers.comparison import CRUDE, ROBUST, TIMED, SameTerms, same_terms
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
from app.analysis.transplant._claims.influence import LARGE_SHARE
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
from app.analysis.transplant._support import FEWEST_DEATHS, LARGE_WEIGHT
from app.analysis.transplant._trial import Arm
from app.analysis.transplant._trial_data import (
    EVERYONE,
    FEWEST_OF_A_CENTRE,
    TrialData,
    trial_data,
)
