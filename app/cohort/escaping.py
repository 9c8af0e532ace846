"""Text is text: what the data hold is shown as it is, never read as markup.

Names, labels and values of a cohort may hold ``$``, ``*``, ``[`` or ``<``, by chance ("$5-$10") or
on purpose. Pages write Markdown and plotly a little HTML, so such strings are escaped where a text
is shown. Which strings these are is known from the cohort: a page needs not remember to escape, and
one added later is covered too.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from data_loaders import Cohort
from data_loaders.wording import capitalised

_IN_MARKDOWN = re.compile(
    r"[\\`*{}\[\]<>#~$|]|&(?=#?\w+;)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
    r"|:(?=[A-Za-z_]+[\[/:])|://|www\.|@"
)
_AT_START = re.compile(r"^(\s*)([-+](?=\s|$)|\d+(?=[.)](?:\s|$)))")
_IN_FIGURES = re.compile(r"[<>$]|&(?=#?\w+;)")
# A word joiner, which is not seen, keeps an address from becoming a link.
_INSTEAD = {
    "<": "&lt;", ">": "&gt;", "&": "&amp;", "://": ":\u2060//", "www.": "www\u2060.",
    "@": "\u2060@",
}  # fmt: skip
_ELLIPSIS = "…"
_SHORTEST = 6
_BREAK = "(?: |<br>)"
_MOST_VALUES = 20_000
_WORDED = frozenset({"categorical", "ordinal", "binary", "text", "identifier"})


def markdown_escaped(text: str) -> str:
    """Text as Markdown that shows it unchanged: no emphasis, link, formula, colour or list."""
    escaped = _IN_MARKDOWN.sub(lambda found: _INSTEAD.get(found[0], f"\\{found[0]}"), text)
    # A full stop or a sign after a number or at the start makes a list.
    return _AT_START.sub(lambda m: f"{m[1]}{_start(m[2])}", escaped)


def _start(sign: str) -> str:
    return f"&#{ord(sign[0])};{sign[1:]}" if sign.isdecimal() else f"\\{sign}"


def figure_escaped(text: str) -> str:
    """Text as plotly's pseudo-HTML that shows it unchanged, without tags, links and formulas."""
    return html.escape(text, quote=False).replace("$", "&#36;")


@dataclass(frozen=True, eq=False)
class Escapes:
    """The strings of the data that markup would change, and texts with them escaped.

    Parameters
    ----------
    strings
        Names, labels and values that texts may hold.
    """

    strings: frozenset[str]

    @classmethod
    def of(cls, cohort: Cohort, also: Iterable[str] = ()) -> Escapes:
        """The strings of a cohort, and others such as names that the user typed."""
        found: set[str] = {cohort.name, *also}
        provenance = cohort.provenance
        found |= {provenance.source, provenance.note, provenance.citation, provenance.licence}
        for variable in cohort.variables.values():
            found |= {variable.name, variable.label, variable.unit or "", variable.description}
            found |= set(map(str, variable.levels))
            if variable.name in cohort.patients.columns and variable.kind in _WORDED:
                values = cohort.factor(variable.name)[1]
                found |= {str(value) for value in values[:_MOST_VALUES]}
        found |= {str(name) for name in cohort.features.index}
        found |= {str(label) for label in cohort.features["label"]}
        for endpoint in cohort.endpoints.values():
            found |= {endpoint.key, endpoint.label, endpoint.event_label}
        found |= {issue.sentence for issue in cohort.issues}
        found |= {str(name) for name in cohort.patients.index[:_MOST_VALUES]}
        for column in ("gene", "protein_change", "variant_class"):
            if column in cohort.mutations:
                found |= {str(v) for v in cohort.mutations[column].dropna().unique()[:_MOST_VALUES]}
        return cls(frozenset(text for text in found if isinstance(text, str) and text.strip()))

    def with_names(self, names: Iterable[str]) -> Escapes:
        """These strings and further names."""
        return Escapes(self.strings | {name for name in names if name.strip()})

    @cached_property
    def _markdown(self) -> tuple[str, ...]:
        return _changed(self.strings, markdown_escaped)

    @cached_property
    def _figures(self) -> tuple[str, ...]:
        return _changed(self.strings, figure_escaped)

    def markdown(self, text: str) -> str:
        """A Markdown text with the data in it escaped."""
        if not self._markdown or not text:
            return text
        if not (_IN_MARKDOWN.search(text) or _AT_START.search(text)):
            return text
        return _replaced(text, self._markdown, markdown_escaped)

    def figure(self, figure: dict[str, Any]) -> dict[str, Any]:
        """A figure as plain data with the data's texts escaped; the same where no text needs it."""
        return self._in(figure) if self._figures else figure

    def _in(self, part: Any) -> Any:
        if isinstance(part, str):
            if not _IN_FIGURES.search(part):
                return part
            escaped = _replaced(part, self._figures, figure_escaped, over_lines=True)
            return part if escaped == part else escaped
        if isinstance(part, dict):
            entries = {key: self._in(value) for key, value in part.items()}
            return entries if any(entries[key] is not part[key] for key in part) else part
        if isinstance(part, list | tuple):
            return self._in_all(part, part)
        if isinstance(part, np.ndarray) and part.dtype.kind in "OU":
            return self._in_all(part.tolist(), part)
        return part

    def _in_all(self, values: Sequence[Any], part: Any) -> Any:
        found = [self._in(value) for value in values]
        changed = any(new is not old for new, old in zip(found, values, strict=True))
        return found if changed else part


def _changed(strings: Iterable[str], escape: Callable[[str], str]) -> tuple[str, ...]:
    """The strings that escaping changes, the longest first: it may hold a shorter one.

    With each its form within a sentence and at the start of one.
    """
    forms = {
        form
        for text in strings
        if escape(text) != text
        for form in (text, text[:1].lower() + text[1:], capitalised(text))
    }
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


def _replaced(
    text: str, strings: Iterable[str], escape: Callable[[str], str], *, over_lines: bool = False
) -> str:
    """Escape every occurrence once, the longest first, cut ones too."""
    marks: list[str] = []

    def marked(raw: str) -> str:
        marks.append(escape(raw))
        return f"\x00{len(marks) - 1}\x00"

    for raw in strings:
        if raw in text:
            text = text.replace(raw, marked(raw))
        elif over_lines and "<br>" in text:
            # Labels are broken into lines, between words and within long ones.
            pattern = "(?:<br>)?".join(_BREAK if sign == " " else re.escape(sign) for sign in raw)
            text = re.sub(pattern, lambda m: "<br>".join(map(marked, m[0].split("<br>"))), text)
        if _ELLIPSIS in text and len(raw) >= _SHORTEST:
            text = _cut_replaced(text, raw, marked)
    return re.sub("\x00(\\d+)\x00", lambda m: marks[int(m[1])], text)


def _cut_replaced(text: str, raw: str, marked: Callable[[str], str]) -> str:
    """Escape a string that was cut to fit: its beginning and an ellipsis."""
    for end in range(len(raw) - 1, _SHORTEST - 1, -1):
        head = raw[:end].rstrip()
        if f"{head}{_ELLIPSIS}" in text:
            return text.replace(f"{head}{_ELLIPSIS}", marked(head) + _ELLIPSIS)
    return text


def literal(text: str) -> str:
    """A text from a file in markdown, shown as it is."""
    return markdown_escaped(text.replace("\n", " "))
