"""Subgroup forest: the effect of one variable across the levels of others, with interactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from app.analysis.likelihood import check_names
from app.analysis.regression._cox import cox
from app.cohort.groupings import MIN_GROUP_FOR_TEST, median_split


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
) -> pd.DataFrame:
    """Estimate an exposure's hazard ratio in everyone and within the levels of other variables.

    One Cox model a row. The interaction p-value of a variable is the likelihood-ratio test of
    exposure x variable in one model of everyone; it, not whether a row is significant by itself,
    says whether the effect differs. Variables with many values are split at their median; one that
    is adjusted for stays in the models of its own halves as the number that it is, for it differs
    within them.

    Parameters
    ----------
    exposure
        Covariate with two values (or a number) whose effect is shown.
    adjust
        Further covariates of every model; one that does not vary within a row is left out of it.

    Returns
    -------
    DataFrame
        variable, level, n, events, n_exposed (with the second value of a two-valued exposure), hr,
        lower, upper, p_value, interaction_p (on the rows of a variable), note; the first row, with
        variable ``All``, is everyone. Rows without events, or with fewer than ten patients in all
        or with either value of the exposure, have a note and no estimate.

    Raises
    ------
    ValueError
        If the model of everyone cannot be fitted, or the exposure has more than two levels.
    """
    options: dict[str, Any] = {"entry": entry, "strata": strata}
    check_names(frame, list(dict.fromkeys([time, event, exposure, *adjust, *by])))
    exposed_by = _Exposure(exposure, _two_values(frame[exposure]))
    overall = _effect(frame, (time, event), exposed_by, list(adjust), options)
    rows: list[dict[str, Any]] = [{"variable": "All", "level": "All", **overall}]
    for variable in by:
        if variable == exposure:
            raise ValueError(f"'{exposure}' cannot be divided by itself.")
        levels, split = _levels(frame[variable])
        others = [name for name in adjust if name != variable or split]
        cut = variable if variable not in others else f"{variable}, halves"
        interaction, why = _interaction(
            frame.assign(**{cut: levels}), (time, event), exposure, [cut, *others], options
        )
        for level in levels.cat.categories:
            own = frame[(levels == level).fillna(value=False).to_numpy(dtype=bool)]
            row: dict[str, Any] = {
                "variable": variable,
                "level": str(level),
                "interaction_p": interaction,
                "n": len(own),
                "events": int(own[event].sum()),
            }
            try:
                row |= _effect(own, (time, event), exposed_by, others, options)
            except _TooFewError as error:
                row |= {"n": error.n, "n_exposed": error.n_exposed, "note": str(error)}
            except ValueError as error:
                row["note"] = str(error)
            row["note"] = " ".join(text for text in (row["note"], why) if text)
            rows.append(row)
    columns = ["variable", "level", "n", "events", "n_exposed", "hr", "lower", "upper", "p_value"]
    found = pd.DataFrame(rows, columns=[*columns, "interaction_p", "note"])
    return found.astype({"n_exposed": "Int64"})


class _Exposure(NamedTuple):
    """The column whose effect is shown, and its two values, if it has no others."""

    column: str
    values: list[Any]


class _TooFewError(ValueError):
    """A row without an estimate, because too few have one value of the exposure."""

    def __init__(self, sentence: str, n: int, n_exposed: int | None) -> None:
        super().__init__(sentence)
        self.n, self.n_exposed = n, n_exposed


def _effect(
    frame: pd.DataFrame,
    outcome: tuple[str, str],
    exposed_by: _Exposure,
    adjust: list[str],
    options: dict[str, Any],
) -> dict[str, Any]:
    exposure = exposed_by.column
    layers = options["strata"]
    layers = [layers] if isinstance(layers, str) else list(layers or ())
    entry = [] if options["entry"] is None else [options["entry"]]
    needed = [*outcome, exposure, *adjust, *layers, *entry]
    complete = frame[list(dict.fromkeys(needed))].dropna()
    exposed = _check_sizes(complete[exposure], exposed_by)
    same = [name for name in adjust if complete[name].nunique() < 2]
    model = cox(frame, *outcome, [exposure, *(n for n in adjust if n not in same)], **options)
    own = model.summary[model.summary["variable"] == exposure]
    if len(own) != 1:
        raise ValueError(f"'{exposure}' has more than two levels: choose one with two.")
    row = own.iloc[0]
    estimates = {name: float(row[name]) for name in ("hr", "lower", "upper", "p_value")}
    notes = [f"Not adjusted for {name}, the same in all of these." for name in same]
    return {
        "n": model.n,
        "events": model.events,
        "n_exposed": exposed,
        **estimates,
        "note": " ".join([*notes, *model.notes]),
    }


def _two_values(column: pd.Series) -> list[Any]:
    """The two values of an exposure, the second the exposed; none if it has others."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = [value for value in column.cat.categories if (column == value).any()]
    else:
        values = sorted(column.dropna().unique(), key=str)
    return values if len(values) == 2 else []


def _check_sizes(column: pd.Series, exposed_by: _Exposure) -> int | None:
    """How many are exposed, if there are enough patients with either value of the exposure."""
    exposure, values = exposed_by
    n, least = len(column), MIN_GROUP_FOR_TEST
    sizes = [int((column == value).sum()) for value in values]
    exposed = sizes[1] if sizes else None
    if n < least:
        raise _TooFewError(f"Fewer than {least} patients, so no estimate.", n, exposed)
    if not sizes or min(sizes) >= least:
        return exposed
    few = int(np.argmin(sizes))
    have = f"have {exposure} = {values[few]}"
    if set(values) == {0, 1}:
        have = f"have {exposure}" if few else f"have no {exposure}"
    who = f"Only {sizes[few]:,} of" if sizes[few] else "None of the"
    sentence = f"{who} {n:,} patients {have}, and {least} are needed, so no estimate."
    raise _TooFewError(sentence, n, exposed)


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
        return float(
            "nan"
        ), "The interaction cannot be tested: too few patients or events in some levels."
    statistic = max(0.0, 2 * (crossed.log_likelihood - plain.log_likelihood))
    return float(chdtrc(len(crossed.summary) - len(plain.summary), statistic)), ""


def _levels(column: pd.Series) -> tuple[pd.Series, bool]:
    """A categorical version of a column, and whether it is a number split at the median."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.remove_unused_categories(), False
    if pd.api.types.is_numeric_dtype(column.dtype) and column.nunique() > 2:
        values = column.astype("Float64")
        middle = median_split(values.dropna().to_numpy(dtype=np.float64))
        labels = [f"up to {middle:g}", f"above {middle:g}"]
        codes = np.where(values.isna(), -1, (values > middle).fillna(value=False))
        split = pd.Categorical.from_codes(codes.astype(int), labels, ordered=True)
        return pd.Series(split, index=column.index), True
    return column.astype("category"), False
