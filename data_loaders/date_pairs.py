"""Outcomes whose times are dates: what is counted from which date to which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from data_loaders.columns import TextColumn
from data_loaders.dates import DateColumn
from data_loaders.endpoints import EndpointTerm, Pair, endpoint_named, endpoint_term, find_event
from data_loaders.event_codes import EventCoding
from data_loaders.model import Issue
from data_loaders.wording import listed, shown

_DATE_WORDS = frozenset({"date", "dates", "datum", "dt", "of", "the", "at", "on", "pat", "patient"})
# What survival is usually counted from, the most usual first.
_ZEROS: tuple[frozenset[str], ...] = (
    frozenset({"diagnosis", "diagnose", "diag", "dx", "diagnosed", "firstdiagnosis",
               "initialdiagnosis", "primarydiagnosis", "erstdiagnose", "firstdx"}),
    frozenset({"sample", "sampling", "samplecollection", "collection", "biopsy", "specimen"}),
    frozenset({"enrolment", "enrollment", "inclusion", "registration", "randomisation", "entry",
               "randomization", "studyentry", "consent", "referral", "baseline"}),
    frozenset({"treatment", "therapy", "treatmentstart", "starttreatment", "firsttreatment",
               "therapystart", "starttherapy", "treatmentinitiation", "induction"}),
)  # fmt: skip
_DEATHS = frozenset({"death", "died", "deceased", "dod", "exitus", "tod"})
_FOLLOW_UPS = frozenset(
    {"lastfu", "lastfollowup", "lastfup", "lastcontact", "lastseen", "lastknownalive", "lastalive",
     "lastvisit", "followup", "fu", "lfu", "lka", "lastnews", "censoring", "lastobservation",
     "last", "lastfollow", "followuplast", "fulast", "lastknowntobealive"}
)  # fmt: skip
_TRANSPLANTS = frozenset(
    {"transplant", "transplantation", "hsct", "sct", "hct", "allo", "allohsct", "allosct",
     "allohct", "allotransplant", "bmt", "tpl", "firsttransplant", "firsthsct", "hcttransplant",
     "stemcelltransplant", "stemcelltransplantation"}
)  # fmt: skip


@dataclass(frozen=True)
class DateRoles:
    """Which columns of dates say what, by their names.

    Parameters
    ----------
    zeros
        Those that times may be counted from, the most usual first.
    death, follow_up, transplant
        The first such column; None without one.
    events
        Other outcomes of the field by column.
    """

    zeros: tuple[str, ...]
    death: str | None
    follow_up: str | None
    transplant: str | None
    events: Mapping[str, EndpointTerm]

    @property
    def ends(self) -> tuple[str, ...]:
        """Where the follow-up of a patient without an event ends."""
        return tuple(name for name in (self.death, self.follow_up) if name)


def date_roles(names: Iterable[str]) -> DateRoles:
    """What columns of dates are, from their names.

    Parameters
    ----------
    names
        Of columns that hold dates.
    """
    words = {name: _joined(name) for name in names}

    def first(known: frozenset[str]) -> str | None:
        return next((name for name, joined in words.items() if joined in known), None)

    zeros = [name for known in _ZEROS for name, joined in words.items() if joined in known]
    others = {*zeros[:1], first(_DEATHS), first(_FOLLOW_UPS), first(_TRANSPLANTS)}
    events = {}
    for name, joined in words.items():
        known = endpoint_named(joined)
        if known is not None and known.key != "os" and name not in others:
            events[name] = known
    return DateRoles(tuple(zeros), first(_DEATHS), first(_FOLLOW_UPS), first(_TRANSPLANTS), events)


def find_date_pairs(
    columns: Mapping[str, TextColumn], dates: Mapping[str, DateColumn], taken: Iterable[str]
) -> tuple[list[Pair], list[Issue]]:
    """Outcomes from a date of diagnosis to dates of events, death or last follow-up.

    Survival needs a date of death or a status; relapse, progression, transformation and the like
    need a date, which says by standing there that it happened, or a status beside it. Patients
    without the event are followed to their death, or else to their last follow-up.

    Parameters
    ----------
    columns
        Those that may belong to an outcome, by name.
    dates
        Those among them that hold dates.
    taken
        Keys of outcomes that are known already.

    Returns
    -------
    pairs
        What was found.
    issues
        What stands in the way of survival.
    """
    known = set(taken)
    roles = date_roles(name for name in columns if name in dates)
    others = {name: column for name, column in columns.items() if name not in dates}
    if not roles.ends:
        return [], []
    if not roles.zeros:
        return [], [] if "os" in known else [_no_time_zero(roles)]
    zero = roles.zeros[0]
    pairs, issues = [], []
    status = find_event("os", others)
    if "os" not in known:
        if status is not None or roles.death is not None:
            time, *later = roles.ends
            pairs.append(
                _pair(endpoint_term("os"), time, later, status, zero=zero, column=columns[time])
            )
        else:
            issues.append(_no_status(zero, roles))
    for name, term in roles.events.items():
        if term.key in known or any(pair.term.key == term.key for pair in pairs):
            continue
        status = find_event(term.key, others)
        if term.competing and roles.follow_up:
            pairs.append(_pair(term, name, roles.ends, status, zero=zero, column=columns[name]))
        elif not term.competing and status is not None:
            # Composite endpoints: their date is that of the event or of the end of follow-up.
            pairs.append(_pair(term, name, (), status, zero=zero, column=columns[name]))
    return pairs, issues


def presence(column: TextColumn) -> EventCoding:
    """The coding of a column in which a date says that it happened and a blank that it did not."""
    return EventCoding(
        np.ones(len(column.texts)),
        "a date = event; blank = censored",
        "",
        np.zeros(len(column.texts), dtype=bool),
    )


def later_dates(time: str, roles: DateRoles) -> tuple[str, ...]:
    """The columns in which patients without a date in ``time`` are followed."""
    if time == roles.death or time in roles.events:
        return tuple(name for name in roles.ends if name != time)
    return ()


def _pair(
    term: EndpointTerm,
    time: str,
    later: Iterable[str],
    status: tuple[str, EventCoding] | None,
    *,
    zero: str,
    column: TextColumn,
) -> Pair:
    event, coding = status or (time, presence(column))
    return Pair(
        term,
        time,
        event,
        "days",
        coding,
        later_times=tuple(later),
        time_zero=zero,
        by_presence=status is None,
    )


def _joined(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = re.sub(r"[\W_]+", " ", spaced.lower()).split()
    kept = [re.sub(r"(?<=.)(datum|date)$", "", word) for word in words if word not in _DATE_WORDS]
    return "".join(kept)


def _no_time_zero(roles: DateRoles) -> Issue:
    return Issue(
        "warning",
        f"{listed(roles.ends)} {'holds' if len(roles.ends) == 1 else 'hold'} dates, but no column "
        "of dates is named as that of diagnosis, sampling or treatment, so there is no time zero "
        'to count survival from; name one in a mapping ("from").',
        roles.ends[0],
        code="no_time_zero",
    )


def _no_status(zero: str, roles: DateRoles) -> Issue:
    return Issue(
        "warning",
        f"{shown(zero)} and {listed(roles.ends)} are dates, but neither a date of death nor a "
        "status says who died, so survival cannot be shown; add one, or name it in a mapping.",
        roles.ends[0],
        code="no_event_status",
    )
