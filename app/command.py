"""The command ``calr-explorer``: serve the app, and what needs no browser.

``calr-explorer serve | list | fetch NAME | check FILE | story to-pptx FILE | release FILE |
answer REQUEST FILE | coordinate REQUEST | join ADDRESS REQUEST FILE | settings``; in a checkout
``python -m app.command``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app import __version__
from data_loaders.commands import add_commands, run
from data_loaders.limits import limit
from data_loaders.model import CohortError
from data_loaders.settings import MAX_MEMORY_MIB, MAX_SESSIONS, PROCESSES, settings_table
from data_loaders.wording import plural, shown

if TYPE_CHECKING:
    from app.cohort.tally import SiteRecord

_MOST_PROCESSES = 64
_NO_FLOWER = "Live rounds need Flower, in an environment of its own: make federated."


class CommandError(ValueError):
    """What cannot be done as it was asked; the message is one sentence for the user."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments
        As on the command line; default those of this process.

    Returns
    -------
    int
        0, or 1 with a sentence on standard error.
    """
    parser = argparse.ArgumentParser(
        prog="calr-explorer", description="Explore cohorts of blood-cancer patients."
    )
    parser.add_argument("--version", action="version", version=f"CALR Explorer {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_serve(commands)
    add_commands(commands)
    _add_story(commands)
    _add_release(commands)
    _add_answer(commands)
    _add_live(commands)
    commands.add_parser("settings", help="every setting of a server, as a table").set_defaults(
        say=lambda _: [settings_table()]
    )
    return run(parser.parse_args(arguments), (CohortError, CommandError))


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("serve", help="serve the app until it is interrupted")
    parser.add_argument("--address", help="where to listen; this machine only by default")
    parser.add_argument("--port", type=int, help="8501 by default")
    parser.add_argument("--path", help="below which path of the address the app stands")
    parser.add_argument("--processes", help="how many share the visitors: 1 by default, or all")
    parser.set_defaults(say=_serve)


def _serve(stated: argparse.Namespace) -> list[str]:
    from app.serving.processes import SERVER, find_proxy, serve_processes

    options = {
        "server.address": stated.address,
        "server.port": stated.port,
        "server.baseUrlPath": stated.path,
    }
    for stated_limit in (MAX_SESSIONS, MAX_MEMORY_MIB):
        limit(stated_limit)  # refused here in a sentence, by the server with its traceback
    count = _processes(stated.processes or PROCESSES.read())
    if count > 1 and find_proxy() is not None:
        from streamlit import config

        config._main_script_path = str(SERVER)  # noqa: SLF001  (whose settings are read)
        address, port, path = (
            config.get_option(name) if value is None else value for name, value in options.items()
        )
        serve_processes(count, address or "127.0.0.1", port, path or "")
        return []
    if count > 1:
        sys.stderr.write(
            "One process serves all: HAProxy is not installed (Debian: apt-get install haproxy).\n"
        )
    from streamlit.web import cli

    given = [f"--{name}={value}" for name, value in options.items() if value is not None]
    cli.main(["run", str(SERVER), *given], standalone_mode=False)
    return []


def _processes(text: str) -> int:
    if text == "all":
        return os.cpu_count() or 1
    if text.isdecimal() and 0 < int(text) <= _MOST_PROCESSES:
        return int(text)
    raise CommandError(
        f"{shown(text)} is no number of processes: from 1 to {_MOST_PROCESSES}, or all."
    )


def _add_story(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("story", help="files made of a story")
    parser = parser.add_subparsers(dest="made", required=True).add_parser(
        "to-pptx", help="slides with native charts, of the cohorts that everybody has"
    )
    parser.add_argument("file", type=Path, help="a story that the Story page saved")
    parser.add_argument("--output", type=Path, help="the slides; beside the story by default")
    parser.add_argument("--template", type=Path, help="a .pptx or .potx to make them in")
    parser.set_defaults(say=_story_to_pptx)


def _story_to_pptx(stated: argparse.Namespace) -> list[str]:
    from app.study.slides import SlidesError, to_pptx
    from app.study.story import Story, StoryError

    output = _new(stated.output or stated.file.with_suffix(".pptx"))
    try:
        content = to_pptx(Story.from_json(_read(stated.file)), stated.template)
    except (StoryError, SlidesError) as error:
        raise CommandError(f"{stated.file.name}: {error}") from error
    _write(output, content)
    return [f"wrote {output}"]


def _add_release(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "release", help="counts of a cohort for others to pool, never a row of a patient"
    )
    _add_site(parser, "name of the hospital for the others")
    parser.add_argument(
        "--output", type=Path, help="SITE.calr-release.json by default; .parquet makes it Parquet"
    )
    parser.add_argument(
        "--minimum", type=int, default=5, help="smaller counts are hidden; 5 by default"
    )
    parser.add_argument(
        "--rounding", type=int, default=5, help="counts are rounded to its multiples; 5 by default"
    )
    parser.add_argument(
        "--group", action="append", default=[], help="count by it too: alteration:TP53"
    )
    parser.set_defaults(say=_release)


def _release(stated: argparse.Namespace) -> list[str]:
    import numpy as np

    from app.cohort.groupings import GroupingError
    from app.cohort.tally import ReleasePolicy, TallyError, digest_of, tally_of
    from app.study.files.tables import file_stem
    from data_loaders.loading import load_cohort

    output = _new(stated.output or Path(f"{file_stem(stated.site)}.calr-release.json"))
    cohort = load_cohort(stated.file, mapping=stated.mapping)
    try:
        record = _record(stated.record)
        release = tally_of(cohort).release(
            ReleasePolicy(stated.minimum, stated.rounding), site=stated.site,
            made=datetime.now(UTC).date(), groups=stated.group, record=record,
        )  # fmt: skip
        key = _key(stated.key_file)
        parquet = output.suffix == ".parquet"
        content = release.to_parquet(key) if parquet else release.to_text(key).encode()
    except (TallyError, GroupingError) as error:
        raise CommandError(str(error)) from error
    everyone = np.ones(cohort.n, dtype=bool)
    _keep(stated.record, record.noted(cohort, everyone, digest_of(release.content)))
    _write(output, content)
    tables = plural(len(release.content["events"]), "event table")
    return [f"wrote {output}: {tables}; look at it before you send it"]


def _add_answer(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "answer", help="a site's reply to one round of a Cox model over sites"
    )
    parser.add_argument("request", type=Path, help="the file that the coordinator sent")
    _add_site(parser, "what the request calls this site")
    parser.add_argument("--output", type=Path, help="SITE-round-N.calr-reply.json by default")
    parser.add_argument(
        "--minimum", type=int, default=5, help="fewest patients in whatever is told; 5 by default"
    )
    parser.set_defaults(say=_answer)


def _answer(stated: argparse.Namespace) -> list[str]:
    from app.cohort.tally import TallyError
    from app.study.files.tables import file_stem
    from app.views.pooled.rounds.files import read_request
    from app.views.pooled.rounds.site import RoundsPolicy, reply_to
    from data_loaders.loading import load_cohort

    try:
        request = read_request(_read(stated.request))
        name = f"{file_stem(stated.site)}-round-{request.number}.calr-reply.json"
        output = _new(stated.output or Path(name))
        cohort = load_cohort(stated.file, mapping=stated.mapping)
        policy, record = RoundsPolicy(stated.minimum), _record(stated.record)
        reply, record = reply_to(request, cohort, stated.site, policy, record)
        text = reply.to_text(_key(stated.key_file))
    except TallyError as error:
        raise CommandError(str(error)) from error
    _keep(stated.record, record)
    _write(output, text.encode())
    many = plural(reply.counts.n, "patient")
    return [f"wrote {output}: sums over {many} for round {request.number}"]


def _add_live(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    lead = commands.add_parser("coordinate", help="ask the sites of a Cox model live, by Flower")
    lead.add_argument("request", type=Path, help="the request of the first round")
    lead.add_argument("--address", default="127.0.0.1:9092", help="where to listen")
    for name, words in (
        ("authority", "certificate that this server's is signed by (PEM)"),
        ("certificate", "of this server (PEM)"), ("private-key", "of this server (PEM)"),
    ):  # fmt: skip
        lead.add_argument(f"--{name}", type=Path, required=True, help=words)
    lead.add_argument("--keys", type=Path, help="JSON: the key agreed with each site, by name")
    lead.add_argument("--key-file", type=Path, help="holds the key to sign requests with")
    lead.add_argument("--seconds", type=float, default=3600.0, help="to wait for a round")
    lead.add_argument(
        "--output", type=Path, required=True,
        help="a new folder for the last request and its replies, which the Pooled page opens",
    )  # fmt: skip
    lead.set_defaults(say=_coordinate)
    site = commands.add_parser("join", help="answer the rounds of one Cox model live, by Flower")
    site.add_argument("address", help="where the coordinator listens")
    site.add_argument("request", type=Path, help="its first request, which was looked at")
    _add_site(site, "what the request calls this site")
    site.add_argument("--authority", type=Path, required=True, help="as the coordinator's (PEM)")
    site.add_argument("--minimum", type=int, default=5, help="fewest patients in whatever is told")
    site.add_argument(
        "--keys", type=Path, help="JSON: the key agreed with the coordinator, by name"
    )
    site.add_argument("--seconds", type=float, default=3600.0, help="to try to reach it")
    site.set_defaults(say=_join)


def _coordinate(stated: argparse.Namespace) -> list[str]:
    from app.cohort.tally import TallyError
    from app.study.files.tables import file_stem
    from app.views.pooled.rounds.files import read_request
    from app.views.pooled.rounds.live import coordinate
    from app.views.pooled.rounds.words import across_reading, across_title

    folder = _new(stated.output)
    certificates = (
        _read(stated.authority), _read(stated.certificate), _read(stated.private_key)
    )  # fmt: skip
    try:
        result, request, replies = coordinate(
            read_request(_read(stated.request)), stated.address, certificates,
            key=_key(stated.key_file), keys=_keys(stated.keys), seconds=stated.seconds,
            tell=lambda said: print(said, file=sys.stderr),  # noqa: T201
        )  # fmt: skip
    except TallyError as error:
        raise CommandError(str(error)) from error
    except ImportError:
        raise CommandError(_NO_FLOWER) from None
    folder.mkdir(parents=True)
    _write(folder / "request.json", request.to_text(_key(stated.key_file)).encode())
    for reply in replies:
        _write(folder / f"{file_stem(reply.site)}.json", reply.to_text().encode())
    return [f"{across_title(result)}.", *across_reading(result), f"wrote {folder}"]


def _join(stated: argparse.Namespace) -> list[str]:
    from app.cohort.tally import TallyError
    from app.views.pooled.rounds.files import read_request
    from app.views.pooled.rounds.live import take_part
    from app.views.pooled.rounds.site import RoundsPolicy
    from data_loaders.loading import load_cohort

    try:
        take_part(
            read_request(_read(stated.request)), load_cohort(stated.file, mapping=stated.mapping),
            stated.site, policy=RoundsPolicy(stated.minimum), record=_record(stated.record),
            keep=lambda record: _keep(stated.record, record), address=stated.address,
            authority=_read(stated.authority), key=_key(stated.key_file),
            keys=_keys(stated.keys), seconds=stated.seconds,
        )  # fmt: skip
    except TallyError as error:
        raise CommandError(str(error)) from error
    except ImportError:
        raise CommandError(_NO_FLOWER) from None
    return ["the coordinator ended the rounds"]


def _keys(path: Path | None) -> dict[str, str]:
    """Keys agreed with others, by their names."""
    try:
        held = {} if path is None else json.loads(_read(path))
        return {str(name): str(key) for name, key in held.items()}
    except (ValueError, AttributeError):
        raise CommandError(f"{path} is no JSON file of keys by name.") from None


def _add_site(parser: argparse.ArgumentParser, named: str) -> None:
    """A site's cohort, its name (``named`` says for whom), its record and its key."""
    parser.add_argument("file", help="what holds the cohort, as for check")
    parser.add_argument("--site", required=True, help=named)
    parser.add_argument("--mapping", help="a JSON file that says what the columns are")
    parser.add_argument(
        "--record", type=Path,
        help="this site's record of what it told; read, and written anew. Keep it in the hospital",
    )  # fmt: skip
    parser.add_argument("--key-file", type=Path, help="holds the key to sign with")


def _record(path: Path | None) -> SiteRecord:
    """The record of a site; a new one where there is none yet."""
    from app.cohort.tally import SiteRecord, read_record

    return SiteRecord() if path is None or not path.exists() else read_record(_read(path))


def _keep(path: Path | None, record: SiteRecord) -> None:
    """Write a site's record whole or not at all, before anything is told that it must know of.

    It is about patients: nobody else on the machine reads it.
    """
    if path is None:
        return
    part = path.with_name(f".{path.name}.part")
    try:
        part.touch(0o600)
        part.write_bytes(record.to_text().encode())
        part.replace(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error


def _key(path: Path | None) -> str | None:
    return None if path is None else _read(path).decode(errors="replace").strip()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def _new(path: Path) -> Path:
    """A path that nothing is at: what is there is somebody's work."""
    if path.exists():
        raise CommandError(f"{path} is there already: name another with --output.")
    return path


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error


if __name__ == "__main__":
    sys.exit(main())
