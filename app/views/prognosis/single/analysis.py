"""Survival by the classes of one score, beside what was published of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.prediction import class_calibration
from app.views.prognosis.scales import Scale, scale_of
from app.views.prognosis.telling import concordance_of
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group
from data_loaders import Cohort
from data_loaders.arrays import Bools


@dataclass(frozen=True, eq=False)
class ScoreSurvival:
    """Survival by the classes of a score.

    Parameters
    ----------
    classes
        Observed against published survival, as :func:`class_calibration` gives it; empty of
        published figures where none were read or the endpoint is not overall survival.
    concordance
        Of the classes, and of the value that they are cut from where there is one: score,
        harrell and uno with their intervals, n, events. Empty where the classes have no order or
        fewer than 10 patients had the event.
    """

    scale: Scale
    survival: GroupSurvival
    classes: pd.DataFrame
    concordance: pd.DataFrame

    @property
    def compared(self) -> bool:
        """Whether anything published stands beside the curves."""
        return bool(len(self.classes)) and bool(self.classes["published"].notna().any())


def score_survival(
    cohort: Cohort,
    mask: Bools,
    scale: str,
    endpoint_key: str,
    *,
    limit: float | None = None,
    truncated: bool = True,
) -> ScoreSurvival:
    """Kaplan-Meier curves by class, and the published survival of each class beside them.

    Parameters
    ----------
    scale
        ``score:ipss_m``, ``column:IPSSM`` or ``class:who_2022``.

    Raises
    ------
    CohortError
        If the cohort has no such scale or endpoint.
    """
    ranked = scale_of(cohort, scale)
    survival = survival_by_group(
        cohort, mask, endpoint_key, ranked.grouping, limit=limit, truncated=truncated, pairs=False
    )
    outcome = survival.outcome
    published = ranked.published if endpoint_key == "os" else {}
    order = {"classes": outcome.codes.astype(np.float64)} if ranked.grouping.ordered else {}
    if ranked.value is not None:
        order["value"] = ranked.value[outcome.used]
    classes = class_calibration(
        outcome.time, outcome.event, outcome.codes, outcome.names, published
    )
    return ScoreSurvival(ranked, survival, classes, concordance_of(outcome, order))
