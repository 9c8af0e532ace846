"""Outcomes whose times are dates: what is counted from which date to which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from data_loaders.dates.columns import DateColumn
from data_loaders.endpoints.find import Pair, find_event, statuses_not_read
from data_loaders.endpoints.terms import EndpointTerm, endpoint_named, endpoint_term
from data_loaders.files.columns import TextColumn
from data_loaders.meaning.event_codes import EventCoding
from data_loaders.meaning.spelling import ARTICLES, CONTACT_WORDS, LAST_WORDS, spoken
from data_loaders.model import Issue
from data_loaders.wording import listed, shown

# Words that only say that a column holds dates, alone or at either end of a word.
_DATE_WORDS = frozenset(
    {"date", "dates", "datum", "data", "fecha", "fechas", "dt", "dat", "tag", "pat", "patient",
     "paziente", "paciente"}
)  # fmt: skip
_GLUED_DATE = re.compile(r"^(?:datum|date|data|fecha)(?=.{3})|(?<=.)(?:datum|(?<!up)date|tag)$")
# What survival is usually counted from, the most usual first; German, Italian, French and Spanish
# without accents, articles and spaces. Only columns that hold dates are looked up here, so that
# the abbreviations of hospitals (ED, DDN) are safe.
_ZEROS: tuple[frozenset[str], ...] = (
    frozenset({"diagnosis", "diagnose", "diag", "dx", "diagnosed", "firstdiagnosis", "firstdx",
               "initialdiagnosis", "primarydiagnosis", "dg", "dgn", "diagn",
               "erstdiagnose", "erstdiagn", "ed", "diagnosestellung", "erstdiagnosestellung",
               "diagnosi", "primadiagnosi", "esordio", "diagnosiiniziale", "diagnosiistologica",
               "diagnostic", "diagnosticinitial", "premierdiagnostic",
               "diagnostico", "primerdiagnostico", "diagnosticoinicial"}),
    frozenset({"sample", "sampling", "samplecollection", "collection", "biopsy", "specimen",
               "probe", "probenentnahme", "probenahme", "entnahme", "biopsie", "prelievo",
               "campione", "biopsia", "prelevement", "muestra"}),
    frozenset({"enrolment", "enrollment", "inclusion", "registration", "randomisation", "entry",
               "randomization", "studyentry", "consent", "referral", "baseline",
               "einschluss", "studieneinschluss", "registrierung", "randomisierung",
               "arruolamento", "inclusione", "registrazione", "randomizzazione", "consenso",
               "consentement", "inscripcion", "registro", "aleatorizacion"}),
    frozenset({"treatment", "therapy", "treatmentstart", "starttreatment", "firsttreatment",
               "therapystart", "starttherapy", "treatmentinitiation", "induction",
               "therapiebeginn", "beginntherapie", "therapiestart", "induktion", "erstlinie",
               "erstlinientherapie", "inizioterapia", "iniziotrattamento", "terapia",
               "trattamento", "debuttraitement", "traitement", "iniciotratamiento",
               "tratamiento", "inicioterapia"}),
)  # fmt: skip
_BIRTHS = frozenset(
    {"birth", "dob", "born", "geburt", "geburts", "geb", "gebdat", "geburtstag", "geboren",
     "nascita", "naissance", "dnaiss", "ddnaissance", "nacimiento"}
)  # fmt: skip
_DEATHS = frozenset(
    {"death", "died", "deceased", "dod", "exitus", "exitusletalis", "demise",
     "tod", "todes", "todestag", "sterbe", "sterbetag", "verstorben", "gestorben", "ableben",
     "decesso", "morte", "deceduto", "deces", "decede", "dcd", "mort",
     "defuncion", "fallecimiento", "fallecido", "muerte", "deceso", "obito"}
)  # fmt: skip
_FOLLOW_UPS = frozenset(
    {"followup", "fup", "fu", "lfu", "lka", "censoring", "nachsorge", "verlauf", "ddn",
     "dddn",
     "pointdate"}
)  # fmt: skip
_TRANSPLANTS = frozenset(
    {"transplant", "transplantation", "hsct", "sct", "hct", "allo", "allohsct", "allosct",
     "allohct", "allotransplant", "bmt", "tpl", "firsttransplant", "firsthsct", "hcttransplant",
     "stemcelltransplant", "stemcelltransplantation", "stammzelltransplantation",
     "allogenetransplantation", "szt", "kmt", "allotx", "trapianto", "trapiantoallogenico",
     "allotrapianto", "tcse", "tmo", "greffe", "allogreffe", "trasplante", "trasplantealogenico",
     "alotrasplante", "tph"}
)  # fmt: skip


@dataclass(frozen=True)
class DateRoles:
    """Which columns of dates say what, by their names.

    Parameters
    ----------
    zeros
        Those that times may be counted from, the most usual first.
    birth, death, follow_up, transplant
        The first such column; None without one.
    events
        Other outcomes of the field by column.
    """

    zeros: tuple[str, ...]
    birth: str | None
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
        Of columns that hold dates; with the columns, where their dates may tell as well.
    """
    words = {name: _joined(name) for name in names}

    def first(known: frozenset[str]) -> str | None:
        return next((name for name, joined in words.items() if joined in known), None)

    zeros = [name for known in _ZEROS for name, joined in words.items() if joined in known]
    last = next((name for name in words if _is_last_contact(name)), None)
    births = [name for name, joined in words.items() if _is_birth(names, name, joined, zeros)]
    words = {name: joined for name, joined in words.items() if name not in births}
    follow_up = last or first(_FOLLOW_UPS)
    birth, death, transplant = next(iter(births), None), first(_DEATHS), first(_TRANSPLANTS)
    others = {*zeros[:1], birth, death, follow_up, transplant}
    events = {}
    for name, joined in words.items():
        known = endpoint_named(joined)
        if known is not None and known.key != "os" and name not in others:
            events[name] = known
    return DateRoles(tuple(zeros), birth, death, follow_up, transplant, events)


def _is_birth(names: Iterable[str], name: str, joined: str, zeros: list[str]) -> bool:
    """Whether a column holds dates of birth.

    DDN is the date de naissance where its dates come before the diagnoses, else the date des
    dernières nouvelles.
    """
    if joined in _BIRTHS:
        return True
    if joined != "ddn" or not isinstance(names, Mapping) or not zeros:
        return False
    years = (names[zeros[0]].cells - names[name].cells) / np.timedelta64(365, "D")
    return bool((years[~np.isnan(years)] > 1).mean() > 0.5) if len(years) else False


def date_label(name: str) -> str | None:
    """How a date that plays a part in an outcome is called in print; None for other dates."""
    if _joined(name) == "ddn":
        return None  # of birth or of the last news
    roles = date_roles([name])
    labels = (
        (roles.birth, "Date of birth"),
        (name if _joined(name) in _ZEROS[0] else None, "Date of diagnosis"),
        (roles.death, "Date of death"),
        (roles.follow_up, "Date of last follow-up"),
        (roles.transplant, "Date of transplant"),
    )
    found = next((label for column, label in labels if column), None)
    if found is None and roles.events:
        event = next(iter(roles.events.values())).event_label
        return f"Date of {event}"
    return found


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
    roles = date_roles({name: dates[name] for name in columns if name in dates})
    others = {name: column for name, column in columns.items() if name not in dates}
    if not roles.ends:
        return [], [] if "os" in known else _which_is_which(roles, dates, columns)
    if not roles.zeros:
        return [], [] if "os" in known else [_no_time_zero(roles, dates)]
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
            issues.append(_no_status(zero, roles, statuses_not_read("os", others)))
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


def _told(name: str) -> tuple[str, ...]:
    """The words of a name without those that only say "date"."""
    words = [_GLUED_DATE.sub("", word) for word in spoken(name) if word not in _DATE_WORDS]
    return tuple(word for word in words if word)


def _joined(name: str) -> str:
    told = _told(name)
    return "".join(word for word in told if word not in ARTICLES) or "".join(told)


def _is_last_contact(name: str) -> bool:
    """Whether a name says "last" of a contact and nothing else."""
    words: list[str] = []
    for word in _told(name):
        start = re.match(r"^(letzte[rsnm]?|last|ultim[oa]|derniere?s?)(?=.{3})", word)
        words += [start[1], word[start.end() :]] if start and word not in LAST_WORDS else [word]
    words = [word for word in words if word not in ARTICLES - LAST_WORDS]
    # "Death or last contact" is where follow-up ends; the status says how.
    told = set(words) - _DEATHS - {"or", "oder", "o", "ou", "and", "und", "censoring"}
    return told == {"last"} or bool(
        told & LAST_WORDS and told & CONTACT_WORDS and told <= LAST_WORDS | CONTACT_WORDS
    )


def _which_is_which(
    roles: DateRoles, dates: Mapping[str, DateColumn], columns: Mapping[str, TextColumn]
) -> list[Issue]:
    """Ask what the dates are, where two or more that may belong to survival were read."""
    read = [name for name in columns if name in dates and name not in {roles.birth, *roles.events}]
    if len(read) < 2:
        return []
    return [
        Issue(
            "warning",
            f"{listed(read)} hold dates, but no name says which is that of death or last contact"
            f"{'' if roles.zeros else ', or of diagnosis'}: which is which? Name them in a mapping "
            '("from" for the date of diagnosis, "time" for that of death or last contact).',
            read[0],
            code="which_date",
        )
    ]


def _no_time_zero(roles: DateRoles, dates: Mapping[str, DateColumn]) -> Issue:
    others = [name for name in dates if name not in {*roles.ends, roles.birth, *roles.events}]
    which = f" Is it {listed(others, 'or')}?" if others else ""
    return Issue(
        "warning",
        f"{listed(roles.ends)} {'holds' if len(roles.ends) == 1 else 'hold'} dates, but no column "
        "of dates is named as that of diagnosis, sampling or treatment, so there is no time zero "
        f'to count survival from; name one in a mapping ("from").{which}',
        roles.ends[0],
        code="no_time_zero",
    )


def _no_status(zero: str, roles: DateRoles, unread: list[str]) -> Issue:
    codes = f" The codes of {listed(unread)} are not known: what does each mean?" if unread else ""
    return Issue(
        "warning",
        f"{shown(zero)} and {listed(roles.ends)} are dates, but neither a date of death nor a "
        "status says who died, so survival cannot be shown; add one, or name it in a mapping."
        f"{codes}",
        roles.ends[0],
        code="no_event_status",
    )
