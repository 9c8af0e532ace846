"""What a person defines: a variable, an alteration or an endpoint by its formula, as plain data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from data_loaders import CohortError
from data_loaders.wording import listed, shown

Kind = Literal["variable", "alteration"]
KINDS: tuple[Kind, ...] = ("variable", "alteration")
LONGEST_FORMULA = 1000
LONGEST_NAME = 60
_LONGEST_WORDS = 400
_UNFIT = re.compile(r"[`\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]")


class DerivedError(CohortError):
    """A definition that cannot be used; the message is one sentence for the user.

    Parameters
    ----------
    sentence
        What is wrong, and what to do.
    position
        Where in the formula, 1 = its first character; None where it is about the whole.
    """

    def __init__(self, sentence: str, position: int | None = None) -> None:
        where = "" if position is None else f" (position {position} of the formula)"
        super().__init__(f"{sentence.rstrip('.')}{where}.")
        self.sentence, self.position = sentence.rstrip("."), position


@dataclass(frozen=True)
class Derived:
    """A variable or an alteration by its formula.

    Parameters
    ----------
    name
        Of the new column, and what people read.
    formula
        In the language of :mod:`app.cohort.derived`.
    unit
        As printed; empty for the one that follows from the formula.
    kind
        ``variable``: a column of the patients; ``alteration``: a yes or no beside the genes.
    missing
        What stands where the formula gives nothing: a number, or a category; None leaves it
        missing. Never of a yes or no: not tested is not wild type.
    """

    name: str
    formula: str
    unit: str = ""
    kind: Kind = "variable"
    missing: str | float | None = None
    description: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _name(self.name))
        _text(self.formula, "formula", LONGEST_FORMULA)
        _text(self.unit, "unit", LONGEST_NAME)
        _text(self.description, "description", _LONGEST_WORDS)
        if self.kind not in KINDS:
            raise DerivedError(f"The kind of {self.name} needs to be {listed(KINDS, 'or')}")
        if isinstance(self.missing, bool) or not isinstance(self.missing, str | int | float | None):
            raise DerivedError(
                f"What stands for a missing {self.name} needs to be a number or a name"
            )
        if isinstance(self.missing, str):
            _text(self.missing, "name of what is missing", LONGEST_NAME)
        if isinstance(self.missing, int | float) and not abs(self.missing) < 1e300:
            raise DerivedError(f"What stands for a missing {self.name} needs to be a number")
        if self.missing is not None and self.kind == "alteration":
            raise DerivedError(
                f"{self.name} is an alteration: what was not tested stays so, as it is never wild "
                "type"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what is not said is left out."""
        return {"derives": "variable"} | _said(self)


@dataclass(frozen=True)
class DerivedEndpoint:
    """A time to the first of several events, by formulas.

    Each part names an endpoint of the cohort, or is a formula that gives a date or the months from
    the cohort's own time zero; several are divided by commas. All are dates, or all are months.

    Parameters
    ----------
    name
        What people read; its key follows from it.
    events
        What counts, whichever comes first: an endpoint, a date or time (it has happened where
        there is one) or ``event(time, condition)``.
    start
        Time zero: a date, a time, or an endpoint, which starts when it happened; empty for that of
        the endpoints named. Dates need one.
    competing
        Events that keep a patient from those that count.
    censor_at
        Where follow-up is ended for this endpoint, such as a transplant.
    follow_up
        When a patient without an event was last known to be free of it; empty for the shortest
        follow-up among the endpoints named.
    event_label
        What happens, as a noun; empty for the words of the endpoints named.
    """

    name: str
    events: str
    start: str = ""
    competing: str = ""
    censor_at: str = ""
    follow_up: str = ""
    event_label: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _name(self.name))
        for part in ("events", "start", "competing", "censor_at", "follow_up"):
            _text(getattr(self, part), part.replace("_", " "), LONGEST_FORMULA)
        _text(self.event_label, "label of the event", LONGEST_NAME)
        _text(self.description, "description", _LONGEST_WORDS)

    @property
    def key(self) -> str:
        """Short name in code and links: ``relapse_from_remission``."""
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode()
        return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "derived"

    @property
    def formula(self) -> str:
        """All parts in one line, each under its name."""
        parts = {
            "first of": self.events,
            "from": self.start,
            "competing": self.competing,
            "censored at": self.censor_at,
            "followed to": self.follow_up,
        }
        return "; ".join(f"{name} {' '.join(text.split())}" for name, text in parts.items() if text)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what is not said is left out."""
        return {"derives": "endpoint"} | _said(self)


Definition = Derived | DerivedEndpoint


def definition_of(data: Definition | Mapping[str, Any]) -> Definition:
    """A definition from the plain data that its ``to_dict`` gave; one that is given stays.

    Raises
    ------
    DerivedError
        If it is none.
    """
    if isinstance(data, Derived | DerivedEndpoint):
        return data
    if not isinstance(data, Mapping):
        raise DerivedError("A derived variable or endpoint needs to be an object with its name")
    parts = {str(key): value for key, value in data.items()}
    derives = parts.pop("derives", "variable")
    if derives not in ("variable", "endpoint"):
        raise DerivedError('"derives" needs to be "variable" or "endpoint"')
    made: type[Definition] = Derived if derives == "variable" else DerivedEndpoint
    known = [one.name for one in fields(made)]
    other = [key for key in parts if key not in known]
    if other:
        raise DerivedError(
            f"A derived {derives} has no {listed(other, 'or')}; it has {listed(known)}"
        )
    formula = "formula" if derives == "variable" else "events"
    lacking = [key for key in ("name", formula) if key not in parts]
    if lacking:
        raise DerivedError(f"A derived {derives} needs its {listed(lacking)}")
    return made(**parts)


def _said(definition: Definition) -> dict[str, Any]:
    held = {one.name: getattr(definition, one.name) for one in fields(definition)}
    usual = {one.name: one.default for one in fields(definition)}
    return {name: value for name, value in held.items() if value != usual[name]}


def _name(value: object) -> str:
    name = " ".join(value.split()) if isinstance(value, str) else ""
    if not name:
        raise DerivedError("A derived variable or endpoint needs a name")
    if len(name) > LONGEST_NAME or _UNFIT.search(name):
        raise DerivedError(
            f"The name {shown(name)} needs to be at most {LONGEST_NAME} printable characters "
            "without backticks and backslashes"
        )
    return name


def _text(value: object, what: str, longest: int) -> None:
    if not isinstance(value, str):
        raise DerivedError(f"The {what} needs to be text")
    if len(value) > longest:
        raise DerivedError(f"The {what} has {len(value):,} characters, {longest:,} are the most")
