"""What comes about during follow-up: columns that tell what happened after time zero."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import pandas as pd

from app.cohort.filters import Filter
from data_loaders import Cohort, Endpoint, Variable
from data_loaders.model import CATEGORIES
from data_loaders.once import once_per_value

_LATER = frozenset({"treatment", "outcome"})
# Whose names are known to be of time zero, whatever word they hold.
_EARLY = frozenset({"demographic", "laboratory", "disease"})
# Stems of English, German, Italian, French and Spanish names, accents folded.
_STEMS = (
    r"transplant|trapiant|trasplant|greffe|allogen|autolog|stammzell|"
    r"(?<![a-z])(?:tpl|hs?ct|allo(?:sct)?|asct|bmt|kmt|szt|sct)(?![a-z0-9])",
    r"relaps|recurren|rezidiv|recidiv|recaid|rechute|ricadut|rueckfall|ruckfall",
    r"remis|(?<![a-z])cr[1-3i](?![a-z0-9])",
    r"respon[sd]|ansprech|reponse|rispost|respuest|residual|(?<![a-z])(?:mrd|bor)(?![a-z])",
    # BCR::ABL1 at 3 months: a measurement under the month at which it was taken.
    r"(?<![a-z0-9])(?:\d{1,2} ?_?(?:m|mo|months?)|months? ?_?\d{1,2})$|bcr.*m\d{1,2}$",
    r"progress|progres[io]|progredi|transformation|trasformazion|transformacion",
    r"death|died|deceas|verstorb|gestorb|todes|exitus|deces|decede|decess|muert|fallec|"
    r"(?<![a-z])(?:dead|alive|tod|tot|mort[oae]?|vital|viv[oa]|lebt)(?![a-z])",
    r"outcome|ausgang|(?<![a-z])esito|desenlace|ereignis|ereignart|"
    r"(?:first|type|kind|date)[ _.-]?(?:of[ _.-])?event|event[ _.-]?(?:type|kind|date|free)|"
    r"(?:tipo|data|fecha)[ _.-]?(?:di|de|del)?[ _.-]?event|evenement",
    r"last[ _.-]?(?:fu|follow|contact|seen|status|known|visit)|follow[ _.-]?up|"
    r"letzt|dernier|ultim[oa]|lost[ _.-]?to",
    r"(?<![a-z])(?:os|pfs|efs|rfs|dfs|lfs|ttp|ttnt|nrm|trm|cir)(?=stat|[_ .-]|\d|$)|cuminc",
    r"gvhd|engraft|chimer|(?<![a-z])induction|induktion|consolid|konsolid|salvage|erhaltung",
    r"(?<![a-z])(?:post|after|nach|dopo|apres|despues)(?![a-z])(?![ _.-]?(?:pv|et|essential|poly))",
)
_LATER_NAME = re.compile("|".join(_STEMS))
_MONTH = re.compile(
    r"(?<![a-z0-9])(?:(\d{1,2})[ _]?(?:m|mo|months?)|(?:m|months?)[ _]?(\d{1,2}))[ _]*(?:\(.*\))?$|"
    r"(?<![a-z])[pe]fs[ _]?(\d{2})(?!\d)"
)
_REMISSION = re.compile(r"(?<![a-z])(?:cr|ccr|pr)(?![a-z0-9])")
_EARLIER_NAME = re.compile(
    r"prior|previous|preced|history|anamn|baseline|vorher|fruh|frueh|pregress|antecedent|previ[oa]|"
    r"famil|eligib|dono|spender|intent|planned|geplant|predict|prognos|risk|risik|rischi|risque|"
    r"riesg|score|diagnos|(?<![a-z])vor(?![a-z])|hct[ _.-]?ci(?![a-z])|comorb"
)
_DIAGNOSED = re.compile(r"diagnos")
_FEWEST = 10
_NEARLY_ALL, _MOST = 0.99, 0.5
_SAME = 0.01
_SOON_DAYS = 31


def comes_later(cohort: Cohort, column: str) -> bool:
    """Whether a column is not known at time zero: a treatment, an outcome, what follows of one."""
    return bool(why_later(cohort, column))


@once_per_value
def why_later(cohort: Cohort, column: str) -> str:
    """Why a column is taken to be not known at time zero; empty where it is known.

    By its role or an endpoint that it belongs to, by its name, by the event of an endpoint (one
    value in all who are free of it, others in most who had it), by the time of one, or by dates
    that lie after diagnosis.
    """
    variable = cohort.variables.get(column)
    if variable is not None and variable.role in _LATER:
        return f"it is {'a treatment' if variable.role == 'treatment' else 'an outcome'}"
    for endpoint in cohort.endpoints.values():
        if column in (endpoint.time, endpoint.event, endpoint.competing):
            return f"it belongs to {endpoint.label}"
    if variable is None or column not in cohort.patients.columns:
        return ""
    if _named_later(variable):
        return "its name says so"
    for endpoint in cohort.endpoints.values():
        if variable.kind in CATEGORIES and _follows_event(cohort, column, endpoint):
            return f"it follows from {endpoint.label}: who is free of it has one value alone"
        if variable.kind == "numeric" and _is_time_of(cohort, column, endpoint):
            return f"it is the time of {endpoint.label}"
    if variable.kind == "date" and _after_diagnosis(cohort, column):
        return "its dates lie after diagnosis"
    return ""


def measured_at(cohort: Cohort, column: str) -> float | None:
    """The month from time zero at which a later column was measured, as its name says.

    ``bcr_abl1_3m`` and ``BCR::ABL1 IS 12 months`` are of a month, PFS24 of the 24th; None where no
    name says one, or the column is the time or event of an endpoint.
    """
    if not comes_later(cohort, column) or column not in cohort.variables:
        return None
    if any(column in (e.time, e.event, e.competing) for e in cohort.endpoints.values()):
        return None
    variable = cohort.variables[column]
    for name in (variable.name, variable.source_column or "", variable.label):
        match = _MONTH.search(_folded(name))
        if match:
            return float(next(number for number in match.groups() if number))
    return None


def later_columns(cohort: Cohort, filters: Iterable[Filter]) -> list[str]:
    """Columns of filters that are not known at time zero, each once, by name."""
    named = {tuple(name.split(":", 1)) for held in filters for name in held.names}
    columns = (name for kind, name in named if kind == "variable")
    return sorted(name for name in columns if comes_later(cohort, name))


def _named_later(variable: Variable) -> bool:
    if variable.role in _EARLY:
        return False
    for name in {variable.name, variable.source_column or variable.name}:
        folded = _folded(name)
        if _EARLIER_NAME.search(folded):
            continue
        if _LATER_NAME.search(folded):
            return True
        # CR is a remission among categories and creatinine among numbers.
        if variable.kind in CATEGORIES and _REMISSION.search(folded):
            return True
    return False


def _folded(name: str) -> str:
    """Lower case without accents, words of ``camelCase`` apart."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    plain = unicodedata.normalize("NFKD", apart.replace("ß", "ss"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()


def _follows_event(cohort: Cohort, column: str, endpoint: Endpoint) -> bool:
    """One value (or none) in all who are free of the event, and others in most who had it.

    A variable known to be of time zero has to divide the two wholly: a class of low risk may have
    no event at all.
    """
    codes = cohort.factor(column)[0]
    had = cohort.numbers(endpoint.event)
    free = had == 0
    if endpoint.competing is not None:
        free &= ~(cohort.numbers(endpoint.competing) == 1)
    sides = codes[free], codes[had == 1]
    if min(map(len, sides)) < _FEWEST:
        return False
    values, counts = np.unique(sides[0], return_counts=True)
    usual = values[counts.argmax()]
    alike, apart = (sides[0] == usual).mean(), (sides[1] != usual).mean()
    needed = _NEARLY_ALL if cohort.variables[column].role in _EARLY else _MOST
    return bool(alike >= _NEARLY_ALL and apart > needed)


def _is_time_of(cohort: Cohort, column: str, endpoint: Endpoint) -> bool:
    """Whether the numbers are the endpoint's times in whatever unit."""
    values, time = cohort.numbers(column), cohort.numbers(endpoint.time)
    both = (values > 0) & (time > 0)
    if np.count_nonzero(both) < _FEWEST or len(np.unique(time[both])) < _FEWEST:
        return False
    ratio = values[both] / time[both]
    middle = float(np.median(ratio))
    return bool((np.abs(ratio - middle) <= _SAME * middle).mean() > _MOST)


def _after_diagnosis(cohort: Cohort, column: str) -> bool:
    dates = pd.to_datetime(cohort.patients[column], errors="coerce")
    for name, variable in cohort.variables.items():
        if variable.kind != "date" or name == column or not _DIAGNOSED.search(_folded(name)):
            continue
        days = (dates - pd.to_datetime(cohort.patients[name], errors="coerce")).dt.days
        if days.notna().sum() >= _FEWEST:
            return bool((days.dropna() > _SOON_DAYS).mean() > _MOST)
    return False
