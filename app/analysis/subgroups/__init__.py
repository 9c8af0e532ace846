"""Genomic subgroups that recover known biology, and say when they are noise."""

from app.analysis.subgroups.describe import NO_ALTERATION, NOT_TESTED
from app.analysis.subgroups.display import display_coordinates
from app.analysis.subgroups.find import find_subgroups
from app.analysis.subgroups.result import UNCERTAIN_BELOW, Evidence, SubgroupResult
from app.analysis.subgroups.settings import Cancelled, SubgroupError, SubgroupSettings
from app.analysis.subgroups.warm import warm_up

__all__ = [
    "NOT_TESTED",
    "NO_ALTERATION",
    "UNCERTAIN_BELOW",
    "Cancelled",
    "Evidence",
    "SubgroupError",
    "SubgroupResult",
    "SubgroupSettings",
    "display_coordinates",
    "find_subgroups",
    "warm_up",
]
