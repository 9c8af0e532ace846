"""A user's word on what the columns are: it overrides what the loader would infer.

Plain data, from Python or a JSON file::

    {
      "patient_id": "ID",
      "columns": {"HB": {"role": "laboratory", "unit": "g/dL", "label": "Haemoglobin"}},
      "endpoints": {
        "os": {"time": "t", "unit": "days", "event": "status", "entry": "t_of_consent",
               "codes": {"0": "censored", "1": "event", "9": "unknown"}},
        "relapse": {"time": "t", "event": "kind",
                    "codes": {"0": "censored", "1": "event", "2": "competing"}}
      },
      "no_endpoints": ["thrombosis"],
      "alterations": {
        "V617F": {"gene": "JAK2", "refinement": "V617F"},
        "d13": {"event": "del(13q)", "codes": {"y": "altered", "n": "not altered"}}
      },
      "ignore": ["comment"],
      "scores": {"hb": {"column": "HB", "unit": "g/L"}, "transfusion": null},
      "derived": [{"name": "LDH ratio", "formula": "ldh / 250"}]
    }

All parts are optional, and what is stated of one column changes nothing about the others.

``columns`` takes ``role`` (as in :class:`data_loaders.model.Variable`), ``kind``, ``unit``,
``label``, ``description``, ``levels`` (from low to high), ``decimal_mark`` ("point" or "comma") and
``date_format`` ("day first", "month first" or "Excel"); a column listed there is not taken for an
alteration, and one with a stated role or kind is not looked for among endpoints.

``endpoints`` takes ``time`` and ``event`` (column names; left out, those that are inferred stay),
``unit`` (days, weeks, months or years) or, where ``time`` is a date, ``from`` (the column with the
date of time zero); ``codes`` (what each value of ``event`` means: event, competing, censored or
unknown; a value that is not listed is unknown) or ``event_value`` (the value, or list of values,
that mean the event; all others are censored); ``competing`` (a column of yes and no that says whom
a competing event kept from the event; false for none); ``entry`` (the time or date at which a
patient came under observation, which is left truncation; false for none); ``label`` and
``event_label``. An ``event`` that is a date has happened where there is one. ``no_endpoints`` lists
keys of endpoints that are none.

``alterations`` is a list of columns, or says of each its ``gene`` and ``refinement`` or its
cytogenetic ``event``, its ``label``, and by ``codes`` which values mean altered, not altered or not
tested; a value that is not listed is not tested.

``scores`` says which variable or alteration of the cohort feeds an input of a prognostic score,
where the one found is wrong, and in which unit; null where none does.

``derived`` lists variables, alterations and endpoints that are derived by formulas. The loader
keeps the list for :mod:`app.cohort.derived`, which reads it: a page does so by itself, code calls
``with_derived(cohort, stated_derived(cohort))``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from data_loaders.dates.columns import DATE_FORMATS
from data_loaders.files.notation import DECIMAL_MARKS
from data_loaders.files.regular_files import read_regular
from data_loaders.mapping.parts import (
    AlterationMapping,
    EndpointMapping,
    as_names,
    as_object,
    as_text,
    only,
    read_alterations,
    read_endpoint,
)
from data_loaders.model import CohortError, VariableKind, VariableRole
from data_loaders.wording import listed, shown

MAPPING_ENDING = ".mapping.json"
_MAX_BYTES = 2**20
_KEYS = (
    "patient_id",
    "columns",
    "endpoints",
    "no_endpoints",
    "alterations",
    "ignore",
    "scores",
    "derived",
)
_COLUMN_KEYS = (
    "role", "kind", "unit", "label", "description", "levels", "date_format", "decimal_mark",
)  # fmt: skip


@dataclass(frozen=True)
class TableMapping:
    """What the user says of a table; empty where the loader is to infer.

    Parameters
    ----------
    patient_id
        Column with the patients' identifiers.
    columns
        Properties of variables by column.
    endpoints
        Those that are stated or amended.
    no_endpoints
        Keys of endpoints that are inferred and are none.
    alterations
        Columns that hold alterations, besides those recognised by their names, and what they are.
    ignore
        Columns that are left out.
    scores
        What feeds inputs of prognostic scores: a column, or column and unit, or None.
    derived
        Definitions of what is derived of other columns, in their order.
    """

    patient_id: str | None = None
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    endpoints: tuple[EndpointMapping, ...] = ()
    no_endpoints: tuple[str, ...] = ()
    alterations: Mapping[str, AlterationMapping] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    scores: Mapping[str, Any] = field(default_factory=dict)
    derived: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def read(cls, source: Mapping[str, Any] | str | Path | None) -> TableMapping:
        """Read a mapping from plain data or from a JSON file.

        Raises
        ------
        CohortError
            With a sentence that says which part is wrong.
        """
        if source is None:
            return cls()
        if not isinstance(source, Mapping | str | Path):
            raise CohortError("The mapping needs to be a dictionary or the path of a JSON file.")
        data = source if isinstance(source, Mapping) else _read_json(Path(source))
        only(data, _KEYS, "The mapping")
        columns = {
            str(name): _column(str(name), value)
            for name, value in as_object(data.get("columns"), "columns").items()
        }
        labels = {name: str(said.get("label") or "") for name, said in columns.items()}
        alterations = read_alterations(data.get("alterations"), labels)
        endpoints = tuple(
            read_endpoint(str(key), value)
            for key, value in as_object(data.get("endpoints"), "endpoints").items()
        )
        gone = as_names(data.get("no_endpoints"), "no_endpoints")
        both = [endpoint.key for endpoint in endpoints if endpoint.key in gone]
        if both:
            raise CohortError(
                f"The mapping states {listed(both)} among the endpoints and takes it out as well; "
                "keep one of the two."
            )
        return cls(
            patient_id=as_text(data.get("patient_id"), "patient_id"),
            columns={name: said for name, said in columns.items() if name not in alterations},
            endpoints=endpoints,
            no_endpoints=gone,
            alterations=alterations,
            ignore=as_names(data.get("ignore"), "ignore"),
            scores=_scores(data.get("scores")),
            derived=_derived(data.get("derived")),
        )

    def to_dict(self) -> dict[str, Any]:
        """The mapping as the plain data that :meth:`read` takes, without what is empty."""
        said: dict[str, Any] = {
            "patient_id": self.patient_id,
            "columns": {
                name: {key: _listed(value) for key, value in stated.items() if value}
                for name, stated in self.columns.items()
            },
            "endpoints": {endpoint.key: endpoint.to_dict() for endpoint in self.endpoints},
            "no_endpoints": list(self.no_endpoints),
            "alterations": {name: said.to_dict() for name, said in self.alterations.items()},
            "ignore": list(self.ignore),
            "scores": dict(self.scores),
            "derived": [dict(definition) for definition in self.derived],
        }
        return {key: value for key, value in said.items() if value}

    def check_columns(self, existing: Iterable[str]) -> None:
        """Refuse a mapping that names columns which the table does not have.

        Raises
        ------
        CohortError
            Naming them.
        """
        named = [
            *([self.patient_id] if self.patient_id else []),
            *self.columns,
            *(column for endpoint in self.endpoints for column in endpoint.columns),
            *self.alterations,
            *self.ignore,
        ]
        present = set(existing)
        absent = [name for name in dict.fromkeys(named) if name not in present]
        if absent:
            raise CohortError(
                f"The mapping names columns that the table does not have: {listed(absent)}; "
                f"the table has {listed(list(existing))}."
            )


def _scores(value: object) -> Mapping[str, Any]:
    """What is stated of inputs, each a column's name, an object with it, or null."""
    said = as_object(value, "scores")
    for key, entry in said.items():
        if entry is None or isinstance(entry, str):
            continue
        data = as_object(entry, f"scores: {shown(str(key))}")
        only(data, ("column", "unit"), f"The mapping of {shown(str(key))} under scores")
        for part in ("column", "unit"):
            as_text(data.get(part), f"{part} of {key}")
    return said


def _derived(value: object) -> tuple[Mapping[str, Any], ...]:
    """Definitions as they are: what they say is read where they are used."""
    said = [] if value is None else value
    if not isinstance(said, list | tuple) or not all(isinstance(one, Mapping) for one in said):
        raise CohortError('"derived" in the mapping needs to be a list of objects.')
    return tuple(said)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _read_json(path: Path) -> Mapping[str, Any]:
    file = shown(path.name)
    try:
        content = read_regular(path, _MAX_BYTES)
    except CohortError as error:
        raise CohortError(f"The mapping {error}") from error
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise CohortError(
            f"The mapping {file} is not valid JSON; give a JSON file or a dictionary."
        ) from error
    if not isinstance(data, dict):
        raise CohortError(f"The mapping {file} needs to hold one JSON object.")
    return data


def _column(name: str, value: object) -> Mapping[str, Any]:
    data = as_object(value, f"columns: {shown(name)}")
    only(data, _COLUMN_KEYS, f"The mapping of {shown(name)}")
    for key, choices in (
        ("role", get_args(VariableRole)),
        ("kind", get_args(VariableKind)),
        ("date_format", DATE_FORMATS),
        ("decimal_mark", tuple(DECIMAL_MARKS)),
    ):
        if key in data and data[key] not in choices:
            raise CohortError(
                f'"{key}" of {shown(name)} in the mapping needs to be {listed(choices, "or")}.'
            )
    for key in ("unit", "label", "description"):
        as_text(data.get(key), f"{key} of {name}")
    levels = as_names(data.get("levels"), "levels")
    return {**data, "levels": levels}
