"""ASGI launcher: warms what the first visitor would wait for, then opens the port.

``python -m streamlit run app/server.py`` from the project's root serves the app.
"""

import asyncio
import contextlib
import gc
import importlib
import pkgutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import anyio  # noqa: E402  (the path comes first)
import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import JSONResponse, Response  # noqa: E402
from starlette.routing import Route  # noqa: E402
from starlette.types import ASGIApp, Message, Receive, Scope, Send  # noqa: E402
from streamlit import config  # noqa: E402
from streamlit.url_util import make_url_path  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

from app.serving.assets import Compressed, pack_assets  # noqa: E402
from app.serving.busy import Room, Uploads  # noqa: E402
from app.serving.memory import tidy  # noqa: E402
from app.shell.accounts.door import Door, keep_the_peer  # noqa: E402
from app.shell.accounts.gate import oidc_secrets  # noqa: E402
from app.shell.watch.figures import count_error, figures, metrics  # noqa: E402
from app.shell.watch.health import health  # noqa: E402
from app.shell.watch.log import LOGGER, place_of, start_log  # noqa: E402
from data_loaders.settings import ACCOUNTS  # noqa: E402

# Everything comes from this server; plotly.js and Streamlit need inline styles and eval.
_CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss: data: blob:; worker-src 'self' blob:; frame-ancestors 'self'; "
    "object-src 'none'; base-uri 'self'"
)
_HEADERS = (
    (b"content-security-policy", _CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"no-referrer"),
)


class SecurityHeaders:
    """Adds the security headers to every HTTP response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the response back with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


async def presentation(request: Request) -> Response:
    """A presentation that a session has prepared, under its address."""
    from app.shell.story.stages import stage

    return await stage(request)


async def ready(_request: Request) -> JSONResponse:
    """Tell a monitor or a test that the warm-up is over: the port opens only after it."""
    return JSONResponse({"status": "ready"})


def warm_up() -> None:
    """Start the worker, which compiles in its own process; load the pages and the first cohort."""
    from app import shell, views
    from app.shell.accounts.door import take_the_word_of_proxies
    from app.shell.session import DEFAULT_COHORT, demo_cohort
    from app.shell.work.service import job_service
    from app.study.workspace import WorkspaceError, opened
    from data_loaders.files.formats import MAX_FILE_BYTES

    start_log()
    figures()
    take_the_word_of_proxies()
    job_service()
    # What a browser may send is what the loaders read: one limit, from one place.
    config.set_option("server.maxUploadSize", max(1, MAX_FILE_BYTES // 2**20))
    for package in (shell, views):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    demo_cohort(DEFAULT_COHORT)
    # What is kept is listed for the first visitor; what is wrong with the store the page says.
    with contextlib.suppress(WorkspaceError):
        opened()
    # What is loaded by now stays for good: no collection of garbage need search it.
    gc.collect()
    gc.freeze()


def prepare_the_rest() -> None:
    """What makes a first visit faster but can be done without, beside the first visitors."""
    pack_assets()
    # Libraries that few pages need, or a click.
    for name in ("scipy.stats", "scipy.ndimage", "openpyxl"):
        importlib.import_module(name)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Load the default cohort and start the worker before the port opens."""
    # Pages work on small matrices: threads of linear algebra only get in each other's way.
    threadpool_limits(limits=1, user_api="blas")
    from app.shell.work.service import job_service
    from app.views.subgroups.page_prefetch import prefetch_default_map

    run: Callable[[Callable[[], None]], Awaitable[None]] = anyio.to_thread.run_sync
    await run(warm_up)
    await run(prefetch_default_map)
    beside = [asyncio.create_task(tidy()), asyncio.create_task(asyncio.to_thread(prepare_the_rest))]
    try:
        yield
    finally:
        for task in beside:
            task.cancel()
        job_service().close()


def explain(error: Exception) -> bool:
    """Meet an error that no page foresaw: a sentence for the user, its place for the log.

    The log names code, never values: a message could hold a patient's.
    """
    LOGGER.error("%s at %s", type(error).__name__, place_of(error))
    count_error()
    st.error(
        "Something on this page went wrong that we did not foresee. Your cohort and filter are "
        "kept: choose another setting or page, or reload."
    )
    return True


if ACCOUNTS.read().lower() == "proxy":
    keep_the_peer()
# Streamlit puts its own pages and files below this path, but leaves our addresses as they are.
_BELOW = make_url_path(config.get_option("server.baseUrlPath"), "").rstrip("/")
app = st.App(
    ROOT / "app" / "main.py",
    lifespan=lifespan,
    secrets=oidc_secrets(),
    on_script_error=explain,
    routes=[
        Route(f"{_BELOW}/api/ready", ready),
        Route(f"{_BELOW}/api/health", health),
        Route(f"{_BELOW}/metrics", metrics),
        Route(f"{_BELOW}/stage/{{token}}", presentation),
    ],
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(Room),
        Middleware(Door),
        Middleware(Uploads),
        Middleware(Compressed),
    ],
)
