"""Live rounds: the requests and replies that else go as files, carried by Flower.

Flower (``flwr``) moves texts over gRPC with TLS; sites connect to the coordinator, never the other
way round, and run the code of this package, none that is sent. What a site answers, refuses and
remembers is what it does with files. A site that is lost is asked again when it is back.

Used are Flower's servers and clients of its first design: in its newer one every site runs code
that the coordinator sends. Secure aggregation belongs to the newer one alone, so the coordinator
reads each site's sums, as it does with files.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, Queue
from time import monotonic
from typing import Any

from app.cohort.tally import SiteRecord, TallyError, sealed, unsealed
from app.views.pooled.rounds.coordinator import AcrossSites, after_replies
from app.views.pooled.rounds.files import Reply, Request, read_reply, read_request
from app.views.pooled.rounds.site import RoundsPolicy, reply_to
from data_loaders import Cohort

WAIT = 3600.0
_REFUSAL = "calr-cox-refusal"
_LOOK = 0.2


def coordinate(
    first: Request,
    address: str,
    certificates: tuple[bytes, bytes, bytes],
    *,
    key: str | None = None,
    keys: Mapping[str, str] | None = None,
    seconds: float = WAIT,
    tell: Callable[[str], object] = lambda _: None,
) -> tuple[AcrossSites, Request, list[Reply]]:
    """Ask all sites, round by round, until the model is there.

    Parameters
    ----------
    first
        The request of the first round.
    address
        Where to listen: ``0.0.0.0:9092``.
    certificates
        Of the authority, of this server, and its private key (PEM).
    key, keys
        To sign requests with, and those agreed with the sites: whose key is here must sign.
    tell
        Is told what happens, a sentence at a time.

    Returns
    -------
    tuple
        The model, the last request and the replies to it.

    Raises
    ------
    TallyError
        If a site refuses or does not come, or there is no model.
    """
    _without_telemetry()
    from flwr.server import Server, ServerConfig, SimpleClientManager, start_server
    from flwr.server.history import History

    manager = SimpleClientManager()
    found: list[tuple[AcrossSites, Request, list[Reply]] | TallyError] = []

    def one_round(request: Request) -> list[Reply]:
        text, end = request.to_text(key), monotonic() + seconds
        told, asked = Queue[str](), set[str]()
        replies: dict[str, Reply] = {}
        while missing := [name for name in request.sites if name not in replies]:
            if monotonic() > end:
                raise TallyError(
                    f"{', '.join(missing)} did not answer round {request.number} within "
                    f"{seconds:g} seconds."
                )
            for name, site in list(manager.all().items()):
                if name not in asked:
                    asked.add(name)
                    threading.Thread(target=_ask, args=(site, text, told), daemon=True).start()
            with suppress(Empty):
                reply = _reply(told.get(timeout=_LOOK), request, keys, tell)
                if reply is not None:
                    replies.setdefault(reply.site, reply)
        return [replies[name] for name in request.sites]

    class Rounds(Server):  # type: ignore[misc]
        """What Flower calls a server: what is done once it listens."""

        def fit(self, num_rounds: int, timeout: float | None) -> tuple[Any, float]:  # noqa: ARG002
            begun = monotonic()
            step: Request | AcrossSites = first
            try:
                while isinstance(step, Request):
                    request = step
                    replies = one_round(request)
                    step = after_replies(request, replies)
                found.append((step, request, replies))
            except TallyError as error:
                found.append(error)
            return History(), monotonic() - begun

    start_server(
        server_address=address,
        server=Rounds(client_manager=manager),
        config=ServerConfig(num_rounds=1),
        certificates=certificates,
    )
    if isinstance(found[0], TallyError):
        raise found[0]
    return found[0]


def take_part(
    first: Request,
    cohort: Cohort,
    site: str,
    *,
    policy: RoundsPolicy,
    record: SiteRecord,
    keep: Callable[[SiteRecord], object],
    address: str,
    authority: bytes,
    key: str | None = None,
    keys: Mapping[str, str] | None = None,
    seconds: float = WAIT,
) -> None:
    """Connect to a coordinator and answer its rounds of one model until it ends them.

    Parameters
    ----------
    first
        The request that this site was sent and has looked at: no other model is answered.
    record, keep
        What it has told so far, and what writes it down: before each reply leaves.
    address, authority
        Where the coordinator listens, and the certificate (PEM) that its own is signed by.
    key, keys
        To sign replies with, and those agreed with coordinators.
    """
    _without_telemetry()
    from flwr.client import Client, start_client
    from flwr.common import Code, GetPropertiesIns, GetPropertiesRes, Status

    told = record

    def answer(text: str) -> str:
        nonlocal told
        try:
            request = read_request(text, keys)
            if (request.model.digest, request.sites) != (first.model.digest, first.sites):
                raise TallyError("Another model is asked for than the one that was looked at.")  # noqa: TRY301
            reply, told = reply_to(request, cohort, site, policy, told)
            keep(told)
            return reply.to_text(key)
        except TallyError as error:
            refusal = {"kind": _REFUSAL, "version": 1, "site": site, "said": str(error)}
            return sealed(refusal, site, key)

    class Site(Client):  # type: ignore[misc]
        """What Flower calls a client: what it is asked."""

        def get_properties(self, ins: GetPropertiesIns) -> GetPropertiesRes:
            said = answer(str(ins.config["request"]))
            return GetPropertiesRes(Status(Code.OK, ""), {"said": said})

    start_client(
        server_address=address,
        client=Site(),
        root_certificates=authority,
        insecure=False,
        max_wait_time=seconds,
    )


def _ask(site: Any, text: str, told: Queue[str]) -> None:
    from flwr.common import GetPropertiesIns

    with suppress(Exception):  # it went away; it is asked again when it is back
        said = site.get_properties(GetPropertiesIns({"request": text}), None, None)
        told.put(str(said.properties["said"]))


def _reply(
    said: str, request: Request, keys: Mapping[str, str] | None, tell: Callable[[str], object]
) -> Reply | None:
    """A site's reply to a request; None of what is none, or is not signed as agreed.

    Raises
    ------
    TallyError
        If a site of the request refuses.
    """
    try:
        reply = read_reply(said, keys)
    except TallyError as error:
        refusal: Mapping[str, Any] = {}
        with suppress(TallyError):
            refusal, _ = unsealed(said, _REFUSAL, 1, "refusal of a site", writer="site", keys=keys)
        if refusal.get("site") in request.sites:
            raise TallyError(f"{refusal['site']} refuses: {refusal.get('said', '')}") from None
        tell(f"Not taken: {error}")
        return None
    if reply.site not in request.sites or reply.request != request.digest:
        return None
    tell(f"Round {request.number}: {reply.site} answered, {reply.seal.words}.")
    return reply


def _without_telemetry() -> None:
    """Nothing is told to anybody else: Flower reports its use unless it is told not to."""
    os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
