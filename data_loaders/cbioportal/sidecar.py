"""What a study's folder carries beside the format: the exact cohort, tied to the files by hash."""

from __future__ import annotations
from pathlib import Path
from data_loaders.model import Cohort, Issue


def read_sidecar(folder: Path, name: str | None) -> tuple[Cohort | None, tuple[Issue, ...]]:
    """Later."""
    return None, ()
