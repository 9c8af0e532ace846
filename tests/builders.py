"""Small cohorts written out in full, for tests that must know every patient."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from data_loaders import Cohort, Endpoint, Provenance, Variable


def make_cohort(
    patients: Mapping[str, list[object]],
    alterations: Mapping[str, list[object]] | None = None,
    variables: tuple[Variable, ...] = (),
    endpoints: tuple[Endpoint, ...] = (),
    kinds: Mapping[str, str] | None = None,
) -> Cohort:
    """A cohort from plain lists; patients are called P1, P2, ..."""
    n = len(next(iter(patients.values())))
    index = pd.Index([f"P{i + 1}" for i in range(n)], name="patient_id", dtype="object")
    altered = pd.DataFrame(
        {
            name: pd.array([pd.NA if v is None else bool(v) for v in values], dtype="boolean")
            for name, values in (alterations or {}).items()
        },
        index=index,
    )
    features = pd.DataFrame(
        {
            "kind": [(kinds or {}).get(name, "gene") for name in altered.columns],
            "gene": list(altered.columns),
            "label": list(altered.columns),
            "source_column": list(altered.columns),
        },
        index=altered.columns,
    )
    return Cohort(
        name="Test cohort",
        patients=pd.DataFrame(patients, index=index),
        alterations=altered,
        features=features,
        endpoints={endpoint.key: endpoint for endpoint in endpoints},
        variables={variable.name: variable for variable in variables},
        provenance=Provenance(source="test"),
    )


OS = Endpoint("os", "Overall survival", "os_months", "os_event", event_label="death")
DIAGNOSIS = Variable("diagnosis", "Diagnosis", "categorical", role="disease")
AGE = Variable("age_years", "Age", "numeric", unit="years", role="demographic")
