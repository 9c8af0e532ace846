"""The Cohort and its parts: what every loader makes and every analysis reads.

A cohort is immutable by convention: nobody writes into its frames; a change makes a new cohort.
Times are float months everywhere (one month = 30.4375 days = 365.25 / 12).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Floats, Ints, Positions, States

if TYPE_CHECKING:
    from data_loaders.files.file_columns import FileColumn

DAYS_PER_MONTH = 365.25 / 12
# Times nearer than this, absolutely or relative to themselves, are one time but for rounding.
TIE_TOLERANCE = 2.0**-26  # the square root of the machine's precision

_EXAMPLE_ROWS = 5
VariableKind = Literal["numeric", "categorical", "ordinal", "binary", "text", "date", "identifier"]
# What has values that one counts, rather than a number, a text or a date.
CATEGORIES: frozenset[VariableKind] = frozenset({"categorical", "ordinal", "binary"})
VariableRole = Literal[
    "demographic", "disease", "laboratory", "clinical", "treatment", "outcome", "study", "other"
]
FeatureKind = Literal["gene", "refinement", "cytogenetic", "combination"]
FEATURE_KINDS: Mapping[FeatureKind, str] = {
    "gene": "Genes",
    "refinement": "Refinements of genes",
    "cytogenetic": "Cytogenetic events",
    "combination": "Combinations",
}
Severity = Literal["error", "warning", "info"]
Way = Literal[
    "demo", "catalogue", "file", "files", "archive", "folder", "study", "stored", "api",
    "database", "combined",
]  # fmt: skip

MUTATION_COLUMNS = ("patient_id", "gene", "protein_change", "variant_class", "vaf")
FEATURE_COLUMNS = ("kind", "gene", "label", "source_column")


class CohortError(ValueError):
    """Data that cannot become a cohort; the message is one sentence for the user.

    The sentence says what is wrong, where (file, column, row) and what to do. It never holds a
    patient's identifier or a value of a patient's row.
    """


@dataclass(frozen=True)
class Endpoint:
    """A time-to-event outcome.

    Parameters
    ----------
    key
        Short name used in code and links, such as ``os`` or ``aml``.
    label
        Name for people, such as ``Overall survival``.
    time
        Column of ``Cohort.patients`` with the time in months.
    event
        Column of ``Cohort.patients`` with 1 = event, 0 = censored (float, NaN where unknown).
    competing
        Column with 1 = the competing event ended the follow-up of this endpoint; None if there is
        no competing event.
    entry
        Column with the time in months at which the patient came under observation (left
        truncation); None if everyone entered at time zero.
    event_label
        What happens, as a noun: ``death``, ``AML transformation``.
    source
        How the loader made it of the file's columns: ``OS_YEARS x 12; event OS_STATUS``; empty if
        unknown.
    notes
        Sentences on what the loader changed in it, with the number of patients of the cohort, for
        methods paragraphs and notes of figures.
    """

    key: str
    label: str
    time: str
    event: str
    competing: str | None = None
    entry: str | None = None
    event_label: str = "event"
    source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is made of: time and event, and the others that it has."""
        return tuple(filter(None, (self.time, self.event, self.competing, self.entry)))


@dataclass(frozen=True)
class Variable:
    """One entry of the data dictionary: a column of ``Cohort.patients``.

    Parameters
    ----------
    name
        Column name in ``Cohort.patients``.
    label
        Name for people.
    kind
        What sort of values the column holds.
    unit
        Unit as printed, such as ``g/L``; None if the variable has none.
    role
        What the variable is about.
    description
        One sentence, where something needs saying.
    levels
        For categorical and ordinal variables: the values in their order.
    reason
        Why the loader took the column for this: "the name and values 0 to 110".
    source_column
        The column's name in the file, when it differs from ``name``.
    """

    name: str
    label: str
    kind: VariableKind
    unit: str | None = None
    role: VariableRole = "other"
    description: str = ""
    levels: tuple[str, ...] = ()
    reason: str = ""
    source_column: str | None = None


@dataclass(frozen=True)
class Issue:
    """One finding of validation: data, not an exception.

    ``rows`` holds example row positions in the file (1 = first data row), never identities.
    """

    severity: Severity
    sentence: str
    column: str | None = None
    count: int = 0
    rows: tuple[int, ...] = ()
    code: str = ""

    @classmethod
    def at(  # noqa: PLR0917 - what a finding is made of
        cls,
        severity: Severity,
        sentence: str,
        rows: Sequence[int] | Ints,
        column: str | None,
        code: str,
        count: int | None = None,
    ) -> Issue:
        """One about rows, the first as its examples; ``count`` where they are not all."""
        examples = tuple(map(int, rows[:_EXAMPLE_ROWS]))
        return cls(
            severity, sentence, column, len(rows) if count is None else count, examples, code
        )


@dataclass(frozen=True)
class PlantedTruth:
    """One fact that a synthetic cohort was generated with, so that analyses can be checked.

    Parameters
    ----------
    key
        Stable identifier, such as ``hr:os:ASXL1``.
    statement
        One sentence for people.
    value
        The planted number (hazard ratio, frequency, odds ratio).
    source
        The publication the value was taken from.
    details
        What a test needs to recover it: endpoint, feature, subset, adjustment.
    """

    key: str
    statement: str
    value: float
    source: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Loading:
    """How a cohort was loaded, so that a script can load it again.

    Parameters
    ----------
    way
        By which door: a demo, the catalogue, one file, several files, an archive, a folder of
        tables, the folder of a study, a stored cohort, cBioPortal's API, a database, or several
        cohorts that were combined.
    files
        Names of the files as they were given, never their folders; for a demo or the catalogue
        the source, for an API the address, for a database nothing.
    arguments
        Further arguments of :func:`data_loaders.load_cohort` as plain JSON, with names of files
        in place of paths: ``clinical``, ``mutations``, ``variants``, ``sheet``, ``table``,
        ``query`` (which may name a patient: it is for scripts only), ``study`` of an API; of
        combined cohorts ``names``, ``name`` and their own provenances, ``parts``.
    mapping
        What was stated of the columns, as plain JSON; empty where all was inferred.
    mapping_file
        Name of the mapping's file, where it was found beside the table.
    """

    way: Way
    files: tuple[str, ...] = ()
    # A query may name a patient: it stands in no text of the whole.
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    mapping: Mapping[str, Any] = field(default_factory=dict)
    mapping_file: str | None = None


@dataclass(frozen=True)
class Provenance:
    """Where a cohort came from.

    ``source`` is a file's name (never its folder), a catalogue key or a demo's key; ``loaded`` is
    how it was read, None where a program made it. The latter is no part of what two cohorts are
    compared by: the same cohort may come by several ways. ``derived`` are the definitions, as
    plain JSON, of what was derived of other columns (see :mod:`app.cohort.derived`).
    """

    source: str
    citation: str = ""
    licence: str = ""
    version: str = ""
    synthetic: bool = False
    note: str = ""
    truths: tuple[PlantedTruth, ...] = ()
    derived: tuple[Mapping[str, Any], ...] = ()
    loaded: Loading | None = field(default=None, compare=False)


def _empty_mutations() -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype="object") for column in MUTATION_COLUMNS})


def _described(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint as plain data; what is not said is left out, as older archives lack it."""
    data = asdict(endpoint)
    return {name: value for name, value in data.items() if value or name not in {"source", "notes"}}


def _frame_digest(frame: pd.DataFrame, *, index: bool) -> bytes:
    digest = hashlib.sha256()
    for name in frame.columns:
        digest.update(f"{name}\x00{frame[name].dtype}\x00".encode())
    if len(frame.columns):
        hashes = pd.util.hash_pandas_object(frame, index=index, categorize=True)
        digest.update(hashes.to_numpy().tobytes())
    elif index:
        digest.update("\x00".join(map(str, frame.index)).encode())
    return digest.digest()


@dataclass(frozen=True, eq=False)
class Cohort:
    """Immutable, validated patient data with endpoints, data dictionary and provenance.

    Parameters
    ----------
    name
        Name for people.
    patients
        One row a patient, index named ``patient_id`` (unique strings), clinical columns.
    alterations
        Same index; one column a feature; pandas nullable ``boolean``. NA means *not tested*,
        which is never wild type.
    features
        One row a column of ``alterations`` (index = feature name) with the columns ``kind``
        (gene, refinement, cytogenetic or combination), ``gene`` (symbol, or None; of a part of a
        cytogenetic event, that event), ``label`` (for people) and
        ``source_column`` (name in the file).
    mutations
        Long table, one row a variant: patient_id, gene, protein_change, variant_class, vaf, ...
        May be empty.
    endpoints
        Mapping from key to :class:`Endpoint`; the most important first.
    variables
        Mapping from column to :class:`Variable`; the most important first.
    provenance
        Source, citation, licence; whether synthetic.
    issues
        What validation found.
    file_columns
        The columns of the file or files as they stand there, by name, where the cohort was read
        from tables; no part of the fingerprint.

    Raises
    ------
    CohortError
        If the parts contradict each other (a programming error of a loader).
    """

    name: str
    patients: pd.DataFrame
    alterations: pd.DataFrame
    features: pd.DataFrame
    endpoints: Mapping[str, Endpoint]
    variables: Mapping[str, Variable]
    provenance: Provenance
    mutations: pd.DataFrame = field(default_factory=_empty_mutations)
    issues: tuple[Issue, ...] = ()
    file_columns: Mapping[str, FileColumn] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "endpoints", MappingProxyType(dict(self.endpoints)))
        object.__setattr__(self, "variables", MappingProxyType(dict(self.variables)))
        if self.patients.index.name != "patient_id" or not self.patients.index.is_unique:
            raise CohortError("The patient table needs a unique index named patient_id.")
        if not self.patients.index.equals(self.alterations.index):
            raise CohortError("The alteration table does not list the same patients in order.")
        if list(self.features.index) != list(self.alterations.columns):
            raise CohortError("The feature table does not describe the alteration columns.")
        for endpoint in self.endpoints.values():
            for column in endpoint.columns:
                if column not in self.patients.columns:
                    raise CohortError(
                        f"Endpoint {endpoint.key} names the column {column}, which does not exist."
                    )

    def __len__(self) -> int:
        return len(self.patients)

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.patients)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of the content: tables, endpoints and data dictionary.

        And of what is stated of the inputs of scores, since scores follow from it.
        """
        digest = hashlib.sha256()
        digest.update(_frame_digest(self.patients, index=True))
        digest.update(_frame_digest(self.alterations, index=False))
        digest.update(_frame_digest(self.mutations, index=False))
        description = {
            "features": self.features.astype(str).to_dict(),
            "endpoints": [_described(endpoint) for endpoint in self.endpoints.values()],
            "variables": [asdict(variable) for variable in self.variables.values()],
        }
        if self.stated_scores:
            description["scores"] = dict(self.stated_scores)
        digest.update(json.dumps(description, sort_keys=True).encode())
        return digest.hexdigest()

    @property
    def stated_scores(self) -> Mapping[str, Any]:
        """What its mapping states of the inputs of prognostic scores; usually nothing."""
        loaded = self.provenance.loaded
        return {} if loaded is None else loaded.mapping.get("scores", {})

    @cached_property
    def states(self) -> States:
        """Alterations as a compact matrix (patients x features): 1 altered, 0 not, -1 untested."""
        matrix = np.empty(self.alterations.shape, dtype=np.int8, order="F")
        for position, name in enumerate(self.alterations.columns):
            column = self.alterations[name]
            matrix[:, position] = column.to_numpy(dtype=np.int8, na_value=-1)
        matrix.flags.writeable = False
        return matrix

    @cached_property
    def altered_counts(self) -> Ints:
        """Altered patients of each feature, in the order of the columns."""
        counts: Ints = np.count_nonzero(self.states == 1, axis=0).astype(np.int64)
        return counts

    @cached_property
    def tested_counts(self) -> Ints:
        """Patients tested for each feature, in the order of the columns."""
        counts: Ints = np.count_nonzero(self.states >= 0, axis=0).astype(np.int64)
        return counts

    @cached_property
    def endpoint_columns(self) -> frozenset[str]:
        """Columns of ``patients`` that an endpoint is made of."""
        return frozenset(name for held in self.endpoints.values() for name in held.columns)

    def numbers(self, column: str) -> Floats:
        """A column of ``patients`` as numbers, shape (n,), NaN where missing."""
        return np.asarray(self.patients[column].to_numpy(dtype=np.float64, na_value=np.nan))

    def factor(self, column: str) -> tuple[Positions, tuple[Any, ...]]:
        """A column of ``patients`` as codes, worked out once: the cohort does not change.

        Returns
        -------
        tuple
            Position of each patient's value among the distinct values, -1 where missing, and
            those values in the order of their first patient.

        Raises
        ------
        CohortError
            If the cohort has no such column.
        """
        if column not in self.patients.columns:
            raise CohortError(f"This cohort has no variable called {column}.")
        if column not in self._factors:
            codes, values = pd.factorize(self.patients[column], sort=False)
            self._factors[column] = (codes.astype(np.intp), tuple(values))
        return self._factors[column]

    @cached_property
    def _factors(self) -> dict[str, tuple[Positions, tuple[Any, ...]]]:
        return {}

    def feature_state(self, feature: str) -> States:
        """State of one feature in every patient: 1 altered, 0 not altered, -1 not tested.

        The name that its column has in the file works too, so that links and saved views which
        say ``del5q`` still find ``del(5q)``.

        Raises
        ------
        CohortError
            If the cohort has no such feature.
        """
        if feature not in self.alterations.columns:
            own = self.features.index[self.features["source_column"] == feature]
            if len(own) != 1:
                raise CohortError(f"This cohort has no alteration called {feature}.")
            feature = str(own[0])
        return self.states[:, int(self.alterations.columns.get_loc(feature))]

    @property
    def feature_kinds(self) -> list[FeatureKind]:
        """The kinds of alterations that the cohort has, genes first."""
        present = set(self.features["kind"])
        return [kind for kind in FEATURE_KINDS if kind in present]

    def features_of_kind(self, kinds: Iterable[FeatureKind]) -> list[str]:
        """Names of the features of the given kinds, in the cohort's order."""
        wanted = set(kinds)
        return [str(name) for name in self.features.index[self.features["kind"].isin(wanted)]]

    def loaded_by(self, loading: Loading) -> Cohort:
        """The same cohort, with the record of how it was loaded."""
        # A copy rather than a new one: what was worked out of the content holds on.
        same = copy(self)
        object.__setattr__(same, "provenance", replace(self.provenance, loaded=loading))
        if same.stated_scores or self.stated_scores:
            same.__dict__.pop("fingerprint", None)
        return same

    def subset(self, mask: Bools, name: str | None = None) -> Cohort:
        """A cohort of the patients where ``mask`` is true, everything else unchanged."""
        patients = self.patients.loc[mask]
        mutations = self.mutations
        if len(mutations):
            mutations = mutations[mutations["patient_id"].isin(patients.index)]
        return replace(
            self,
            name=name or self.name,
            patients=patients,
            alterations=self.alterations.loc[mask],
            mutations=mutations,
        )
