"""A story as a handout: A4, its steps as pictures with captions, to print or to go on with."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from docx import Document
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from app.cohort.filters import Selection
from app.study.answer import Answer
from app.study.figures.theme import SYNTHETIC_MARK
from app.study.files.browser import ExportError
from app.study.files.tables import xml_text
from app.study.question import Question
from app.study.slides._deck import SlidesError
from app.study.slides._figures import picture_of
from app.study.slides._pages import Page, page_of_step, pages_of_answer
from app.study.story import Story, answered
from data_loaders import Cohort

_WIDTH, _HEIGHT, _MARGIN = 21.0, 29.7, 1.5
_FEW, _ROWS = 8, 3
_TALLEST, _TALLEST_OF_MANY = 4.7, 3.6
_PIXELS = 640
_TALLEST_ALONE, _TALLEST_FIRST, _PIXELS_ALONE = 12.0, 7.0, 900
# Further figures of an answer that its page has room for, and how tall a table may be.
_MOST_OTHERS, _TALLEST_TABLE = 2, 17.0


def to_docx(
    shown: Story | Answer,
    *,
    cohorts: Mapping[str, Cohort] | None = None,
    answer: Callable[[Question, Cohort], Answer] | None = None,
    selection: Selection | None = None,
    methods: str = "",
) -> bytes:
    """A handout (Word, A4): two pictures beside each other, three where a story has many steps.

    Up to eight steps fill one page. An answer becomes one page: its figures, up to three, what it
    says, and its methods. Where no browser can draw on this machine, the words of each step stand
    in the place of its picture.

    Parameters
    ----------
    cohorts, answer, selection, methods
        As :func:`app.study.slides.to_pptx` takes them.

    Raises
    ------
    SlidesError
        If the story is empty, or the answer is about single patients.
    """
    file = _paper()
    if isinstance(shown, Answer):
        pages = pages_of_answer(shown, selection, methods)
        _report(file, shown, pages)
        _foot(file, pages[:1])
    else:
        told = answered(shown, cohorts, answer)
        if not told:
            raise SlidesError("There is nothing to make a handout of yet.")
        pages = [page_of_step(one, "") for one in told]
        said = [() if one.answer is None else tuple(one.answer.sentences[:3]) for one in told]
        _write(file.add_paragraph(), shown.title, size=16, bold=True)
        across = 2 if len(pages) <= _FEW else 3
        table = file.add_table(rows=-(-len(pages) // across), cols=across)
        width = (_WIDTH - 2 * _MARGIN) / across
        for position, (page, words) in enumerate(zip(pages, said, strict=True)):
            cell = table.cell(position // across, position % across)
            cell.width = Cm(width)
            tallest = _TALLEST if len(table.rows) <= _ROWS else _TALLEST_OF_MANY
            _step(cell, position + 1, page, words, width - 0.4, tallest)
        _foot(file, pages)
    held = io.BytesIO()
    file.save(held)
    return held.getvalue()


def _paper() -> Any:
    """An empty document on A4."""
    file = Document()
    section = file.sections[0]
    section.page_width, section.page_height = Cm(_WIDTH), Cm(_HEIGHT)
    section.left_margin = section.right_margin = Cm(_MARGIN)
    section.top_margin = section.bottom_margin = Cm(_MARGIN)
    style = file.styles["Normal"]
    style.font.name, style.font.size = "Calibri", Pt(9)
    style.paragraph_format.space_after = Pt(2)
    return file


def _foot(file: Any, pages: Sequence[Page]) -> None:
    """Sources, version and date on every sheet, SYNTHETIC where it is."""
    sources = dict.fromkeys(page.footer for page in pages if page.figure is not None)
    foot = file.sections[0].footer.paragraphs[0]
    if any(page.synthetic for page in pages):
        run = foot.add_run(f"{SYNTHETIC_MARK}  ")
        run.bold, run.font.size, run.font.color.rgb = True, Pt(8), RGBColor(0xD9, 0x54, 0x1E)
    _write(foot, "; ".join([*sources, "for research, not medical advice"]), size=8)


def _report(file: Any, answer: Answer, pages: Sequence[Page]) -> None:
    """One answer on one page: figures, the first large, then words and methods."""
    page, others = pages[0], pages[1 : 1 + _MOST_OTHERS]
    _write(file.add_paragraph(), page.title, size=16, bold=True)
    _write(file.add_paragraph(), page.subtitle.replace("\n", " · "), size=10)
    tallest = _TALLEST_ALONE if not others else _TALLEST_FIRST
    if page.figure is not None and page.figure.data[0].type == "table":
        tallest = _TALLEST_TABLE
    _picture(file.add_paragraph(), page, _WIDTH - 2 * _MARGIN, tallest, _PIXELS_ALONE)
    if others:
        width = (_WIDTH - 2 * _MARGIN) / 2
        table = file.add_table(rows=-(-len(others) // 2), cols=2)
        for position, other in enumerate(others):
            cell = table.cell(position // 2, position % 2)
            _write(cell.paragraphs[0], other.title, size=9, bold=True)
            _picture(cell.add_paragraph(), other, width - 0.4, _TALLEST, _PIXELS)
    for sentence in (*answer.sentences, *answer.notes, *answer.cautions):
        _write(file.add_paragraph(style="List Bullet"), sentence.replace("**", ""), size=10)
    _write(file.add_paragraph(), page.methods.replace("\n\n", "\n"), size=8)


def _picture(paragraph: Any, page: Page, width: float, tallest: float, pixels: int) -> bool:
    """Put a page's figure into a paragraph; whether this machine could draw it."""
    try:
        content = picture_of(page.figure, pixels)
    except ExportError:
        return False
    picture = paragraph.add_run().add_picture(io.BytesIO(content), width=Cm(width))
    if picture.height > Cm(tallest):
        picture.width = int(picture.width * Cm(tallest) / picture.height)
        picture.height = Cm(tallest)
    picture._inline.find(qn("wp:docPr")).set("descr", xml_text(page.alt))  # noqa: SLF001
    return True


def _step(  # noqa: PLR0917 - what a cell holds, and its size
    cell: Any, number: int, page: Page, said: Sequence[str], width: float, tallest: float
) -> None:
    """Caption, picture and of whom, in one cell."""
    _write(cell.paragraphs[0], f"{number}  {page.title}", size=10, bold=True)
    if page.figure is None:
        _write(cell.add_paragraph(), f"Not shown: {page.missing}")
        return
    if not _picture(cell.add_paragraph(), page, width, tallest, _PIXELS):
        for sentence in said:
            _write(cell.add_paragraph(), sentence.replace("**", ""))
    _write(cell.add_paragraph(), page.subtitle.rpartition("\n")[2], size=8)


def _write(paragraph: Any, text: str, *, size: float = 9, bold: bool = False) -> None:
    run = paragraph.add_run(xml_text(text))
    run.font.size, run.bold = Pt(size), bold
