"""What the number of alterations a patient says."""

from __future__ import annotations

import pandas as pd

from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.outcomes import too_small
from app.study.wording import count, listing
from app.views.genomics.burden.analysis import Burden, burden_reading, mutation_burden
from app.views.genomics.frequencies.figures import burden_figure
from app.views.genomics.words import by_groups, kinds_sentence
from data_loaders import Cohort
from data_loaders.model import FEATURE_KINDS


def burden_answer(cohort: Cohort, result: Burden) -> Answer:
    """The answer of the number of alterations a patient, ``cohort`` before the filter."""
    of = listing([FEATURE_KINDS[kind] for kind in result.kinds]).capitalize()
    title = (
        f"Number of alterations a patient{by_groups(result.label)}, "
        f"{count(result.accounting.analysed, 'patient')}"
    )
    sentences = burden_reading(result)
    return Answer(
        key="genomics_burden",
        name=("alterations", "a", "patient"),
        title=title,
        figures={
            "Figure": titled(
                cohort, title, burden_figure, result.shares, result.colours,
                of=f"{of} altered, a patient",
            )
        },
        numbers=lambda: result.shares,
        alt=f"{title}. {' '.join(sentences)}",
        accounting=result.accounting,
        tables=lambda: _tables(result),
        methods=[_methods(result)],
        sentences=sentences,
    )  # fmt: skip


BURDEN = Analysis(mutation_burden, burden_answer)


def _tables(result: Burden) -> dict[str, pd.DataFrame]:
    tables = {"Summary": result.summary, "Distribution": result.shares}
    if result.test:
        tables["Test"] = pd.DataFrame({"test": [result.test], "p_value": [result.p_value]})
    return tables


def _methods(result: Burden) -> str:
    """What was counted in whom, and how groups were compared."""
    test = f" Groups were compared by the {result.test} test." if result.test else ""
    if result.test and result.untested:
        test += f" Not in the test: {too_small(result.untested)}."
    if result.not_counted:
        test += f" Not counted, as the groups are made of it: {listing(list(result.not_counted))}."
    return (
        f"{result.accounting.methods()} {kinds_sentence(result.kinds)} Each patient's "
        "alterations were counted; not tested counts as none found "
        f"({result.incomplete:,} patients were not tested for all).{test}"
    )
