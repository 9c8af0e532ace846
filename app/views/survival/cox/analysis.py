"""Cox models of a cohort, fitted from settings."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from app.analysis.regression import CoxModel, cox
from app.cohort.groupings import SavedGroups
from app.views.survival.cox.frame import EVENT, TIME, Covariate, ModelFrame, model_frame
from data_loaders import Cohort
from data_loaders.wording import listing, plural

UNIVARIABLE, MULTIVARIABLE = "Univariable", "Multivariable"
# Columns of one model, and the pairs whose products enter.
_Job = tuple[list[str], list[tuple[str, str]]]
_LARGE = 20_000
Kinds = Literal["univariable", "multivariable", "both"]


@dataclass(frozen=True)
class ModelSettings:
    """What to model; plain data, so that it can be a cache's key.

    Attributes
    ----------
    endpoint
        Key of the endpoint.
    covariates, strata
        As :func:`app.views.survival.cox.frame.model_frame` takes them.
    interactions
        Pairs of covariates whose product enters too.
    units, references
        Pairs of a covariate with the units of its hazard ratio, or with its reference level, where
        they are not the usual ones.
    kinds
        Which models: each covariate alone, all together, or both.
    firth
        As in :func:`app.analysis.regression.cox`.
    limit
        Months at which follow-up ends.
    """

    endpoint: str
    covariates: tuple[str, ...]
    strata: tuple[str, ...] = ()
    interactions: tuple[tuple[str, str], ...] = ()
    units: tuple[tuple[str, float], ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    kinds: Kinds = "multivariable"
    firth: bool | Literal["auto"] = "auto"
    limit: float | None = None


@dataclass(frozen=True, eq=False)
class CohortModels:
    """The models of a cohort.

    Attributes
    ----------
    settings
        What was asked for.
    table
        What they were fitted on.
    model
        The model of all covariates together; None where it was not asked for or has no estimate.
    problem
        Why it has none; empty where it has.
    alone
        The model of each covariate by itself, or why it has no estimate, by the covariate's name;
        empty where not asked for.
    constant
        Covariates left out because they are the same in everybody.
    """

    settings: ModelSettings
    table: ModelFrame
    model: CoxModel | None
    problem: str
    alone: Mapping[str, CoxModel | str]
    constant: tuple[Covariate, ...]

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """The covariates modelled."""
        return tuple(c for c in self.table.covariates if c not in self.constant)

    @property
    def shown(self) -> CoxModel | None:
        """The model that tables and words are about: of all together, else the first there is."""
        if self.model is not None:
            return self.model
        return next((m for m in self.alone.values() if isinstance(m, CoxModel)), None)

    def options(self) -> dict[str, Any]:
        """The arguments of :func:`app.analysis.regression.cox` besides table and covariates."""
        names = {c.spec: c.name for c in self.covariates}
        asked = {names[spec]: per for spec, per in self.settings.units if spec in names}
        references = {
            names[spec]: level for spec, level in self.settings.references if spec in names
        }
        return {
            "entry": self.table.entry,
            "strata": [c.name for c in self.table.strata] or None,
            "units": self.table.units() | asked,
            "references": references,
            "firth": self.settings.firth,
        }

    def interactions(self) -> list[tuple[str, str]]:
        """The pairs of column names whose products enter."""
        names = {c.spec: c.name for c in self.covariates}
        pairs = self.settings.interactions
        return [(names[a], names[b]) for a, b in pairs if a in names and b in names]


def fit_models(
    cohort: Cohort,
    mask: npt.NDArray[np.bool_],
    settings: ModelSettings,
    saved: SavedGroups | None = None,
) -> CohortModels:
    """Fit the Cox models that the settings ask for.

    A covariate that is the same in everybody selected is left out and named, so that a filter does
    not end a model. What cannot be estimated is said in a sentence, not raised.

    Parameters
    ----------
    cohort
        The cohort.
    mask
        The patients selected, shape (cohort.n,).
    settings
        What to model.
    saved
        The cohort's groups that were saved by name, where covariates name them.

    Raises
    ------
    ValueError
        If the cohort lacks the endpoint or a covariate, or a stratum is a number.
    """
    table = model_frame(
        cohort,
        mask,
        settings.endpoint,
        settings.covariates,
        strata=settings.strata,
        limit=settings.limit,
        saved=saved,
    )
    varying = table.varying
    constant = tuple(c for c in table.covariates if c not in varying)
    draft = CohortModels(settings, table, None, "", {}, constant)
    if not varying:
        return CohortModels(settings, table, None, _nothing_to_model(table), {}, constant)
    names = [c.name for c in varying]
    together: list[_Job] = [(names, draft.interactions())]
    alone: list[_Job] = [([name], []) for name in names]
    if settings.kinds == "multivariable":
        alone = []
    if settings.kinds == "univariable":
        together = []
    fits = _fit_each(draft, [*together, *alone])
    by_name = dict(zip(names, fits[len(together) :], strict=False))
    whole = fits[0] if together else next((f for f in fits if isinstance(f, CoxModel)), fits[0])
    return CohortModels(
        settings,
        table,
        whole if together and isinstance(whole, CoxModel) else None,
        whole if isinstance(whole, str) else "",
        by_name,
        constant,
    )


def _fit_each(models: CohortModels, jobs: list[_Job]) -> list[CoxModel | str]:
    """The model of each job, or why it has no estimate; side by side where they take long."""

    def fit(job: _Job) -> CoxModel | str:
        names, interactions = job
        options = models.options()
        for key in ("units", "references"):
            options[key] = {name: value for name, value in options[key].items() if name in names}
        try:
            return cox(models.table.frame, TIME, EVENT, names, interactions=interactions, **options)
        except ValueError as error:
            return str(error)

    if len(jobs) < 2 or len(models.table.frame) < _LARGE:
        return [fit(job) for job in jobs]
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(fit, jobs))


def _nothing_to_model(table: ModelFrame) -> str:
    if not len(table.frame):
        return "Nobody is left to follow: widen the filter, or choose another endpoint."
    if not table.covariates:
        return "Choose at least one covariate: the model says how the hazard changes with it."
    return (
        f"Nothing to model: {listing([c.name for c in table.covariates])} "
        f"{'is' if len(table.covariates) == 1 else 'are'} the same in all "
        f"{plural(len(table.frame), 'patient')} with a known value."
    )
