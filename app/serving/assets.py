"""Streamlit's own scripts and styles, compressed once and sent from memory.

Streamlit serves them as they are, for a proxy to compress: 9 MB for a first visit, asked for in
steps, the largest (plotly) last. Here each is compressed when the server starts, and the document
names those of every page at once, so that they are on their way while the page is still being set
up. It also says where the server is: else a browser asks below the page's own address first.
"""

from __future__ import annotations

import gzip
import mimetypes
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util

from app.shell.accounts.door import own_path

_LEVEL = 6  # 9 takes half as long again for 0.3% less
_COMPRESSED = (".js", ".css", ".json", ".svg")
# Their names hold a digest of their content.
_HEADERS = {
    "content-encoding": "gzip",
    "cache-control": "public, immutable, max-age=31536000",
    "vary": "accept-encoding",
}
# What nearly every page shows, and a browser else asks for when it comes to it; the largest first.
_LATE = (
    "PlotlyChart", "DataFrame", "Slider", "Multiselect", "Selectbox", "ButtonGroup", "Checkbox",
    "Html", "DownloadButton", "Button",
)  # fmt: skip
# Run while the browser waits for the server's first word: half the time that a figure takes.
_AT_ONCE = ("PlotlyChart",)
_IMPORTED = re.compile(rb'(?:from|import)"\./([^"/]+\.js)"|(?:from|import)`\./([^`/]+\.js)`')
_HEAD_ENDS, _PAGE = b"</head>", b"./static/js/index."
# "./" is where the server is: the document names its files the same way.
_SERVER = b"<script>window.__streamlit={BACKEND_BASE_URL:new URL('./',location.href).href}</script>"


class Asset(NamedTuple):
    """A file's content, compressed, and what sort it is."""

    content: bytes
    media_type: str


@cache
def assets() -> Mapping[str, Asset]:
    """Streamlit's files by their path below the app's address, compressed when first asked for."""
    folder = Path(file_util.get_static_dir())
    return {
        path.relative_to(folder).as_posix(): Asset(
            gzip.compress(path.read_bytes(), _LEVEL, mtime=0),
            mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        )
        for path in sorted((folder / "static").rglob("*"))
        if path.suffix in _COMPRESSED
    }


@cache
def early() -> bytes:
    """What is added to the head of a document: where the server is, and what will be needed."""
    folder = Path(file_util.get_static_dir()) / "static"
    wanted = [path.name for start in _LATE for path in folder.glob(f"js/{start}.*.js")]
    for name in wanted:
        found = _IMPORTED.findall((folder / "js" / name).read_bytes())
        wanted += dict.fromkeys(
            one for pair in found if (one := b"".join(pair).decode()) not in wanted
        )
    named = (folder.parent / "index.html").read_text("utf-8")
    at_once = {name for name in wanted if name.startswith(_AT_ONCE)}
    links = [
        f'<script type="module" crossorigin src="./static/js/{one}"></script>'
        if one in at_once
        else f'<link rel="modulepreload" crossorigin href="./static/js/{one}">'
        for one in wanted
        if one not in named
    ]
    links += [
        f'<link rel="preload" as="font" type="font/woff2" crossorigin href="./static/media/{one}">'
        for one in (path.name for path in folder.glob("media/MaterialSymbols-Rounded.*.woff2"))
    ]
    return _SERVER + "".join(links).encode()


class Compressed:
    """Answers for Streamlit's files from memory; adds to documents what they will need."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        asset = assets().get(own_path(request.url.path).lstrip("/"))
        if asset is not None and _wants(request):
            response = Response(asset.content, headers=_HEADERS, media_type=asset.media_type)
            await response(scope, receive, send)
            return

        if "text/html" not in request.headers.get("accept", ""):
            await self.app(scope, receive, send)
            return
        # Asked for as it is: what is added to it is added before it is compressed.
        kept = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        body = bytearray()

        async def send_document(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("content-type", "")
                if kind.startswith("text/html"):
                    start = message
                    return
            if not start:
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            headers, content = MutableHeaders(raw=start["headers"]), bytes(body)
            if _PAGE in content and "content-length" in headers:
                content = content.replace(_HEAD_ENDS, early() + _HEAD_ENDS, 1)
                if _wants(request):
                    content = gzip.compress(content, _LEVEL, mtime=0)
                    headers["content-encoding"] = "gzip"
                headers["vary"] = "accept-encoding"
                headers["content-length"] = str(len(content))
            await send(start | {"headers": headers.raw})
            await send({"type": "http.response.body", "body": content})

        await self.app(scope | {"headers": kept}, receive, send_document)


def _wants(request: Request) -> bool:
    """Whether the whole of a file may be sent compressed."""
    accepted = request.headers.get("accept-encoding", "").replace(" ", "").split(",")
    return request.method == "GET" and "range" not in request.headers and "gzip" in accepted
