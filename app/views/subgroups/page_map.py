"""The map on the page: its controls, its figure, and selections that survive recolouring."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from app.analysis.subgroups import UNCERTAIN_BELOW
from app.cohort.escaping import markdown_escaped
from app.cohort.groupings import (
    MAX_NAME,
    Grouping,
    GroupingError,
    GroupingSpec,
    selection_against_rest,
)
from app.shell.controls.choice import pick, toggle
from app.shell.escaping import escaped_figure
from app.shell.layout import bullets, draw_downloads, fit_to_width
from app.shell.links import BURDEN, COLOUR, CONFIDENCE, SUBGROUP, colour_labels
from app.shell.saved_groups import save_groups, saved_groups
from app.shell.session import Looking
from app.study.figures.theme import framed, plotly_config
from app.study.files.tables import file_stem
from app.study.wording import count, mid_sentence
from app.views.subgroups.analysis import SubgroupMap, enclosed, subgroup_features
from app.views.subgroups.answer import map_alt, map_numbers, map_title
from app.views.subgroups.figures import Drag, MapLook, map_by_group, map_by_number
from app.views.subgroups.profile import carried, carried_in_words
from data_loaders import Cohort
from data_loaders.arrays import Floats, Positions

MAP = "map"
SELECTED = "Selected on the map"
_CHOSEN = "_chosen_on_map"
_DRAWING = "_map_drawing"
_REFUSAL = "_selection_refusal"
# The window for the two figures: the sidebar and the page's head give way until it is turned off.
_WIDE = """<style>
@media (min-width: 641px) {
  [data-testid=stSidebar], [data-testid=stExpandSidebarButton] {display: none;}
  .stMainBlockContainer {max-width: none !important; padding: 3.75rem 2rem 1rem !important;}
  .stMain [data-testid=stElementContainer]:has(h1)
    {position: fixed; top: 0.7rem; left: 2rem; z-index: 999991;}
  .stMain h1 {font-size: 1.2rem; padding: 0;}
  .stMain [data-testid=stElementContainer]:has(h1) + [data-testid=stElementContainer]
    {display: none;}
}
</style>"""
_DRAGS: dict[str, Drag] = {"Move": "pan", "Lasso": "lasso", "Box": "select"}


@dataclass(frozen=True)
class MapChoice:
    """How the map was asked to look."""

    colour: str
    drag: Drag
    contours: bool
    found: int | None


@dataclass(frozen=True, eq=False)
class _Chosen:
    """Patients selected on the map, by position in the cohort."""

    fingerprint: str
    positions: Positions


def draw_map_controls(looking: Looking) -> MapChoice:
    """What colours the map, what dragging does, and more in a popover."""
    cohort = looking.cohort
    labels = colour_labels(cohort)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    colour = pick("Colour the map by", labels, COLOUR, labels=labels, place=row)
    drag = row.segmented_control(
        "Dragging",
        list(_DRAGS),
        default="Move",
        required=True,
        key="drag",
        help="Lasso or Box selects patients, who can then be named and compared.",
    )
    wide = toggle(
        "Full width",
        "map_wide",
        place=row,
        help="The map and its survival over the whole window, without the sidebar.",
    )
    if wide:
        st.html(_WIDE)
    with row.popover("More", key="map_more"):
        contours = toggle("Lines of equal density", "contours")
        wanted = st.text_input(
            "Find a patient",
            key="find_patient",
            placeholder="identifier",
            help="Points at one patient on the map; it is not written into the link.",
        )
        found = _position(looking, wanted)
        if wanted and found is None:
            st.caption("No selected patient bears this identifier.")
    return MapChoice(
        colour=colour,
        drag=_DRAGS.get(drag or "", "pan"),
        contours=contours,
        found=found,
    )


def draw_map(looking: Looking, found: SubgroupMap, choice: MapChoice) -> go.Figure:
    """The map with its downloads, which is returned; what is selected on it is kept."""
    stem = file_stem(looking.cohort.name, "subgroups", synthetic=looking.synthetic)
    figure = map_figure(looking, found, choice)
    st.plotly_chart(
        escaped_figure(figure),
        key=MAP,
        config=plotly_config(stem),
        alt=map_alt(found, _title(looking, found, choice.colour)),
        on_select=partial(_keep_selection, looking, found),
        selection_mode=("box", "lasso"),
    )
    fit_to_width(figure, MAP)
    with st.container(key="map_notes"):
        uncertain = int(found.uncertain.sum())
        if uncertain:
            st.caption(
                f"{count(uncertain, 'patient')} of {len(found.positions):,} "
                f"{'is' if uncertain == 1 else 'are'} uncertain (confidence below "
                f"{UNCERTAIN_BELOW}) and drawn as rings. Patients with the same alterations are "
                "spread around one place; only what lies close together means something."
            )
        draw_downloads(figure, partial(map_numbers, found), key=MAP, stem=stem)
    return figure


def draw_selection(looking: Looking) -> Grouping | None:
    """Who is selected on the map, to be named or cleared; the selection against the rest."""
    positions = chosen_positions(looking)
    if positions is None:
        return None
    with st.container(border=True, key="selection"):
        st.markdown(
            f"**{count(len(positions), 'patient')} selected** of {looking.selection.n:,} on the map"
        )
        _draw_carried(looking, positions)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                "Name of the selection",
                key="selection_name",
                max_chars=MAX_NAME,
                placeholder="Name of the selection",
                label_visibility="collapsed",
                width=240,
            )
            st.button(
                "Save as groups", key="save_selection", type="primary",
                on_click=_save_selection, args=(looking, positions),
            )  # fmt: skip
            st.button("Clear", key="clear_selection", on_click=_clear)
        refusal = st.session_state.pop(_REFUSAL, None)
        if refusal:
            st.error(refusal)
    return selection_against_rest(
        positions, looking.selection.mask, "Selected", label=mid_sentence(SELECTED)
    )


def _draw_carried(looking: Looking, positions: Positions) -> None:
    cohort = looking.cohort
    inside = np.zeros(cohort.n, dtype=bool)
    inside[positions] = True
    others = looking.selection.mask & ~inside
    told = carried_in_words(carried(cohort, subgroup_features(cohort), inside, others))
    if told:
        st.caption("What they carry more often than the others on the map:")
        bullets([markdown_escaped(part) for part in told])
    else:
        st.caption("There is no alteration that they carry more often than the others on the map.")


def chosen_positions(looking: Looking) -> Positions | None:
    """Positions in the cohort of the selected patients who are still on the map, or None."""
    chosen: _Chosen | None = st.session_state.get(_CHOSEN)
    if chosen is None or chosen.fingerprint != looking.cohort.fingerprint:
        return None
    here = chosen.positions[looking.selection.mask[chosen.positions]]
    return here if len(here) else None


def map_figure(looking: Looking, found: SubgroupMap, choice: MapChoice) -> go.Figure:
    """The map in the colours asked for."""
    cohort = looking.cohort
    title = _title(looking, found, choice.colour)
    chosen = chosen_positions(looking)
    look = MapLook(
        uncertain=found.uncertain,
        chosen=None if chosen is None else np.searchsorted(found.positions, chosen),
        found=choice.found,
        contours=choice.contours,
        drag=choice.drag,
        drawing=st.session_state.get(_DRAWING, 0),
    )
    grouping = _grouping(cohort, found, choice.colour)
    if grouping is not None:
        return framed(
            map_by_group(
                found.points,
                grouping.codes[found.positions],
                grouping,
                found.hover,
                labels=choice.colour == SUBGROUP,
                look=look,
            ),
            title,
            synthetic=looking.synthetic,
        )
    return framed(
        map_by_number(
            found.points,
            _values(cohort, found, choice.colour),
            found.hover,
            label=colour_labels(cohort)[choice.colour],
            look=look,
        ),
        title,
        synthetic=looking.synthetic,
    )


def _grouping(cohort: Cohort, found: SubgroupMap, colour: str) -> Grouping | None:
    if colour == SUBGROUP:
        return found.grouping
    if colour in (CONFIDENCE, BURDEN) or colour.startswith("number:"):
        return None
    return GroupingSpec.parse(colour).build(cohort, saved=saved_groups(cohort))


def _values(cohort: Cohort, found: SubgroupMap, colour: str) -> Floats:
    if colour == CONFIDENCE:
        return found.confidence
    if colour == BURDEN:
        columns = cohort.alterations.columns.get_indexer(subgroup_features(cohort))
        states = cohort.states[np.ix_(found.positions, columns)]
        return np.count_nonzero(states == 1, axis=1).astype(float)
    values = cohort.patients[colour.removeprefix("number:")]
    return np.asarray(values.to_numpy(dtype=float, na_value=np.nan)[found.positions])


def _title(looking: Looking, found: SubgroupMap, colour: str) -> str:
    label = mid_sentence(colour_labels(looking.cohort)[colour])
    return map_title(found, label)


def _position(looking: Looking, wanted: str | None) -> int | None:
    """Position on the map of the patient of an identifier."""
    if not wanted:
        return None
    position = int(looking.cohort.patients.index.get_indexer([wanted.strip()])[0])
    if position < 0 or not looking.selection.mask[position]:
        return None
    return int(np.count_nonzero(looking.selection.mask[:position]))


def _keep_selection(looking: Looking, found: SubgroupMap) -> None:
    """Work out who lies in the drawn shapes; the browser's own list of points is not needed.

    A redrawn figure reports an empty selection: only shapes replace what is selected.
    """
    event: Any = st.session_state.get(MAP)
    if event is None:
        return
    shapes = event["selection"]
    boxes, lassos = list(shapes.get("box") or ()), list(shapes.get("lasso") or ())
    if not boxes and not lassos:
        return
    inside = enclosed(found.points, boxes, lassos)
    if inside.any():
        st.session_state[_CHOSEN] = _Chosen(looking.cohort.fingerprint, found.positions[inside])


def _clear() -> None:
    st.session_state.pop(_CHOSEN, None)
    st.session_state[_DRAWING] = st.session_state.get(_DRAWING, 0) + 1


def _save_selection(looking: Looking, positions: Positions) -> None:
    name = str(st.session_state.get("selection_name") or "")
    try:
        grouping = selection_against_rest(
            positions, looking.selection.mask, " ".join(name.split()) or "Selected", label=name
        )
        kept = save_groups(looking.cohort, name, grouping)
    except GroupingError as error:
        st.session_state[_REFUSAL] = str(error)
        return
    st.toast(f"“{kept}” is saved: every page can compare by it.")
