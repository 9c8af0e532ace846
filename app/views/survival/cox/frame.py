"""From a cohort and named covariates to the table that a Cox model is fitted on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from app.cohort.groupings import Grouping, GroupingSpec, SavedGroups, grouping_options
from app.cohort.later_columns import comes_later
from app.study.adjustment import adjustment_options, age_and_sex
from app.study.contained_covariates import contained_in
from app.study.outcomes import Outcome, outcome_of
from data_loaders import Cohort, CohortError, Variable
from data_loaders.arrays import Bools, Codes, Floats
from data_loaders.wording import mid_sentence

TIME, EVENT, ENTRY = "time", "event", "entry"
CovariateKind = Literal["number", "binary", "levels"]
EVENTS_PER_TERM = 10
_AGE_STEP = 10.0
_FEW_VALUES = 10


@dataclass(frozen=True)
class Covariate:
    """One covariate of a model.

    Attributes
    ----------
    spec
        How it is asked for: ``variable:age_years``, ``alteration:TP53``, ``saved:NAME``.
    name
        Its column in the table and its name in sentences: ``Age at diagnosis``.
    kind
        ``number``; ``binary``, 1 against 0; or ``levels``, each against a reference.
    levels
        Words for 0 and 1, or the levels in their order, the first the reference by default; empty
        for numbers.
    unit
        Unit of a number as printed; empty where it has none.
    per
        Units that a number's hazard ratio is given for unless told otherwise.
    after_baseline
        Whether its value comes about during follow-up, as with a treatment.
    data_driven
        Whether its levels were found in the same data.
    colours
        Of the levels, where the cohort's groups of the same name have some.
    """

    spec: str
    name: str
    kind: CovariateKind
    levels: tuple[str, ...] = ()
    unit: str = ""
    per: float = 1.0
    after_baseline: bool = False
    data_driven: bool = False
    colours: tuple[str, ...] = ()

    @property
    def coefficients(self) -> int:
        """Coefficients it takes in a model."""
        return max(1, len(self.levels) - 1)


@dataclass(frozen=True, eq=False)
class ModelFrame:
    """The table of a model, and what its columns are.

    Attributes
    ----------
    frame
        One row a patient with a known outcome: ``time`` and ``entry`` (months), ``event``, and a
        column a covariate or stratum, missing where it is not known or not tested. Rows are in the
        order of time; the index is the position among the patients of ``outcome``.
    contained
        Sentences about covariates of which one contains another.
    """

    frame: pd.DataFrame
    outcome: Outcome
    covariates: tuple[Covariate, ...]
    strata: tuple[Covariate, ...]
    contained: tuple[str, ...] = ()

    @property
    def entry(self) -> str | None:
        """Column of the time of entry; None where everyone entered at time zero."""
        return None if self.outcome.entry is None else ENTRY

    @property
    def varying(self) -> tuple[Covariate, ...]:
        """The covariates that are not the same in everyone with a known value."""
        return tuple(c for c in self.covariates if _varies(self.frame[c.name]))

    def units(self) -> dict[str, float]:
        """Units of the hazard ratios of the numbers, by column."""
        return {c.name: c.per for c in self.covariates if c.kind == "number"}


def model_frame(
    cohort: Cohort,
    mask: Bools,
    endpoint_key: str,
    covariates: Sequence[str | Grouping],
    *,
    strata: Sequence[str] = (),
    limit: float | None = None,
    truncated: bool = True,
    saved: SavedGroups | None = None,
) -> ModelFrame:
    """Table of the selected patients with a known outcome, for :func:`app.analysis.regression.cox`.

    Parameters
    ----------
    covariates
        ``variable:age_years``, ``alteration:TP53``, any other grouping written as text, or a
        grouping. A variable enters as a number or by its levels, an alteration as 1 = altered and
        0 = not, missing where it was not tested.
    strata
        Categorical covariates with separate baseline hazards, in the same form.

    Raises
    ------
    ValueError
        If the cohort lacks the endpoint or a covariate, or a stratum is a number.
    """
    outcome = outcome_of(cohort, mask, endpoint_key, limit=limit, truncated=truncated)
    columns: dict[str, object] = {TIME: outcome.time, EVENT: outcome.event}
    if outcome.entry is not None:
        columns[ENTRY] = outcome.entry
    taken = {TIME, EVENT, ENTRY}
    made: list[list[Covariate]] = [[], []]
    for place, specs in enumerate((covariates, strata)):
        for spec in specs:
            covariate, values = _column(cohort, spec, outcome.used, taken, mask, saved=saved)
            if place == 1 and covariate.kind == "number":
                raise ValueError(
                    f"{covariate.name} is a number: strata need categories, so cut it into groups "
                    "first."
                )
            taken.add(covariate.name)
            columns[covariate.name] = values
            made[place].append(covariate)
    # In the order of time risk sets are found several times faster in a large cohort.
    frame = pd.DataFrame(columns).sort_values(TIME, kind="stable")
    contained = contained_in(cohort, [(c.spec, c.name) for c in (*made[0], *made[1])])
    return ModelFrame(frame, outcome, tuple(made[0]), tuple(made[1]), contained)


def describe_covariate(cohort: Cohort, spec: str, saved: SavedGroups | None = None) -> Covariate:
    """What a covariate is, without its values; ``saved`` as :func:`model_frame` takes it.

    Raises
    ------
    ValueError
        If the cohort lacks it.
    """
    nobody = np.zeros(cohort.n, dtype=bool)
    return _column(cohort, spec, nobody, set(), saved=saved)[0]


def covariate_options(cohort: Cohort) -> list[str]:
    """Everything a model can be made of: variables known at baseline, then alterations.

    Age and sex lead, then the disease; alterations go from the most to the least frequent; last
    stand the categories of no known role and the treatments.
    """
    first = [f"variable:{name}" for name in adjustment_options(cohort)]
    groupings = [str(spec) for spec in grouping_options(cohort)]
    altered = [text for text in groupings if text.startswith("alteration:")]
    numbers = [
        f"variable:{variable.name}"
        for variable in cohort.variables.values()
        if _is_number(variable) and variable.role == "other"
    ]
    known = dict.fromkeys([*first, *altered, *numbers])
    return [*known, *(text for text in groupings if text not in known)]


def default_covariates(cohort: Cohort, endpoint_key: str) -> list[str]:
    """Covariates of the model a page opens on: age, sex, and the risk class or the disease.

    Without any disease variable the two most frequent alterations stand in for it. There are at
    least ten events for each coefficient, as far as that goes.

    Raises
    ------
    ValueError
        If the cohort lacks the endpoint.
    """
    outcome = outcome_of(cohort, np.ones(cohort.n, dtype=bool), endpoint_key)
    options = covariate_options(cohort)
    wanted = [f"variable:{name}" for name in age_and_sex(cohort)]
    disease = _leading_disease(cohort, options, outcome.used)
    altered = [text for text in options if text.startswith("alteration:")]
    wanted += [disease] if disease else altered[:2]
    chosen: list[str] = []
    room = outcome.event.sum() / EVENTS_PER_TERM
    for spec in wanted or options[:1]:
        needed = describe_covariate(cohort, spec).coefficients
        if not chosen or needed <= room:
            chosen.append(spec)
            room -= needed
    return chosen


def _leading_disease(cohort: Cohort, options: Sequence[str], followed: Bools) -> str | None:
    """The risk class, else the driver, else the first disease variable with a few levels.

    One that is the same in all who were followed tells nothing.
    """
    disease = [
        variable
        for variable in cohort.variables.values()
        if variable.role == "disease"
        and variable.kind in {"categorical", "ordinal", "binary"}
        and f"variable:{variable.name}" in options
        and len(set(cohort.factor(variable.name)[0][followed]) - {-1}) > 1
    ]
    disease.sort(key=lambda variable: (variable.kind != "ordinal", variable.name != "driver"))
    return f"variable:{disease[0].name}" if disease else None


# One column --------------------------------------------------------------------------------


def _column(
    cohort: Cohort,
    spec: str | Grouping,
    used: Bools,
    taken: set[str],
    mask: Bools | None = None,
    *,
    saved: SavedGroups | None = None,
) -> tuple[Covariate, object]:
    """What a covariate is, and its values in the patients used; quantiles are of the mask's."""
    if isinstance(spec, Grouping):
        return _of_grouping(spec, f"grouping:{spec.label}", used, taken)
    parsed = GroupingSpec.parse(spec)
    variable = cohort.variables.get(parsed.name) if parsed.kind == "variable" else None
    if variable is not None and _is_number(variable):
        return _of_number(cohort, variable, used, taken)
    grouping = parsed.build(cohort, mask, saved)
    if parsed.kind == "alteration":
        yes, no = grouping.names
        covariate = Covariate(
            spec,
            _free(yes, spec, taken),
            "binary",
            (no, yes),
            colours=grouping.colours[::-1],
        )
        return covariate, _zero_one(grouping.codes[used])
    if grouping.names in {("Yes", "No"), ("Yes",), ("No",)}:
        words = (f"no {mid_sentence(grouping.label)}", grouping.label)
        covariate = Covariate(
            spec,
            _free(grouping.label, spec, taken),
            "binary",
            words,
            after_baseline=grouping.after_baseline,
        )
        # A single "No" is code 0 as a single "Yes" is: either way nothing varies.
        return covariate, _zero_one(grouping.codes[used])
    return _of_grouping(grouping, spec, used, taken)


def _of_grouping(
    grouping: Grouping, spec: str, used: Bools, taken: set[str]
) -> tuple[Covariate, object]:
    covariate = Covariate(
        spec,
        _free(grouping.label, spec, taken),
        "levels",
        grouping.names,
        after_baseline=grouping.after_baseline,
        data_driven=grouping.data_driven,
        colours=grouping.colours,
    )
    codes = np.maximum(grouping.codes[used], -1)
    return covariate, pd.Categorical.from_codes(codes, list(grouping.names))


def _of_number(
    cohort: Cohort, variable: Variable, used: Bools, taken: set[str]
) -> tuple[Covariate, object]:
    if variable.name not in cohort.patients.columns:
        raise CohortError(f"This cohort has no variable called {variable.name}.")
    values = cohort.numbers(variable.name)
    covariate = Covariate(
        f"variable:{variable.name}",
        _free(variable.label, variable.name, taken),
        "number",
        unit=variable.unit or "",
        per=_step(variable, values),
        after_baseline=comes_later(cohort, variable.name),
    )
    return covariate, values[used]


def _varies(column: pd.Series) -> bool:
    known = column.dropna()
    return bool(len(known)) and bool((known != known.iloc[0]).any())


def _zero_one(codes: Codes) -> Floats:
    """Position 0 is yes and 1 is no; anything negative is not known."""
    return np.asarray(np.select([codes == 0, codes == 1], [1.0, 0.0], np.nan))


def _free(label: str, spec: str, taken: set[str]) -> str:
    """A column's name for people: its label, with the key where another bears the same label."""
    # A colon joins the two names of an interaction.
    plain = label.replace(":", " –")
    return plain if plain not in taken else f"{plain} ({spec.partition(':')[2] or spec})"


def _is_number(variable: Variable) -> bool:
    return variable.kind == "numeric" and variable.role != "outcome"


def _step(variable: Variable, values: Floats) -> float:
    """Units of a hazard ratio that reads well: ten years of age, one grade, else about one SD."""
    if variable.name.startswith("age") and variable.unit == "years":
        return _AGE_STEP
    known = values[np.isfinite(values)]
    distinct = np.unique(known[: 10 * _FEW_VALUES])
    if len(distinct) <= _FEW_VALUES and (distinct == np.round(distinct)).all():
        return 1.0
    return round_step(float(np.std(known)))


def round_step(size: float) -> float:
    """The number of the series 1, 2, 5, 10, 20, ... nearest to a positive size; 1 for none."""
    if not (math.isfinite(size) and size > 0):
        return 1.0
    whole = 10.0 ** math.floor(math.log10(size))
    steps = [factor * whole for factor in (1, 2, 5, 10)]
    nearest = min(steps, key=lambda step: abs(math.log(step / size)))
    return float(f"{nearest:.12g}")
