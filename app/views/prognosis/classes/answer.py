"""What WHO 2022 and ICC 2022 say of a cohort beside each other."""

from __future__ import annotations

from functools import partial

import pandas as pd
import plotly.graph_objects as go

from app.cohort.classification import Classification
from app.cohort.colours import NEUTRAL, assign_colours
from app.cohort.number_colours import number_colours
from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.alluvial import alluvial
from app.study.figures.theme import titled
from app.study.wording import count, format_percent
from app.views.prognosis.classes.analysis import (
    UNDECIDED,
    TwoClassifications,
    who_against_icc,
)
from data_loaders import Cohort
from data_loaders.wording import listing

_MANY = 11
_SHORT = (
    ("myelodysplasia-related", "MR"), ("inactivation", ""), ("with low blasts and", "LB,"),
    ("with increased blasts", "IB"), ("with low blasts", "LB"), ("isolated 5q deletion", "5q−"),
    ("rearrangement", "r"), ("cytogenetic abnormalities", "cytogenetics"),
    ("defined by differentiation", "by differentiation"), ("Compatible with", "≈"),
)  # fmt: skip


def classes_answer(cohort: Cohort, result: TwoClassifications) -> Answer:
    """The answer of WHO against ICC."""
    sentences = _reading(result)
    title = f"WHO 2022 against ICC 2022, {count(result.n, 'patient')}"
    others = result.selected - result.n
    return Answer(
        key="prognosis_classes",
        name=("WHO 2022", "ICC 2022"),
        title=title,
        figures={"Figure": titled(cohort, title, _figure, result)},
        numbers=partial(entities_table, result),
        alt=f"{title}. Flows from entities of the one to those of the other. {' '.join(sentences)}",
        accounting=Accounting(
            result.selected,
            result.n,
            {"of a disease without a list here": others} if others else {},
            verb="have a disease with a list",
        ),
        tables=partial(_tables, result),
        methods=[_methods(result)],
        sentences=sentences,
        notes=[
            "Genes and events that the cohort has nothing to know by count as absent here: an "
            "assumption."
        ]
        if result.who.assumed
        else [],
        footnote=(
            "An entity is given only where nothing that is "
            "missing could change it; what was not tested is never negative. Not judged: "
            "dysplasia, cellularity and fibrosis in MDS, in AML the rarer rearrangements. "
            f"{result.who.source}; {result.icc.source}."
        ),
    )


CLASSES = Analysis(who_against_icc, classes_answer)


def entities_table(result: TwoClassifications) -> pd.DataFrame:
    """Patients by entity, in one column of names for each classification."""
    rows = []
    for which in (result.who, result.icc):
        held = result.crossed if which is result.who else result.crossed.T
        for name, n in held.sum(axis=1).items():
            rows.append(
                {
                    "Classification": which.label,
                    "Entity": name,
                    "Patients": int(n),
                    "Share": format_percent(n / result.n if result.n else float("nan"), 1),
                }
            )
    return pd.DataFrame(rows)


def _reading(result: TwoClassifications) -> list[str]:
    sentences = [
        f"{which.label} gives an entity to {result.decided(which):,} of {result.n:,} "
        f"({format_percent(result.decided(which) / result.n if result.n else float('nan'))})."
        for which in (result.who, result.icc)
    ]
    pairs = result.other
    for who in dict.fromkeys(pairs["who"]):
        own = pairs[pairs["who"] == who]
        if len(own) > 1:
            parts = [f"{row['n']:,} {row['icc']}" for row in own.head(3).to_dict("records")]
            sentences.append(f"{who} (WHO) is by ICC {listing(parts)}.")
        if len(sentences) > 5:
            break
    for which in (result.who, result.icc):
        own = result.missing[result.missing["classification"] == which.label]
        if len(own):
            first = own.iloc[0]
            sentences.append(
                f"{which.label}: {first['missing']} would decide most; {first['patients']:,} lack "
                f"it, {first['alone']:,} nothing else."
            )
    return sentences


def _tables(result: TwoClassifications) -> dict[str, pd.DataFrame]:
    crossed = result.crossed.rename_axis("WHO 2022").reset_index()
    found = {
        "Entities": entities_table(result),
        "WHO against ICC": crossed,
        "Missing": result.missing,
        "Evidence": result.evidence,
    }
    return {name: table for name, table in found.items() if len(table)}


def _figure(result: TwoClassifications) -> go.Figure:
    crossed = result.crossed
    crossed = crossed.set_axis([short(str(n)) for n in crossed.index]).set_axis(
        [short(str(n)) for n in crossed.columns], axis=1
    )
    names = [name for name in crossed.index if name != UNDECIDED]
    own = number_colours(len(names)) if len(names) > _MANY else assign_colours(names)
    colours = {**dict(zip(names, own, strict=True)), UNDECIDED: NEUTRAL}
    return alluvial(crossed, colours, left="WHO 2022", right="ICC 2022")


def short(entity: str) -> str:
    """An entity's name as it fits beside a figure."""
    for words, instead in _SHORT:
        entity = entity.replace(words, instead)
    return " ".join(entity.split())


def _methods(result: TwoClassifications) -> str:
    words = [
        f"Patients were classified by {which.label} ({which.source})"
        for which in (result.who, result.icc)
    ]
    text = f"{words[0]} and {words[1].removeprefix('Patients were classified by ')}"
    text += (
        " with decision lists over genes, cytogenetics, blasts and counts; an entity was given "
        "only where no missing item could change it."
    )
    if result.who.assumed:
        text += " Genes and events without a column or karyotype were assumed absent."
    return text


def missing_table(result: TwoClassifications, which: Classification) -> pd.DataFrame:
    """What would decide the patients who are not, as printed."""
    own = result.missing[result.missing["classification"] == which.label]
    return own[["missing", "patients", "alone"]].rename(
        columns={
            "missing": "Would decide",
            "patients": "Undecided without it",
            "alone": "Nothing else missing",
        }
    )
