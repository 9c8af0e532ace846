"""Presentations that this server holds: in its memory, under addresses that nobody can guess.

A talk lives as long as the server, and of many the oldest goes; none is listed anywhere.
"""

from __future__ import annotations

import gzip
import secrets
import threading
from collections import OrderedDict

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.shell.accounts import owner
from app.shell.accounts.door import visitor_of
from app.shell.accounts.rules import LOCAL
from app.shell.watch.audit import note

STAGE = "stage"
_MOST = 24
_ADDRESS = "_stage_address"
_held: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
_lock = threading.Lock()


def keep_stage(page: str) -> None:
    """Hold this session's presentation, in place of its last."""
    address = st.session_state.setdefault(_ADDRESS, f"{STAGE}/{secrets.token_urlsafe(24)}")
    packed = gzip.compress(page.encode(), 5)
    with _lock:
        _held[address] = packed, owner()
        _held.move_to_end(address)
        while len(_held) > _MOST:
            _held.popitem(last=False)


def stage_address() -> str | None:
    """Where this session's presentation is, below the app's address; None where it is not held."""
    address: str | None = st.session_state.get(_ADDRESS)
    return address if address in _held else None


async def stage(request: Request) -> Response:
    """The presentation of an address; nothing of it is kept by a browser or a proxy."""
    packed, whose = _held.get(f"{STAGE}/{request.path_params['token']}", (None, ""))
    visitor = visitor_of(request.scope)
    # Another's presentation is answered as one that is not there: which of both would tell of it.
    if packed is None or (visitor is not None and visitor.subject != whose):
        return HTMLResponse(
            "<!doctype html><title>Not here</title><p>This presentation is not held any more: "
            "prepare it again on the Story page.",
            status_code=404,
        )
    note(visitor or LOCAL, "present")
    headers = {"cache-control": "no-store"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return HTMLResponse(packed, headers=headers | {"content-encoding": "gzip"})
    return HTMLResponse(gzip.decompress(packed), headers=headers)
