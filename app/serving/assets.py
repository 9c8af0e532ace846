"""Streamlit's own scripts and styles, compressed once and sent from memory.

Streamlit serves them as they are, for a proxy to compress: 9 MB for a first visit, asked for in
steps, the largest (plotly) last. Here each is compressed once the server has started, and the
document names plotly's parts at once, so that they are on their way while the page is still being
set up. Who comes before a file is compressed gets it as it is.
"""

from __future__ import annotations

import gzip
import mimetypes
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.datastructures import Headers
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
# What every page with a figure needs, and asks for last.
_LATE = ("PlotlyChart",)


class Asset(NamedTuple):
    """A file's content, compressed, and what sort it is."""

    content: bytes
    media_type: str


# Streamlit's files by their path below the app's address.
_packed: dict[str, Asset] = {}


def pack_assets() -> None:
    """Compress Streamlit's files."""
    folder = Path(file_util.get_static_dir())
    for path in sorted((folder / "static").rglob("*")):
        if path.suffix in _COMPRESSED:
            _packed[path.relative_to(folder).as_posix()] = Asset(
                gzip.compress(path.read_bytes(), _LEVEL, mtime=0),
                mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            )


@cache
def early() -> bytes:
    """The header by which a document asks for plotly at once; empty where it is not found."""
    scripts = Path(file_util.get_static_dir()) / "static" / "js"
    found = [path.name for start in _LATE for path in scripts.glob(f"{start}.*.js")]
    links = [f"<./static/js/{name}>; rel=modulepreload; crossorigin" for name in found]
    return ", ".join(links).encode()


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
        asset = _packed.get(own_path(request.url.path).lstrip("/"))
        if asset is not None and _wants(request):
            response = Response(asset.content, headers=_HEADERS, media_type=asset.media_type)
            await response(scope, receive, send)
            return

        async def send_with_link(message: Message) -> None:
            if message["type"] == "http.response.start" and early():
                kind = Headers(raw=message["headers"]).get("content-type", "")
                if kind.startswith("text/html"):
                    message["headers"] = [*message["headers"], (b"link", early())]
            await send(message)

        await self.app(scope, receive, send_with_link)


def _wants(request: Request) -> bool:
    """Whether the whole of a file may be sent compressed."""
    accepted = request.headers.get("accept-encoding", "").replace(" ", "").split(",")
    return request.method == "GET" and "range" not in request.headers and "gzip" in accepted
