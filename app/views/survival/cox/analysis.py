"""Cox models of a cohort: each covariate alone, all together, or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from app.analysis.regression import CoxModel, cox
from app.cohort.groupings import SavedGroups
from app.views.survival.cox.frame import EVENT, TIME, Covariate, ModelFrame, model_frame
from data_loaders import Cohort
from data_loaders.arrays import Bools
from data_loaders.wording import listing, plural

UNIVARIABLE, MULTIVARIABLE = "Univariable", "Multivariable"
# Columns of one model, and the pairs whose products enter.
_Job = tuple[list[str], list[tuple[str, str]]]
_LARGE = 20_000
Kinds = Literal["univariable", "multivariable", "both"]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class CohortModels:
    """The models of a cohort.

    Attributes
    ----------
    options
        The arguments of :func:`app.analysis.regression.cox` besides table and covariates.
    interactions
        The pairs of columns whose products enter.
    constant
        Covariates left out because they are the same in everybody.
    model
        The model of all covariates together; None where it was not asked for or has no estimate.
    problem
        Why it has none; empty where it has.
    alone
        The model of each covariate by itself, or why it has no estimate, by the covariate's name;
        empty where not asked for.
    """

    table: ModelFrame
    kinds: Kinds
    options: Mapping[str, Any]
    interactions: list[tuple[str, str]]
    constant: tuple[Covariate, ...]
    model: CoxModel | None = None
    problem: str = ""
    alone: Mapping[str, CoxModel | str] = field(default_factory=dict)

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

    def together(self) -> CoxModel:
        """The model of all covariates together.

        Raises
        ------
        ValueError
            If there is none; the message says why.
        """
        if self.model is None:
            raise ValueError(
                self.problem
                or "This part needs the model of all covariates together: choose Multivariable or "
                "Both under Options."
            )
        return self.model


def fit_models(
    cohort: Cohort,
    mask: Bools,
    endpoint_key: str,
    covariates: Sequence[str],
    *,
    strata: Sequence[str] = (),
    interactions: Sequence[tuple[str, str]] = (),
    units: Sequence[tuple[str, float]] = (),
    references: Sequence[tuple[str, str]] = (),
    kinds: Kinds = "multivariable",
    firth: bool | Literal["auto"] = "auto",
    limit: float | None = None,
    saved: SavedGroups | None = None,
) -> CohortModels:
    """Fit the Cox models of chosen covariates.

    A covariate that is the same in everybody selected is left out and named, so that a filter does
    not end a model. What cannot be estimated is said in a sentence, not raised.

    Parameters
    ----------
    cohort, mask, endpoint_key, covariates, strata, limit, saved
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

    Raises
    ------
    ValueError
        If the cohort lacks the endpoint or a covariate, or a stratum is a number.
    """
    table = model_frame(
        cohort, mask, endpoint_key, covariates, strata=strata, limit=limit, saved=saved
    )
    varying = table.varying
    columns = {c.spec: c.name for c in varying}

    def named(pairs: Sequence[tuple[str, T]]) -> dict[str, T]:
        return {columns[spec]: value for spec, value in pairs if spec in columns}

    models = CohortModels(
        table,
        kinds,
        {
            "entry": table.entry,
            "strata": [c.name for c in table.strata] or None,
            "units": table.units() | named(units),
            "references": named(references),
            "firth": firth,
        },
        [(columns[a], columns[b]) for a, b in interactions if a in columns and b in columns],
        tuple(c for c in table.covariates if c not in varying),
    )
    if not varying:
        return replace(models, problem=_nothing_to_model(table))
    names = list(columns.values())
    together: list[_Job] = [(names, models.interactions)]
    alone: list[_Job] = [([name], []) for name in names]
    if kinds == "multivariable":
        alone = []
    if kinds == "univariable":
        together = []
    fits = _fit_each(models, [*together, *alone])
    whole = fits[0] if together else next((f for f in fits if isinstance(f, CoxModel)), fits[0])
    return replace(
        models,
        model=whole if together and isinstance(whole, CoxModel) else None,
        problem=whole if isinstance(whole, str) else "",
        alone=dict(zip(names, fits[len(together) :], strict=False)),
    )


def _fit_each(models: CohortModels, jobs: list[_Job]) -> list[CoxModel | str]:
    """The model of each job, or why it has no estimate; side by side where they take long."""

    def fit(job: _Job) -> CoxModel | str:
        names, interactions = job
        options = dict(models.options)
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
