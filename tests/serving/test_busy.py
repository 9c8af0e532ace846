"""Who is let in where a process takes so many, or so much memory."""

from __future__ import annotations

import anyio
import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from app.serving.busy import Room, busy_page, memory_mib
from data_loaders.settings import MAX_MEMORY_MIB, MAX_SESSIONS

PAGE = {"accept": "text/html"}


def statuses(*asked: tuple[str, dict[str, str]]) -> list[int]:
    """What one after the other is answered."""

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(Room(PlainTextResponse("a page")))
        async with httpx.AsyncClient(transport=transport, base_url="http://calr") as client:
            return [(await client.get(path, headers=given)).status_code for path, given in asked]

    return anyio.run(ask)


def test_a_page_that_was_opened_has_its_place_before_it_connects(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(MAX_SESSIONS.name, "2")
    asked = [("/survival", PAGE)] * 2 + [("/api/ready", PAGE), ("/survival", {}), ("/", PAGE)]
    assert statuses(*asked) == [200, 200, 200, 200, 503]


def test_beyond_its_memory_nobody_new_is_let_in(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(MAX_MEMORY_MIB.name, str(int(memory_mib()) + 2_000))
    assert statuses(("/", PAGE)) == [200]
    monkeypatch.setenv(MAX_MEMORY_MIB.name, "20")
    if memory_mib():
        assert statuses(("/", PAGE), ("/media/figure.svg", PAGE)) == [503, 200]


def test_a_session_that_is_not_held_is_nobodys_way_in(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(MAX_SESSIONS.name, "1")
    sent: list[str] = []

    async def send(message: Message) -> None:
        sent.append(message["type"])

    async def connect(*named: str) -> None:
        scope = {"type": "websocket", "path": "/_stcore/stream", "subprotocols": named}
        await room(scope, anyio.sleep_forever, send)

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        if not scope["subprotocols"]:  # while it is there, others come
            await connect("streamlit", "token")
            await connect("streamlit", "token", "made-up")

    room = Room(app)
    anyio.run(connect)
    assert sent == ["websocket.accept", "websocket.close", "websocket.close"]


def test_what_a_proxy_sends_is_a_whole_response():
    head, _, body = busy_page(response=True).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert f"content-length: {len(body)}".encode() in head.split(b"\r\n")
    assert body == busy_page()
