"""Cohorts on the command line: ``python -m data_loaders list | fetch NAME | check FILE``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence

from data_loaders.catalogue import CatalogueEntry, catalogue, entry_named, is_cached, load_catalogue
from data_loaders.loading import load_cohort
from data_loaders.model import FEATURE_KINDS, Cohort, CohortError, Variable
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
    parser = argparse.ArgumentParser(
        prog="python -m data_loaders", description="Public cohorts, and a check of your own files."
    )
    add_commands(parser.add_subparsers(dest="command", required=True))
    return run(parser.parse_args(arguments))


def run(stated: argparse.Namespace, refusals: tuple[type[Exception], ...] = (CohortError,)) -> int:
    """Run what was asked and print it.

    Parameters
    ----------
    stated
        With ``say``, which takes it and gives the lines to print.
    refusals
        Errors whose message is a sentence for the user.

    Returns
    -------
    int
        0, or 1 with a sentence on standard error.
    """
    try:
        lines = stated.say(stated)
        sys.stdout.write("\n".join([*lines, ""]))
        sys.stdout.flush()
    except refusals as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; what was not finished was not kept.\n")
        return 1
    except BrokenPipeError:
        # Whoever read the output (head, less) has seen enough; nothing more can be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``list``, ``fetch`` and ``check`` to the commands of a program."""
    parser = commands.add_parser(
        "list", help="the public cohorts of the catalogue; needs no network"
    )
    parser.set_defaults(say=_list)
    parser = commands.add_parser("fetch", help="download a public cohort once and keep it")
    parser.add_argument("name", help="a name of the catalogue, such as mds_iwg_2022")
    parser.set_defaults(say=_fetch)
    parser = commands.add_parser("check", help="what is understood of a file or folder, and issues")
    parser.add_argument("file", help="a table, a list of variants, or a folder of tables")
    parser.add_argument("--clinical", help="the clinical table of a list of variants")
    parser.add_argument("--mapping", help="a JSON file that says what the columns are")
    parser.set_defaults(say=_check)


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
    columns = [
        f"column {shown(each.source_column or each.name)}: {_understood(each)}"
        for each in cohort.variables.values()
    ]
    return [
        *_summary(cohort),
        *columns,
        *_alterations(cohort),
        *(f"{issue.severity}: {issue.sentence}" for issue in cohort.issues),
    ]


def _understood(variable: Variable) -> str:
    """What a column was taken for, and why."""
    kind = f"{variable.kind} ({variable.unit})" if variable.unit else variable.kind
    renamed = f"; here {shown(variable.name)}" if variable.source_column else ""
    return f"{kind}{renamed}" + (f"; why: {variable.reason}" if variable.reason else "")


def _alterations(cohort: Cohort) -> Iterator[str]:
    """The alterations of each kind by name."""
    for kind, words in FEATURE_KINDS.items():
        names = cohort.features.index[cohort.features["kind"] == kind]
        if len(names):
            yield f"{words.lower()}: {', '.join(map(shown, names))}"


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
