"""A user's word on what the columns are: it overrides what the loader would infer.

Plain data, from Python or a JSON file::

    {
      "patient_id": "ID",
      "columns": {"HB": {"role": "laboratory", "unit": "g/dL", "label": "Haemoglobin"}},
      "endpoints": {"os": {"time": "t", "unit": "days", "event": "status",
                           "event_value": "dead"}},
      "alterations": ["FLAG"],
      "ignore": ["comment"]
    }

All parts are optional. ``columns`` takes ``role`` (as in :class:`data_loaders.model.Variable`),
``kind``, ``unit``, ``label``, ``description``, ``levels`` and ``date_format`` ("day first",
"month first" or "Excel"); a column listed there is never taken for an alteration. ``endpoints``
takes ``time`` and ``event`` (column names), ``unit`` (days, weeks, months or years) or, where
``time`` is a date, ``from`` (the column with the date of time zero), and optionally
``event_value`` (the value, or list of values, that mean the event; all others are censored),
``label`` and ``event_label``. An ``event`` that is a date has happened where there is one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from data_loaders.dates import DATE_FORMATS
from data_loaders.endpoints import MONTHS_PER
from data_loaders.model import CohortError, VariableKind, VariableRole
from data_loaders.wording import listed, shown

MAPPING_ENDING = ".mapping.json"
_MAX_BYTES = 2**20
_COLUMN_KEYS = ("role", "kind", "unit", "label", "description", "levels", "date_format")
_ENDPOINT_KEYS = ("time", "from", "unit", "event", "event_value", "label", "event_label")


@dataclass(frozen=True)
class EndpointMapping:
    """What the user says of one endpoint; ``time_zero`` is ``from`` in the file."""

    key: str
    time: str
    event: str
    unit: str | None = None
    event_values: tuple[object, ...] | None = None
    label: str | None = None
    event_label: str | None = None
    time_zero: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        return tuple(name for name in (self.time, self.event, self.time_zero) if name)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in the file."""
        said = {
            "time": self.time,
            "from": self.time_zero,
            "unit": self.unit,
            "event": self.event,
            "event_value": _listed(self.event_values),
            "label": self.label,
            "event_label": self.event_label,
        }
        return {key: value for key, value in said.items() if value is not None}


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
        By key.
    alterations
        Columns that hold alterations, besides those recognised by their names.
    ignore
        Columns that are left out.
    """

    patient_id: str | None = None
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    endpoints: tuple[EndpointMapping, ...] = ()
    alterations: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

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
        known = ("patient_id", "columns", "endpoints", "alterations", "ignore")
        _only(data, known, "The mapping")
        return cls(
            patient_id=_text(data.get("patient_id"), "patient_id"),
            columns={
                str(name): _column(str(name), value)
                for name, value in _object(data.get("columns"), "columns").items()
            },
            endpoints=tuple(
                _endpoint(str(key), value)
                for key, value in _object(data.get("endpoints"), "endpoints").items()
            ),
            alterations=_names(data.get("alterations"), "alterations"),
            ignore=_names(data.get("ignore"), "ignore"),
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
            "alterations": list(self.alterations),
            "ignore": list(self.ignore),
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


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _read_json(path: Path) -> Mapping[str, Any]:
    file = shown(path.name)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CohortError(f"The mapping {file} is larger than 1 MiB; is it the right file?")
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, CohortError):
            raise
        reason = "cannot be found" if isinstance(error, FileNotFoundError) else "is not valid JSON"
        raise CohortError(
            f"The mapping {file} {reason}; give a JSON file or a dictionary."
        ) from error
    if not isinstance(data, dict):
        raise CohortError(f"The mapping {file} needs to hold one JSON object.")
    return data


def _only(data: Mapping[Any, Any], known: tuple[str, ...], what: str) -> None:
    extra = [str(key) for key in data if key not in known]
    if extra:
        raise CohortError(
            f"{what} has an unknown entry {listed(extra)}; known are {listed(known)}."
        )


def _object(value: object, what: str) -> Mapping[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise CohortError(f'"{what}" in the mapping needs an object with one entry a name.')
    return value


def _text(value: object, what: str) -> str | None:
    if value is None or (isinstance(value, str) and value):
        return value
    raise CohortError(f'"{shown(what)}" in the mapping needs to be a text.')


def _names(value: object, what: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise CohortError(f'"{what}" in the mapping needs a list of column names.')
    if not all(isinstance(name, str) for name in value):
        raise CohortError(f'"{what}" in the mapping needs a list of column names.')
    return tuple(value)


def _column(name: str, value: object) -> Mapping[str, Any]:
    data = _object(value, f"columns: {shown(name)}")
    _only(data, _COLUMN_KEYS, f"The mapping of {shown(name)}")
    for key, choices in (
        ("role", get_args(VariableRole)),
        ("kind", get_args(VariableKind)),
        ("date_format", DATE_FORMATS),
    ):
        if key in data and data[key] not in choices:
            raise CohortError(
                f'"{key}" of {shown(name)} in the mapping needs to be {listed(choices, "or")}.'
            )
    for key in ("unit", "label", "description"):
        _text(data.get(key), f"{key} of {name}")
    levels = _names(data.get("levels"), "levels")
    return {**data, "levels": levels}


def _endpoint(key: str, value: object) -> EndpointMapping:
    data = _object(value, f"endpoints: {shown(key)}")
    what = f"The endpoint {shown(key)} in the mapping"
    _only(data, _ENDPOINT_KEYS, what)
    time, event = _text(data.get("time"), "time"), _text(data.get("event"), "event")
    if time is None or event is None:
        raise CohortError(f'{what} needs "time" and "event", each the name of a column.')
    unit = data.get("unit")
    if unit is not None and unit not in MONTHS_PER:
        raise CohortError(f"{what} needs a unit among {listed(list(MONTHS_PER), 'or')}.")
    values = data.get("event_value")
    if values is not None:
        values = tuple(values) if isinstance(values, list | tuple) else (values,)
    time_zero = _text(data.get("from"), "from")
    if time_zero is not None and (time_zero == time or unit is not None):
        raise CohortError(
            f'{what} is counted "from" a date, so "time" needs to be another column of dates and '
            "no unit is stated."
        )
    return EndpointMapping(
        key=key,
        time=time,
        event=event,
        unit=unit,
        event_values=values,
        label=_text(data.get("label"), "label"),
        event_label=_text(data.get("event_label"), "event_label"),
        time_zero=time_zero,
    )
