"""A story as a handout: A4, its steps as pictures with captions, to print or to go on with."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from app.study.analyses import answer_to
from app.study.answer import Answer
from app.study.figures.theme import SYNTHETIC_MARK
from app.study.files.browser import ExportError
from app.study.files.workbook import xml_text
from app.study.question import Question
from app.study.slides._deck import SlidesError
from app.study.slides._figures import picture_of
from app.study.slides._pages import Page, page_of_step
from app.study.story import Story, answered
from data_loaders import Cohort

_WIDTH, _HEIGHT, _MARGIN = 21.0, 29.7, 1.5
_FEW = 8
_TALLEST = 4.7
_PIXELS = 640


def to_docx(
    story: Story,
    *,
    cohorts: Mapping[str, Cohort] | None = None,
    answer: Callable[[Question, Cohort], Answer] = answer_to,
) -> bytes:
    """A handout (Word, A4): two pictures beside each other, three where a story has many steps.

    Up to eight steps fill one page. Where no browser can draw on this machine, the words of each
    step stand in the place of its picture.

    Parameters
    ----------
    cohorts, answer
        As :func:`app.study.slides.to_pptx` takes them.

    Raises
    ------
    SlidesError
        If the story is empty.
    """
    told = answered(story, cohorts, answer)
    if not told:
        raise SlidesError("There is nothing to make a handout of yet.")
    pages = [page_of_step(one, "") for one in told]
    words = [() if one.answer is None else tuple(one.answer.sentences[:3]) for one in told]
    file = Document()
    section = file.sections[0]
    section.page_width, section.page_height = Cm(_WIDTH), Cm(_HEIGHT)
    section.left_margin = section.right_margin = Cm(_MARGIN)
    section.top_margin = section.bottom_margin = Cm(_MARGIN)
    file.styles["Normal"].font.name, file.styles["Normal"].font.size = "Calibri", Pt(9)
    file.styles["Normal"].paragraph_format.space_after = Pt(2)
    _write(file.add_paragraph(), story.title, size=16, bold=True)
    across = 2 if len(pages) <= _FEW else 3
    table = file.add_table(rows=-(-len(pages) // across), cols=across)
    width = (_WIDTH - 2 * _MARGIN) / across
    for position, (page, said) in enumerate(zip(pages, words, strict=True)):
        cell = table.cell(position // across, position % across)
        cell.width = Cm(width)
        _step(cell, position + 1, page, said, width - 0.4)
    sources = dict.fromkeys(page.footer for page in pages if page.figure is not None)
    foot = section.footer.paragraphs[0]
    if any(page.synthetic for page in pages):
        run = foot.add_run(f"{SYNTHETIC_MARK}  ")
        run.bold, run.font.size, run.font.color.rgb = True, Pt(8), RGBColor(0xD9, 0x54, 0x1E)
    _write(foot, "; ".join([*sources, "for research, not medical advice"]), size=8)
    foot.alignment = WD_ALIGN_PARAGRAPH.LEFT
    held = io.BytesIO()
    file.save(held)
    return held.getvalue()


def _step(cell: Any, number: int, page: Page, said: Sequence[str], width: float) -> None:
    """Caption, picture and of whom, in one cell."""
    _write(cell.paragraphs[0], f"{number}  {page.title}", size=10, bold=True)
    if page.figure is None:
        _write(cell.add_paragraph(), f"Not shown: {page.missing}")
        return
    try:
        content = picture_of(page.figure, _PIXELS)
    except ExportError:
        for sentence in said:
            _write(cell.add_paragraph(), sentence.replace("**", ""))
    else:
        picture = cell.add_paragraph().add_run().add_picture(io.BytesIO(content), width=Cm(width))
        if picture.height > Cm(_TALLEST):
            picture.width = int(picture.width * Cm(_TALLEST) / picture.height)
            picture.height = Cm(_TALLEST)
        picture._inline.find(qn("wp:docPr")).set("descr", xml_text(page.alt))  # noqa: SLF001
    _write(cell.add_paragraph(), page.subtitle.rpartition("\n")[2], size=8)


def _write(paragraph: Any, text: str, *, size: float = 9, bold: bool = False) -> None:
    run = paragraph.add_run(xml_text(text))
    run.font.size, run.bold = Pt(size), bold
