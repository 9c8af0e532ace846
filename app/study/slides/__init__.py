"""Slides with native, editable charts, and handouts: of a story, or of one answer."""

from app.study.slides._deck import SlidesError, check_template
from app.study.slides._handout import to_docx
from app.study.slides._make import to_pptx
