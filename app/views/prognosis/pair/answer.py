"""What two scores say beside each other."""

from __future__ import annotations

from functools import partial

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import TimeUnit, count
from app.views.prognosis.pair.analysis import ScorePair, score_against_score
from app.views.prognosis.pair.figures import auc_figure, classes_figure
from app.views.prognosis.pair.words import methods, moves_caption, notes, reading, sheets
from data_loaders import Cohort


def pair_answer(cohort: Cohort, result: ScorePair, *, unit: TimeUnit = "years") -> Answer:
    """The answer of score against score."""
    sentences = reading(result)
    title = f"{result.first.label} against {result.second.label}, {count(result.both, 'patient')}"
    figures = {"Figure": titled(cohort, title, classes_figure, result)}
    if result.discrimination is not None and len(result.discrimination.auc):
        over = f"Area under the curve over time, {count(result.outcome.n, 'patient')}"
        figures["AUC over time"] = titled(cohort, over, auc_figure, result, unit)
    return Answer(
        key="prognosis_pair",
        name=(result.first.label, result.second.label),
        title=title,
        figures=figures,
        numbers=lambda: sheets(result, unit)["Classes"],
        alt=f"{title}. Flows from the classes of the one to those of the other. "
        f"{' '.join(sentences)}",
        accounting=Accounting(
            result.selected,
            result.both,
            result.left_out,
            result.outcome.limit,
            verb="have a class in both",
        ),
        tables=partial(sheets, result, unit),
        methods=methods(result),
        sentences=sentences,
        notes=notes(result),
        cautions=[f"Nested Cox models could not be fitted: {result.no_models}"]
        if result.no_models
        else [],
        told={
            "Endpoint": result.outcome.endpoint.label,
            "First": result.first.label,
            "Second": result.second.label,
        },
        footnote=moves_caption(result),
    )


PAIR = Analysis(score_against_score, pair_answer)
