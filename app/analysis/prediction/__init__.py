"""How well scores foretell: discrimination, calibration, Brier score; arrays in, results out."""

from app.analysis.prediction._brier import BrierScore, brier_score, class_survival
from app.analysis.prediction._calibration import class_calibration
from app.analysis.prediction._discrimination import (
    Discrimination,
    compare_discrimination,
    time_dependent_auc,
)
from app.analysis.prediction._nested import nested_cox
