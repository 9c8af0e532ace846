"""A short Python script that reproduces Cox models with the project's own functions."""

from __future__ import annotations

from collections.abc import Sequence

from app.cohort.filters import Filter
from app.cohort.groupings import SAVED, GroupingSpec
from app.study.scripts.parts import (
    GROUPS_FILE,
    heading_part,
    imports_part,
    script_of,
    selection_part,
)
from app.study.wording import MONTHS_PER_YEAR
from app.views.survival.cox.analysis import CohortModels
from app.views.survival.cox.frame import Covariate, ModelFrame
from app.views.survival.curves.analysis import YEARS
from data_loaders import Cohort

_DIGITS = 'float_format="%.12g".__mod__'
_COLUMNS = ["coef", "se", "hr", "lower", "upper", "p_value", "term"]


def models_script(
    models: CohortModels, cohort: Cohort, chosen: Filter, adjusted: str | None = None
) -> str:
    """The script, as text to be saved in UTF-8; it is run next to the file.

    Parameters
    ----------
    models
        The models to reproduce.
    cohort
        The cohort before the filter.
    chosen
        The filter.
    adjusted
        Name of the covariate that adjusted curves are by; None for none.
    """
    outcome = models.table.outcome
    saved = _saved((*models.covariates, *models.table.strata))
    imports = {"app.views.survival.cox.frame": {"model_frame"}, "app.analysis.regression": {"cox"}}
    curves = ""
    if adjusted is not None:
        imports["app.analysis.regression"] = imports.get("app.analysis.regression", set()) | {
            "adjusted_survival"
        }
        months = [MONTHS_PER_YEAR * year for year in YEARS]
        curves = (
            f"curves = adjusted_survival(model, table.frame, {adjusted!r})\n"
            f"print(curves.table.to_string(index=False, {_DIGITS}))\n"
            f"at = adjusted_survival(model, table.frame, {adjusted!r}, times={months})\n"
            f"print(at.table.to_string(index=False, {_DIGITS}))"
        )
    return script_of(
        heading_part(f"{outcome.endpoint.label}, Cox models", cohort, chosen, saved),
        imports_part(cohort, imports, saved),
        selection_part(cohort, chosen),
        _table(models.table, models.covariates, saved),
        _alone(models),
        _together(models),
        curves,
    )


def subgroups_script(
    table: ModelFrame, by: Sequence[Covariate], cohort: Cohort, chosen: Filter, *, adjusted: bool
) -> str:
    """A script that reproduces a subgroup forest.

    Parameters
    ----------
    table
        The patients; the first covariate is the one whose effect is shown.
    by
        What the patients were divided by.
    cohort
        The cohort before the filter.
    chosen
        The filter.
    adjusted
        Whether each model is adjusted for the others of ``by``.
    """
    used = (table.covariates[0], *by)
    saved = _saved((*used, *table.strata))
    imports = {
        "app.views.survival.cox.checks": {"subgroup_rows"},
        "app.views.survival.cox.frame": {"model_frame"},
    }
    columns = ["n", "events", "hr", "lower", "upper", "p_value", "interaction_p", "label"]
    effects = f"""\
exposure, *by = table.covariates
rows = subgroup_rows(table, exposure, by, adjusted={adjusted!r})
print(rows[{columns!r}].to_string(index=False, {_DIGITS}))"""
    return script_of(
        heading_part(f"{table.outcome.endpoint.label}, subgroup forest", cohort, chosen, saved),
        imports_part(cohort, imports, saved),
        selection_part(cohort, chosen),
        _table(table, used, saved),
        effects,
    )


def _saved(covariates: Sequence[Covariate]) -> GroupingSpec | None:
    """The first covariate that is groups saved by name: these are read from their file."""
    specs = [c.spec for c in covariates if c.spec.startswith(f"{SAVED}:")]
    return GroupingSpec.parse(specs[0]) if specs else None


def _table(table: ModelFrame, covariates: Sequence[Covariate], saved: GroupingSpec | None) -> str:
    outcome = table.outcome
    lines = []
    if saved is not None:
        lines.append(f"saved = saved_from_json(cohort, Path({GROUPS_FILE!r}).read_bytes())")
    lines += [
        "table = model_frame(",
        "    cohort,",
        "    selection.mask,",
        f"    {outcome.endpoint.key!r},",
        "    [",
        *(f"        {_spec(c.spec)}," for c in covariates),
        "    ],",
    ]
    if table.strata:
        lines.append(f"    strata=[{', '.join(repr(c.spec) for c in table.strata)}],")
    if outcome.limit is not None:
        lines.append("    # Follow-up ends at the limit for every number, in months.")
        lines.append(f"    limit={float(outcome.limit)!r},")
    return "\n".join([*lines, ")", 'print(f"{table.outcome.n} followed")'])


def _spec(spec: str) -> str:
    parsed = GroupingSpec.parse(spec)
    return f"saved.groupings[{parsed.name!r}]" if parsed.kind == SAVED else repr(spec)


def _alone(models: CohortModels) -> str:
    if not models.alone:
        return ""
    options = models.options()
    inner = "".join(
        f"    {name!r}: dict(units={_of(options['units'], name)!r}, "
        f"references={_of(options['references'], name)!r}),\n"
        for name in models.alone
    )
    return f"""\
print("\\nUnivariable")
alone = {{
{inner}}}
for name, own in alone.items():
    try:
        model = cox(
            table.frame, "time", "event", [name], {_common(models)}, **own
        )
    except ValueError as error:
        print(name, "without an estimate:", error)
        continue
    print(f"n = {{model.n}}, events = {{model.events}}")
    print(model.summary[{_COLUMNS!r}].to_string(index=False, {_DIGITS}))"""


def _of(values: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in values.items() if key == name}


def _together(models: CohortModels) -> str:
    if models.model is None:
        return ""
    options = models.options()
    return f"""\
print("\\nMultivariable")
model = cox(
    table.frame,
    "time",
    "event",
    {[c.name for c in models.covariates]!r},
    {_common(models)},
    units={options["units"]!r},
    references={options["references"]!r},
    interactions={models.interactions()!r},
)
print(f"n = {{model.n}}, events = {{model.events}}")
print(model.summary[{_COLUMNS!r}].to_string(index=False, {_DIGITS}))
c = model.concordance
print(f"concordance {{c:.12g}} ({{c.lower:.12g}} to {{c.upper:.12g}})")
print(model.ph_test.to_string(index=False, {_DIGITS}))"""


def _common(models: CohortModels) -> str:
    options = models.options()
    given = {name: options[name] for name in ("entry", "strata", "firth")}
    return ", ".join(f"{name}={value!r}" for name, value in given.items())
