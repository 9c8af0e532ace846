"""What is said of a definition that is tried, and of the language."""

from __future__ import annotations

import math

import pandas as pd

from app.cohort.derived import Derived, Preview
from app.study.wording import count
from app.views.data.derive.analysis import Trial

COMPETING = 2  # among causes
_ALTERATION = "An alteration"
# Function, what it gives, an example; in the order in which people ask for them.
LANGUAGE = (
    ("+  -  *  /  **", "arithmetic; a yes counts as 1, a no as 0", "hb / wbc"),
    ("<  <=  >  >=  ==  !=", "comparisons, also in a chain", "60 <= age_years < 75"),
    ("in", "one of several categories", 'diagnosis in ("ET", "PV")'),
    ("and  or  not", "three-valued: not tested is not known", "SRSF2 and not NPM1"),
    ("count", "how many of several hold", "count(TET2, ASXL1, SRSF2)"),
    ("cut", "classes by rising values, names behind them", 'cut(age_years, 60, "young", "old")'),
    ("choose", "the value of the first condition that holds", 'choose(hb < 100, "low", "other")'),
    ("log  log2  log10  exp  sqrt  abs  round", "of a number", "log10(ldh)"),
    ("min  max", "missing where one is missing", "max(wbc, 0.1)"),
    ("earliest  latest", "of those that are known", "earliest(relapse_date, death_date)"),
    ("coalesce", "the first that is known", "coalesce(hb_at_visit, hb)"),
    ("known", "whether there is a value", "known(hb)"),
    ("days  weeks  months  years", "from one date to another", "months(diagnosis_date, cr_date)"),
    ("date  year", "a day typed, the year of a date", 'date("2015-01-31")'),
    ("in_unit  number", "another unit; no unit", 'in_unit(hb, "g/dL")'),
    ("altered", "an alteration that shares its name with a variable", "altered(JAK2)"),
    ("event", "in endpoints: a time, and whether it happened then", "event(os_months, relapsed)"),
)


def language_table() -> pd.DataFrame:
    """What a formula can be made of: a row each."""
    return pd.DataFrame(LANGUAGE, columns=["Write", "For", "Example"])


def result_words(trial: Trial) -> list[str]:
    """What a definition gives, in sentences; texts of the data are not escaped."""
    found, n = trial.found, trial.cohort.n
    if found.followed is not None:
        return _endpoint_words(trial)
    given = n - found.missing
    kind = _kind(found)
    said = [f"{kind}: {given:,} of {count(n, 'patient')} have a value."]
    if found.kind == "binary":
        yes = int((found.series == 1).sum())
        altered = kind == _ALTERATION
        known, are = ("tested", "altered") if altered else ("known", "yes")
        said = [f"{kind}: of {given:,} {known}, {yes:,} are {are} ({yes / max(given, 1):.1%})."]
    if found.missing or found.filled:
        said.append(f"Missing in {found.missing:,}: {found.why_missing()}.")
    if found.filled and isinstance(found.definition, Derived):
        said.append(f"In {found.filled:,} “{found.definition.missing}” stands for a missing value.")
    if found.role in ("outcome", "treatment"):
        said.append(
            "It is made of what comes after time zero, so it is offered as an outcome or a "
            "treatment, not among baseline covariates."
        )
    return said


def _kind(found: Preview) -> str:
    if found.kind == "numeric":
        return f"A number in {found.unit}" if found.unit else "A number without unit"
    if found.kind == "binary":
        alteration = isinstance(found.definition, Derived) and found.definition.kind == "alteration"
        return _ALTERATION if alteration else "A yes or no"
    if found.kind == "date":
        return "A date"
    order = " in order" if found.kind == "ordinal" else ""
    return f"{len(found.levels)} categories{order}"


def _endpoint_words(trial: Trial) -> list[str]:
    followed, outcome = trial.found.followed, trial.outcome
    assert followed is not None  # noqa: S101  (its caller has looked)
    if outcome is None or not outcome.n:
        return ["Nobody has a follow-up under this definition.", *followed.notes]
    reached = "is not reached" if math.isnan(trial.median) else f"is {trial.median:.1f} months"
    events = count(int((outcome.cause == 1).sum()), "event")
    others = count(int((outcome.cause == COMPETING).sum()), "competing event")
    if followed.competing is not None:
        events += f" and {others}"
    return [
        f"{outcome.n:,} of {count(trial.cohort.n, 'patient')} are followed, with {events}; median "
        f"follow-up {reached}.",
        *followed.notes,
    ]
