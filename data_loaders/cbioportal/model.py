"""A study before it is a cohort: the same parts, whether from a folder or from the web."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from data_loaders.cbioportal.panels import Profiled
from data_loaders.cbioportal.tsv import TextTable
from data_loaders.model import Issue


@dataclass(frozen=True, eq=False)
class Study:
    """A cBioPortal study, read but not yet understood.

    Parameters
    ----------
    key
        The study's identifier, or the folder's name.
    patients, samples
        Clinical tables; one of them is there.
    mutations, copy_number, structural
        Files of variants, copy numbers (wide or long) and fusions; several of a kind are possible
        for mutations and fusions.
    profiled
        Which samples were profiled on which gene panel, by kind of data: ``mutations``,
        ``copy_number``, ``structural``; a kind is absent where the study does not say.
    panels
        Genes of each gene panel.
    timeline
        Events of patients, in days.
    source
        For the provenance: the folder's name or the web address.
    version
        Of the source, such as the day of the download.
    """

    key: str
    name: str
    patients: TextTable | None
    samples: TextTable | None
    description: str = ""
    citation: str = ""
    mutations: tuple[TextTable, ...] = ()
    copy_number: TextTable | None = None
    structural: tuple[TextTable, ...] = ()
    profiled: Mapping[str, Profiled] = field(default_factory=dict)
    panels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    timeline: tuple[TextTable, ...] = ()
    source: str = ""
    version: str = ""
    issues: tuple[Issue, ...] = ()
