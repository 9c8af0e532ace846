"""Methods of the patient page's results, from the results themselves."""

from __future__ import annotations

from app.cohort.filters import Selection
from app.study.methods import endpoint_sentence, view_methods
from app.study.wording import count, mid_sentence
from app.views.patient.analysis import patient_name
from app.views.patient.similar.analysis import MOST_REFERENCES, SimilarPatients
from app.views.patient.similar.outcomes import NO_PROGNOSIS
from app.views.patient.similar.words import weights_in_words
from app.views.patient.swimmer.analysis import Swimmer
from app.views.survival.curves.analysis import GroupSurvival


def similar_methods(
    found: SimilarPatients, survival: GroupSurvival | None, selection: Selection
) -> str:
    """How the nearest patients were found, and how their survival was estimated.

    Parameters
    ----------
    found
        The nearest patients.
    survival
        Their survival; None where it was not looked at.
    selection
        The patients selected.
    """
    variables = [
        mid_sentence(selection.source.variables[name].label) for name in found.profiles.variables
    ]
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
            f"{endpoint_sentence(survival.endpoint, survival.n_events, survival.analysed, None)} "
            "Kaplan-Meier estimate with a log-log 95% band. The patients were chosen by their "
            f"likeness to one, so no test was made. {NO_PROGNOSIS}"
        )
    return view_methods(selection, found.compared, parts)


def swimmer_methods(drawn: Swimmer, order: str, selection: Selection) -> str:
    """Whose lanes are drawn, in which order, and what the clock is.

    Parameters
    ----------
    drawn
        The lanes.
    order
        Label of the order.
    selection
        The patients selected.
    """
    part = (
        f"A lane is a patient's follow-up from {mid_sentence(drawn.histories.start_label)} to "
        f"{mid_sentence(drawn.histories.end_label)} or last follow-up. Of {drawn.total:,} patients "
        f"with a recorded follow-up, sorted by {mid_sentence(order)}, "
        f"{len(drawn.positions):,} are drawn; {drawn.without:,} had none recorded."
    )
    if drawn.label:
        part += f" Colours: {mid_sentence(drawn.label)}."
    return view_methods(selection, drawn.total, [part])
