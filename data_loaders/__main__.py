"""Cohorts on the command line: ``python -m data_loaders list | fetch NAME | check FILE``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from data_loaders.catalogue import CatalogueEntry, catalogue, entry_named, is_cached, load_catalogue
from data_loaders.loading import load_cohort
from data_loaders.model import Cohort, CohortError
from data_loaders.wording import plural, shown


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
    stated = _parser().parse_args(arguments)
    try:
        lines = {"list": _list, "fetch": _fetch, "check": _check}[stated.command](stated)
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
    except CohortError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; what was not finished was not kept.\n")
        return 1
    except BrokenPipeError:
        # Whoever read the output (head, less) has seen enough; nothing more can be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m data_loaders", description="Public cohorts, and a check of your own files."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the public cohorts of the catalogue; needs no network")
    fetch = commands.add_parser("fetch", help="download a public cohort once and keep it")
    fetch.add_argument("name", help="a name of the catalogue, such as mds_iwg_2022")
    check = commands.add_parser("check", help="what is understood of a file or folder, and issues")
    check.add_argument("file", help="a table, a list of variants, or a folder of tables")
    check.add_argument("--clinical", help="the clinical table of a list of variants")
    check.add_argument("--mapping", help="a JSON file that says what the columns are")
    return parser


def _list(_: argparse.Namespace) -> list[str]:
    return [line for entry in catalogue().values() for line in (*_described(entry), "")][:-1]


def _described(entry: CatalogueEntry) -> list[str]:
    facts = [
        entry.disease,
        entry.size,
        f"endpoints {', '.join(entry.endpoints)}" if entry.endpoints else "",
        "kept on this machine" if is_cached(entry) else "",
    ]
    lines = [
        f"{entry.name}: {entry.title}",
        "; ".join(fact for fact in facts if fact),
        f"cite: {entry.citation}",
        f"licence: {entry.licence}",
        f"from: {entry.source}" + (f" (as of {entry.as_of})" if entry.as_of else ""),
        f"note: {entry.note}" if entry.note else "",
    ]
    return [line if not number else f"    {line}" for number, line in enumerate(lines) if line]


def _fetch(stated: argparse.Namespace) -> list[str]:
    entry = entry_named(stated.name)
    said: list[str] = []

    def tell(what: str, share: float) -> None:
        if what not in said and share < 1:
            said.append(what)
            sys.stderr.write(f"{what} ...\n")

    cohort = load_catalogue(entry.name, progress=tell)
    return [
        *_summary(cohort),
        f"cite: {cohort.provenance.citation}",
        f"licence: {cohort.provenance.licence}",
        *([f"note: {entry.note}"] if entry.note else []),
        f'in Python: load_cohort("catalogue:{entry.name}")',
    ]


def _check(stated: argparse.Namespace) -> list[str]:
    cohort = load_cohort(stated.file, clinical=stated.clinical, mapping=stated.mapping)
    return [*_summary(cohort), *(f"{issue.severity}: {issue.sentence}" for issue in cohort.issues)]


def _summary(cohort: Cohort) -> list[str]:
    lines = [
        f"{shown(cohort.name)}: {plural(cohort.n, 'patient')}, "
        f"{plural(len(cohort.variables), 'variable')}, "
        f"{plural(len(cohort.features), 'alteration')}, "
        f"{plural(len(cohort.mutations), 'listed variant')}"
    ]
    for endpoint in cohort.endpoints.values():
        known = cohort.patients[[endpoint.time, endpoint.event]].dropna()
        events = int(known[endpoint.event].sum())
        lines.append(f"endpoint {endpoint.key}: {endpoint.label}, {events:,} of {len(known):,}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
