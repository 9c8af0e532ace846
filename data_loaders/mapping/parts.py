"""What a mapping says of one endpoint, and of one column that holds an alteration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from data_loaders.alterations.genes import (
    FeatureName,
    current_symbol,
    looks_like_symbol,
    read_feature_name,
)
from data_loaders.endpoints.find import MONTHS_PER
from data_loaders.model import CohortError
from data_loaders.wording import listed, shown

EventMeaning = Literal["event", "competing", "censored", "unknown"]
CallMeaning = Literal["altered", "not altered", "not tested"]
EVENT_MEANINGS: tuple[EventMeaning, ...] = get_args(EventMeaning)
CALL_MEANINGS: tuple[CallMeaning, ...] = get_args(CallMeaning)
_ENDPOINT_KEYS = (
    "time", "from", "unit", "entry", "event", "event_value", "codes", "competing", "label",
    "event_label",
)  # fmt: skip
NAME_PARTS = ("gene", "refinement", "event", "label")
_ALTERATION_KEYS = (*NAME_PARTS, "codes")


@dataclass(frozen=True)
class EndpointMapping:
    """What the user says of one endpoint; ``time_zero`` is ``from`` in the file.

    Without ``time`` or ``event`` it amends the endpoint of this key that is inferred.
    ``competing`` is a column of yes and no, ``entry`` one of times; False says that there is none.
    """

    key: str
    time: str | None = None
    event: str | None = None
    unit: str | None = None
    event_values: tuple[object, ...] | None = None
    label: str | None = None
    event_label: str | None = None
    time_zero: str | None = None
    entry: str | Literal[False] | None = None
    competing: str | Literal[False] | None = None
    codes: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        named = (self.time, self.event, self.time_zero, self.entry, self.competing)
        return tuple(name for name in named if name)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in the file."""
        said = {
            "time": self.time,
            "from": self.time_zero,
            "unit": self.unit,
            "entry": self.entry,
            "event": self.event,
            "event_value": None if self.event_values is None else list(self.event_values),
            "codes": dict(self.codes) or None,
            "competing": self.competing,
            "label": self.label,
            "event_label": self.event_label,
        }
        return {key: value for key, value in said.items() if value is not None}


@dataclass(frozen=True)
class AlterationMapping:
    """What the user says of a column that holds an alteration.

    ``gene`` with or without ``refinement`` (JAK2 and V617F), or ``event`` for a cytogenetic event;
    without any of them the column's name counts. ``codes`` says what each value means.
    """

    gene: str | None = None
    refinement: str | None = None
    event: str | None = None
    label: str | None = None
    codes: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in the file."""
        said = {
            "gene": self.gene,
            "refinement": self.refinement,
            "event": self.event,
            "label": self.label,
            "codes": dict(self.codes),
        }
        return {key: value for key, value in said.items() if value}

    def feature(self, column: str) -> FeatureName:
        """The name of the alteration that a column holds.

        Parameters
        ----------
        column
            Its name in the file.
        """
        if self.event:
            known = read_feature_name(self.event)
            label = known.label if known and known.kind == "cytogenetic" else self.event
            found = FeatureName(self.event, "cytogenetic", None, label, "as stated")
        elif self.gene:
            found = _of_gene(current_symbol(self.gene), self.refinement)
        else:
            known = read_feature_name(column)
            found = known or FeatureName(column, "gene", column, column, "as stated")
        if not self.label:
            return found
        return FeatureName(
            found.name, found.kind, found.gene, self.label, found.reason, found.alias, found.note
        )


def named(text: str) -> dict[str, str]:
    """What a name of an alteration, as people write it, says: gene, refinement or event.

    Parameters
    ----------
    text
        Such as ``ASXL1``, ``JAK2 V617F``, ``CALR type 1``, ``del(5q)`` or ``13pUPD``.

    Returns
    -------
    dict
        As in a mapping; empty for an empty text. What is not known is a gene if its first word has
        the shape of a symbol, and a cytogenetic event otherwise.

    Examples
    --------
    >>> named("JAK2 V617F")
    {'gene': 'JAK2', 'refinement': 'V617F'}
    """
    text = " ".join(text.split())
    if not text:
        return {}
    known = read_feature_name(text)
    if known is not None and known.kind == "cytogenetic":
        return {"event": text}
    if known is not None and known.gene:
        rest = known.label.removeprefix(known.gene).strip(" -")
        return {"gene": known.gene} | ({"refinement": rest} if rest else {})
    first, _, rest = text.partition(" ")
    if looks_like_symbol(first):
        return {"gene": first} | ({"refinement": rest} if rest else {})
    return {"event": text}


def _of_gene(gene: str, refinement: str | None) -> FeatureName:
    if not refinement:
        return FeatureName(gene, "gene", gene, gene, "as stated")
    name = f"{gene}_{'_'.join(refinement.split())}"
    known = read_feature_name(name)
    fits = known is not None and known.kind == "refinement" and known.gene == gene
    label = known.label if known is not None and fits else f"{gene} {refinement}"
    return FeatureName(name, "refinement", gene, label, "as stated")


def read_endpoint(key: str, value: object) -> EndpointMapping:
    """One endpoint of a mapping.

    Raises
    ------
    CohortError
        With a sentence that says which part is wrong.
    """
    data = as_object(value, f"endpoints: {shown(key)}")
    what = f"The endpoint {shown(key)} in the mapping"
    only(data, _ENDPOINT_KEYS, what)
    time, event = as_text(data.get("time"), "time"), as_text(data.get("event"), "event")
    unit = data.get("unit")
    if unit is not None and unit not in MONTHS_PER:
        raise CohortError(f"{what} needs a unit among {listed(list(MONTHS_PER), 'or')}.")
    values = data.get("event_value")
    if values is not None:
        values = tuple(values) if isinstance(values, list | tuple) else (values,)
    codes = _codes(data.get("codes"), EVENT_MEANINGS, what)
    if codes and values is not None:
        raise CohortError(f'{what} takes "codes" or "event_value", not both.')
    time_zero = as_text(data.get("from"), "from")
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
        label=as_text(data.get("label"), "label"),
        event_label=as_text(data.get("event_label"), "event_label"),
        time_zero=time_zero,
        entry=_text_or_false(data.get("entry"), "entry"),
        competing=_text_or_false(data.get("competing"), "competing"),
        codes=codes,
    )


def read_alterations(value: object, label_of: Mapping[str, str]) -> dict[str, AlterationMapping]:
    """The columns of alterations of a mapping: a list of names, or an object with what each is.

    Parameters
    ----------
    label_of
        Labels that the mapping gives columns; that of an alteration says which it is.

    Raises
    ------
    CohortError
        With a sentence that says which part is wrong.
    """
    if isinstance(value, Mapping):
        stated = {str(name): _alteration(str(name), said) for name, said in value.items()}
    else:
        stated = dict.fromkeys(as_names(value, "alterations"), AlterationMapping())
    for name, said in stated.items():
        if label_of.get(name) and not (said.gene or said.event or said.label):
            parts = named(label_of[name])
            stated[name] = AlterationMapping(**parts, codes=said.codes)
    return stated


def alterations_of(mapping: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The alterations of a mapping as plain data, by column, also where it only lists them."""
    held = mapping.get("alterations") or {}
    return dict(held) if isinstance(held, Mapping) else {name: {} for name in held}


def _alteration(column: str, value: object) -> AlterationMapping:
    what = f"The alteration {shown(column)} in the mapping"
    data = as_object(value, f"alterations: {shown(column)}")
    only(data, _ALTERATION_KEYS, what)
    parts = {key: as_text(data.get(key), f"{key} of {column}") for key in NAME_PARTS}
    if parts["event"] and (parts["gene"] or parts["refinement"]):
        raise CohortError(f'{what} is a "gene" or a cytogenetic "event", not both.')
    if parts["refinement"] and not parts["gene"]:
        raise CohortError(f'{what} needs the "gene" that "refinement" is a part of.')
    return AlterationMapping(**parts, codes=_codes(data.get("codes"), CALL_MEANINGS, what))


def _text_or_false(value: object, what: str) -> str | Literal[False] | None:
    return False if value is False else as_text(value, what)


def _codes(value: object, meanings: tuple[str, ...], what: str) -> dict[str, str]:
    """What each value means, the values as text."""
    data = as_object(value, "codes")
    for meaning in data.values():
        if meaning not in meanings:
            raise CohortError(f"{what} needs codes that mean {listed(list(meanings), 'or')}.")
    return {str(code).strip(): str(meaning) for code, meaning in data.items()}


def only(data: Mapping[Any, Any], known: tuple[str, ...], what: str) -> None:
    """Refuse entries that are not known."""
    extra = [str(key) for key in data if key not in known]
    if extra:
        raise CohortError(
            f"{what} has an unknown entry {listed(extra)}; known are {listed(known)}."
        )


def as_object(value: object, what: str) -> Mapping[Any, Any]:
    """An object of the mapping; empty where it is left out."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise CohortError(f'"{what}" in the mapping needs an object with one entry a name.')
    return value


def as_text(value: object, what: str) -> str | None:
    """A text of the mapping; None where it is left out."""
    if value is None or (isinstance(value, str) and value):
        return value
    raise CohortError(f'"{shown(what)}" in the mapping needs to be a text.')


def as_names(value: object, what: str) -> tuple[str, ...]:
    """A list of names of the mapping; empty where it is left out."""
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise CohortError(f'"{what}" in the mapping needs a list of column names.')
    if not all(isinstance(name, str) for name in value):
        raise CohortError(f'"{what}" in the mapping needs a list of column names.')
    return tuple(value)
