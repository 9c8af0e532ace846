"""Every analysis by its key: the one list that makes a question answerable without a page."""

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

# Named, not imported: rooms stand above this floor, and a script or a slide needs only its own.
ANALYSES: Mapping[str, str] = MappingProxyType(
    {
        "cohort.attrition": "app.views.cohort.overview.answer:ATTRITION",
        "cohort.completeness": "app.views.cohort.overview.answer:COMPLETENESS",
        "cohort.overlap": "app.views.cohort.saved.answer:OVERLAP",
        "cohort.pictures": "app.views.cohort.overview.answer:PICTURES",
        "cohort.table_one": "app.views.cohort.table_one.answer:TABLE_ONE",
        "compare.cohorts": "app.views.compare.two_cohorts.answer:BOTH",
        "compare.composed": "app.views.compare.answer_composing:COMPOSED",
        "compare.groups": "app.views.compare.answer:COMPARISON",
        "data.missing": "app.views.data.answer:MISSING",
        "home.glance": "app.views.home.answer:GLANCE",
        "patient.similar": "app.views.patient.similar.answer:SIMILAR",
        "patient.swimmer": "app.views.patient.swimmer.answer:SWIMMER",
        "genomics.allele_fractions": "app.views.genomics.allele_fractions.answer:ALLELE_FRACTIONS",
        "genomics.burden": "app.views.genomics.burden.answer:BURDEN",
        "genomics.frequencies": "app.views.genomics.frequencies.answer:FREQUENCIES",
        "genomics.oncoprint": "app.views.genomics.oncoprint.answer:ONCOPRINT",
        "genomics.pairs": "app.views.genomics.pairs.answer:PAIRS",
        "genomics.variants": "app.views.genomics.variants.answer:VARIANTS",
        "prognosis.classes": "app.views.prognosis.classes.answer:CLASSES",
        "prognosis.coverage": "app.views.prognosis.coverage.answer:COVERAGE",
        "prognosis.pair": "app.views.prognosis.pair.answer:PAIR",
        "prognosis.single": "app.views.prognosis.single.answer:SINGLE",
        "story.kept": "app.study.story:KEEPING",
        "subgroups.search": "app.views.subgroups.answer:SEARCH",
        "survival.curves": "app.views.survival.curves.answer:CURVES",
        "survival.cox": "app.views.survival.cox.answer:MODELS",
        "survival.cox.hazards": "app.views.survival.cox.answer:HAZARDS",
        "survival.cox.adjusted": "app.views.survival.cox.answer:ADJUSTED",
        "survival.cox.subgroups": "app.views.survival.cox.answer:SUBGROUPS",
        "survival.during": "app.views.survival.during.answer:DURING",
        "survival.incidence": "app.views.survival.incidence.answer:INCIDENCE",
        "survival.means": "app.views.survival.means.answer:ANALYSIS",
        "survival.screen": "app.views.survival.screen.answer:SCREEN",
        "transplant.emulated": "app.views.transplant.answer:EMULATED",
        "transplant.immortal": "app.views.transplant.learning.answer:IMMORTAL",
        "transplant.views": "app.views.transplant.answer_views:VIEWS",
    }
)


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
    """The functions that a question's key stands for.

    Raises
    ------
    KeyError
        If there is no such analysis.
    """
    analysis: Analysis = resolve_name(ANALYSES[question.analysis])
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

    Parameters
    ----------
    load
        As of :func:`compute`.

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
