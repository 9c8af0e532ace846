"""A figure whose texts of the data are text, never markup."""

from __future__ import annotations

import plotly.graph_objects as go

from app.cohort.escaping import Escapes


def escaped(figure: go.Figure, escapes: Escapes) -> go.Figure:
    """The figure with the strings of the data escaped, itself where it holds none of them."""
    # What plotly's own to_dict copies; nothing here is written to.
    plain = {"data": list(figure._data), "layout": figure._layout}  # noqa: SLF001
    changed = escapes.figure(plain)
    return figure if changed is plain else go.Figure(changed, skip_invalid=True)
