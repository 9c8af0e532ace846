"""Who is let in where a process takes so many, or so much memory."""

from __future__ import annotations

import gc
import threading
import time
from typing import Any
from unittest.mock import MagicMock

import anyio
import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.session_manager import SessionInfo
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

from app.serving.busy import Room, Uploads, busy_page
from app.serving.memory import end_sessions, forget_downloads
from app.shell.work import bounds, turns
from app.shell.work.bounds import check_room, hold, memory_mib, sent_too_much
from data_loaders import CohortError
from data_loaders.demo import load_demo
from data_loaders.settings import MAX_HELD_MIB, MAX_MEMORY_MIB, MAX_SENT_MIB, MAX_SESSIONS

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


def test_who_has_sent_their_share_is_told_and_others_send(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(MAX_SENT_MIB.name, "1")
    bounds._sent.clear()

    async def taking(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await PlainTextResponse("taken")(scope, receive, send)

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(Uploads(taking))
        async with httpx.AsyncClient(transport=transport, base_url="http://calr") as client:
            return [
                await client.put(f"/_stcore/upload_file/{session}/f", content=bytes(700_000))
                for session in ("one", "one", "one", "other")
            ]

    answers = anyio.run(ask)
    assert [one.status_code for one in answers] == [200, 200, 429, 200]
    assert "1 MiB within an hour" in answers[2].text
    assert sent_too_much("one")
    assert not sent_too_much("other")
    an_hour_later = time.monotonic() + 3600
    monkeypatch.setattr(time, "monotonic", lambda: an_hour_later)
    assert not sent_too_much("one")


def test_who_holds_their_share_or_comes_where_memory_is_short_is_told(
    monkeypatch: pytest.MonkeyPatch,
):
    first, second = load_demo("mpn", n=1_500), load_demo("mpn", n=1_400)
    most = int(bounds.size_mib(first)) + 1
    monkeypatch.setenv(MAX_HELD_MIB.name, str(most))
    hold("ada", first)
    hold("ada", first)
    hold("bob", second)
    with pytest.raises(CohortError, match=f"may hold {most} MiB on this server: reload"):
        hold("ada", second)
    del first
    gc.collect()
    hold("ada", second)
    if memory_mib():
        monkeypatch.setenv(MAX_MEMORY_MIB.name, str(int(memory_mib()) + 100))
        check_room(2**20)
        with pytest.raises(CohortError, match="too little memory left to read 400 MiB"):
            check_room(400 * 2**20)


def test_pages_are_made_in_turn_and_nobody_new_comes_while_they_wait_long(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(turns, "_free", threading.BoundedSemaphore(1))
    monkeypatch.setattr(turns, "_QUIETLY_S", 0.01)
    made: list[str] = []

    def make(name: str) -> None:
        with turns.turn():
            made.append(name)

    with turns.turn():
        other = threading.Thread(target=make, args=("other",))
        other.start()
        while not turns._waiting:
            pass
        assert not turns.overloaded()
        monkeypatch.setattr(turns, "_OVERLOADED_S", -1.0)
        assert turns.overloaded()
        assert statuses(("/", PAGE)) == [503]
        made.append("first")
    other.join(20)
    assert made == ["first", "other"]
    assert not turns.overloaded()
    with pytest.raises(KeyError), turns.turn():
        raise KeyError
    make("after an error")


def test_what_a_proxy_sends_is_a_whole_response():
    head, _, body = busy_page(response=True).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert f"content-length: {len(body)}".encode() in head.split(b"\r\n")
    assert body == busy_page()


class Held:
    """As much of a Streamlit session as says whether it was shut down."""

    def __init__(self, name: str) -> None:
        self.id, self.ended = name, False

    def shutdown(self) -> None:
        self.ended = True


def test_who_does_not_come_back_is_ended_and_who_does_is_not():
    kept = MemorySessionStorage(ttl_seconds=3_600)
    sessions = WebsocketSessionManager(kept, MagicMock(), MagicMock(), None)
    gone: list[Any] = []
    assert end_sessions(sessions, gone) == 0
    over, back, away = Held("over"), Held("back"), Held("away")
    for one in (over, back, away):
        kept.save(SessionInfo(client=None, session=one))  # type: ignore[arg-type]
    # One comes back, one's time is over.
    sessions._active_session_info_by_id["back"] = MagicMock(session=back)
    kept.delete("back")
    kept._cache._expirations["over"] = 0.0  # type: ignore[attr-defined]
    assert end_sessions(sessions, gone) == 1
    assert (over.ended, back.ended, away.ended) == (True, False, False)
    assert gone == []
    assert end_sessions(sessions, gone) == 0


def test_what_a_button_downloads_outlives_the_run_of_another_page():
    files = MediaFileManager(MemoryMediaFileStorage("/media"))
    clicked = files.add_deferred(lambda: b"numbers", "text/csv", "place", "numbers.csv")
    unshown = forget_downloads(files, set())
    # The page runs anew, and before it has drawn its button another one's run ends.
    files.clear_session_refs()
    files.remove_orphaned_files()
    unshown = forget_downloads(files, unshown)
    assert files.execute_deferred(clicked).startswith("/media/")
    again = files.add_deferred(lambda: b"numbers", "text/csv", "place", "numbers.csv")
    assert forget_downloads(files, unshown) == set()
    assert files.execute_deferred(again)
    with pytest.raises(MediaFileStorageError):
        files.execute_deferred(clicked)
