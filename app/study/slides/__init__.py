"""Slides with native, editable charts: of a story, or of one answer."""

from app.study.slides._deck import SlidesError
from app.study.slides._make import to_pptx

__all__ = ["SlidesError", "to_pptx"]
