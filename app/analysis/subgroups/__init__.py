"""Genomic subgroups that recover known biology, and say when they are noise."""

from app.analysis.progress import Cancelled
from app.analysis.subgroups.agreement import Concordance, batch_check, concordance
from app.analysis.subgroups.describe import NO_ALTERATION, NOISE, NOT_TESTED
from app.analysis.subgroups.display import display_coordinates, label_anchors
from app.analysis.subgroups.evidence import structure_evidence
from app.analysis.subgroups.find import find_subgroups
from app.analysis.subgroups.numba_cache import ensure_cache_folder
from app.analysis.subgroups.result import UNCERTAIN_BELOW, Evidence, SubgroupResult
from app.analysis.subgroups.settings import SubgroupError, SubgroupSettings
from app.analysis.subgroups.stability import subgroup_stability
from app.analysis.subgroups.warm import warm_up

__all__ = [
    "NOISE",
    "NOT_TESTED",
    "NO_ALTERATION",
    "UNCERTAIN_BELOW",
    "Cancelled",
    "Concordance",
    "Evidence",
    "SubgroupError",
    "SubgroupResult",
    "SubgroupSettings",
    "batch_check",
    "concordance",
    "display_coordinates",
    "find_subgroups",
    "label_anchors",
    "structure_evidence",
    "subgroup_stability",
    "warm_up",
]

ensure_cache_folder()
