"""Cox models of a cohort as rows: of a forest plot, of a printed table, of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.likelihood import Part, Term
from app.analysis.regression import CoxModel
from app.cohort.groupings import MIN_GROUP_FOR_TEST
from app.study.wording import format_interval, format_p_cell
from app.views.survival.cox.analysis import MULTIVARIABLE, UNIVARIABLE, CohortModels
from app.views.survival.cox.frame import Covariate
from data_loaders.once import once_per_value

TOO_FEW = f"fewer than {MIN_GROUP_FOR_TEST} patients"


def forest_rows(models: CohortModels) -> pd.DataFrame:
    """The rows that :func:`app.study.figures.forest.forest_figure` draws.

    A number or a 0/1 covariate is one row, a pair of levels one row, three or more levels a
    heading, the reference and a row each.

    Returns
    -------
    DataFrame
        variable, label, group, series, reference, n, events, hr, lower, upper, p_value, note.
    """
    rows: list[dict[str, Any]] = []
    both = models.kinds == "both"
    for covariate in models.covariates:
        fits = _fits(models, covariate)
        made = {name: _covariate_rows(covariate, fit, models) for name, fit in fits.items()}
        for stacked in zip(*made.values(), strict=True):
            if stacked[0]["reference"]:
                rows.append(stacked[-1])
                continue
            for name, row in zip(made, stacked, strict=True):
                # Counts are of the model of all together where there is one.
                counts = {key: stacked[-1][key] for key in ("n", "events")}
                rows.append(row | counts | {"series": name if both else None})
    if models.model is not None:
        rows += [
            _row(term_labels(models, models.model)[term.name], estimate, term.name)
            | {"series": MULTIVARIABLE if both else None}
            for term, estimate in estimates(models.model)
            if len(term.parts) > 1
        ]
    return pd.DataFrame(rows)


def summary_table(models: CohortModels) -> pd.DataFrame:
    """The rows of the forest as they stand in a paper; ``numbers_table`` has them unrounded."""
    rows = forest_rows(models)
    fits = [MULTIVARIABLE] if models.kinds == "multivariable" else [UNIVARIABLE]
    if models.kinds == "both":
        fits = [UNIVARIABLE, MULTIVARIABLE]
    table: dict[tuple[object, object], dict[str, object]] = {}
    for row in rows.to_dict("records"):
        group = row["group"] if isinstance(row["group"], str) else None
        place = (group, row["label"])
        name = f"{group}: {row['label']}" if group else row["label"]
        line = table.setdefault(
            place, {"Covariate": name, "n": _whole(row["n"]), "Events": _whole(row["events"])}
        )
        for fit in [row["series"]] if isinstance(row["series"], str) else fits:
            printed = "reference" if row["reference"] else _printed(row)
            line[f"{fit} hazard ratio (95% CI)"] = printed
            line[f"{fit} p"] = (
                ""
                if row["reference"] or np.isnan(row["p_value"])
                else format_p_cell(row["p_value"])
            )
    return pd.DataFrame(list(table.values())).fillna("")


def _whole(number: float) -> str:
    return "" if np.isnan(number) else f"{int(number):,}"


def _printed(row: Mapping[Any, Any]) -> str:
    if np.isnan(row["hr"]):
        return str(row["note"])
    return format_interval(row["hr"], row["lower"], row["upper"])


def numbers_table(models: CohortModels) -> pd.DataFrame:
    """Every coefficient of every model, unrounded: model, n and events, then its summary."""
    fitted = {name: fit for name, fit in models.alone.items() if isinstance(fit, CoxModel)}
    parts = [
        shown_summary(fit).assign(
            model=f"{UNIVARIABLE}: {name}", model_n=fit.n, model_events=fit.events
        )
        for name, fit in fitted.items()
    ]
    if models.model is not None:
        parts.append(
            shown_summary(models.model).assign(
                model=MULTIVARIABLE, model_n=models.model.n, model_events=models.model.events
            )
        )
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    first = ["model", "model_n", "model_events"]
    return table[[*first, *(name for name in table.columns if name not in first)]]


def _fits(models: CohortModels, covariate: Covariate) -> dict[str, CoxModel | str]:
    fits: dict[str, CoxModel | str] = {}
    if models.kinds != "multivariable":
        fits[UNIVARIABLE] = models.alone[covariate.name]
    if models.kinds != "univariable":
        fits[MULTIVARIABLE] = models.problem if models.model is None else models.model
    return fits


def _covariate_rows(
    covariate: Covariate, fit: CoxModel | str, models: CohortModels
) -> list[dict[str, Any]]:
    """Rows of one covariate in one model; as many for whatever model, estimated or not."""
    by_level: dict[object, pd.Series] = {}
    counts: dict[object, tuple[int, int]] = {}
    reference: object = models.options["references"].get(covariate.name)
    if isinstance(fit, CoxModel):
        for term, estimate in estimates(fit):
            if len(term.parts) == 1 and term.parts[0].variable == covariate.name:
                by_level[term.parts[0].level] = estimate
                reference = term.parts[0].reference
        if covariate.kind == "levels":
            counts = _level_counts(fit, models.table.frame[covariate.name])
    if covariate.kind != "levels":
        label = part_label(models, Part(covariate.name))
        return [_row(label, by_level.get(None), covariate.name)]
    levels = _present(models.table.frame[covariate.name])
    reference = reference if reference in levels else levels[0]
    others = [level for level in levels if level != reference]
    if len(others) == 1:
        label = f"{covariate.name}: {others[0]} vs {reference}"
        row = _row(label, by_level.get(others[0]), covariate.name)
        return [row | _counted(counts.get(others[0]))]
    heading = {"group": covariate.name}
    rows = [
        _row(str(reference), None, covariate.name)
        | heading
        | {"reference": True}
        | _counted(counts.get(reference))
    ]
    for level in others:
        row = _row(str(level), by_level.get(level), covariate.name)
        rows.append(row | heading | _counted(counts.get(level)))
    return rows


def _row(label: str, estimate: pd.Series | None, variable: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "variable": variable,
        "label": label,
        "group": None,
        "series": None,
        "reference": False,
        "n": np.nan,
        "events": np.nan,
        "hr": np.nan,
        "lower": np.nan,
        "upper": np.nan,
        "p_value": np.nan,
        "note": "",
    }
    if estimate is None:
        return row | {"note": "no estimate"}
    for key in ("hr", "lower", "upper", "p_value"):
        row[key] = float(estimate[key])
    if pd.notna(estimate["n"]):
        row |= {"n": float(estimate["n"]), "events": float(estimate["events"])}
    return row | {"note": estimate["note"]}


def _counted(counts: tuple[int, int] | None) -> dict[str, float]:
    n, events = counts or (np.nan, np.nan)
    return {"n": n, "events": events}


def _level_counts(model: CoxModel, column: pd.Series) -> dict[object, tuple[int, int]]:
    """Patients analysed and events of each level."""
    used = column[model.fitted.kept]
    codes = used.cat.codes.to_numpy()
    event = model.fitted.data.event
    n = np.bincount(codes, minlength=len(used.cat.categories))
    events = np.bincount(codes[event], minlength=len(used.cat.categories))
    return {level: (int(n[i]), int(events[i])) for i, level in enumerate(used.cat.categories)}


def _present(column: pd.Series) -> list[str]:
    counts = np.bincount(column.cat.codes.to_numpy() + 1, minlength=len(column.cat.categories) + 1)
    return [str(level) for i, level in enumerate(column.cat.categories) if counts[i + 1]]


@once_per_value
def estimates(model: CoxModel) -> list[tuple[Term, pd.Series]]:
    """Each term of a model with its row of the summary as it is shown."""
    rows = [row for _, row in shown_summary(model).iterrows()]
    return list(zip(model.fitted.terms, rows, strict=True))


def shown_summary(model: CoxModel) -> pd.DataFrame:
    """The summary of a model without the effects of groups that are too small to be compared.

    A level, or its reference, of fewer than ten patients is in the model and has no ratio; nor has
    an interaction with it. The column ``note`` says so.
    """
    summary = model.summary
    single = np.array([len(term.parts) == 1 for term in model.fitted.terms])
    with_it = summary["n"].to_numpy(dtype=float, na_value=np.nan)
    small = with_it < MIN_GROUP_FOR_TEST
    for variable in summary.loc[single & ~np.isnan(with_it), "variable"].unique():
        own = single & (summary["variable"] == variable).to_numpy()
        if model.n - with_it[own].sum() < MIN_GROUP_FOR_TEST:
            small |= own
    names = set(summary.loc[small & single, "term"])
    small |= [any(part.name in names for part in term.parts) for term in model.fitted.terms]
    shown = summary.assign(note=np.where(small, TOO_FEW, ""))
    shown.loc[small, ["coef", "se", "hr", "lower", "upper", "p_value"]] = np.nan
    return shown


def part_label(models: CohortModels, part: Part) -> str:
    """What one covariate's row compares: ``Age at diagnosis, per 10 years``."""
    if part.level is not None:
        return f"{part.variable}: {part.level} vs {part.reference}"
    covariate = next(c for c in models.covariates if c.name == part.variable)
    if covariate.kind != "number":
        return covariate.name
    return f"{covariate.name}, per {units_of(models, covariate)}"


def term_labels(models: CohortModels, model: CoxModel) -> dict[str, str]:
    """What each term of a model compares, by the term's name."""
    return {
        term.name: " × ".join(part_label(models, part) for part in term.parts)
        for term in model.fitted.terms
    }


def units_of(models: CohortModels, covariate: Covariate) -> str:
    """What a number's hazard ratio is for: ``10 years``."""
    per = models.options["units"][covariate.name]
    unit = covariate.unit
    if per == 1 and unit in ("years", "months", "days"):
        unit = unit.removesuffix("s")
    return f"{per:g} {unit}".rstrip()
