"""Questions to start from: each opens a page with cohort, filter and grouping set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.cohort.filters import All, Altered, Clause, Filter, InSet
from app.cohort.scores import offered_scores
from app.shell.controls.curve_options import SURVIVAL
from app.shell.links import ENDPOINT, GROUP, VIEW
from app.shell.sidebar import filter_columns
from app.study.analyses import REGISTRY
from app.study.wording import mid_sentence
from app.views.patient.similar.analysis import MIN_NEIGHBOURS
from app.views.patient.similar.profiles import profile_variables
from app.views.survival.page_immortal_time import DURING_VIEW, EXPOSURE
from app.views.transplant.defaults import suggest
from data_loaders import Cohort
from data_loaders.meaning.derived import is_triple_negative
from data_loaders.meaning.vocabulary import term_of
from data_loaders.once import once_per_value

_MOST = 6
_ENOUGH = 50
_FEW = 20
_MYELOFIBROSIS = ("MF", "PMF")
_RISK_CLASSES = frozenset(
    {"ipssm", "ipssr", "eln", "dipss", "dipss_plus", "mipss70", "mysec", "cll_ipi", "ipi", "r_ipi",
     "nccn_ipi", "flipi", "flipi2", "mipi", "elts", "sokal", "eutos", "r_iss", "iss"}
)  # fmt: skip


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


@once_per_value
def questions(cohort: Cohort, key: str) -> list[StartingQuestion]:
    """Questions that this cohort can answer, the most telling first; found once for each.

    Parameters
    ----------
    cohort
        The cohort; only its variables, features and endpoints decide.
    """
    found = [
        *_driver_questions(key, cohort),
        *_lymphoid_questions(key, cohort),
        *_chronic_questions(key, cohort),
        *_risk_questions(key, cohort),
        *_pair_questions(key, cohort),
        *_alteration_questions(key, cohort),
        *_disease_questions(key, cohort),
    ]
    if cohort.alterations.shape[1]:
        found.insert(min(1, len(found)), _subgroup_question(key))
    if suggest(cohort, Filter()) is not None:
        found.insert(min(1, len(found)), _transplant_question(key))
    if cohort.endpoints and len(offered_scores(cohort)) > 1:
        found.insert(min(2, len(found)), _score_question(key))
    if _can_tell_likeness(cohort):
        # Before the list ends: the last of many questions are cut off.
        found.insert(min(_MOST // 2, len(found)), _patient_question(key))
    views = [question.view for question in found]
    # The same view under two titles is one question.
    once = [question for i, question in enumerate(found) if question.view not in views[:i]]
    return once[:_MOST]


def _survival(
    key: str,
    cohort: Cohort,
    group: str,
    title: str,
    answer_with: str,
    *,
    clauses: tuple[Clause, ...] = (),
    endpoint: str | None = None,
) -> list[StartingQuestion]:
    """The question that survival by group answers; none where the cohort has no endpoint.

    Without ``endpoint`` it is the cohort's first.
    """
    if not cohort.endpoints:
        return []
    endpoint = endpoint or next(iter(cohort.endpoints))
    label = REGISTRY["survival.curves"].label
    settings = {ENDPOINT: endpoint, GROUP: group, VIEW: label, "scale": SURVIVAL}
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
        View(key, Filter(), "transplant", {VIEW: REGISTRY["transplant.answers"].label}),
    )


def _score_question(key: str) -> StartingQuestion:
    return StartingQuestion(
        "Which score tells more, and who changes class?",
        "Two published scores beside each other: who moves, and which orders survival better",
        View(key, Filter(), "prognosis", {VIEW: REGISTRY["prognosis.pair"].label}),
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


def _incidence(
    key: str, endpoint: str, group: str, title: str, answer_with: str
) -> list[StartingQuestion]:
    """The question that the cumulative incidence by group answers, death competing."""
    settings = {ENDPOINT: endpoint, GROUP: group, VIEW: REGISTRY["survival.incidence"].label}
    return [StartingQuestion(title, answer_with, View(key, Filter(), "survival", settings))]


def _held(cohort: Cohort) -> dict[str, str]:
    """The first column that holds each variable of the vocabulary, by the vocabulary's key."""
    held: dict[str, str] = {}
    for variable in cohort.variables.values():
        known = term_of(variable.source_column or variable.name) or term_of(variable.name)
        if known is not None and variable.kind in {"categorical", "ordinal", "binary"}:
            held.setdefault(known.key, variable.name)
    return held


def _lymphoid_questions(key: str, cohort: Cohort) -> list[StartingQuestion]:
    held, found = _held(cohort), list[StartingQuestion]()
    waiting = next((k for k in ("ttt", "ttnt") if k in cohort.endpoints), None)
    group = f"variable:{held.get('ighv')}"
    if "ighv" in held and waiting is not None and cohort.endpoints[waiting].competing:
        found += _incidence(
            key, waiting, group,
            f"Does IGHV status change the {mid_sentence(cohort.endpoints[waiting].label)}?",
            "Cumulative incidence with death competing, mutated against unmutated",
        )  # fmt: skip
    if "ighv" in held:
        found += _survival(
            key, cohort, group, "Do patients with unmutated IGHV live shorter?",
            "Kaplan-Meier of mutated against unmutated IGHV",
        )  # fmt: skip
    progression = next((k for k in ("pfs", "os") if k in cohort.endpoints), None)
    if "cell_of_origin" in held:
        found += _survival(
            key, cohort, f"variable:{held['cell_of_origin']}",
            "Does the cell of origin change the outcome?",
            "Kaplan-Meier of each cell of origin, with its number at risk", endpoint=progression,
        )  # fmt: skip
    if "double_hit" in held:
        found += _survival(
            key, cohort, f"variable:{held['double_hit']}",
            "How do patients with a double hit fare?",
            "Kaplan-Meier with and without rearrangements of MYC and BCL2 or BCL6",
        )  # fmt: skip
    if min(_carriers(cohort, "TP53"), _carriers(cohort, "del(17p)")) >= _FEW:
        found += _survival(
            key, cohort, "genes:TP53|del(17p)",
            "Is TP53 mutation worse with del(17p) than alone?",
            "Kaplan-Meier of both, either one and neither, among those tested for both",
        )  # fmt: skip
    if "treatment_era" in held:
        found += _survival(
            key, cohort, f"variable:{held['treatment_era']}",
            "Do patients live longer since there are targeted agents?",
            "Kaplan-Meier by treatment era",
        )  # fmt: skip
    if {"os", "ttp"} <= set(cohort.endpoints) and "cell_of_origin" in held:
        settings = {ENDPOINT: "os", VIEW: DURING_VIEW, EXPOSURE: "endpoint:ttp", "landmarks": "24"}
        view = View(key, Filter(), "survival", settings)
        found.append(
            StartingQuestion(
                "How do patients fare who are free of progression at 24 months (PFS24)?",
                "Survival from the landmark on, by progression until then",
                view,
            )
        )
    return found


def _chronic_questions(key: str, cohort: Cohort) -> list[StartingQuestion]:
    """Of chronic myeloid leukaemia: what changes the major molecular response."""
    if "mmr" not in cohort.endpoints:
        return []
    held, found = _held(cohort), list[StartingQuestion]()
    for term, title in (
        ("elts", "How fast do the ELTS risk groups reach a major molecular response?"),
        ("tki", "Which TKI brings a major molecular response sooner?"),
    ):
        if term in held:
            found += _incidence(
                key, "mmr", f"variable:{held[term]}", title,
                "Cumulative incidence with death competing, by group",
            )  # fmt: skip
    return found


def _risk_questions(key: str, cohort: Cohort) -> list[StartingQuestion]:
    for term, name in _held(cohort).items():
        variable = cohort.variables[name]
        if variable.kind == "ordinal" and variable.role == "disease" and term in _RISK_CLASSES:
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
    if disease is None or not cohort.endpoints:
        return []
    followed = cohort.patients[next(iter(cohort.endpoints.values())).time].notna().to_numpy()
    if len({*cohort.factor(disease.name)[0][followed]} - {-1}) < 2:
        return []
    return _survival(
        key, cohort, f"variable:{disease.name}",
        f"How does survival differ by {mid_sentence(disease.label)}?",
        "Kaplan-Meier of every group, with its number at risk",
    )  # fmt: skip
