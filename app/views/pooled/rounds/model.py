"""The model that is asked of every site, defined so that all mean the same; and its files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from app.analysis.likelihood import Part, Term
from app.cohort.filters import Filter, FilterError
from app.cohort.tally import TallyError, digest_of
from app.study.outcomes import outcome_of
from app.study.wording import count
from data_loaders import Cohort, CohortError
from data_loaders.arrays import Bools, Floats
from data_loaders.meaning.alike import same_word
from data_loaders.meaning.vocabulary import factor_between

ALTERATION, NUMBER, LEVELS = "alteration", "number", "levels"
FEWEST_SITES = 3
MOST_LEVELS, MOST_SITES, MOST_TERMS = 12, 40, 15


@dataclass(frozen=True)
class Covariate:
    """One covariate, the same at every site.

    Attributes
    ----------
    name, label
        Column of the patients, or alteration, where the model was defined, and its name for people:
        a site that calls it otherwise is told by this what is meant.
    kind
        A number, levels against the first of them, or an alteration (altered against not).
    unit, per
        Of a number: the unit its values are in, and how many of it the hazard ratio is for.
    levels
        All values that may occur, the reference first.
    """

    name: str
    label: str
    kind: Literal["number", "levels", "alteration"]
    unit: str = ""
    per: float = 1.0
    levels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        fits = {
            NUMBER: not self.levels and math.isfinite(self.per) and self.per > 0,
            LEVELS: 2 <= len(set(self.levels)) == len(self.levels) <= MOST_LEVELS,
            ALTERATION: not self.levels,
        }
        if not fits.get(self.kind, False):
            raise TallyError(f"The request defines {self.name} in a way that cannot be.")

    @property
    def terms(self) -> list[Term]:
        """Its coefficients: one, or one a level but the reference."""
        if self.kind == NUMBER:
            return [Term((Part(self.name, per=self.per),))]
        if self.kind == ALTERATION:
            return [Term((Part(self.name, "altered", "not altered"),))]
        return [Term((Part(self.name, level, self.levels[0]),)) for level in self.levels[1:]]

    def columns(self, cohort: Cohort) -> Floats:
        """Its columns of the design matrix, (n, terms); NaN where it is not known.

        Raises
        ------
        TallyError
            If the cohort does not have it, or means something else by it.
        """
        if self.kind == ALTERATION:
            labels = {str(name): str(label) for name, label in cohort.features["label"].items()}
            state = cohort.feature_state(self._own_name(cohort, labels)).astype(np.float64)
            return np.where(state < 0, np.nan, state)[:, None]
        held = [v for v in cohort.variables.values() if v.name in cohort.patients.columns]
        wanted = [v for v in held if (v.kind == "numeric") == (self.kind == NUMBER)]
        name = self._own_name(cohort, {v.name: v.label for v in wanted})
        variable = cohort.variables[name]
        if self.kind == NUMBER:
            same = (variable.unit or "") == self.unit
            factor = 1.0 if same else factor_between(variable.unit or "", self.unit)
            if factor is None:
                raise TallyError(
                    f"{variable.label} is in {variable.unit or 'no unit'} in {cohort.name} and in "
                    f"{self.unit or 'no unit'} in the request: convert it first."
                )
            return cohort.numbers(name)[:, None] * factor / self.per
        codes, values = cohort.factor(name)
        order = [same_word(level) for level in self.levels]
        words = [same_word(value) for value in values]
        if strange := set(words) - set(order):
            raise TallyError(
                f"{variable.label} has {count(len(strange), 'value')} in {cohort.name} that the "
                "request does not list: agree on its levels first."
            )
        place = np.array([order.index(word) for word in words] or [0], dtype=np.int64)
        level = np.where(codes < 0, -1, place[codes])
        found = (level[:, None] == np.arange(1, len(self.levels))).astype(np.float64)
        return np.where(level[:, None] < 0, np.nan, found)

    def _own_name(self, cohort: Cohort, labels: Mapping[str, str]) -> str:
        """What the cohort calls it: by name, or else by its label."""
        if self.name in labels:
            return self.name
        alike = [
            name for name, label in labels.items() if label.casefold() == self.label.casefold()
        ]
        if len(alike) != 1:
            kind = "alteration" if self.kind == ALTERATION else "variable of this kind"
            raise TallyError(f"{cohort.name} has no {kind} called {self.label} ({self.name}).")
        return alike[0]


@dataclass(frozen=True)
class Model:
    """What is modelled, in whom, stratified by site."""

    endpoint: str
    label: str
    covariates: tuple[Covariate, ...]
    selected: Filter

    def __post_init__(self) -> None:
        names = [covariate.name for covariate in self.covariates]
        if not names or len(set(names)) < len(names):
            raise TallyError("A model needs at least one covariate, and each only once.")
        if len(self.terms) > MOST_TERMS:
            raise TallyError(
                f"The model has {len(self.terms)} terms; at most {MOST_TERMS} may be asked of "
                "other sites."
            )

    @property
    def terms(self) -> list[Term]:
        """Its coefficients."""
        return [term for covariate in self.covariates for term in covariate.terms]

    @property
    def names(self) -> list[str]:
        """Names of its coefficients."""
        return [term.name for term in self.terms]

    @property
    def digest(self) -> str:
        """Tells this model from every other."""
        return digest_of(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        covariates = [asdict(held) | {"levels": list(held.levels)} for held in self.covariates]
        return {
            "endpoint": self.endpoint, "label": self.label, "covariates": covariates,
            "filter": self.selected.to_dict(),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Model:
        """Read it from plain data.

        Raises
        ------
        TallyError, ValueError, KeyError, TypeError
            If it is none.
        """
        covariates = tuple(
            Covariate(
                str(held["name"]), str(held["label"]), held["kind"], str(held["unit"]),
                float(held["per"]), tuple(map(str, held["levels"])),
            )
            for held in data["covariates"]
        )  # fmt: skip
        selected = Filter.from_dict(data["filter"])
        return cls(str(data["endpoint"]), str(data["label"]), covariates, selected)

    def patients(self, cohort: Cohort) -> tuple[Bools, Floats, Floats, Floats | None, Floats]:
        """The complete cases of a cohort.

        Returns
        -------
        tuple
            Who they are (cohort.n,); their time in months, event, entry or None, and covariates
            (n, terms).

        Raises
        ------
        TallyError
            If the cohort lacks the endpoint or a covariate, means something else by it, or cannot
            apply the filter.
        """
        try:
            chosen = self.selected.apply(cohort).mask
            outcome = outcome_of(cohort, chosen, self.endpoint)
        except (FilterError, CohortError) as error:
            raise TallyError(str(error)) from error
        x = np.concatenate([held.columns(cohort) for held in self.covariates], axis=1)
        complete = ~np.isnan(x).any(axis=1)
        inside = complete[outcome.used]
        entry = None if outcome.entry is None else outcome.entry[inside]
        who = outcome.used & complete
        return who, outcome.time[inside], outcome.event[inside], entry, x[who]


def model_of(
    cohort: Cohort,
    endpoint: str,
    names: Sequence[str],
    selected: Filter | None = None,
    per: Mapping[str, float] | None = None,
) -> Model:
    """Define a model as a cohort has its variables.

    Parameters
    ----------
    names
        Columns of the patients, or alterations.
    per
        Units a number's hazard ratio is for, such as ``{"age_years": 10}``.

    Raises
    ------
    TallyError
        If the cohort has no such endpoint or covariate, or one has too many levels.
    """
    if endpoint not in cohort.endpoints:
        raise TallyError(f"{cohort.name} has no endpoint called {endpoint}.")
    covariates = []
    for name in names:
        variable = cohort.variables.get(name)
        if name in cohort.alterations.columns:
            covariates.append(
                Covariate(name, str(cohort.features.loc[name, "label"]), "alteration")
            )
        elif variable is None or name not in cohort.patients.columns:
            raise TallyError(f"{cohort.name} has no variable or alteration called {name}.")
        elif variable.kind == "numeric":
            unit = variable.unit or ""
            many = float((per or {}).get(name, 1.0))
            covariates.append(Covariate(name, variable.label, "number", unit, many))
        else:
            present = {str(value) for value in cohort.factor(name)[1]}
            known = [level for level in variable.levels if level in present]
            levels = (*known, *sorted(present - set(known)))
            if not 2 <= len(levels) <= MOST_LEVELS:
                raise TallyError(
                    f"{variable.label} has {len(levels)} values: a covariate has 2 to "
                    f"{MOST_LEVELS}."
                )
            covariates.append(Covariate(name, variable.label, "levels", levels=levels))
    label = cohort.endpoints[endpoint].label
    return Model(endpoint, label, tuple(covariates), selected or Filter())
