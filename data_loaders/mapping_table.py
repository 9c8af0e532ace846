"""A mapping as a table that a person can correct, and the corrections as a mapping again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from data_loaders.endpoints import MONTHS_PER
from data_loaders.gene_parts import is_whole
from data_loaders.model import Cohort, CohortError, Variable
from data_loaders.outcomes import time_zero_of
from data_loaders.wording import shown

COLUMN, USE, ABOUT, UNIT, LABEL, LEVELS, WHY = (
    "Column", "Use as", "About", "Unit", "Label", "Levels in order", "Why",
)  # fmt: skip
KEY, TIME, FROM, TIME_UNIT, EVENT, VALUES = (
    "Endpoint", "Time", "From (time zero)", "Time in the file in", "Event",
    "Values that mean the event",
)  # fmt: skip
ALTERATION, LEFT_OUT = "alteration", "leave out"
_KINDS = {
    "numeric": "number",
    "categorical": "categories",
    "ordinal": "ordered categories",
    "binary": "yes or no",
    "text": "text",
    "date": "date",
    "identifier": "identifier",
}
USES = (*_KINDS.values(), ALTERATION, LEFT_OUT)
TIME_UNITS = tuple(MONTHS_PER)


def column_table(cohort: Cohort) -> pd.DataFrame:
    """One row a column of the file: what it was taken for, and why.

    Parameters
    ----------
    cohort
        A cohort that was loaded from a file.
    """
    outcome = {
        name
        for endpoint in cohort.endpoints.values()
        for name in (endpoint.time, endpoint.event, endpoint.competing, endpoint.entry)
    }
    rows = [
        {
            COLUMN: variable.source_column or variable.name,
            USE: _KINDS[variable.kind],
            ABOUT: variable.role,
            UNIT: variable.unit or "",
            LABEL: variable.label,
            LEVELS: " < ".join(variable.levels) if variable.kind == "ordinal" else "",
            WHY: variable.reason,
        }
        for variable in cohort.variables.values()
        if variable.name not in outcome
    ]
    altered = cohort.features[cohort.features["kind"].isin(["gene", "cytogenetic", "refinement"])]
    rows += [
        {
            COLUMN: str(feature["source_column"]),
            USE: ALTERATION,
            ABOUT: "other",
            UNIT: "",
            LABEL: str(feature["label"]),
            LEVELS: "",
            WHY: str(feature.get("reason", "")),
        }
        for _, feature in altered.iterrows()
        if not is_whole(str(feature["label"]))
    ]
    columns = [COLUMN, USE, ABOUT, UNIT, LABEL, LEVELS, WHY]
    table = pd.DataFrame(rows, columns=columns)
    return table.drop_duplicates(COLUMN, ignore_index=True)


def endpoint_rows(cohort: Cohort) -> pd.DataFrame:
    """One row an endpoint: its columns in the file and its name; unit and values only if stated.

    "From" is the column of dates that the time is counted from, where it is counted from one.
    """
    dates = [
        _source(cohort.variables, v.name) for v in cohort.variables.values() if v.kind == "date"
    ]
    rows = [
        {
            KEY: endpoint.key,
            LABEL: endpoint.label,
            TIME: _source(cohort.variables, endpoint.time),
            FROM: time_zero_of(cohort.variables[endpoint.time], dates) or "",
            TIME_UNIT: "",
            EVENT: _source(cohort.variables, endpoint.event),
            VALUES: "",
        }
        for endpoint in cohort.endpoints.values()
    ]
    return pd.DataFrame(
        rows, columns=[KEY, LABEL, TIME, FROM, TIME_UNIT, EVENT, VALUES], dtype=object
    )


def corrected(
    columns: tuple[pd.DataFrame, pd.DataFrame],
    endpoints: tuple[pd.DataFrame, pd.DataFrame],
    base: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The mapping that turns what was inferred into what the user wants.

    Only what was changed is stated, on top of ``base``, so that the file stays small and the rest
    is inferred anew.

    Parameters
    ----------
    columns, endpoints
        The tables as they were shown and as they were edited.
    base
        The mapping that was already in use.

    Raises
    ------
    CohortError
        If an endpoint lacks its name, its time or its event, or an alteration is given another
        name.
    """
    mapping: dict[str, Any] = {key: _copied(value) for key, value in (base or {}).items()}
    before, after = (table.set_index(COLUMN) for table in columns)
    for name in after.index:
        if name not in before.index or after.loc[name].equals(before.loc[name]):
            continue
        _state_column(mapping, str(name), before.loc[name], after.loc[name])
    was, now = endpoints
    known = {str(row[KEY]): row for _, row in was.iterrows()}
    stated = dict(mapping.get("endpoints", {}))
    for _, row in now.iterrows():
        key = _text(row[KEY])
        if key in known and row.equals(known[key]):
            continue
        if not (key and _text(row[TIME]) and _text(row[EVENT])):
            raise CohortError(
                "An endpoint needs a short name, the column of its time and the column of its "
                "event."
            )
        stated[key] = _endpoint(row)
    if stated:
        mapping["endpoints"] = stated
    return {key: value for key, value in mapping.items() if value}


def _state_column(mapping: dict[str, Any], name: str, before: pd.Series, after: pd.Series) -> None:
    """Write what was changed about one column into the mapping."""
    for listed in ("alterations", "ignore"):
        mapping[listed] = [other for other in mapping.get(listed, []) if other != name]
    held = dict(mapping.get("columns", {}))
    stated = dict(held.pop(name, {}))
    use = after[USE]
    if use == ALTERATION == before[USE]:
        raise CohortError(
            f"{shown(name)} is an alteration and keeps its name; change only what it is used as."
        )
    if use == LEFT_OUT:
        mapping["ignore"] = [*mapping["ignore"], name]
    elif use == ALTERATION:
        mapping["alterations"] = [*mapping["alterations"], name]
    else:
        kinds = {words: kind for kind, words in _KINDS.items()}
        if use != before[USE]:
            stated["kind"] = kinds[use]
        for key, column in (("role", ABOUT), ("unit", UNIT), ("label", LABEL)):
            if _text(after[column]) and _text(after[column]) != _text(before[column]):
                stated[key] = _text(after[column])
        levels = [level.strip() for level in _text(after[LEVELS]).split("<") if level.strip()]
        if levels and _text(after[LEVELS]) != _text(before[LEVELS]):
            stated |= {"levels": levels, "kind": "ordinal"}
        if stated:
            held[name] = stated
    mapping["columns"] = held


def _endpoint(row: pd.Series) -> dict[str, Any]:
    stated: dict[str, Any] = {"time": _text(row[TIME]), "event": _text(row[EVENT])}
    if _text(row.get(FROM)):
        stated["from"] = _text(row[FROM])
    if _text(row[TIME_UNIT]):
        stated["unit"] = _text(row[TIME_UNIT])
    if _text(row[LABEL]):
        stated["label"] = _text(row[LABEL])
    values = [value.strip() for value in _text(row[VALUES]).split(",") if value.strip()]
    if values:
        stated["event_value"] = values
    return stated


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in value.items()}
    return list(value) if isinstance(value, list | tuple) else value


def _source(variables: Mapping[str, Variable], column: str) -> str:
    variable = variables.get(column)
    return column if variable is None else variable.source_column or column


def _text(value: object) -> str:
    """A cell as text; nothing where it is empty."""
    return "" if value is None or value is pd.NA or value != value else str(value).strip()  # noqa: PLR0124
