"""Subgroup forest: the effect of one variable across the levels of others, with interactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from app.analysis._design import check_names
from app.analysis.regression import cox

TOO_SMALL = 10


def subgroup_effects(
    frame: pd.DataFrame,
    time: str,
    event: str,
    exposure: str,
    by: Sequence[str],
    *,
    adjust: Sequence[str] = (),
    entry: str | None = None,
    strata: str | Sequence[str] | None = None,
    references: Mapping[str, object] | None = None,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Estimate an exposure's hazard ratio in everyone and within the levels of other variables.

    One Cox model a row. The interaction p-value of a variable is the likelihood-ratio test of
    exposure x variable in one model of everyone; it, not whether a row is significant by itself,
    says whether the effect differs. Variables with many values are split at their median.

    Parameters
    ----------
    frame
        One row a patient.
    time, event, entry, strata
        As in :func:`app.analysis.regression.cox`.
    exposure
        Covariate with two values (or a number) whose effect is shown.
    by
        Variables to divide the patients by.
    adjust
        Further covariates of every model; one that a row is divided by is left out of that row.
    references
        Reference level of a categorical exposure or covariates.
    conf_level
        Level of the intervals.

    Returns
    -------
    DataFrame
        variable, level, n, events, hr, lower, upper, p_value, interaction_p (on the rows of a
        variable), note; the first row, with variable ``All``, is everyone. Rows of fewer than ten
        patients or without events have a note and no estimate.

    Raises
    ------
    ValueError
        If the model of everyone cannot be fitted, or the exposure has more than two levels.
    """
    options: dict[str, Any] = {
        "entry": entry,
        "strata": strata,
        "references": references,
        "conf_level": conf_level,
    }
    overall = _effect(frame, (time, event), exposure, list(adjust), options)
    rows: list[dict[str, Any]] = [{"variable": "All", "level": "All", **overall}]
    for variable in by:
        check_names(frame, [variable])
        if variable == exposure:
            raise ValueError(f"'{exposure}' cannot be divided by itself.")
        levels = _levels(frame[variable])
        others = [name for name in adjust if name != variable]
        interaction, why = _interaction(
            frame.assign(**{variable: levels}),
            (time, event),
            exposure,
            [variable, *others],
            options,
        )
        for level in levels.cat.categories:
            own = frame[(levels == level).fillna(value=False).to_numpy(dtype=bool)]
            row: dict[str, Any] = {
                "variable": variable,
                "level": str(level),
                "interaction_p": interaction,
            }
            try:
                row |= _effect(own, (time, event), exposure, others, options)
            except ValueError as error:
                row |= {"n": len(own), "events": int(own[event].sum()), "note": str(error)}
            row["note"] = " ".join(text for text in (row["note"], why) if text)
            rows.append(row)
    columns = ["variable", "level", "n", "events", "hr", "lower", "upper", "p_value"]
    return pd.DataFrame(rows, columns=[*columns, "interaction_p", "note"])


def _effect(
    frame: pd.DataFrame,
    outcome: tuple[str, str],
    exposure: str,
    adjust: list[str],
    options: dict[str, Any],
) -> dict[str, Any]:
    if len(frame) < TOO_SMALL:
        raise ValueError(f"Fewer than {TOO_SMALL} patients, so no estimate.")
    model = cox(frame, *outcome, [exposure, *adjust], **options)
    own = model.summary[model.summary["variable"] == exposure]
    if len(own) != 1:
        raise ValueError(f"'{exposure}' has more than two levels: choose one with two.")
    row = own.iloc[0]
    estimates = {name: float(row[name]) for name in ("hr", "lower", "upper", "p_value")}
    return {"n": model.n, "events": model.events, **estimates, "note": " ".join(model.notes)}


def _interaction(
    frame: pd.DataFrame,
    outcome: tuple[str, str],
    exposure: str,
    adjust: list[str],
    options: dict[str, Any],
) -> tuple[float, str]:
    """Likelihood-ratio p-value of exposure x the first covariate, or why there is none."""
    try:
        plain = cox(frame, *outcome, [exposure, *adjust], firth=False, **options)
        crossed = cox(
            frame,
            *outcome,
            [exposure, *adjust],
            interactions=[(exposure, adjust[0])],
            firth=False,
            **options,
        )
    except ValueError:
        return float("nan"), "The interaction cannot be tested: too few events in some levels."
    statistic = max(0.0, 2 * (crossed.log_likelihood - plain.log_likelihood))
    return float(chdtrc(len(crossed.summary) - len(plain.summary), statistic)), ""


def _levels(column: pd.Series) -> pd.Series:
    """A categorical version of a column; numbers with many values are split at the median."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.remove_unused_categories()
    if pd.api.types.is_numeric_dtype(column.dtype) and column.nunique() > 2:
        values = column.astype("Float64")
        middle = float(values.median())
        labels = [f"up to {middle:g}", f"above {middle:g}"]
        codes = np.where(values.isna(), -1, (values > middle).fillna(value=False))
        split = pd.Categorical.from_codes(codes.astype(int), labels, ordered=True)
        return pd.Series(split, index=column.index)
    return column.astype("category")
