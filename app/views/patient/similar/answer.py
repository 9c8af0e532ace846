"""What is said of one patient by those most like it: likeness, outcomes, methods."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.methods import endpoint_sentence
from app.study.wording import count, mid_sentence
from app.views.patient.analysis import patient_name
from app.views.patient.similar.analysis import MOST_REFERENCES, SimilarPatients
from app.views.patient.similar.figures import similar_survival_figure
from app.views.patient.similar.outcomes import (
    NO_PROGNOSIS,
    UNIT,
    SimilarOutcomes,
    events_sentence,
    similar_outcomes,
)
from app.views.patient.similar.words import (
    neighbour_table,
    shared_table,
    similarity_reading,
    weights_in_words,
)
from app.views.survival.curves.analysis import GroupSurvival
from app.views.survival.curves.figures import survival_alt
from app.views.survival.curves.words import numbers_table, reading, summary_sheet
from data_loaders import Cohort


def similar_answer(
    cohort: Cohort, result: SimilarOutcomes, *, until: float | None = None
) -> Answer:
    """The answer of the patients most like one."""
    found, survival, everyone = result.found, result.survival, result.everyone
    name = patient_name(found.position)
    tables = partial(_tables, cohort, result)
    sentences = similarity_reading(cohort, found)
    whole = Answer(
        key="similar",
        of_patients=frozenset({"Figure"}),
        name=("patients_like", str(found.position + 1)),
        title=f"Patients like {mid_sentence(name)}",
        figures={},
        numbers=lambda: tables()["Shared"],
        alt="",
        accounting=_accounting(result),
        tables=tables,
        tests=dict,  # patients who were chosen by their likeness are not tested
        methods=_methods(cohort, found, survival),
        sentences=sentences,
    )
    if survival is None or everyone is None:
        return whole
    title = (
        f"{survival.endpoint.label} of the {count(survival.outcome.n, 'patient')} most like "
        f"{mid_sentence(name)}"
    )
    course = f"{result.own.words()}." if result.own is not None else f"{name}: not recorded."
    left_out = Accounting.of(survival.outcome).reasons
    beside = [f"Everyone selected: {mid_sentence(sentence)}" for sentence in reading(everyone)]
    return replace(
        whole,
        title=title,
        figures={
            "Figure": titled(
                cohort, title, similar_survival_figure, survival, result.own, until=until
            )
        },
        numbers=partial(numbers_table, survival, UNIT),
        alt=survival_alt(title, survival, [*reading(survival), course]),
        sentences=[*sentences, events_sentence(survival), *reading(survival), *beside],
        notes=[
            f"{course} The patient itself is not in the curve."
            + (f" Left out: {', '.join(left_out)}." if left_out else ""),
            NO_PROGNOSIS,
        ],
    )


SIMILAR = Analysis(similar_outcomes, similar_answer)


def _accounting(result: SimilarOutcomes) -> Accounting:
    found, selected = result.found, int(result.mask.sum())
    left_out = {
        "of whom too little is known": found.not_comparable,
        "the patient itself": selected - found.compared - found.not_comparable,
    }
    return Accounting(
        selected, found.compared, {why: n for why, n in left_out.items() if n}, verb="are compared"
    )


def _tables(cohort: Cohort, result: SimilarOutcomes) -> dict[str, pd.DataFrame]:
    survival = result.survival
    endpoint = None if survival is None else survival.endpoint.key
    tables = {
        "Shared": shared_table(cohort, result.mask, result.found),
        "Nearest": neighbour_table(cohort, result.found, endpoint),
    }
    if survival is not None:
        tables |= {
            "Survival": summary_sheet(survival, UNIT),
            "Curve": numbers_table(survival, UNIT),
        }
    return tables


def _methods(cohort: Cohort, found: SimilarPatients, survival: GroupSurvival | None) -> list[str]:
    """How the nearest patients were found, and how their survival was estimated."""
    variables = [mid_sentence(cohort.variables[name].label) for name in found.profiles.variables]
    parts = [
        f"{patient_name(found.position)} (by order in the data) was compared with "
        f"{count(found.compared, 'other selected patient')} by {weights_in_words(found)}; "
        f"{found.not_comparable:,} could not be compared. Alterations were compared by Jaccard's "
        "distance (1901) over those tested in both patients; two patients without any count as "
        "alike. Clinical variables were compared by Gower's distance (1971) over those known in "
        "both, numbers by their ranks in the whole cohort (Podani 1999). Outcomes and treatments "
        f"took no part. Variables: {', '.join(variables) or 'none'}.",
        f"The {len(found.neighbours):,} nearest were taken; {found.tied:,} more were as near as "
        "the last. How typical the patient is was judged by the median distance to its nearest, "
        f"against that of at most {MOST_REFERENCES:,} selected patients.",
    ]
    if survival is not None:
        parts.append(
            f"{endpoint_sentence(survival.endpoint, survival.n_events, survival.outcome.n, None)} "
            "Kaplan-Meier estimate with a log-log 95% band. The patients were chosen by their "
            f"likeness to one, so no test was made. {NO_PROGNOSIS}"
        )
    return parts
