"""A story as one page that presents itself: no server, no other host, no patient."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

from app.cohort.escaping import Escapes
from app.study.answer import Answer
from app.study.figures.theme import GRID, INK, PAPER, SYNTHETIC_MARK, plain_template
from app.study.files.browser import ExportError, draw
from app.study.files.figures import FigureFormat, export_available
from app.study.story._kept import KEPT
from app.study.story._stage import HEIGHT, WIDTH, staged
from app.study.story._story import Step, caption_from
from app.study.wording import count
from data_loaders import Cohort

_CANVAS = (960, 540)
_SHARPNESS = 2.5
_COLOURS: Mapping[str, Mapping[str, str]] = {
    "light": {INK: "#172235", PAPER: "#ffffff", GRID: "#dbe2eb"},
    "dark": {INK: "#e6ecf4", PAPER: "#10161f", GRID: "#2c3848"},
}
_NO_PICTURE = (
    "This figure has a mark for every patient, so only a picture of it is taken on the stage, and "
    "the server has no browser to draw one."
)
# Whatever a bundle may name, nothing is fetched; its own app is asked whether it is there.
_POLICY = (
    "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; base-uri 'none'; "
    "form-action 'none'"
)


@dataclass(frozen=True)
class Scene:
    """A step as it is presented.

    Attributes
    ----------
    caption, note, address
        Those of the step; the note goes on with where the answer is not to be trusted.
    patients, synthetic
        How many patients, in words, and whether they are simulated.
    stage
        The figure, see :func:`staged`; None where only a picture of it may be shown.
    pictures
        ``light`` and ``dark``, each a data URI, as far as they could be drawn.
    refused
        Why there is neither; empty where there is one.
    left_out
        Which rows of the figure are not shown, in words.
    """

    caption: str
    note: str = ""
    address: str = ""
    patients: str = ""
    synthetic: bool = False
    alt: str = ""
    stage: Mapping[str, Any] | None = None
    pictures: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    left_out: str = ""


def scene_of(
    step: Step,
    answer: Answer,
    cohort: Cohort | None,
    *,
    other: Cohort | None = None,
    pictures: bool = True,
) -> Scene:
    """A step with its answer, ready to be shown.

    Parameters
    ----------
    cohort, other
        What the step is told of; None where that is no cohort, and no second one.
    pictures
        Whether to draw pictures of figures that do without; seconds for the first, then less
        than one each.

    Raises
    ------
    ValueError
        If the answer has no figure of the step's name.
    """
    name = step.figure or next(iter(answer.figures))
    if name not in answer.figures:
        raise ValueError(f"The answer has no figure “{name}” any more.")
    figure = json.loads(answer.figures[name]().to_json())
    cohorts = [held for held in (cohort, other) if held is not None]
    texts = frozenset[str]().union(*(Escapes.of(held).strings for held in cohorts))
    marked = SYNTHETIC_MARK in str(figure["layout"].get("annotations", [])[:1])
    stage = staged(Escapes(texts).figure(figure))
    single = name in answer.of_patients
    # Points of patients as pixels: their places and colours are in no picture of lines.
    drawn = (
        _pictures(stage, ("light", "dark"), "png")
        if single
        else _pictures(stage, ("light",) * pictures, "svg")
    )
    return Scene(
        caption=step.caption or caption_from(answer, step.figure),
        note="\n\n".join([*([step.note] if step.note else []), *answer.cautions]),
        address=step.address,
        patients=_patients(step, answer),
        synthetic=any(held.provenance.synthetic for held in cohorts) or (marked and not cohorts),
        alt=answer.alt.replace("**", ""),
        stage=None if single else stage,
        pictures=drawn,
        refused=_NO_PICTURE if single and not drawn else "",
        left_out=stage["left_out"],
    )


def _patients(step: Step, answer: Answer) -> str:
    number = count(answer.accounting.analysed, "patient")
    kept = step.question.analysis == KEPT
    return f"{number} · picture of {step.question.settings['date']}" if kept else number


def refused_scene(step: Step, why: str) -> Scene:
    """A step that cannot be answered: its caption and the reason."""
    return Scene(step.caption or "This step cannot be shown", step.note, step.address, refused=why)


def player(title: str, scenes: Sequence[Scene], base: str = "") -> str:
    """The page, whole: scenes, plotly's bundle, keys.

    Parameters
    ----------
    base
        The app's address, with a slash at its end: where Escape leads from a file.
    """
    told = {
        "title": title,
        "base": base,
        "width": _CANVAS[0],
        "height": _CANVAS[1],
        "colours": _COLOURS,
        "template": _template(),
        "steps": [_plain(scene) for scene in scenes],
    }
    # Within a script nothing may look like its end.
    data = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")
    places = "".join(
        f'<div class="step" id="step{at}" role="img" aria-label="{html.escape(scene.alt)}"></div>'
        for at, scene in enumerate(scenes)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{html.escape(title)}</title><style>{_part('player.css')}</style></head><body>"
        f'<h1 id="said" aria-live="polite"></h1>{places}'
        f'<footer><span id="n"></span><span id="mark" hidden>SYNTHETIC DATA</span>'
        f'<span id="dots">{"<i></i>" * len(scenes)}</span><span id="place"></span></footer>'
        '<div id="black" hidden></div>'
        f'<script type="application/json" id="story">{data}</script>'
        f"<script>{get_plotlyjs()}</script><script>{_part('player.js')}</script></body></html>"
    )


def _plain(scene: Scene) -> dict[str, Any]:
    stage = scene.stage or {}
    return {
        "caption": scene.caption,
        "note": scene.note,
        "address": scene.address,
        "patients": scene.patients,
        "synthetic": scene.synthetic,
        "refused": scene.refused,
        "pictures": scene.pictures,
        "figure": {"data": stage["data"], "layout": stage["layout"]} if stage else None,
        "groups": stage.get("groups", 0),
        "table": stage.get("table"),
        "left_out": scene.left_out,
    }


def _template() -> dict[str, Any]:
    template = plain_template(INK, GRID)
    lines = {"ticklen": 5, "tickwidth": 1, "gridwidth": 1, "linewidth": 1, "zerolinewidth": 1}
    for axis in ("xaxis", "yaxis"):
        template["layout"][axis] |= lines
    template["layout"]["font"]["size"] = 13
    return template


def _pictures(
    stage: Mapping[str, Any], themes: Sequence[str], kind: FigureFormat
) -> dict[str, str]:
    if not themes or not export_available()[0]:
        return {}
    figure = {"data": stage["data"], "layout": {**stage["layout"], "template": _template()}}
    text = json.dumps(figure)
    found = {}
    for theme in themes:
        own = text
        for holder, colour in _COLOURS[theme].items():
            own = own.replace(holder, colour)
        size = {"format": kind, "width": WIDTH, "height": HEIGHT, "scale": _SHARPNESS}
        try:
            picture = draw(json.loads(own), size)
        except ExportError:
            return {}
        mime = "image/svg+xml" if kind == "svg" else "image/png"
        found[theme] = f"data:{mime};base64,{base64.b64encode(picture).decode()}"
    return found


@cache
def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
