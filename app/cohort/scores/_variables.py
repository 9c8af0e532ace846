"""Scores as columns of a cohort: filters, covariates, tables and tracks take them as they are.

Nothing is added unless somebody asks for it. The cohort keeps its fingerprint, since what is added
follows from what it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import copy
from types import MappingProxyType

import numpy as np
import pandas as pd

from app.cohort.scores._columns import disease_of
from app.cohort.scores._definition import GRADES, Definition
from app.cohort.scores._score import SCORES, can_be_fed, definition_of, score
from data_loaders import Cohort, Variable
from data_loaders.once import once_per_value

PREFIX = "score_"
_CYTOGENETIC = re.compile(r"cytogen|karyotyp|^cyto|abnormalit")
# What columns of scores are called, as letters and digits, the more special first: keys of scores,
# or inputs of those that are not computed here.
_CALLED = (
    (r"^ipssm", "ipss_m"),
    (r"^(ipssra|ageadjustedipssr)", "ipss_ra"),
    (r"^ipssr", "ipss_r"),
    (r"^ipss(score|risk|class|group|categ|$)", "cyto_ipssr bm_blasts"),
    (r"^dipss(plus|\+)", "dipss_plus"),
    (r"^dipss", "dipss"),
    (r"^mipss70(plus|\+)", "mipss70_plus_v2"),
    (r"^mipss70", "mipss70"),
    (r"^gipss", "gipss"),
    (r"^mysec", "mysec_pm"),
    (r"^mtss", "mtss"),
    (r"^(revised)?ipset", "ipset_survival ipset_thrombosis"),
    (r"^cpssmol", "cpss_mol"),
    (r"^cpss", "cpss_karyotype bm_blasts wbc transfusion"),
    (r"^eln2017", "eln_2017"),
    (r"^eln2024", "eln_2024_less_intensive"),
    (r"^eln(20|risk|class|group|categ|$)", "eln_2017 eln_2022"),
    (r"^sokal", "sokal"),
    (r"^elts", "elts"),
    (r"^eutos", "eutos"),
    (r"^cllipi", "cll_ipi"),
    (r"^m7flipi", "flipi ecog EZH2 ARID1A MEF2B EP300 FOXO1 CREBBP CARD11"),
    (r"^flipi", "flipi"),
    (r"^mipi", "mipi"),
    (r"^nccnipi", "nccn_ipi"),
    (r"^r?ipi(score|risk|class|group|$)", "ipi"),
    (r"^hctci", "hct_ci"),
    (r"^(driver|mpndriver)", "JAK2 CALR MPL"),
)
_FEWEST, _LEAST_SHARE, _SAMPLE = 5, 0.1, 10_000


def score_variable(key: str) -> str:
    """Name of the column that holds a score's class; its value stands in ``…_value``."""
    return f"{PREFIX}{key}"


@once_per_value
def offered_scores(cohort: Cohort) -> tuple[str, ...]:
    """Keys of the scores worth offering: class certain in some patients of the disease.

    At least 5 and a tenth of those who are not said to have another disease.
    """
    few = cohort
    if cohort.n > _SAMPLE:  # every so manyth patient tells as much
        few = cohort.subset(np.arange(cohort.n) % -(-cohort.n // _SAMPLE) == 0)
    return tuple(key for key in SCORES if _is_worth(few, SCORES[key]))


def _is_worth(cohort: Cohort, definition: Definition) -> bool:
    disease = disease_of(cohort, definition.disease)
    if not disease.occurs or not can_be_fed(cohort, definition):
        return False
    fits = disease.possible
    certain = score(cohort, definition.key).table["category"].notna().to_numpy() & fits
    return bool(certain.sum() >= max(_FEWEST, _LEAST_SHARE * fits.sum()))


def with_scores(cohort: Cohort, keys: Iterable[str]) -> Cohort:
    """The cohort with the class and the value of scores as further variables.

    The class is missing where it is not certain, and in patients said to have another disease.

    Raises
    ------
    CohortError
        If there is no such score.
    """
    wanted = tuple(key for key in dict.fromkeys(keys) if score_variable(key) not in cohort.patients)
    return _made(cohort, wanted) if wanted else cohort


@once_per_value
def _made(cohort: Cohort, wanted: tuple[str, ...]) -> Cohort:
    columns: dict[str, pd.Series] = {}
    variables = dict(cohort.variables)
    for key in wanted:
        definition = definition_of(key)
        table = score(cohort, key).table
        fits = disease_of(cohort, definition.disease).possible
        name = score_variable(key)
        columns[name] = table["category"].where(fits, None)
        variables[name] = _variable(name, definition, definition.label, "class")
        if definition.key.startswith("eln"):
            continue
        columns[f"{name}_value"] = table["value"].where(fits)
        variables[f"{name}_value"] = _variable(
            f"{name}_value", definition, f"{definition.label} score", "value"
        )
    cohort.fingerprint  # noqa: B018  (kept by the copy)
    same = copy(cohort)
    joined = pd.concat([cohort.patients, pd.DataFrame(columns)], axis=1)
    object.__setattr__(same, "patients", joined.rename_axis("patient_id"))
    object.__setattr__(same, "variables", MappingProxyType(variables))
    return same


def _variable(name: str, definition: Definition, label: str, what: str) -> Variable:
    return Variable(
        name,
        f"{label} (computed)",
        "ordinal" if what == "class" else "numeric",
        role="disease",
        description=f"{computed_by(definition)} Missing where an input is.",
        levels=definition.categories if what == "class" else (),
        reason="computed from other columns",
    )


def computed_by(definition: Definition) -> str:
    """Whose score it is and how well its points are documented, as a sentence."""
    return f"After {definition.source}; evidence {definition.grade}: {GRADES[definition.grade]}."


def scores_among(cohort: Cohort) -> tuple[str, ...]:
    """Keys of the scores that a cohort has as variables."""
    return tuple(key for key in SCORES if score_variable(key) in cohort.variables)


def scores_named_in(text: str) -> tuple[str, ...]:
    """Keys of the scores whose variables a text names."""
    return tuple(key for key in SCORES if score_variable(key) in text) if PREFIX in text else ()


def codes_of(cohort: Cohort, key: str) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Position of each patient's class, -1 where not certain, -2 in another disease."""
    result = score(cohort, key)
    codes = pd.Categorical(result.table["category"], categories=result.categories).codes
    fits = disease_of(cohort, result.definition.disease).possible
    return np.where(fits, codes, -2).astype(np.int16)


def score_called(texts: Iterable[str]) -> str:
    """The score that a column is by its name or label, as a word for each part of it; else empty.

    Groups of karyotypes are an input of scores, whatever score they are called after.
    """
    # Of columns that bear one name in several tables, the table stands before it.
    texts = tuple(text.rpartition(": ")[2] for text in texts)
    for text in texts:
        key = text.removeprefix(PREFIX).removesuffix("_value")
        if key != text and key in SCORES:
            return key
    told = [text.lower().replace("_", " ") for text in texts]
    if any(_CYTOGENETIC.search(text) for text in told):
        return ""
    squashed = [re.sub(r"[^a-z0-9+]", "", text) for text in told]
    return next(
        (words for called, words in _CALLED if any(re.search(called, text) for text in squashed)),
        "",
    )
