"""A person's corrections of what was made of each column, as a mapping.

A correction is a function from a mapping to a mapping, both as plain JSON: nothing is written into
what was given, so that a step back is the mapping before it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from data_loaders.endpoints.build import time_zero_of
from data_loaders.mapping.column_uses import ALTERATION, KINDS, LEFT_OUT, event_guess
from data_loaders.mapping.parts import NAME_PARTS, AlterationMapping, alterations_of, named
from data_loaders.model import Cohort, Endpoint
from data_loaders.wording import shown

Json = dict[str, Any]


def used_as(mapping: Mapping[str, Any], name: str, use: str) -> Json:
    """The mapping that uses a column as something else."""
    said = _cleared(mapping, name)
    held = dict(mapping.get("columns", {}).get(name, {}))
    if use == LEFT_OUT:
        said["ignore"] = [*said.get("ignore", []), name]
    elif use == ALTERATION:
        said["alterations"] = alterations_of(said) | {name: alterations_of(mapping).get(name, {})}
    else:
        kind = next(kind for kind, words in KINDS.items() if words == use)
        kept = {key: held[key] for key in ("label", "unit", "role", "description") if held.get(key)}
        if kind == "ordinal" and held.get("levels"):
            kept["levels"] = held["levels"]
        said["columns"] = {**said.get("columns", {}), name: {**kept, "kind": kind}}
    return _tidy(said)


def as_inferred(mapping: Mapping[str, Any], name: str) -> Json:
    """The mapping that says nothing of a column, so that it is inferred."""
    return _tidy(_cleared(mapping, name))


def identified_by(mapping: Mapping[str, Any], name: str) -> Json:
    """The mapping that takes a column as the patients' identifier."""
    return _tidy({**_cleared(mapping, name), "patient_id": name})


def named_alteration(mapping: Mapping[str, Any], name: str, text: str) -> Json:
    """The mapping in which a column is the alteration of a name, as people write it."""
    codes = alterations_of(mapping).get(name, {}).get("codes")
    said = _cleared(mapping, name)
    parts: Json = {**named(text), **({"codes": codes} if codes else {})}
    said["alterations"] = alterations_of(said) | {name: parts}
    return _tidy(said)


def coded_alteration(
    mapping: Mapping[str, Any], name: str, shown: Mapping[str, str], said: Mapping[str, str]
) -> Json:
    """The mapping in which entries of a column of an alteration mean what is said of them.

    Parameters
    ----------
    shown, said
        As for :func:`coded`.
    """
    after = copy.deepcopy(dict(mapping))
    held = alterations_of(after)
    own = held.get(name, {})
    codes = coded(own.get("codes") or {}, shown, said)
    after["alterations"] = held | {name: {**own, "codes": codes}}
    return _tidy(after)


def coded(
    stated: Mapping[str, str], shown: Mapping[str, str], said: Mapping[str, str]
) -> dict[str, str]:
    """What all entries of a column mean after some were said anew.

    Parameters
    ----------
    stated
        The codes of the mapping, with what was said since they were shown.
    shown
        What every entry was shown to mean.
    said
        The entries said anew.
    """
    return {text: said.get(text, stated.get(text, meaning)) for text, meaning in shown.items()}


def described_column(
    mapping: Mapping[str, Any], name: str, key: str, value: str | Sequence[str]
) -> Json:
    """The mapping with a label, unit, role, date format or order of levels of a column."""
    said = copy.deepcopy(dict(mapping))
    held = dict(said.get("columns", {}).get(name, {}))
    held.pop(key, None)
    if value:
        held[key] = value if isinstance(value, str) else list(value)
    if key == "levels" and value:
        held["kind"] = "ordinal"
    said["columns"] = {**said.get("columns", {}), name: held}
    return _tidy(said)


def endpoint_said(
    mapping: Mapping[str, Any], key: str, part: str, value: Any, whole: Mapping[str, Any]
) -> Json:
    """The mapping in which one part of an endpoint is stated.

    Parameters
    ----------
    part
        As in the mapping's file; None or an empty value takes the statement back.
    value
        What is stated.
    whole
        What has to be stated with the first part, where the endpoint cannot be amended.
    """
    said = copy.deepcopy(dict(mapping))
    said["no_endpoints"] = [gone for gone in said.get("no_endpoints", []) if gone != key]
    held = dict(said.get("endpoints", {}).get(key) or whole)
    held.pop(part, None)
    if part in {"codes", "event"}:
        held.pop("event_value", None)
    if part == "event":
        held.pop("codes", None)
    if value or value is False:
        held[part] = value
    said["endpoints"] = {**said.get("endpoints", {}), key: held}
    return _tidy(said)


def endpoint_added(mapping: Mapping[str, Any], key: str) -> Json:
    """The mapping with an endpoint of which nothing is stated yet, or that was taken out."""
    said = copy.deepcopy(dict(mapping))
    said["no_endpoints"] = [gone for gone in said.get("no_endpoints", []) if gone != key]
    said["endpoints"] = {**said.get("endpoints", {}), key: said.get("endpoints", {}).get(key, {})}
    return said


def endpoint_out(mapping: Mapping[str, Any], key: str, *, known: bool) -> Json:
    """The mapping without an endpoint; ``known`` says whether the cohort has it."""
    said = copy.deepcopy(dict(mapping))
    said["endpoints"] = {k: v for k, v in said.get("endpoints", {}).items() if k != key}
    gone = [k for k in said.get("no_endpoints", []) if k != key]
    said["no_endpoints"] = [*gone, *([key] if known else [])]
    return _tidy(said)


def endpoint_as_inferred(mapping: Mapping[str, Any], key: str) -> Json:
    """The mapping that says nothing of an endpoint."""
    said = endpoint_out(mapping, key, known=False)
    return _tidy(said)


def endpoint_parts(cohort: Cohort, endpoint: Endpoint) -> Json:
    """Columns, time zero and codes of an endpoint, as a mapping states them."""

    def source(column: str | None) -> str | None:
        variable = cohort.variables.get(column or "")
        if variable is None:
            return None
        name = variable.source_column or variable.name
        return name if name in cohort.file_columns else None  # else it is derived

    dates = [v.source_column or v.name for v in cohort.variables.values() if v.kind == "date"]
    event, competing = source(endpoint.event), source(endpoint.competing)
    column = cohort.file_columns.get(event or "")
    said = {
        "time": source(endpoint.time),
        "from": time_zero_of(cohort.variables[endpoint.time], dates),
        "event": event,
        "codes": None if column is None else dict(column.meanings.get(endpoint.key, {})),
        "competing": competing if competing != event else None,
        "entry": source(endpoint.entry),
        "label": endpoint.label,
    }
    return {key: value for key, value in said.items() if value}


def has_to_be_whole(cohort: Cohort, endpoint: Endpoint) -> bool:
    """Whether an endpoint follows from another's causes, so that it cannot be amended in part."""
    event = cohort.variables[endpoint.event]
    competing = cohort.variables.get(endpoint.competing or "")
    return competing is not None and competing.source_column == event.source_column


def usable(mapping: Mapping[str, Any], cohort: Cohort) -> tuple[Json, list[str]]:
    """The part of a mapping that is complete, and a sentence on each statement that is not.

    Parameters
    ----------
    mapping
        With corrections that may be under way.
    cohort
        As it is now.
    """
    said, sentences = copy.deepcopy(dict(mapping)), []
    for key, parts in list(said.get("endpoints", {}).items()):
        lacking = [part for part in ("time", "event") if not parts.get(part)]
        if key not in cohort.endpoints and lacking:
            del said["endpoints"][key]
            words = " and ".join(f"the column of its {part}" for part in lacking)
            sentences.append(f"The endpoint {shown(key)} waits for {words}.")
        elif not parts:
            del said["endpoints"][key]
        elif parts.get("event") in cohort.file_columns and not _is_coded(parts, cohort):
            del said["endpoints"][key]
            sentences.append(
                f"The endpoint {shown(key)} waits for what the values of {shown(parts['event'])} "
                "mean."
            )
    for name, parts in list(alterations_of(said).items()):
        column = cohort.file_columns.get(name)
        if (
            column is not None
            and not column.answers
            and "altered" not in (parts.get("codes") or {}).values()
        ):
            said["alterations"] = {k: v for k, v in alterations_of(said).items() if k != name}
            sentences.append(
                f"{shown(name)} is no column of yes and no: say which of its values mean altered."
            )
    return _tidy(said), sentences


def _is_coded(parts: Mapping[str, Any], cohort: Cohort) -> bool:
    """Whether it is known which values of the stated status mean the event."""
    column = cohort.file_columns[parts["event"]]
    dates = {v.source_column or v.name for v in cohort.variables.values() if v.kind == "date"}
    if column.name in dates or parts.get("event_value") is not None or not column.entries:
        return True
    return "event" in (parts.get("codes") or event_guess(column)).values()


def in_words(mapping: Mapping[str, Any]) -> list[str]:
    """What a mapping states, a short phrase each."""
    said = [f"patients by {shown(mapping['patient_id'])}"] if mapping.get("patient_id") else []
    for name, parts in alterations_of(mapping).items():
        words = AlterationMapping(**{k: parts[k] for k in NAME_PARTS if parts.get(k)})
        label = words.feature(name).label
        said.append(f"{shown(name)} is {label}" if label != name else f"{shown(name)}: alteration")
    for name, parts in mapping.get("columns", {}).items():
        words_of = [KINDS.get(str(parts.get("kind")), "")] if parts.get("kind") else []
        words_of += [key.replace("_", " ") for key in parts if key not in {"kind", "levels"}]
        words_of += ["order of levels"] if parts.get("levels") else []
        said.append(f"{shown(name)}: {', '.join(words_of)}")
    said += [f"{shown(name)} left out" for name in mapping.get("ignore", [])]
    for key, parts in mapping.get("endpoints", {}).items():
        said.append(f"endpoint {shown(key)}: {', '.join(parts)}" if parts else f"endpoint {key}")
    said += [f"no endpoint {shown(key)}" for key in mapping.get("no_endpoints", [])]
    said += [f"{shown(key)} of scores" for key in mapping.get("scores", {})]
    said += [f"{shown(one.get('name'))} derived" for one in mapping.get("derived", [])]
    return said


def _cleared(mapping: Mapping[str, Any], name: str) -> Json:
    """A copy in which nothing is said of a column."""
    said = copy.deepcopy(dict(mapping))
    said["ignore"] = [other for other in said.get("ignore", []) if other != name]
    for part, held in (("columns", said.get("columns", {})), ("alterations", alterations_of(said))):
        said[part] = {other: value for other, value in held.items() if other != name}
    if said.get("patient_id") == name:
        del said["patient_id"]
    return said


def _tidy(mapping: Json) -> Json:
    """Without what is empty; an endpoint or alteration says something by being there."""
    mapping["columns"] = {k: v for k, v in mapping.get("columns", {}).items() if v}
    return {key: value for key, value in mapping.items() if value}
