"""The one registry of analyses and views: with it a question is answered without a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pkgutil import resolve_name
from types import MappingProxyType
from typing import Any

from app.cohort.derived import derived_as
from app.cohort.scores import scores_named_in, with_scores
from app.study.answer import Answer
from app.study.question import OTHER, SAVED_OF_OTHER, Question
from data_loaders import Cohort, load_cohort
from data_loaders.loading import is_everybodys


@dataclass(frozen=True)
class Listed:
    """An analysis and the view that shows it, named, not imported: their rooms stand above.

    A name without a module lies in the room of its key: ``survival.means`` in
    ``app.views.survival.means``, an analysis in its ``answer``, what draws it in its ``page``.
    Other modules are those below ``app.views``, or named from ``app`` on.

    Parameters
    ----------
    analysis
        The :class:`Analysis`; empty for a view that asks those of others, or nothing by key.
    label
        What the view is called on its page and in links; empty where others show the analysis.
    """

    analysis: str = ""
    label: str = ""
    draw: str = ""


# The views of a page stand in its order; a key begins with its page.
REGISTRY: Mapping[str, Listed] = MappingProxyType(
    {
        "cohort.attrition": Listed("cohort.overview.answer:ATTRITION"),
        "cohort.completeness": Listed("cohort.overview.answer:COMPLETENESS"),
        "cohort.overlap": Listed("cohort.saved.answer:OVERLAP"),
        "cohort.pictures": Listed("cohort.overview.answer:PICTURES"),
        "cohort.table_one": Listed("TABLE_ONE"),
        "compare.groups": Listed(
            "compare.answer:COMPARISON", "At a glance", "compare.page_views:draw_glance"
        ),
        "compare.clinical": Listed("", "Clinical", "compare.page_views:draw_clinical"),
        "compare.alterations": Listed("", "Alterations", "compare.page_views:draw_alterations"),
        "compare.survival": Listed("", "Survival", "compare.page_views:draw_survival"),
        "compare.composed": Listed(
            "compare.answer_composing:COMPOSED",
            "Subgroups",
            "compare.page_subgroups:draw_composition",
        ),
        "compare.cohorts": Listed(
            "compare.two_cohorts.answer:BOTH",
            "Two cohorts",
            "compare.two_cohorts.page_controls:draw_cohorts",
        ),
        "data.missing": Listed("data.answer:MISSING"),
        "genomics.frequencies": Listed("FREQUENCIES", "Frequencies", "draw_frequencies"),
        "genomics.oncoprint": Listed("ONCOPRINT", "Oncoprint", "draw_oncoprint"),
        "genomics.pairs": Listed("PAIRS", "Together or apart", "draw_pairs"),
        "genomics.variants": Listed("VARIANTS", "Variants", "draw_variants"),
        "genomics.allele_fractions": Listed("ALLELE_FRACTIONS", "Allele fractions", "draw_vaf"),
        "genomics.burden": Listed("BURDEN", "Burden", "draw_burden"),
        "home.glance": Listed("home.answer:GLANCE"),
        "patient.one": Listed("", "One patient", "patient.page:draw_one_patient"),
        "patient.similar": Listed("SIMILAR"),
        "patient.swimmer": Listed("SWIMMER", "Swimmer plot", "draw_swimmer"),
        "prognosis.single": Listed("SINGLE", "One score", "draw_single"),
        "prognosis.pair": Listed("PAIR", "Score against score", "draw_pair"),
        "prognosis.classes": Listed("CLASSES", "WHO and ICC", "draw_classes"),
        "prognosis.coverage": Listed("COVERAGE", "Coverage", "draw_coverage"),
        "story.kept": Listed("app.study.story._kept:KEEPING"),
        "subgroups.search": Listed("subgroups.answer:SEARCH"),
        "survival.curves": Listed("CURVES", "Survival curves", "draw_curves"),
        "survival.means": Listed("ANALYSIS", "Restricted mean over time", "draw_means"),
        "survival.incidence": Listed("INCIDENCE", "Competing risks", "draw_incidence"),
        "survival.cox": Listed("MODELS", "Cox model", "draw_models"),
        "survival.cox.hazards": Listed("survival.cox.answer:HAZARDS"),
        "survival.cox.adjusted": Listed("survival.cox.answer:ADJUSTED"),
        "survival.cox.subgroups": Listed("survival.cox.answer:SUBGROUPS"),
        "survival.screen": Listed("SCREEN", "Screen", "draw_screen"),
        "survival.during": Listed("DURING", "Events during follow-up", "draw_during_follow_up"),
        "transplant.emulated": Listed("transplant.answer:EMULATED"),
        "transplant.immortal": Listed("transplant.learning.answer:IMMORTAL"),
        "transplant.views": Listed("transplant.answer_views:VIEWS"),
        "transplant.protocol": Listed("", "The protocol", "draw_protocol"),
        "transplant.answers": Listed("", "Four answers", "draw_answers"),
        "transplant.states": Listed("", "States", "draw_states"),
        "transplant.timing": Listed("", "When", "draw_timing"),
        "transplant.benefits": Listed("", "Who benefits", "draw_benefits"),
        "transplant.learning": Listed("", "Learn", "draw_learning"),
    }
)
ANALYSES = tuple(key for key, listed in REGISTRY.items() if listed.analysis)


def _found(key: str, name: str, part: str) -> Any:
    place = name if ":" in name else f"{key}.{part}:{name}"
    return resolve_name(place if place.startswith("app.") else f"app.views.{place}")


def views_of(page: str) -> dict[str, Callable[..., None]]:
    """What draws each view of a page, by its label, in the order of the page."""
    return {
        listed.label: _found(key, listed.draw, "page")
        for key, listed in REGISTRY.items()
        if listed.label and key.partition(".")[0] == page
    }


@dataclass(frozen=True)
class Analysis:
    """The two functions of an analysis; both are public, as scripts call them by name.

    Parameters
    ----------
    function
        ``(cohort, mask, **settings) -> result``. It gets ``grouping`` too where the question has
        one, and ``saved`` where the question's settings name saved groups.
    answer
        ``(cohort, result, **shown) -> Answer``, for the cohort before the filter.

    Of a question of no cohort, neither gets a cohort, nor a mask: ``(**settings) -> result``.
    """

    function: Callable[..., Any]
    answer: Callable[..., Answer]


def analysis_of(question: Question) -> Analysis:
    """The functions that a question's key stands for."""
    key = question.analysis
    if key not in ANALYSES:
        raise KeyError(key)
    analysis: Analysis = _found(key, REGISTRY[key].analysis, "answer")
    return analysis


def compute(question: Question, cohort: Cohort, load: Callable[[str], Cohort] | None = None) -> Any:
    """Compute what a question asks of its cohort, which is given before the filter.

    Parameters
    ----------
    load
        Gives a second cohort by its key, where the question names one; None for the cohorts that
        everybody has.

    Raises
    ------
    ValueError
        If this cohort cannot answer; the message is a sentence for the user.
    """
    cohort = as_asked(question, cohort)
    mask = question.filter.apply(cohort).mask
    asked = dict(question.settings)
    grouping = question.groups(cohort, mask)
    if grouping is not None:
        asked["grouping"] = grouping
    if question.saved_in_settings:
        asked["saved"] = question.saved
    if question.second is not None:
        asked[OTHER] = second_of(question, load)
        if question.second.saved:
            asked[SAVED_OF_OTHER] = question.second.groups
    return analysis_of(question).function(cohort, mask, **asked)


def second_of(question: Question, load: Callable[[str], Cohort] | None = None) -> Cohort | None:
    """The second cohort that a question names, with what it derives of it; None where none is.

    Raises
    ------
    ValueError
        If it is not here, or something cannot be derived of it.
    """
    second = question.second
    if second is None:
        return None
    cohort = (load or _everybodys)(second.key)
    return derived_as(cohort, second.derived) if second.fingerprint else cohort


def _everybodys(key: str) -> Cohort:
    if not is_everybodys(key):
        raise ValueError(
            f"The second cohort of this question ({key}) is not here: load it on the Data page."
        )
    return load_cohort(key)


def as_asked(question: Question, cohort: Cohort) -> Cohort:
    """The cohort with what the question derives of it, and the scores it names as variables.

    Raises
    ------
    DerivedError
        If something cannot be derived of this cohort.
    """
    if question.derived:
        cohort = derived_as(cohort, question.derived)
    said = (question.filter.to_dict(), str(question.grouping), question.settings, question.shown)
    return with_scores(cohort, scores_named_in(str(said)))


def answer_of(question: Question, cohort: Cohort, result: Any) -> Answer:
    """What a result says, drawn as the question wants it."""
    cohort = as_asked(question, cohort)
    answer = analysis_of(question).answer(cohort, result, **question.shown)
    return replace(answer, question=question)


def answer_to(
    question: Question, cohort: Cohort, load: Callable[[str], Cohort] | None = None
) -> Answer:
    """Answer a question from scratch, as a story or a slide does; ``load`` as of ``compute``."""
    return answer_of(question, cohort, compute(question, cohort, load))


def answer_alone(question: Question) -> Answer:
    """Answer a question of no cohort.

    Raises
    ------
    ValueError
        If its settings are none that can be answered.
    """
    analysis = analysis_of(question)
    result = analysis.function(**question.settings)
    return replace(analysis.answer(result, **question.shown), question=question)
