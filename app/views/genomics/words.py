"""What several views of the genomics page say alike."""

from __future__ import annotations

from collections.abc import Sequence

from app.study.wording import listing, mid_sentence
from data_loaders.model import FEATURE_KINDS, FeatureKind


def kinds_sentence(kinds: Sequence[FeatureKind]) -> str:
    """Which alterations were looked at."""
    return f"Alterations looked at: {listing([FEATURE_KINDS[kind].lower() for kind in kinds])}."


def by_groups(label: str) -> str:
    """What a title says of the groups, nothing where there are none: `` by diagnosis``."""
    return f" by {mid_sentence(label)}" if label else ""
