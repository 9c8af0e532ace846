"""What stands before every request: whose word is taken, and who may fetch a file.

A session is judged by the gate, at every run. What a browser fetches beside it (files made for a
download, uploads, presentations) is judged here, by the same rules.
"""

from __future__ import annotations

import json
import re
import time
from urllib.parse import quote, unquote

import uvicorn.config
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from app.shell.accounts.ended import look, must_look
from app.shell.accounts.rules import AccountsError, Person, Rules
from app.shell.watch.log import LOGGER
from data_loaders import settings

# What st.user has of a proxy's headers, and the same for requests that no session sees.
PROXY_USER, PROXY_GROUPS = "proxy_user", "proxy_groups"
PERSON = "calr_person"
_GUARDED = re.compile(r"/(media|stage|component|_stcore/(upload_file|agent))(/|$)")
_COOKIE = "_streamlit_user"
_ASKED = "calr_asked"
# The path of a page, rather than of a file or an answer.
PAGE = re.compile(r"/?(?!oauth2callback)\w*")
# A page of this server: what a cookie says must not lead elsewhere.
_OWN_PAGE = re.compile(r"(/[\w-]+)*/\w*(\?[^\s\\]*)?", re.ASCII)
_LONGEST_LINK = 2_000
_HEADERS = (settings.USER_HEADER, settings.GROUPS_HEADER)


def own_path(path: str) -> str:
    """A request's path without the ``server.baseUrlPath`` in front of it.

    Streamlit strips that from its own addresses only; what judges or answers a request by its path
    asks here.
    """
    base = (config.get_option("server.baseUrlPath") or "").strip("/")
    return path.removeprefix(f"/{base}") if base else path


def take_the_word_of_proxies() -> None:
    """Let a session know what a trusted proxy says of it; before the port opens."""
    try:
        rules = Rules.of()
    except AccountsError as error:
        # The server starts, and says the same to whoever comes.
        LOGGER.error(str(error))
        return
    if rules.mode != "proxy":
        return
    named = {settings.USER_HEADER.read(): PROXY_USER}
    if settings.GROUPS_HEADER.read():
        named[settings.GROUPS_HEADER.read()] = PROXY_GROUPS
    config.set_option("server.trustedUserHeaders", named)


def keep_the_peer() -> None:
    """Have the peer's address be that of the connection; before uvicorn wraps the app.

    From a proxy on the same machine uvicorn puts the address that X-Forwarded-For states in the
    place of the peer's, so that one could no longer tell a proxy from who forges its headers.
    """
    uvicorn.config.ProxyHeadersMiddleware = _as_it_is  # type: ignore[misc, assignment]


def _as_it_is(app: ASGIApp, **_options: object) -> ASGIApp:
    return app


class Door:
    """Takes away headers of those who may not name a person, and guards files and presentations."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as far as the rules let it."""
        try:
            rules = Rules.of()
        except AccountsError:
            # The gate says what is wrong; here nothing is let through.
            rules = Rules("closed", {}, 0.0, ())
        if rules.mode == "off" or scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        _take_away_headers(rules, scope)
        if scope["type"] == "http":
            request = HTTPConnection(scope)
            path = own_path(scope["path"])
            if must_look():
                await run_in_threadpool(look)
            found = rules.admits(_claims(rules, request), time.time())
            if isinstance(found, Person):
                scope[PERSON] = found
            elif _GUARDED.match(path):
                refused = PlainTextResponse(found.sentence, 403, {"cache-control": "no-store"})
                await refused(scope, receive, send)
                return
            if rules.mode == "oidc" and PAGE.fullmatch(path) and scope["method"] == "GET":
                asked = _asked_before(request, path) if PERSON in scope else None
                if asked is not None:
                    response = RedirectResponse(asked, 302, {"cache-control": "no-store"})
                    response.delete_cookie(_ASKED)
                    await response(scope, receive, send)
                    return
                if PERSON not in scope:
                    send = _remembering(request, send)
        await self.app(scope, receive, send)


def visitor_of(scope: Scope) -> Person | None:
    """Who asks for something that the door guards; None where accounts are off."""
    found: Person | None = scope.get(PERSON)
    return found


def proxy_claims(user: object, groups: object, began: float) -> dict[str, object]:
    """What a trusted proxy says, as a provider would."""
    return {"sub": user, settings.GROUPS_CLAIM.read(): groups, "iat": began}


def _take_away_headers(rules: Rules, scope: Scope) -> None:
    """Take away the headers that name a person, unless a trusted proxy set them, and once each."""
    named = {one.read().lower().encode() for one in _HEADERS if one.read()}
    given = [name.lower() for name, _ in scope["headers"] if name.lower() in named]
    peer = scope.get("client")
    trusted = rules.mode == "proxy" and rules.trusts(peer[0] if peer else None)
    # Twice the same: one of them is the browser's own, which the proxy should have taken away.
    if not trusted or len(given) > len(set(given)):
        scope["headers"] = [pair for pair in scope["headers"] if pair[0].lower() not in named]


def _claims(rules: Rules, request: HTTPConnection) -> dict[str, object]:
    if rules.mode == "proxy":
        user, groups = (request.headers.get(one.read()) if one.read() else None for one in _HEADERS)
        return proxy_claims(user, groups, time.time())
    return _cookie_claims(request) if rules.mode == "oidc" else {}


def _cookie_claims(request: HTTPConnection) -> dict[str, object]:
    """What the provider said at the login, from the signed cookie; nothing where it is forged."""
    secret = get_cookie_secret()

    def one(name: str) -> bytes | None:
        held = request.cookies.get(name)
        if held is None or not secret:
            return None
        return decode_signed_value(secret, name, held.encode("latin-1", "replace"))

    try:
        claims = json.loads(get_cookie_with_chunks(one, _COOKIE) or b"{}")
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) and claims.get("is_logged_in") is True else {}


def _asked_before(request: HTTPConnection, path: str) -> str | None:
    """The link that somebody came with before the login, once: the provider leads to Home only."""
    asked = unquote(request.cookies.get(_ASKED, ""))
    if path != "/" or request.url.query or not _OWN_PAGE.fullmatch(asked):
        return None
    return asked


def _remembering(request: HTTPConnection, send: Send) -> Send:
    """Have the browser keep the link that it asked for until its user is logged in."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if not _OWN_PAGE.fullmatch(asked) or len(asked) > _LONGEST_LINK or asked == "/":
        return send
    cookie = f"{_ASKED}={quote(asked, safe='')}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"

    async def send_with_cookie(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message.get("headers", []), (b"set-cookie", cookie.encode("ascii"))
            ]  # fmt: skip
        await send(message)

    return send_with_cookie
