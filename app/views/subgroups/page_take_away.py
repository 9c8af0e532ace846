"""What a reader takes away from the search for subgroups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import plotly.graph_objects as go

from app.analysis.subgroups import SubgroupError
from app.shell.memory import ask, remembered
from app.shell.show import take_away
from app.views.subgroups.analysis import SubgroupMap, under_names
from app.views.subgroups.answer import subgroups_answer
from app.views.subgroups.page_details import laid_beside, stability_of
from app.views.subgroups.page_search import Search
from app.views.survival.curves.analysis import GroupSurvival


def draw_subgroups_take_away(
    shown: SubgroupMap,
    search: Search,
    names: Mapping[str, str],
    figure: go.Figure,
    survival: GroupSurvival | None,
) -> None:
    """The map as it is drawn, the tables, the methods and the script of a search.

    Parameters
    ----------
    shown
        The subgroups on the map, under the user's names.
    names
        The user's names by the names of the search.
    survival
        The curves beside it; None where there are none.
    """
    request, settings = search.request, shown.result.settings
    stability = stability_of(search)
    found = under_names(shown, request.kinds, names, stability, request.resamples, survival)
    asked = {
        "kinds": request.kinds,
        "quality": settings.quality,
        "seed": settings.seed,
        "min_frequency": settings.min_frequency,
        "evidence": shown.result.evidence is not None,
        "resamples": 0 if stability is None else request.resamples,
        "names": dict(found.renamed) or None,
    }
    beside = laid_beside(request.looking)
    try:
        answer = subgroups_answer(request.looking.cohort, found, **beside)
    except SubgroupError:  # nobody is in a group and in a class
        beside = {}
        answer = subgroups_answer(request.looking.cohort, found)
    if survival is not None:
        curves = [curve.name for curve in survival.curves]
        if set(curves) <= set(shown.grouping.names):
            asked |= {"endpoint_key": survival.endpoint.key, "curves": curves}
        else:
            without = f"{answer.title}, without the curves of a selection on the map"
            others = {name: draw for name, draw in answer.figures.items() if name != "Survival"}
            answer = replace(answer, title=without, figures=others)
    question = replace(ask(request.looking, "subgroups.search", asked), shown=beside)
    # A step of the story asks the same: the worker has answered already.
    remembered(question, lambda: found)
    take_away(replace(answer, figures={**answer.figures, "Figure": lambda: figure}), question)
