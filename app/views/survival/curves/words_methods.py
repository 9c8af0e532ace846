"""A methods paragraph written from the result itself: it says what was done and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from app.analysis.survival import KaplanMeier, kaplan_meier
from app.cohort.filters import Selection
from app.study.files.software import made_with
from app.study.methods import columns_of
from app.study.outcomes import too_small
from app.study.wording import count, format_time_ci, listing, mid_sentence
from app.views.survival.curves.analysis import GroupCurve, GroupSurvival
from data_loaders import Cohort

_ADJUSTMENTS = {
    "holm": "Holm's method",
    "bh": "the method of Benjamini and Hochberg",
    "bonferroni": "Bonferroni's method",
}
_TRUNCATED = "left-truncated"


def survival_methods(
    result: GroupSurvival,
    selection: Selection,
    *,
    sections: Sequence[str] = (),
) -> str:
    """The methods of a survival comparison, ready for a manuscript, paragraphs by blank lines.

    Parameters
    ----------
    result
        The result.
    selection
        The patients it was made of.
    sections
        Paragraphs about further analyses, from :mod:`app.views.survival.cox.words_methods`.

    Raises
    ------
    ValueError
        If the result is of another number of patients than the selection.
    """
    if result.selected != selection.n:
        raise ValueError(
            f"The result is of {result.selected:,} selected patients, the selection of "
            f"{selection.n:,}: pass the selection that the result was made with."
        )
    estimates = [_endpoint(result), _limit(result), _followup(result), _curves(result)]
    paragraphs = [
        _joined([_source(selection.source), _patients(result, selection), _groups(result)]),
        _joined(estimates),
        _joined([_comparison(result), _trend(result), _pairs(result)]),
        *sections,
        _joined([result.bias, *result.notes]),
        made_with(),
    ]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _joined(sentences: Sequence[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _source(cohort: Cohort) -> str:
    provenance = cohort.provenance
    cited = f" ({provenance.citation.rstrip('.')})" if provenance.citation else ""
    told = f"{provenance.source}{cited}, content SHA-256 {cohort.fingerprint[:12]}."
    if provenance.synthetic:
        return f"SYNTHETIC DATA: the patients are simulated and nobody stands behind them: {told}"
    return f"Data: {told}"


def _patients(result: GroupSurvival, selection: Selection) -> str:
    everyone = count(selection.source.n, "patient")
    if selection.n == selection.source.n:
        chosen = f"All {everyone} of the cohort were selected."
    else:
        chosen = (
            f"Of {everyone} of the cohort, {selection.n:,} were selected: {selection.sentence}."
        )
    if selection.n_missing:
        chosen += (
            f" Left out there because a value was missing or a gene not tested: "
            f"{count(selection.n_missing, 'patient')}."
        )
    if not result.selected:
        return chosen
    if result.analysed == result.selected:
        return f"{chosen} All of them were analysed."
    reasons = [f"{number:,} {reason}" for reason, number in result.left_out.items()]
    return (
        f"{chosen} Of these, {result.analysed:,} were analysed; not analysed: {listing(reasons)}."
    )


def _groups(result: GroupSurvival) -> str:
    if not result.label:
        return ""
    sizes = [_size(curve) for curve in result.curves]
    return f"They were grouped by {mid_sentence(result.label)}: {listing(sizes)}."


def _size(curve: GroupCurve) -> str:
    return f"{curve.name} (n = {curve.n:,}, {count(curve.events, 'event')})"


def _endpoint(result: GroupSurvival) -> str:
    endpoint = result.endpoint
    sentence = (
        f"The endpoint was {mid_sentence(endpoint.label)}, the time to {endpoint.event_label} "
        f"({count(result.n_events, 'event')} in {count(result.analysed, 'patient')}), from "
        f"{columns_of(endpoint)}."
    )
    if endpoint.competing is not None:
        sentence += " A competing event counted as censoring at its time in the survival curves."
    if endpoint.entry is not None and not _truncated(result):
        sentence += (
            f" Entry times (column {endpoint.entry}) were not used: patients count as at risk from "
            "time zero."
        )
    return sentence


def _limit(result: GroupSurvival) -> str:
    if result.limit is None:
        return ""
    return (
        f"Follow-up was ended at {result.limit / 12:g} years (administrative censoring): later "
        "events do not count in any number."
    )


def _followup(result: GroupSurvival) -> str:
    if not result.analysed or _truncated(result):
        return ""
    everyone = kaplan_meier(result.outcome.time, result.outcome.event)
    if everyone.events == everyone.n:
        return ""
    words = format_time_ci(everyone.median_followup, *everyone.median_followup_ci, "years")
    return f"Median follow-up by reverse Kaplan-Meier, years (95% interval): {words}."


def _curves(result: GroupSurvival) -> str:
    estimates = _estimates(result)
    if not estimates:
        return ""
    km = estimates[0]
    error = "Greenwood's" if "Greenwood" in km.method else "Xie and Liu's weighted"
    sentence = (
        f"Survival was estimated by the Kaplan-Meier method with pointwise {km.conf_level:.0%} "
        f"confidence intervals on the {km.conf_type} scale ({error} variance)"
    )
    if _truncated(result):
        sentence += "; patients were at risk from their entry on (left truncation)"
    return (
        f"{sentence}. A median is the first time at which the estimate is at or below 50%, its "
        "limits where the interval is."
    )


def _comparison(result: GroupSurvival) -> str:
    if not result.label:
        return ""
    if result.p_value is None:
        return result.p_note
    within = f" within strata of {mid_sentence(result.strata)}" if result.strata else ""
    compared = f"The curves were compared by the {_lowered(result.test_method)}{within}."
    if result.untested:
        compared += f" Not in the test: {too_small(result.untested)}."
    return compared


def _trend(result: GroupSurvival) -> str:
    if result.trend is None or not result.trend.df:
        return ""
    return (
        "A trend over the ordered groups, scored 1, 2, 3 and so on, was tested with one degree of "
        "freedom (Tarone)."
    )


def _pairs(result: GroupSurvival) -> str:
    if result.p_value is None:
        return ""
    if result.pairwise is None:
        return "No adjustment for multiple testing was made."
    tested = int(result.pairwise["p_value"].notna().sum())
    how = (
        "without adjustment"
        if result.adjust == "none"
        else f"with p-values adjusted by {_ADJUSTMENTS[result.adjust]}"
    )
    return f"Pairs of groups were compared by the same test ({tested} pairs), {how}."


def _estimates(result: GroupSurvival) -> list[KaplanMeier]:
    return [curve.km for curve in result.curves if curve.km is not None]


def _truncated(result: GroupSurvival) -> bool:
    return any(_TRUNCATED in km.method for km in _estimates(result))


def _lowered(method: str) -> str:
    """A test's name within a sentence: ``log-rank test``, but ``Peto-Peto test``."""
    return method[:1].lower() + method[1:] if method.startswith("Log-rank") else method
