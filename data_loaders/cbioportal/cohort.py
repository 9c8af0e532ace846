"""From a study to a cohort: one row a patient, one sample for each, every call with its test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from data_loaders.alterations.columns import Alterations
from data_loaders.alterations.gene_parts import gene_columns, with_whole_genes
from data_loaders.alterations.mutation_rule import agreeing, is_germline
from data_loaders.cbioportal._copy_number import called_copy_numbers
from data_loaders.cbioportal._structural import called_fusions
from data_loaders.cbioportal._timeline import transplants
from data_loaders.cbioportal.clinical import (
    PATIENT,
    attributes,
    one_row_each,
    read_clinical,
    with_labels,
)
from data_loaders.cbioportal.model import Study
from data_loaders.cbioportal.mutations import Called, called_mutations
from data_loaders.joining.from_table import cohort_from_table
from data_loaders.mapping.record import TableMapping
from data_loaders.meaning.derived import driver_class
from data_loaders.meaning.validation import constant_columns
from data_loaders.model import Cohort, Issue, Provenance
from data_loaders.wording import listed, plural

_SEVERITIES = ("error", "warning", "info")
_REPLACED = frozenset({"constant"})  # findings that are made again over the whole


def cohort_from_study(
    study: Study, name: str | None = None, mapping: TableMapping | None = None
) -> Cohort:
    """Understand a study and make it a cohort.

    A feature that both the clinical table and the genomic files give keeps the clinical table's
    call, which is usually that of a dedicated test; the files fill in where it is silent.

    Raises
    ------
    CohortError
        With one sentence that says what is wrong, where, and what to do.
    """
    clinical = read_clinical(study.patients, study.samples)
    patients = pd.Index(clinical.ids, name="patient_id", dtype=object)
    panels = dict(study.panels)
    mutation_panels = study.profiled.get("mutations")
    called, mutations, chosen = called_mutations(
        study.mutations, clinical.samples, patients, mutation_panels, panels
    )
    copies = called_copy_numbers(
        study.copy_number, clinical.samples, patients, study.profiled.get("copy_number"), panels
    )
    fusions = called_fusions(
        study.structural,
        clinical.samples,
        patients,
        study.profiled.get("structural", mutation_panels),
        panels,
    )
    anyway = clinical.samples.chosen(None, len(patients))  # where none was sequenced
    table = one_row_each(clinical, np.where(chosen >= 0, chosen, anyway), study.key)
    stated = replace(mapping or TableMapping(), patient_id=PATIENT)
    base = cohort_from_table(table, stated, name or study.name or study.key)
    alterations = _joined(base, [called, copies, fusions])
    if mutations is not None:
        mutations = agreeing(
            mutations,
            alterations.matrix,
            gene_columns(alterations.features),
            untested=called.untested,
        )
    timed, timeline_issues = transplants(study.timeline, patients, base.patients.columns)
    data, variables = base.patients.copy(), dict(base.variables)
    for extra in timed:
        data[extra.variable.name] = extra.months
        variables[extra.variable.name] = extra.variable
    driver = driver_class(alterations)
    if driver is not None and driver.variable.name not in variables:
        data.insert(0, driver.variable.name, driver.cells)
        variables = {driver.variable.name: driver.variable, **variables}
    issues = [
        *study.issues,
        *clinical.issues,
        *(issue for issue in base.issues if issue.code not in _REPLACED),
        *alterations.issues,
        *timeline_issues,
        *constant_columns(data, variables, alterations.matrix),
    ]
    known = {
        **(attributes(study.samples) if study.samples is not None else {}),
        **(attributes(study.patients) if study.patients is not None else {}),
    }
    cohort = replace(
        base,
        patients=data,
        variables=variables,
        alterations=alterations.matrix,
        features=alterations.features,
        **({"mutations": mutations} if mutations is not None else {}),
        provenance=Provenance(
            source=study.source or study.key,
            citation=study.citation,
            version=study.version,
            note=study.description,
        ),
        issues=tuple(_by_severity(issues)),
    )
    return with_labels(cohort, known)


def _joined(base: Cohort, parts: Iterable[Called]) -> Alterations:
    """The features of the clinical table and of the genomic files, each once.

    Two genomic files may give the same feature: FLT3-ITD is reported among the mutations or among
    the structural variants, and is altered where either shows it, and so is FLT3. Who was tested
    follows from the first of the files, that of mutations.
    """
    matrix = dict(base.alterations.items())
    features = [base.features]
    same: list[str] = []
    issues: list[Issue] = []
    differing = 0
    clinical_ones = set(base.features.index)
    labels = {label: name for name, label in base.features["label"].items()}
    for part in parts:
        issues += part.issues
        new = []
        for feature, label in part.features["label"].items():
            own = feature if feature in matrix else labels.get(label)
            gene, calls = part.features.loc[feature, "gene"], part.matrix[feature]
            refined = part.features.loc[feature, "kind"] == "refinement" and not is_germline(label)
            if refined and gene in clinical_ones:
                # A part of a gene that the clinical table calls unmutated: nobody knows.
                denied = (matrix[gene] == False) & calls  # noqa: E712 - NA is neither
                calls = calls.mask(denied.fillna(value=False))
            elif refined and gene in matrix:
                matrix[gene] = _altered_too(matrix[gene], calls)
            if own is None:
                matrix[feature] = calls
                labels[label] = feature
                new.append(feature)
                continue
            clinical, files = matrix[own], calls
            if own not in clinical_ones:
                matrix[own] = _altered_too(clinical, files)
                continue
            both = clinical.notna() & files.notna()
            differing += int((clinical[both] != files[both]).sum())
            matrix[own] = clinical.where(clinical.notna(), files)
            same.append(str(own))
        features.append(part.features.loc[new])
    if same:
        issues.append(
            Issue(
                "warning" if differing else "info",
                f"The clinical table and the genomic files both give {listed(same)}; the clinical "
                f"table was believed, the files fill in where it is silent, and they disagree on "
                f"{plural(differing, 'call')}.",
                count=differing,
                code="conflict",
            )
        )
    whole = pd.concat(features)
    frame = pd.DataFrame(matrix, index=base.alterations.index)[list(whole.index)]
    frame.columns = pd.Index(list(whole.index), dtype=object)
    return with_whole_genes(Alterations(frame, whole, frozenset(), tuple(issues)))


def _altered_too(feature: pd.Series, other: pd.Series) -> pd.Series:
    """The feature, altered where the other is."""
    return feature.mask(other.fillna(value=False), other=True)


def _by_severity(issues: Iterable[Issue]) -> list[Issue]:
    unique = list(dict.fromkeys(issues))
    return sorted(unique, key=lambda issue: _SEVERITIES.index(issue.severity))
