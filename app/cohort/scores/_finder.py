"""Finds what feeds each input of a cohort: its own columns, its alterations, its karyotypes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from app.cohort.gene_states import gene_states
from app.cohort.scores import _karyotype as rules
from app.cohort.scores._columns import Mapped, columns_by_meaning, evidence_of_column
from app.cohort.scores._evidence import (
    Evidence,
    either,
    first_known,
    of_numbers,
    of_states,
    states_of,
    unknown,
)
from app.cohort.scores._inputs import input_of
from data_loaders import Cohort, Variable
from data_loaders.arrays import Floats, States
from data_loaders.karyotype import Karyotype, parse_karyotype
from data_loaders.karyotype.events import read_events
from data_loaders.meaning.derived import DRIVERS, is_triple_negative

# Parts that are all of a gene's usual mutations, for files without a column of the whole.
_PARTS = {
    "CALR": {"calr-type-1", "calr-type-2"}, "FLT3": {"flt3-itd", "flt3-tkd"},
    "IDH2": {"idh2-r140", "idh2-r172"}, "U2AF1": {"u2af1-s34", "u2af1-q157"},
}  # fmt: skip
_COMPLEX = {
    "complex": 1, "yes": 1, "1": 1, "1.0": 1, "true": 1,
    "non-complex": 0, "not complex": 0, "no": 0, "0": 0, "0.0": 0, "false": 0,
}  # fmt: skip
_FROM_LESIONS = "from the lesions looked for; what was not looked for may be in their clone"
_A_MATRIX = 8  # columns of events from which on a rare event without one was not found
_MOST_TEXTS = 20_000  # karyotypes kept
Rule = Callable[["Finder"], Evidence]


@dataclass(frozen=True, eq=False)
class Store:
    """What was worked out of a cohort; it does not hold the cohort itself."""

    known: Mapping[str, list[Variable]]
    genes: Mapping[str, States]
    labels: Mapping[str, list[str]]
    whole: frozenset[str]
    found: dict[str, Evidence] = field(default_factory=dict)
    karyotypes: dict[str, Karyotype] = field(default_factory=dict, repr=False)


def stored(cohort: Cohort) -> Store:
    """The cohort's columns by meaning, its genes and its alterations by label."""
    labels: dict[str, list[str]] = {}
    for name, label in cohort.features["label"].items():
        for text in {str(name), str(label)}:
            labels.setdefault(_plain(text), []).append(str(name))
    features = cohort.features
    own = features[features["kind"] == "gene"]
    whole = {*own["gene"], *map(str, own.index)}
    whole |= {gene for gene, parts in _PARTS.items() if parts <= set(labels)}
    return Store(columns_by_meaning(cohort), gene_states(cohort), labels, frozenset(whole))


class Finder:
    """What feeds each input of a cohort, worked out when asked and kept.

    Parameters
    ----------
    mapped
        What the user stated: input to column.
    rules
        How inputs follow from alterations, karyotypes and other inputs.
    store
        What was worked out of the same cohort with the same statements before.
    """

    def __init__(
        self, cohort: Cohort, mapped: Mapped, rules: Mapping[str, Rule], store: Store
    ) -> None:
        self.cohort = cohort
        self._mapped = mapped
        self._rules = rules
        self._store = store

    def evidence(self, key: str) -> Evidence:
        """What is known of an input in each patient."""
        if key not in self._store.found:
            own = evidence_of_column(self.cohort, key, self._mapped, self._store.known)
            if key in rules.TIERS:
                found = self._tier(key, own)
            elif own is not None:
                found = own
            elif key in self._rules and key not in self._mapped:
                found = self._rules[key](self)
            else:
                found = self._gene(key)
            self._store.found[key] = replace(found, bounds=input_of(key).bounds)
        return self._store.found[key]

    def states(self, key: str) -> States:
        """Yes, no, not known of an input or a gene."""
        return states_of(self.evidence(key))

    def _gene(self, symbol: str) -> Evidence:
        states = unknown(self.cohort.n) if symbol in self._mapped else self.gene(symbol)
        if not (states >= 0).any():
            return of_numbers(np.full(self.cohort.n, np.nan))
        told = symbol in self._store.genes
        return of_states(states, symbol if told else ", ".join(self.columns("driver")))

    def gene(self, symbol: str) -> States:
        """State of a gene, not known where nothing tells it.

        Of a gene that has columns of its parts alone, "not this part" is no "unaltered", unless
        the parts are all of it. The driver of an MPN tells its three genes where they lack.
        """
        states = self._store.genes.get(symbol, unknown(self.cohort.n))
        if symbol not in self._store.whole:
            states = np.where(states == 0, -1, states).astype(np.int8)
        driver = self.columns("driver")
        if symbol not in DRIVERS or not driver or not (states < 0).any():
            return states
        codes, levels = self.cohort.factor(driver[0])
        said = [_driver_says(str(level), symbol) for level in levels]
        return first_known([states, np.array([*said, -1], dtype=np.int8)[codes]])

    def labelled(self, *labels: str) -> States:
        """State of the alteration of any of these labels: altered in one, else known in one."""
        names = dict.fromkeys(
            name for label in labels for name in self._store.labels.get(_plain(label), ())
        )
        states = [self.cohort.feature_state(name) for name in names]
        if not states:
            return unknown(self.cohort.n)
        some = np.any(np.equal(states, 1), axis=0)
        return np.where(some, 1, first_known(states)).astype(np.int8)

    def own_column(self, label: str, named: re.Pattern[str]) -> str | None:
        """The alteration of this label, where a column of the file and not a list of variants."""
        sources = self.cohort.features["source_column"]
        for name in self._store.labels.get(_plain(label), ()):
            if named.search(str(sources[name])):
                return name
        return None

    @cached_property
    def coded_karyotypes(self) -> npt.NDArray[np.bool_]:
        """Whose karyotype stands in columns of events, complex among them."""
        events = np.count_nonzero(self.cohort.features["kind"] == "cytogenetic")
        known = self.complex_karyotype() >= 0
        return known if events >= _A_MATRIX else np.zeros_like(known)

    def events(
        self, alternatives: Sequence[Sequence[str]], test: Callable[[Karyotype], bool] | None = None
    ) -> States:
        """State of cytogenetic events from alterations, then from the karyotypes.

        Parameters
        ----------
        alternatives
            The first: names of one alteration that tells it alone; the others: alterations that
            tell it together.
        test
            Whether a karyotype has it; None if the names are those of the karyotype.
        """
        known = [self.labelled(*alternatives[0])]
        if len(alternatives) > 1:
            known.append(either(*(self.labelled(name) for name in alternatives[1])))
        some = np.any(np.equal(known, 1), axis=0)
        states = np.where(some, 1, first_known(known)).astype(np.int8)
        names = {name for group in alternatives for name in group}
        return self.with_karyotypes(
            states, test or (lambda karyotype: not names.isdisjoint(karyotype.events))
        )

    def with_karyotypes(self, states: States, test: Callable[[Karyotype], bool]) -> States:
        column = self.karyotype_column
        if column is None or not (states < 0).any():
            return states
        codes, texts = self.cohort.factor(column)
        rows = (states < 0) & (codes >= 0)
        answers = np.full(len(texts), -1, dtype=np.int8)
        for place in np.unique(codes[rows]):
            karyotype = self.karyotype(str(texts[place]))
            if karyotype.readable:
                open_ = karyotype.problems or karyotype.incomplete
                answers[place] = 1 if test(karyotype) else (-1 if open_ else 0)
        filled = states.copy()
        filled[rows] = answers[codes[rows]]
        return filled

    def complex_karyotype(self) -> States:
        """Whether there are three abnormalities or more."""
        own = self.labelled("complex karyotype", "complex")
        held = self.columns("complex_karyotype")
        if held and not (own >= 0).any():
            codes, levels = self.cohort.factor(held[0])
            answers = [_COMPLEX.get(str(level).strip().lower(), -1) for level in levels]
            own = np.array([*answers, -1], dtype=np.int8)[codes]
        return self.with_karyotypes(own, lambda karyotype: bool(karyotype.complex))

    def columns(self, *meanings: str) -> list[str]:
        """Names of the cohort's variables that have any of these meanings."""
        return [v.name for meaning in meanings for v in self._store.known.get(meaning, ())]

    @property
    def karyotype_column(self) -> str | None:
        """The column of ISCN texts."""
        columns = [v.name for v in self._store.known.get("karyotype", ()) if v.kind == "text"]
        return columns[0] if columns else None

    def karyotype(self, text: str) -> Karyotype:
        """A text read, each once."""
        held = self._store.karyotypes
        if text not in held:
            if len(held) >= _MOST_TEXTS:
                held.clear()
            held[text] = parse_karyotype(text)
        return held[text]

    def _tier(self, key: str, own: Evidence | None) -> Evidence:
        """A group of karyotypes: the file's own, and the text's where it has none."""
        highest = rules.TIERS[key][1]
        n = self.cohort.n
        low, high = np.zeros(n), np.full(n, highest)
        column, words = "", ""
        if own is not None:
            has = own.low == own.high
            low, high = np.where(has, own.low, low), np.where(has, own.high, high)
            column, words = own.column, own.conversion
        text = None if key in self._mapped else self.karyotype_column
        if text is not None and (low != high).any():
            codes, texts = self.cohort.factor(text)
            rows = (low != high) & (codes >= 0)
            ranges = np.tile([0.0, highest], (len(texts), 1))
            for place in np.unique(codes[rows]):
                ranges[place] = rules.tier_of(self.karyotype(str(texts[place])), key)
            low[rows], high[rows] = ranges[codes[rows]].T
            column = f"{column}, else {text}" if column else text
            words = "; ".join(filter(None, (words, "read from the karyotype")))
        if key not in self._mapped and (low != high).any():
            ranges, names = self._tier_of_lesions(key, low != high)
            told = (ranges[:, 0] > low) | (ranges[:, 1] < high)
            if told.any():
                low, high = np.maximum(low, ranges[:, 0]), np.minimum(high, ranges[:, 1])
                column = ", else ".join(filter(None, (column, names)))
                words = "; ".join(filter(None, (words, _FROM_LESIONS)))
        return Evidence(low, high, column, "", words)

    def _tier_of_lesions(
        self, key: str, rows: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.float64], str]:
        """Lowest and highest tier of some patients from their columns of lesions, (n, 2)."""
        ranges = np.tile([0.0, rules.TIERS[key][1]], (self.cohort.n, 1))
        parts, states = self._lesions
        if not parts:
            return ranges, ""
        patterns, which = np.unique(states[rows], axis=0, return_inverse=True)
        answers = np.array([rules.tier_of_lesions(key, *_pattern(parts, row)) for row in patterns])
        ranges[rows] = answers[which.ravel()]
        return ranges, f"{len(parts)} columns of lesions"

    @cached_property
    def _lesions(self) -> tuple[list[tuple[str, ...]], npt.NDArray[np.int16]]:
        """Which lesions each column tells, and its states beside complex, normal and counted."""
        parts, columns = [], []
        for name, kind in self.cohort.features["kind"].items():
            named = _lesions_of(str(self.cohort.features["label"][name])) or _lesions_of(str(name))
            if kind == "cytogenetic" and named:
                parts.append(named)
                columns.append(self.cohort.feature_state(str(name)))
        normal, counted = (np.full(self.cohort.n, -1.0) for _ in range(2))
        for held, meaning in ((normal, "normal_karyotype"), (counted, "n abnormalities")):
            for name in self.columns(meaning)[:1]:
                if self.cohort.variables[name].kind in {"binary", "numeric"}:
                    held[:] = np.nan_to_num(self.cohort.numbers(name), nan=-1.0)
        columns += [self.complex_karyotype(), normal, counted]
        return parts, np.column_stack(columns).astype(np.int16)

    def variants_of(self, gene: str) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_], Floats]:
        """Rows of the variants of a gene: patient, whether they count, and their VAF (or NaN)."""
        mutations = self.cohort.mutations
        rows = mutations[(mutations["gene"] == gene).to_numpy()] if len(mutations) else mutations
        patients = self.cohort.patients.index.get_indexer(rows["patient_id"])
        counts = patients >= 0
        if "set_aside" in rows.columns:
            counts &= rows["set_aside"].isna().to_numpy()
        vafs = rows["vaf"].to_numpy(dtype=np.float64, na_value=np.nan)
        return patients, counts, vafs

    def largest_vaf(self, gene: str, classes: frozenset[str] | None = None) -> Floats:
        """Highest VAF of a gene's variants in each patient, NaN without one."""
        patients, counts, vafs = self.variants_of(gene)
        if classes is not None:
            mutations = self.cohort.mutations
            rows = (
                mutations[(mutations["gene"] == gene).to_numpy()] if len(mutations) else mutations
            )
            counts = counts & rows["variant_class"].isin(classes).to_numpy()
        largest = np.full(self.cohort.n, -np.inf)
        known = counts & ~np.isnan(vafs)
        np.maximum.at(largest, patients[known], vafs[known])
        return np.where(np.isinf(largest), np.nan, largest)


def _driver_says(level: str, symbol: str) -> int:
    """Whether a driver class means this gene: 1, 0, or -1 where it is no class of drivers."""
    named = [gene for gene in DRIVERS if gene in level.upper()]
    return int(symbol in named) if named or is_triple_negative(level) else -1


def _lesions_of(label: str) -> tuple[str, ...]:
    """The lesions that a column tells together; none if a part of its name is not understood."""
    found = []
    for part in re.split(r"\s+or\s+|/", label.strip().lower()):
        events = read_events(re.sub(r"^(\d+[pq])\s+loss$", r"\1-", part)) if part else None
        if not events or len(events) != 1 or events[0].kind == "variant":
            return ()
        found.append(events[0].name)
    return tuple(dict.fromkeys(found))


def _pattern(
    parts: Sequence[tuple[str, ...]], row: npt.NDArray[np.int16]
) -> tuple[tuple[tuple[str, ...], ...], frozenset[str], int, int | None]:
    """What is present, what absent, and how many abnormalities there are at least and at most."""
    *states, complex_, normal, counted = (int(state) for state in row)
    absent = frozenset(
        name for named, state in zip(parts, states, strict=True) if state == 0 for name in named
    )
    sure = {named for named, state in zip(parts, states, strict=True) if state == 1}
    single = {named[0] for named in sure if len(named) == 1}
    present = sorted(named for named in sure if len(named) == 1 or single.isdisjoint(named))
    least = max(3 if complex_ == 1 else 0, 1 if normal == 0 else 0, counted)
    told = ((2, complex_ == 0), (0, normal == 1), (counted, counted >= 0))
    most = min((limit for limit, said in told if said), default=None)
    return tuple(present), absent - single, least, most


def _plain(text: str) -> str:
    return text.lower().replace("_", "-").replace(" ", "-")
