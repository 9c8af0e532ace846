"""What is said when a server has no room: a sentence, never a wait without end.

A process takes so many sessions, and none beyond so much memory or while pages wait for their turn;
who is there goes on working. A person sends so much an hour.
"""

from __future__ import annotations

import re
import time
from collections import deque
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit import runtime

from app.shell.accounts.door import PAGE, own_path, visitor_of
from app.shell.work.bounds import count_sent, memory_mib, sent_too_much
from app.shell.work.turns import overloaded
from data_loaders.limits import limit
from data_loaders.settings import MAX_MEMORY_MIB, MAX_SESSIONS

_STREAM = "/_stcore/stream"
_UPLOAD = re.compile(r"/_stcore/upload_file/(?P<session>[^/]+)/[^/]+")
_TRY_AGAIN_S = 20
# A browser that was given the document opens its connection well within this.
_ARRIVAL_S = 15
_TOO_MANY_LATER = 1013
_PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>CALR Explorer: no room just now</title>
<meta http-equiv="refresh" content="{_TRY_AGAIN_S}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark }}
body {{ font: 18px/1.5 system-ui, sans-serif; max-width: 32em; margin: 20vh auto; padding: 0 1em }}
</style></head>
<body><h1>No room just now</h1>
<p>The server is starting, or has as many visitors as it can serve well. This page tries again
every {_TRY_AGAIN_S} seconds; pages that are open already go on working.</p></body></html>
"""


def busy_page(*, response: bool = False) -> bytes:
    """The page that says so; with ``response`` as a whole HTTP response, for a proxy to send."""
    body = _PAGE.encode()
    if not response:
        return body
    head = (
        f"HTTP/1.1 503 {HTTPStatus.SERVICE_UNAVAILABLE.phrase}\r\n"
        "content-type: text/html; charset=utf-8\r\ncache-control: no-store\r\n"
        f"retry-after: {_TRY_AGAIN_S}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Room:
    """Lets in as many sessions as a process takes, and says so to the others."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._most, self._most_mib = limit(MAX_SESSIONS), limit(MAX_MEMORY_MIB)
        self._open = 0
        self._coming: deque[float] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse a new visitor's."""
        if scope["type"] == "websocket" and scope["path"].endswith(_STREAM):
            await self._connect(scope, receive, send)
        elif scope["type"] == "http" and _opens_a_page(Request(scope)):
            if self._full():
                headers = {"retry-after": str(_TRY_AGAIN_S), "cache-control": "no-store"}
                await HTMLResponse(busy_page(), 503, headers)(scope, receive, send)
                return
            self._coming.append(time.monotonic())
            await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._coming:
            # Whoever opened a page has had its place since then.
            self._coming.popleft()
        elif self._full() and not _comes_back(scope):
            await WebSocketClose(_TOO_MANY_LATER)(scope, receive, send)
            return
        self._open += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._open -= 1

    def _full(self) -> bool:
        while self._coming and self._coming[0] < time.monotonic() - _ARRIVAL_S:
            self._coming.popleft()
        there = self._open + len(self._coming)
        return there >= self._most or memory_mib() > self._most_mib or overloaded()


class Uploads:
    """Counts what is sent, and takes nothing more from who has sent their share; behind the door.

    Who was not over it before may send one file more, and reads the sentence on the page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        sends = scope["type"] == "http" and scope["method"] == "PUT"
        found = _UPLOAD.fullmatch(own_path(scope["path"])) if sends else None
        if found is None:
            await self.app(scope, receive, send)
            return
        who = visitor_of(scope)
        name = found["session"] if who is None else who.subject
        refusal = sent_too_much(name)
        if refusal:
            await PlainTextResponse(refusal, HTTPStatus.TOO_MANY_REQUESTS)(scope, receive, send)
            return

        async def counted() -> Message:
            message = await receive()
            count_sent(name, len(message.get("body", b"")))
            return message

        await self.app(scope, counted, send)


def _comes_back(scope: Scope) -> bool:
    """Whether a page connects again, whose session is still held: it names that third."""
    named = scope.get("subprotocols", ())
    if len(named) < 3 or not runtime.exists():
        return False
    held = runtime.get_instance()._session_mgr  # noqa: SLF001  (it tells of those connected only)
    return held.get_session_info(named[2]) is not None


def _opens_a_page(request: Request) -> bool:
    """Whether a browser asks for a page to show, rather than for a file or an answer."""
    asks = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    return asks and PAGE.fullmatch(own_path(request.url.path)) is not None
