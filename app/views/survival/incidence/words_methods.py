"""Methods of a competing-risks analysis by group, from the result."""

from __future__ import annotations

from app.analysis.competing_risks import GrayTest
from app.study.accounting import Accounting
from app.study.methods import columns_of
from app.study.outcomes import too_small
from app.study.wording import count, listing, mid_sentence
from app.views.survival.incidence.analysis import GroupIncidence
from app.views.survival.incidence.words import WHICH_QUESTION


def incidence_methods(result: GroupIncidence) -> list[str]:
    """Paragraphs of what was estimated, tested and modelled."""
    who = Accounting.of(result.outcome).methods()
    return [
        " ".join(text for text in (who, _groups(result), _endpoint(result)) if text),
        _estimates(result),
        _tests(result),
        _models(result),
        " ".join(result.notes),
    ]


def _groups(result: GroupIncidence) -> str:
    if not result.label:
        return ""
    sizes = [
        f"{group.name} (n = {group.n:,}, {count(group.events, 'event')}, "
        f"{group.competing:,} competing)"
        for group in result.estimates
    ]
    return f"They were grouped by {mid_sentence(result.label)}: {listing(sizes)}."


def _endpoint(result: GroupIncidence) -> str:
    endpoint = result.endpoint
    events = sum(group.events for group in result.estimates)
    competing = sum(group.competing for group in result.estimates)
    words = (
        f"The endpoint was {mid_sentence(endpoint.label)}, the time to {endpoint.event_label} "
        f"({count(events, 'event')}), with {result.competing_label} ({competing:,}) as the "
        f"competing event, from {columns_of(endpoint)}."
    )
    if result.outcome.entry is not None:
        words += f" Patients were at risk from their entry on (column {endpoint.entry})."
    elif endpoint.entry is not None:
        words += (
            f" Entry times (column {endpoint.entry}) were not used: patients count as at risk from "
            "time zero."
        )
    limit = result.outcome.limit
    if limit is not None:
        words += (
            f" Follow-up was ended at {limit / 12:g} years (administrative censoring): "
            "later events do not count in any number."
        )
    return words


def _estimates(result: GroupIncidence) -> str:
    methods = {group.incidence.method for group in result.drawn if group.incidence is not None}
    if not methods:
        return ""
    return (
        f"{methods.pop()} (variance as in cmprsk). Competing events are not censored; one minus "
        "Kaplan-Meier, which censors them, is shown only to tell how far it overstates the risk."
    )


def _tests(result: GroupIncidence) -> str:
    if not result.label:
        return ""
    if result.gray_event is None:
        return result.p_note
    words = f"{gray_methods(result.gray_event)} The test was repeated for the competing event."
    if result.gray_competing is None:
        words = gray_methods(result.gray_event)
    if result.untested:
        words += f" Not in the tests: {too_small(result.untested)}."
    if result.has_pairs:
        words += (
            " Pairs of groups were compared by the same test, with p-values adjusted by Holm's "
            "method."
        )
    return words


def _models(result: GroupIncidence) -> str:
    effects = result.effects
    if effects is None:
        return ""
    if not effects.reference:
        return " ".join(effects.notes)
    fitted = {
        f"{result.event_label}": effects.cause_specific,
        f"{result.competing_label}": effects.competing,
        f"the incidence of {result.event_label}": effects.subdistribution,
    }
    models = [
        f"{model.method} for {name} ({count(model.n, 'patient')}, {count(model.events, 'event')})"
        for name, model in fitted.items()
        if model is not None
    ]
    left_out = [f"{name} ({reason})" for name, reason in effects.left_out.items()]
    sentences = []
    if models:
        sentences.append(
            f"Hazard ratios against {effects.reference} with 95% Wald intervals: {listing(models)}."
        )
    model = effects.cause_specific
    if model is not None and model.ph_p_value is not None:
        sentences.append(
            "Proportional hazards were tested by the score test of Grambsch and Therneau over "
            "Kaplan-Meier transformed time."
        )
    if left_out:
        sentences.append(f"Not in the models: {listing(left_out)}.")
    return " ".join([*sentences, *effects.notes, WHICH_QUESTION])


def gray_methods(test: GrayTest) -> str:
    """Gray's test: strata, weight, events; says why where it has no answer."""
    if not test.df:
        return f"No p-value is given. {test.note}"
    return (
        f"Cumulative incidences were compared by {test.method} "
        f"({count(test.df, 'degree')} of freedom, {count(test.n, 'patient')}, "
        f"{count(test.events, 'event')} of interest)."
    )
