"""The choice among the views of a page."""

from __future__ import annotations

from collections.abc import Callable

from app.shell.controls.choice import choice
from app.shell.links import VIEW
from app.study.analyses import views_of

# Parameter of the link that names a page's view.
CONTROLS = {"genomics": "genomics", "compare": "compare", "patient": "patients"}


def control_of(page: str) -> str:
    """Key of the control that chooses a page's view, as links name it."""
    return CONTROLS.get(page, VIEW)


def draw_view_choice(page: str) -> Callable[..., None]:
    """Draw the control; returns what draws the view, the first where a link names none of them."""
    views = views_of(page)
    return views[choice("View", views, control_of(page), quiet=True, wrap=True)]
