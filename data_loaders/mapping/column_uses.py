"""What each column of a file is used as, before and after corrections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from data_loaders.alterations.gene_parts import is_whole
from data_loaders.files.columns import NO_WORDS, YES_WORDS, TextColumn
from data_loaders.files.file_columns import FileColumn
from data_loaders.mapping.parts import NAME_PARTS, AlterationMapping, alterations_of
from data_loaders.meaning.event_codes import decode_events
from data_loaders.model import Cohort, Variable

ALTERATION, LEFT_OUT, IDENTIFIER = "alteration", "leave out", "patients' identifier"
KINDS: Mapping[str, str] = {
    "numeric": "number",
    "categorical": "categories",
    "ordinal": "ordered categories",
    "binary": "yes or no",
    "text": "text",
    "date": "date",
    "identifier": "identifier",
}
USES = (ALTERATION, *(words for kind, words in KINDS.items() if kind != "identifier"), LEFT_OUT)
_SHAPE = "the shape of a gene symbol"


@dataclass(frozen=True)
class Use:
    """What a column is used as.

    Parameters
    ----------
    use
        One of :data:`USES`, the patients' identifier, or what it is of an endpoint.
    label, unit, role, levels
        As the data dictionary has them; empty where they do not apply.
    alteration
        Name of the alteration, as people write it.
    codes
        What each entry means, for an alteration.
    reason
        Why it was taken for this.
    unsure
        Whether nobody knows that it is: a person had better look.
    """

    name: str
    use: str
    label: str = ""
    unit: str = ""
    role: str = "other"
    levels: tuple[str, ...] = ()
    alteration: str = ""
    codes: Mapping[str, str] | None = None
    reason: str = ""
    unsure: bool = False


def column_uses(cohort: Cohort) -> dict[str, Use]:
    """What every column of the file is used as, in the file's order.

    Parameters
    ----------
    cohort
        A cohort that was read from tables.
    """
    features = {
        str(row["source_column"]): (str(name), row)
        for name, row in list(cohort.features.iterrows())[::-1]
        if not is_whole(str(row["label"]))
    }
    variables = {v.source_column or v.name: v for v in list(cohort.variables.values())[::-1]}
    outcomes: dict[str, str] = {}
    for endpoint in cohort.endpoints.values():
        for part in ("time", "event", "competing", "entry"):
            variable = cohort.variables.get(getattr(endpoint, part) or "")
            if variable is not None and (variable.source_column or variable.name):
                source = variable.source_column or variable.name
                outcomes.setdefault(source, f"{_PART_WORDS[part]} of {endpoint.label}")
    found = {}
    for name, column in cohort.file_columns.items():
        if column.identifier:
            found[name] = Use(name, IDENTIFIER)
        elif name in outcomes:
            found[name] = Use(name, outcomes[name], reason=variables[name].reason)
        elif name in features:
            feature, row = features[name]
            found[name] = Use(
                name,
                ALTERATION,
                alteration=str(row["label"]),
                codes=column.meanings.get(feature, {}),
                reason=str(row.get("reason", "")),
                unsure=str(row.get("reason", "")).startswith(_SHAPE),
            )
        elif name in variables:
            found[name] = _variable_use(name, variables[name], column)
        else:
            found[name] = Use(name, LEFT_OUT)
    return found | _among_alterations(found)


def _among_alterations(uses: Mapping[str, Use]) -> dict[str, Use]:
    """Categories under an unknown name that stand between alterations may be one as well."""
    order = list(uses.values())
    near = [use.use == ALTERATION or use.unsure for use in order]
    return {
        use.name: replace(use, unsure=True)
        for before, use, after in zip([False, *near], order, [*near[1:], False], strict=False)
        if use.use == KINDS["categorical"] and _BY_VALUES in use.reason and before and after
    }


_BY_VALUES = "different value"
_PART_WORDS = {
    "time": "time", "event": "event", "competing": "competing event", "entry": "time of entry",
}  # fmt: skip


def _variable_use(name: str, variable: Variable, column: FileColumn) -> Use:
    by_values = "the name" not in variable.reason and "stated" not in variable.reason
    return Use(
        name,
        KINDS[variable.kind],
        variable.label,
        variable.unit or "",
        variable.role,
        variable.levels,
        reason=variable.reason,
        unsure=variable.kind == "binary" and by_values and column.answers,
    )


def stated_use(use: Use, mapping: Mapping[str, Any], column: FileColumn) -> Use:
    """What a column is used as once a mapping is used.

    Parameters
    ----------
    use
        Before.
    mapping
        With the corrections.
    """
    name = use.name
    if mapping.get("patient_id") == name:
        return Use(name, IDENTIFIER)
    if name in mapping.get("ignore", []):
        return Use(name, LEFT_OUT, label=use.label)
    alterations = alterations_of(mapping)
    if name in alterations:
        said = alterations[name]
        parts = {key: said[key] for key in NAME_PARTS if said.get(key)}
        codes = said.get("codes") or (use.codes if use.use == ALTERATION else None)
        label = AlterationMapping(**parts).feature(name).label if parts else use.alteration
        return Use(name, ALTERATION, alteration=label, codes=codes or _answers_of(column))
    said = mapping.get("columns", {}).get(name, {})
    if not said:
        return use
    return Use(
        name,
        KINDS[said["kind"]] if said.get("kind") else use.use,
        said.get("label") or use.label,
        said.get("unit") or use.unit,
        said.get("role") or use.role,
        tuple(said.get("levels") or use.levels),
        reason=use.reason,
    )


def _answers_of(column: FileColumn) -> Mapping[str, str]:
    """What the entries of a column of yes and no mean for an alteration; others say nothing."""
    if not column.answers:
        return {}
    words = {text: " ".join(text.lower().replace("_", " ").split()) for text, _ in column.entries}
    return {
        text: "altered"
        if word.removesuffix(".0") in YES_WORDS
        else "not altered"
        if word.removesuffix(".0") in NO_WORDS
        else "not tested"
        for text, word in words.items()
    }


def event_guess(column: FileColumn) -> dict[str, str]:
    """What the entries of a column mean as the status of an endpoint; empty if nobody knows."""
    texts = np.array([text for text, _ in column.entries], dtype=object)
    rows = np.repeat(np.arange(len(texts), dtype=np.int32), [count for _, count in column.entries])
    coding = decode_events(TextColumn(column.name, rows, texts)) if len(texts) else None
    if coding is None:
        return {}
    words = {1.0: "event", 0.0: "censored"}
    values = (words.get(float(value), "unknown") for value in coding.values)
    return dict(zip(map(str, texts), values, strict=True))
