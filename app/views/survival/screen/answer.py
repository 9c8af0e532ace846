"""What the screen says: the answer of every alteration against an endpoint."""

from __future__ import annotations

import pandas as pd

from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.forest import forest_figure
from app.study.figures.theme import titled
from app.study.methods import endpoint_sentence
from app.study.wording import count, listing
from app.views.survival.curves.words_sheets import told
from app.views.survival.screen.analysis import (
    CohortScreen,
    adjusted_words,
    screen_cohort,
    screen_notes,
    screen_reading,
)
from app.views.survival.screen.figures import volcano_alt, volcano_figure
from data_loaders import Cohort
from data_loaders.model import FEATURE_KINDS

VOLCANO, FOREST = "Volcano", "Forest"
_MOST_ROWS = 25


def screen_answer(cohort: Cohort, screen: CohortScreen, *, ringed: str | None = None) -> Answer:
    """The answer of a screen."""
    endpoint = screen.outcome.endpoint
    patients = count(screen.accounting.analysed, "patient")
    title = f"{endpoint.label} by alteration, {patients}, {adjusted_words(screen)}"
    sentences = screen_reading(screen)
    rows = forest_rows(screen)
    leading = f": the {len(rows)} leading" if len(rows) < len(screen.table) else ""
    figures = {
        VOLCANO: titled(cohort, title, volcano_figure, screen, chosen=ringed),
        FOREST: titled(
            cohort, f"{title}{leading}", forest_figure, rows, counts_label="altered, events"
        ),
    }
    return Answer(
        key="screen",
        name=("screen", endpoint.key),
        title=title,
        figures=figures if len(screen.table) else {},
        numbers=lambda: screen.table,
        alt=volcano_alt(title, sentences),
        accounting=screen.accounting,
        tables=lambda: {"Screen": screen.table, "Not tested": screen.not_tested},
        methods=_methods(screen),
        sentences=sentences,
        notes=screen_notes(screen),
        told=told(screen.outcome, None),
    )


SCREEN = Analysis(screen_cohort, screen_answer)


def forest_rows(screen: CohortScreen) -> pd.DataFrame:
    """The leading alterations as rows of a forest plot."""
    leading = screen.table.head(_MOST_ROWS)
    return pd.DataFrame(
        {
            **{name: leading[name] for name in ("label", "hr", "lower", "upper", "p_value")},
            "n": leading["altered"],
            "events": leading["events_altered"],
            "note": leading["note"],
        }
    )


def _methods(screen: CohortScreen) -> list[str]:
    """What was screened in whom, with which models and which adjustment for their number."""
    endpoint, told_of = screen.outcome.endpoint, screen.accounting
    followed = endpoint_sentence(endpoint, screen.events, told_of.analysed, told_of.limit)
    if endpoint.entry is not None:
        followed += f" Patients were at risk from their entry on (column {endpoint.entry})."
    kinds = listing([FEATURE_KINDS[kind].lower() for kind in screen.kinds])
    models = f"Alterations looked at: {kinds}. {screen_methods(screen.table)}"
    if screen.n_families < screen.n_tested:
        models += (
            " Alterations that overlap (a gene and its refinements, a loss named twice, where 95% "
            f"of the carriers of the rarer have the other) counted once: {screen.n_tested:,} "
            f"tested as {screen.n_families:,} (weights of Benjamini & Hochberg 1997)."
        )
    if screen.constant:
        models += f" Left out of the models, being the same in all: {listing([*screen.constant])}."
    return [f"{told_of.methods()} {followed}", " ".join([models, *screen.contained])]


def screen_methods(screen: pd.DataFrame) -> str:
    """Screen of alterations: model, adjustment, how many tested and not, multiplicity."""
    told = screen.attrs
    failed = int(screen["p_value"].isna().sum())
    firth = int(screen["note"].str.startswith("Firth").sum())
    sentences = [
        f"{told['method']} over the {count(told['n_tested'], 'alteration')} tested, of "
        f"{told['n_features']:,}.",
        f"{count(told['n_patients'], 'patient')} were analysed, for each alteration those tested "
        "for it.",
    ]
    if told["not_tested"]:
        sentences.append(
            f"Not modelled because altered in fewer than {told['min_altered']} of the patients "
            f"tested, or in all: {len(told['not_tested'])}."
        )
    if failed:
        sentences.append(f"Without an estimate: {failed}.")
    if told["n_left_out"]:
        sentences.append(f"Lacking the outcome or a covariate: {told['n_left_out']:,}.")
    if firth:
        sentences.append(f"Firth's correction where an effect would be infinite: {firth}.")
    return " ".join(sentences)
