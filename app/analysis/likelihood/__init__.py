"""The partial likelihood that Cox's and Fine and Gray's models share: design, risk sets, Newton."""

from app.analysis.likelihood._design import Design, Part, Term, build_design, check_names, encode
from app.analysis.likelihood._firth import firth_cox
from app.analysis.likelihood._newton import (
    InfiniteCoefficientError,
    Maximum,
    few_events,
    maximise,
    ratio,
    summarise,
    unprintable,
)
from app.analysis.likelihood._risk_sets import Evaluation, RiskSets
