"""Sentences that every methods paragraph starts with: the data, the patients, the endpoint."""

from __future__ import annotations

from collections.abc import Sequence

from app.cohort.derived import derived_sentences
from app.cohort.filters import Selection
from app.study.files.software import made_with
from app.study.outcomes import as_loaded
from app.study.wording import count, format_years, listing, mid_sentence
from data_loaders import Endpoint


def view_methods(selection: Selection, analysed: int, parts: Sequence[str]) -> str:
    """Methods of a view, ready for a manuscript, paragraphs by blank lines."""
    start = f"{source_sentence(selection)} {selected_sentence(selection)}"
    derived = derived_sentences(selection.source, " ".join((start, *parts)))
    paragraphs = [start, " ".join(derived), *parts, made_with()]
    if not analysed:
        paragraphs.insert(1, "Nobody was analysed.")
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def source_sentence(selection: Selection) -> str:
    """Where the data come from; SYNTHETIC first where they are simulated."""
    cohort = selection.source
    provenance = cohort.provenance
    cited = f" ({provenance.citation.rstrip('.')})" if provenance.citation else ""
    told = f"{provenance.source}{cited}, content SHA-256 {cohort.fingerprint[:12]}."
    if provenance.synthetic:
        return f"SYNTHETIC DATA: the patients are simulated and nobody stands behind them: {told}"
    return f"Data: {told}"


def selected_sentence(selection: Selection) -> str:
    """Who was selected, and who could not be for want of a value."""
    everyone = count(selection.source.n, "patient")
    if selection.n == selection.source.n:
        words = f"All {everyone} of the cohort were selected."
    else:
        words = f"Of {everyone} of the cohort, {selection.n:,} were selected: {selection.sentence}."
    if selection.n_missing:
        words += (
            " Left out there because a value was missing or a gene not tested: "
            f"{count(selection.n_missing, 'patient')}."
        )
    return words


def columns_of(endpoint: Endpoint) -> str:
    """The columns of an endpoint, and of which of the file's and by what unit they were made."""
    columns = [endpoint.time, endpoint.event]
    if endpoint.competing is not None:
        columns.append(endpoint.competing)
    made = f", in months, made of {endpoint.source}" if endpoint.source else ""
    return f"the columns {listing(columns)}{made}"


def endpoint_sentence(endpoint: Endpoint, events: int, n: int, limit: float | None) -> str:
    """The endpoint, its events and columns, and the time limit."""
    words = (
        f"The endpoint was {mid_sentence(endpoint.label)}, the time to {endpoint.event_label} "
        f"({count(events, 'event')} in {count(n, 'patient')}), from {columns_of(endpoint)}."
    )
    if endpoint.notes:
        words += f" {as_loaded(endpoint)}"
    if endpoint.competing is not None:
        words += (
            " A competing event counted as censoring at its time, so hazard ratios are "
            "cause-specific."
        )
    if limit is not None:
        words += f" Follow-up was ended at {format_years(limit)} (administrative censoring)."
    return words
