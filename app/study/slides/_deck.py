"""The deck: the house's own look, or a template with its placeholders."""

from __future__ import annotations

import io
import zipfile
from copy import deepcopy
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import PP_PLACEHOLDER as KIND
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from app.study.figures.theme import SYNTHETIC_MARK
from app.study.files.tables import xml_text
from app.study.slides._charts import INK, Box
from app.study.slides._figures import add_text

_TITLES = (KIND.TITLE, KIND.CENTER_TITLE)
_TEXTS = (KIND.BODY, KIND.OBJECT, KIND.SUBTITLE)
_ORANGE = RGBColor(0xD9, 0x54, 0x1E)
_WIDTH, _HEIGHT = 13.333, 7.5
_SUBTITLE, _FOOTER = 0.72, 0.32
# A template is a few megabytes of pictures; what unpacks to more is not one.
_LARGEST = 200 * 2**20
_PART_OF_TEMPLATE = b"presentationml.template.main+xml"
_PART_OF_DECK = b"presentationml.presentation.main+xml"


class SlidesError(ValueError):
    """Slides that cannot be made; the message is one sentence for the user."""


class Deck:
    """Slides under way.

    Parameters
    ----------
    template
        A hospital's own ``.pptx`` or ``.potx``, or its content; None for the house's look.

    Raises
    ------
    SlidesError
        If the template cannot be used.
    """

    def __init__(self, template: bytes | str | Path | None = None) -> None:
        self.file = _house() if template is None else _opened(template)
        self.own = template is None
        layouts = list(self.file.slide_layouts)
        self.text = next(
            (layout for layout in layouts if _has(layout, _TITLES) and _has(layout, _TEXTS[:2])),
            next((layout for layout in layouts if _has(layout, _TITLES)), layouts[0]),
        )
        self.first = next(
            (layout for layout in layouts if _has(layout, (KIND.CENTER_TITLE,))), self.text
        )

    def add(self, title: str, subtitle: str, footer: str, *, synthetic: bool) -> tuple[Any, Box]:
        """Add a slide; returns it and the place for what it shows."""
        slide = self.file.slides.add_slide(self.text)
        self._titled(slide, title)
        region = self._region(slide)
        head = Box(region.left, region.top, region.width, _SUBTITLE)
        body = _placeholder(slide, _TEXTS)
        if body is None:
            add_text(slide, subtitle, head, size=16)
        else:
            _move(body, head)
            longest = max(map(len, subtitle.split("\n")))
            _plain_text(body, subtitle, 16 if longest <= 125 else 13)
        for other in list(slide.placeholders):
            used = body is not None and other.element is body.element
            if other.placeholder_format.type not in _TITLES and not used:
                other.element.getparent().remove(other.element)
        self._footed(slide, footer, synthetic=synthetic)
        return slide, Box(
            region.left, region.top + _SUBTITLE, region.width, region.height - _SUBTITLE
        )

    def add_opening(self, title: str, lines: str, footer: str, *, synthetic: bool) -> Any:
        """Add the slide that a talk opens with."""
        slide = self.file.slides.add_slide(self.first)
        self._titled(slide, title)
        body = _placeholder(slide, _TEXTS)
        if body is not None:
            _plain_text(body, lines, 20 if self.own else None)
            if self.own:
                for paragraph in body.text_frame.paragraphs:
                    paragraph.alignment = PP_ALIGN.LEFT
                    paragraph.runs[0].font.color.rgb = INK
        self._footed(slide, footer, synthetic=synthetic)
        return slide

    def content(self) -> bytes:
        """The file."""
        held = io.BytesIO()
        self.file.save(held)
        return held.getvalue()

    def _titled(self, slide: Any, title: str) -> None:
        shape = slide.shapes.title
        if shape is None:
            place = Box(0.6, 0.3, self._size()[0] - 1.2, 0.8)
            add_text(slide, title, place, size=28)
            return
        frame = shape.text_frame
        frame.text = xml_text(title)
        if slide.slide_layout == self.first:
            return
        size = 28 if len(title) <= 75 else 24 if len(title) <= 120 else 20
        if self.own or size < 28:
            for run in frame.paragraphs[0].runs:
                run.font.size = Pt(size)

    def _size(self) -> tuple[float, float]:
        """Width and height of a slide, in inches."""
        return Emu(self.file.slide_width).inches, Emu(self.file.slide_height).inches

    def _region(self, slide: Any) -> Box:
        """Where the layout has its text, else all between title and footer."""
        width, height = self._size()
        body, title = _placeholder(slide, _TEXTS), slide.shapes.title
        if body is not None and body.width and body.height:
            place = _box(body)
        else:
            top = _box(title).bottom if title is not None and title.height else 1.2
            place = Box(0.05 * width, top + 0.05, 0.9 * width, height - top - 0.6)
        if place.width < 0.5 * width or place.height < 0.4 * height:
            raise SlidesError(
                "The template leaves no room for a figure: in its layout with a title and a text, "
                "the text needs at least half the slide's width and 40% of its height."
            )
        return place

    def _footed(self, slide: Any, footer: str, *, synthetic: bool) -> None:
        """Source, version and date in the layout's own footer, or below where it has none."""
        for kind in (KIND.FOOTER, KIND.SLIDE_NUMBER):
            held = _placeholder(slide.slide_layout, (kind,))
            if held is not None:
                own = deepcopy(held._element)  # noqa: SLF001  (the library copies no footers)
                taken = [int(one) for one in slide.shapes._spTree.xpath(".//p:cNvPr/@id")]  # noqa: SLF001
                own.xpath(".//p:cNvPr")[0].set("id", str(max(taken) + 1))
                slide.shapes._spTree.append(own)  # noqa: SLF001
        shape = _placeholder(slide, (KIND.FOOTER,))
        if shape is None:
            width, height = self._size()
            place = Box(0.05 * width, height - _FOOTER - 0.02, 0.9 * width, _FOOTER)
            shape = add_text(slide, "", place, size=11)
        paragraph = shape.text_frame.paragraphs[0]
        for run in list(paragraph.runs):
            run._r.getparent().remove(run._r)  # noqa: SLF001
        if synthetic:
            mark = paragraph.add_run()
            mark.text = f"{SYNTHETIC_MARK}  "
            mark.font.bold, mark.font.size, mark.font.color.rgb = True, Pt(11), _ORANGE
        run = paragraph.add_run()
        run.text, run.font.size = xml_text(footer), Pt(11)


def check_template(content: bytes) -> str:
    """Why a template cannot be used, in a sentence; nothing where it can."""
    try:
        deck = Deck(content)
        deck.add("", "", "", synthetic=False)
    except SlidesError as error:
        return str(error)
    return ""


def _box(shape: Any) -> Box:
    return Box(*(Emu(held).inches for held in (shape.left, shape.top, shape.width, shape.height)))


def _move(shape: Any, place: Box) -> None:
    shape.left, shape.top, shape.width, shape.height = place.emu()


def _placeholder(slide: Any, kinds: tuple[Any, ...]) -> Any:
    return next(
        (held for held in slide.placeholders if held.placeholder_format.type in kinds), None
    )


def _has(layout: Any, kinds: tuple[Any, ...]) -> bool:
    return _placeholder(layout, kinds) is not None


def _plain_text(shape: Any, text: str, size: int | None) -> None:
    """Lines without bullets."""
    frame = shape.text_frame
    frame.text = xml_text(text)
    frame.vertical_anchor = MSO_ANCHOR.TOP
    for paragraph in frame.paragraphs:
        told = paragraph._p.get_or_add_pPr()  # noqa: SLF001
        told.set("marL", "0")
        told.set("indent", "0")
        told.insert(0, told.makeelement(qn("a:buNone"), {}))
        for run in paragraph.runs:
            if size is not None:
                run.font.size = Pt(size)


def _opened(template: bytes | str | Path) -> Any:
    """A template without its slides.

    Raises
    ------
    SlidesError
        If it is no PowerPoint file, or has nothing to make slides of.
    """
    if isinstance(template, str | Path) and not Path(template).is_file():
        raise SlidesError(f"The template {Path(template).name} cannot be found.")
    content = template if isinstance(template, bytes) else Path(template).read_bytes()
    try:
        file = Presentation(io.BytesIO(_as_deck(content)))
    except SlidesError:
        raise
    except Exception as error:  # a broken archive fails in many ways, all alike to the user
        raise SlidesError(
            "The template cannot be read as a PowerPoint file: choose a .pptx or .potx that opens "
            "in PowerPoint."
        ) from error
    if not len(file.slide_layouts):
        raise SlidesError("The template has no layouts: save it from PowerPoint once more.")
    listed = file.slides._sldIdLst  # noqa: SLF001  (the library has no word for taking slides out)
    for entry in list(listed):
        file.part.drop_rel(entry.rId)
        listed.remove(entry)
    for name in ("p14:sectionLst", "custShowLst"):
        for held in list(file.element.iter("{*}" + name.rpartition(":")[2])):
            held.getparent().remove(held)
    return file


def _as_deck(content: bytes) -> bytes:
    """The archive as that of a presentation: a ``.potx`` says of itself that it is a template."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > _LARGEST:
            raise SlidesError("The template is larger than 200 MB unpacked: take a smaller one.")
        kinds = archive.read("[Content_Types].xml")
        if _PART_OF_TEMPLATE not in kinds:
            return content
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as changed:
            for part in archive.infolist():
                inner = archive.read(part)
                if part.filename == "[Content_Types].xml":
                    inner = inner.replace(_PART_OF_TEMPLATE, _PART_OF_DECK)
                changed.writestr(part.filename, inner)
    return held.getvalue()


def _house() -> Any:
    """The house's look: the library's plain template made wide, dark text on white."""
    file = Presentation()
    file.slide_width, file.slide_height = Inches(_WIDTH), Inches(_HEIGHT)
    master = file.slide_master
    for holder in (master, *file.slide_layouts):
        wide = Inches(_WIDTH) / Inches(10)
        for shape in holder.placeholders:
            kind = shape.placeholder_format.type
            if kind == KIND.FOOTER:
                _move(shape, Box(0.6, 7.05, 11.3, _FOOTER))
                shape.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
            elif kind == KIND.SLIDE_NUMBER:
                _move(shape, Box(12.0, 7.05, 0.8, _FOOTER))
            elif kind == KIND.DATE:
                shape.element.getparent().remove(shape.element)
            elif kind == KIND.TITLE and (holder is master or _has(holder, (KIND.OBJECT,))):
                _move(shape, Box(0.6, 0.3, 12.1, 0.95))
            elif kind in (KIND.BODY, KIND.OBJECT) and (
                holder is master or holder.name == "Title and Content"
            ):
                _move(shape, Box(0.6, 1.3, 12.1, 5.65))
            elif kind == KIND.CENTER_TITLE:
                _move(shape, Box(0.9, 2.0, 11.5, 1.5))
            elif kind == KIND.SUBTITLE:
                _move(shape, Box(0.9, 3.6, 11.5, 1.8))
            else:
                shape.left, shape.width = int(shape.left * wide), int(shape.width * wide)
    title = master.element.find(f".//{qn('p:titleStyle')}/{qn('a:lvl1pPr')}")
    title.set("algn", "l")
    told = title.find(qn("a:defRPr"))
    told.set("sz", "2800")
    told.set("b", "1")
    return file
