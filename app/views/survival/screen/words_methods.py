"""Methods of a screen of alterations, from its result."""

from __future__ import annotations

from app.cohort.filters import Selection
from app.study.accounting import Accounting
from app.study.methods import endpoint_sentence, view_methods
from app.study.wording import listing
from app.views.survival.cox.words_methods import screen_methods
from app.views.survival.screen.analysis import CohortScreen
from data_loaders.model import FEATURE_KINDS


def cohort_screen_methods(screen: CohortScreen, selection: Selection) -> str:
    """What was screened in whom, with which models and which adjustment for their number.

    Parameters
    ----------
    screen
        The screen.
    selection
        The patients it was made of.
    """
    who = Accounting(screen.selected, screen.analysed, screen.left_out).methods()
    endpoint = endpoint_sentence(screen.endpoint, screen.events, screen.analysed, screen.limit)
    if screen.endpoint.entry is not None:
        endpoint += f" Patients were at risk from their entry on (column {screen.endpoint.entry})."
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
    models = " ".join([models, *screen.contained])
    return view_methods(selection, screen.analysed, [f"{who} {endpoint}", models])
