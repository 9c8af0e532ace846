"""Genomic subgroups that recover known biology, and say when they are noise."""

from app.analysis.subgroups._agreement import Concordance, batch_check, concordance
from app.analysis.subgroups._describe import NO_ALTERATION, NOISE, NOT_TESTED
from app.analysis.subgroups._display import display_coordinates
from app.analysis.subgroups._evidence import structure_evidence
from app.analysis.subgroups._find import find_subgroups
from app.analysis.subgroups._result import UNCERTAIN_BELOW, Evidence, SubgroupResult
from app.analysis.subgroups._search.numba_cache import ensure_cache_folder
from app.analysis.subgroups._settings import Quality, SubgroupError, SubgroupSettings
from app.analysis.subgroups._stability import subgroup_stability
from app.analysis.subgroups._warm import warm_up

ensure_cache_folder()
