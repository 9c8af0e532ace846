"""Questions to start from: each opens a page with cohort, filter and grouping set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.cohort.filters import All, Altered, Clause, Filter, InSet
from app.shell.controls.curve_options import SURVIVAL
from app.shell.links import ENDPOINT, GROUP, VIEW
from app.shell.sidebar import filter_columns
from app.study.wording import mid_sentence
from app.views.patient.similar.analysis import MIN_NEIGHBOURS
from app.views.patient.similar.profiles import profile_variables
from app.views.transplant.defaults import suggest
from data_loaders import Cohort
from data_loaders.meaning.derived import is_triple_negative

_MOST = 6
_ENOUGH = 50
_MYELOFIBROSIS = ("MF", "PMF")
_RISK_CLASSES = ("ipssm", "ipssr", "eln", "dipss", "mipss")


@dataclass(frozen=True)
class View:
    """A page with everything set.

    Parameters
    ----------
    cohort, filter
        Key of the cohort, and which patients.
    page
        Path of the page without the slash: ``survival``.
    settings
        The page's own settings by widget key, as text; several choices as a list.
    """

    cohort: str
    filter: Filter
    page: str
    settings: Mapping[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class StartingQuestion:
    """A question in the reader's words, what answers it, and the view that does."""

    title: str
    answer_with: str
    view: View


def questions(key: str, cohort: Cohort) -> list[StartingQuestion]:
    """Questions that this cohort can answer, the most telling first.

    Parameters
    ----------
    cohort
        The cohort; only its variables, features and endpoints decide.
    """
    found = [
        *_driver_questions(key, cohort),
        *_risk_questions(key, cohort),
        *_pair_questions(key, cohort),
        *_alteration_questions(key, cohort),
        *_disease_questions(key, cohort),
    ]
    if cohort.alterations.shape[1]:
        found.insert(min(1, len(found)), _subgroup_question(key))
    if suggest(cohort, Filter()) is not None:
        found.insert(min(1, len(found)), _transplant_question(key))
    if _can_tell_likeness(cohort):
        # Before the list ends: the last of many questions are cut off.
        found.insert(min(_MOST // 2, len(found)), _patient_question(key))
    return found[:_MOST]


def _survival(
    key: str,
    cohort: Cohort,
    group: str,
    title: str,
    answer_with: str,
    *,
    clauses: tuple[Clause, ...] = (),
) -> list[StartingQuestion]:
    """The question that survival by group answers; none where the cohort has no endpoint."""
    if not cohort.endpoints:
        return []
    endpoint = next(iter(cohort.endpoints))
    settings = {ENDPOINT: endpoint, GROUP: group, VIEW: "Survival curves", "scale": SURVIVAL}
    view = View(key, Filter(All(clauses)), "survival", settings)
    return [StartingQuestion(title, answer_with, view)]


def _subgroup_question(key: str) -> StartingQuestion:
    return StartingQuestion(
        "Which genomic subgroups are there, and how do they survive?",
        "A map of all patients by their alterations, and the subgroups' survival beside it",
        View(key, Filter(), "subgroups"),
    )


def _transplant_question(key: str) -> StartingQuestion:
    return StartingQuestion(
        "Who benefits from a transplant, and when?",
        "A target trial emulated on these patients, beside the comparison that misleads",
        View(key, Filter(), "transplant", {VIEW: "Four answers"}),
    )


def _patient_question(key: str) -> StartingQuestion:
    return StartingQuestion(
        "Who is most like this patient, and how did they do?",
        "One patient's course, the nearest patients and why, and what happened to them",
        View(key, Filter(), "patient", {"patients": "One patient"}),
    )


def _can_tell_likeness(cohort: Cohort) -> bool:
    """Whether patients can be compared with each other, and what became of them is known."""
    described = bool(cohort.altered_counts.any()) or bool(profile_variables(cohort))
    return cohort.n > MIN_NEIGHBOURS and bool(cohort.endpoints) and described


def _driver_questions(key: str, cohort: Cohort) -> list[StartingQuestion]:
    if "driver" not in cohort.variables:
        return []
    disease = filter_columns(cohort).disease
    levels = () if disease is None else cohort.factor(disease.name)[1]
    name = next((level for level in _MYELOFIBROSIS if level in levels), None)
    if disease is None or name is None:
        return []
    myelofibrosis = (InSet(disease.name, (name,)),)
    found = _survival(
        key, cohort, "variable:driver",
        "Does the driver mutation change survival in myelofibrosis?",
        "Kaplan-Meier by CALR, JAK2, MPL and triple-negative",
        clauses=myelofibrosis,
    )  # fmt: skip
    words = [str(word) for word in cohort.factor("driver")[1]]
    negative = next((word for word in words if is_triple_negative(word)), None)
    if negative is not None and "CALR" in words:
        found.append(
            StartingQuestion(
                "How do triple-negative patients differ from CALR ones in myelofibrosis?",
                "Clinical features, alterations and survival of the two, side by side",
                View(
                    key,
                    Filter(All(myelofibrosis)),
                    "compare",
                    {
                        GROUP: "variable:driver",
                        "compare": "At a glance",
                        "compare_groups": ["CALR", negative],
                    },
                ),
            )
        )
    if "ASXL1" in cohort.alterations.columns:
        found += _survival(
            key, cohort, "alteration:ASXL1",
            "How do patients with ASXL1 fare in myelofibrosis?",
            "Kaplan-Meier of mutated against wild type, among those tested",
            clauses=myelofibrosis,
        )  # fmt: skip
    return found


def _risk_questions(key: str, cohort: Cohort) -> list[StartingQuestion]:
    for variable in cohort.variables.values():
        name = variable.name.lower()
        if variable.kind == "ordinal" and any(word in name for word in _RISK_CLASSES):
            return _survival(
                key, cohort, f"variable:{variable.name}",
                f"How well does {variable.label} separate survival?",
                "Kaplan-Meier by risk class, from low to high",
            )  # fmt: skip
    return []


def _pair_questions(key: str, cohort: Cohort) -> list[StartingQuestion]:
    itd = next((n for n in cohort.alterations.columns if n in {"FLT3-ITD", "FLT3_ITD"}), None)
    if itd is None or _carriers(cohort, "NPM1") < _ENOUGH or _carriers(cohort, itd) < _ENOUGH:
        return []
    return _survival(
        key, cohort, f"alteration:{itd}",
        "What does FLT3-ITD add in NPM1-mutated leukaemia?",
        "Kaplan-Meier with and without FLT3-ITD, NPM1-mutated patients only",
        clauses=(Altered("NPM1"),),
    )  # fmt: skip


def _alteration_questions(key: str, cohort: Cohort) -> list[StartingQuestion]:
    found = []
    leading = ("TP53", "ASXL1", "SF3B1", "RUNX1", "SRSF2", "CALR")
    for name in [name for name in leading if _carriers(cohort, name) >= _ENOUGH][:3]:
        found += _survival(
            key, cohort, f"alteration:{name}",
            f"Do patients with {cohort.features.loc[name, 'label']} live longer or shorter?",
            "Kaplan-Meier with and without it, among those tested",
        )  # fmt: skip
    return found


def _carriers(cohort: Cohort, name: str) -> int:
    if name not in cohort.alterations.columns:
        return 0
    return int(np.count_nonzero(cohort.feature_state(name) == 1))


def _disease_questions(key: str, cohort: Cohort) -> list[StartingQuestion]:
    disease = filter_columns(cohort).disease
    if disease is None:
        return []
    return _survival(
        key, cohort, f"variable:{disease.name}",
        f"How does survival differ by {mid_sentence(disease.label)}?",
        "Kaplan-Meier of every group, with its number at risk",
    )  # fmt: skip
