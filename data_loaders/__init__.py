"""Loaders: anything a hospital or consortium has, turned into a :class:`Cohort`."""

from __future__ import annotations

from data_loaders.combining import combine
from data_loaders.loading import load_cohort, load_files, load_table_bytes
from data_loaders.model import (
    DAYS_PER_MONTH,
    Cohort,
    CohortError,
    Endpoint,
    Issue,
    Loading,
    PlantedTruth,
    Provenance,
    Variable,
)

__all__ = [
    "DAYS_PER_MONTH",
    "Cohort",
    "CohortError",
    "Endpoint",
    "Issue",
    "Loading",
    "PlantedTruth",
    "Provenance",
    "Variable",
    "combine",
    "load_cohort",
    "load_files",
    "load_table_bytes",
]
