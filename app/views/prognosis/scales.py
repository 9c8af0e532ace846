"""What patients are ranked by: a computed score, a class that the file holds, a classification.

Each is named by plain data, so that a question can hold it: ``score:ipss_m``, ``column:IPSSM``,
``class:who_2022``. A score counts in patients of its disease alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.cohort.classification import SYSTEMS, classify, offered_classes
from app.cohort.colours import assign_colours
from app.cohort.groupings import MISSING, Grouping, GroupingSpec
from app.cohort.scores import SCORES, Definition, offered_scores, score
from data_loaders import Cohort, CohortError
from data_loaders.arrays import Floats
from data_loaders.meaning.vocabulary import term_of

# Columns of files that hold a score of ours.
_SAME = {
    "ipssm": "ipss_m", "ipssr": "ipss_r", "ipssra": "ipss_ra", "dipss": "dipss",
    "dipss_plus": "dipss_plus", "mipss70": "mipss70", "mysec": "mysec_pm",
    "ipset": "ipset_survival",
}  # fmt: skip
_NO_SCORES = {"cyto_ipssr", "cytogenetic_risk", "ecog", "fibrosis", "fab", "who"}
_MEDIAN = re.compile(r"median overall survival")
_AT = re.compile(r"(\d+)-year overall survival$")
_TIME = re.compile(r"([\d.]+) (year|month)s?")


@dataclass(frozen=True, eq=False)
class Scale:
    """Classes of patients, from good to bad where ordered.

    Parameters
    ----------
    grouping
        The classes; who is in none, and why.
    stated, published
        What was printed of a class' survival: in words; as time in months and the share alive.
    value
        The number that a computed score is cut into classes from, of those in a class, shape (n,);
        NaN where it is open. None of what has classes alone, as a decision list has.
    """

    key: str
    label: str
    grouping: Grouping
    stated: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    source: str = ""
    grade: str = ""
    note: str = ""
    value: Floats | None = None


def scale_options(cohort: Cohort, *, classes: bool = False) -> dict[str, str]:
    """The scales that a cohort has, key to label: computed scores, then those of the file.

    Parameters
    ----------
    classes
        Whether classifications are among them.
    """
    found = {f"score:{key}": SCORES[key].label for key in offered_scores(cohort)}
    for name, variable in cohort.variables.items():
        if variable.kind == "ordinal" and variable.role == "disease" and len(variable.levels) > 1:
            known_as = term_of(variable.source_column or name) or term_of(name)
            if known_as is None or known_as.key not in _NO_SCORES:
                found[f"column:{name}"] = f"{variable.label} (file)"
    if classes:
        found |= {f"class:{key}": SYSTEMS[key] for key in offered_classes(cohort)}
    return found


def scale_of(cohort: Cohort, key: str) -> Scale:
    """The scale of a key.

    Raises
    ------
    CohortError
        If the cohort has none of that name.
    """
    kind, _, name = key.partition(":")
    if kind == "score" and name in SCORES:
        return _computed(cohort, key, name)
    if kind == "column" and name in cohort.patients and cohort.variables[name].levels:
        return _of_file(cohort, key, name)
    if kind == "class" and name in SYSTEMS:
        return _classified(cohort, key, name)
    raise CohortError(f"This cohort has no score or classification called {key}.")


def _computed(cohort: Cohort, key: str, name: str) -> Scale:
    result = score(cohort, name)
    grouping = GroupingSpec.parse(key).build(cohort)
    stated, published = _outcomes(result.definition)
    value = np.where(grouping.codes >= 0, result.table["value"].to_numpy(np.float64), np.nan)
    known = ~np.isnan(value)
    finer = len(np.unique(value[known])) > len(np.unique(grouping.codes[known]))
    return Scale(
        key, result.label, grouping, stated, published, result.source, result.grade,
        result.definition.note, value if finer else None,
    )  # fmt: skip


def _outcomes(definition: Definition) -> tuple[dict[str, str], dict[str, tuple[float, float]]]:
    """Printed survival of the classes: in words, and as time and share where it is a number."""
    stated = {band.name: band.outcome for band in definition.bands if band.outcome}
    found = {}
    at = _AT.match(definition.outcome)
    for name, words in stated.items():
        if at and words.endswith("%"):
            found[name] = (12.0 * float(at[1]), float(words[:-1]) / 100)
        elif _MEDIAN.match(definition.outcome) and (time := _TIME.match(words)):
            found[name] = (float(time[1]) * (12.0 if time[2] == "year" else 1.0), 0.5)
    survival = at or _MEDIAN.match(definition.outcome)
    return (stated if survival else {}), found


def _of_file(cohort: Cohort, key: str, name: str) -> Scale:
    variable = cohort.variables[name]
    place = {level: i for i, level in enumerate(variable.levels)}
    codes, values = cohort.factor(name)
    of = np.array([*(place.get(str(value), MISSING) for value in values), MISSING], dtype=np.int16)
    label = f"{variable.label} (file)"
    colours = assign_colours(variable.levels, ordered=True)
    grouping = Grouping(label, variable.levels, of[codes], colours, ordered=True)
    return Scale(key, label, grouping)


def _classified(cohort: Cohort, key: str, name: str) -> Scale:
    grouping = GroupingSpec.parse(key).build(cohort)
    source = classify(cohort, name).source
    return Scale(key, SYSTEMS[name], grouping, source=source)


def same_score(cohort: Cohort, key: str) -> str | None:
    """The computed score that a column of the file holds already; None if it is none of ours."""
    kind, _, name = key.partition(":")
    if kind != "column":
        return None
    variable = cohort.variables[name]
    known = term_of(variable.source_column or name) or term_of(name)
    if known is None:
        return None
    if known.key == "eln":
        year = next((y for y in ("2017", "2022") if y in f"{name} {variable.label}"), "")
        return f"score:eln_{year}" if year else None
    return f"score:{_SAME[known.key]}" if known.key in _SAME else None


def plain_class(name: str) -> str:
    """A class' name without what spelling alone changes: ``Int`` and ``intermediate`` are one."""
    words = re.sub(r"[\W_]+", " ", name.lower()).strip().replace("favorable", "favourable")
    return re.sub(r"^int(?:ermediate|er)?(?=\b)", "int", words)
