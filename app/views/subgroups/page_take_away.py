"""What a reader takes away from the search for subgroups."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import plotly.graph_objects as go

from app.shell.take_away import TakeAway, draw_take_away
from app.views.subgroups.analysis import SubgroupMap
from app.views.subgroups.page_details import stability_of
from app.views.subgroups.page_search import Search
from app.views.subgroups.script import subgroups_script
from app.views.subgroups.words_methods import (
    SubgroupsFound,
    subgroups_methods,
    subgroups_sheets,
    subgroups_told,
)
from app.views.survival.curves.analysis import GroupSurvival


def draw_subgroups_take_away(
    shown: SubgroupMap,
    search: Search,
    names: Mapping[str, str],
    figure: go.Figure,
    survival: GroupSurvival | None,
) -> None:
    """The map, the tables, the methods and the script of a search.

    Parameters
    ----------
    shown
        The subgroups on the map, under the user's names.
    names
        The user's names by the names of the search.
    survival
        The curves beside it; None where there are none.
    """
    looking, result = search.request.looking, shown.result
    curves = tuple(curve.name for curve in survival.curves) if survival is not None else ()
    renamed = {old: new for old, new in names.items() if new in result.groups}
    stability = stability_of(search)
    if stability is not None:
        stability = stability.assign(group=stability["group"].replace(renamed))
    found = SubgroupsFound(
        result,
        search.request.kinds,
        renamed,
        stability,
        search.request.resamples,
        survival,
        curves if set(curves) <= set(shown.grouping.names) else (),
    )
    draw_take_away(
        looking,
        TakeAway(
            key="subgroup_search",
            name=("subgroups",),
            figures={"Figure": figure},
            sheets=partial(subgroups_sheets, found),
            methods=subgroups_methods(found, looking.selection),
            told=subgroups_told(found),
            script=partial(subgroups_script, found, looking.cohort, looking.filter),
        ),
    )
