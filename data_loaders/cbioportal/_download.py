"""A study fetched from an instance, part by part, as the tables that a folder would hold."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from data_loaders.cbioportal.client import Client, Json, NotFoundError, chunks, quoted
from data_loaders.cbioportal.model import Study
from data_loaders.cbioportal.panels import WHOLE, Profiled, genes_of, is_whole
from data_loaders.cbioportal.tsv import TextTable
from data_loaders.model import CohortError, Issue
from data_loaders.wording import shown

Progress = Callable[[float, str], None]

SAMPLES_AT_ONCE = 1_000
_MAX_SAMPLES = 200_000
_MAX_PANELS = 2_000

# Our names of the columns by the API's names of the fields.
_MUTATION_FIELDS: Mapping[str, str] = {
    "mutationType": "Variant_Classification",
    "proteinChange": "HGVSp_Short",
    "tumorAltCount": "t_alt_count",
    "tumorRefCount": "t_ref_count",
    "chr": "Chromosome",
    "startPosition": "Start_Position",
    "endPosition": "End_Position",
    "referenceAllele": "Reference_Allele",
    "variantAllele": "Tumor_Seq_Allele2",
    "variantType": "Variant_Type",
    "mutationStatus": "Mutation_Status",
    "ncbiBuild": "NCBI_Build",
}
_FUSION_FIELDS: Mapping[str, str] = {
    "site1HugoSymbol": "Site1_Hugo_Symbol",
    "site2HugoSymbol": "Site2_Hugo_Symbol",
    "svStatus": "SV_Status",
    "variantClass": "Class",
    "eventInfo": "Event_Info",
    "annotation": "Annotation",
}
_KIND_OF_PROFILE: Mapping[str, str] = {
    "MUTATION_EXTENDED": "mutations",
    "COPY_NUMBER_ALTERATION": "copy_number",
    "STRUCTURAL_VARIANT": "structural",
}


def download_study(client: Client, study_id: str, tell: Progress) -> Study:
    """The parts of a study, in the order in which each needs those before.

    Parameters
    ----------
    tell
        Called with the share that is done and a sentence.

    Raises
    ------
    CohortError
        With one sentence, whatever went wrong.
    """
    key = quoted(study_id)
    tell(0.0, "Asking for the study.")
    try:
        about = client.get(f"studies/{key}")
    except NotFoundError as error:
        raise CohortError(
            f"{shown(client.address.host)} has no study called {shown(study_id)}; list its studies "
            "to find the right identifier."
        ) from error
    if not isinstance(about, dict):
        raise CohortError(
            f"{shown(client.address.host)} answers in a form that is not cBioPortal's; check that "
            "the address is that of a cBioPortal instance."
        )
    tell(0.05, "Downloading the list of samples.")
    samples = client.rows("GET", f"studies/{key}/samples", projection="SUMMARY", sortBy="sampleId")
    if not samples:
        raise CohortError(f"The study {shown(study_id)} has no samples; choose another.")
    if len(samples) > _MAX_SAMPLES:
        raise CohortError(
            f"The study {shown(study_id)} has {len(samples):,} samples; at most {_MAX_SAMPLES:,} "
            "are read."
        )
    owner = {_field(row, "sampleId"): _field(row, "patientId") for row in samples}
    tell(0.1, "Downloading the clinical data.")
    labels = client.rows("GET", f"studies/{key}/clinical-attributes", projection="SUMMARY")
    patients = _clinical(client, key, "PATIENT", owner, labels)
    tell(0.2, "Downloading the clinical data of samples.")
    of_samples = _clinical(client, key, "SAMPLE", owner, labels)
    profiles = _profiles(client, key)
    profiled, panels = _panels(client, profiles, list(owner), tell)
    genomic = _genomic(client, profiles, list(owner), tell)
    tell(0.9, "Downloading the timeline.")
    timeline, issues = _timeline(client, key)
    return Study(
        key=study_id,
        name=str(about.get("name") or study_id),
        description=str(about.get("description") or ""),
        citation=_citation(about),
        patients=patients,
        samples=of_samples,
        mutations=_present(genomic.get("mutations")),
        copy_number=genomic.get("copy_number"),
        structural=_present(genomic.get("structural")),
        profiled=profiled,
        panels=panels,
        timeline=_present(timeline),
        source=f"{client.address.root}/study?id={study_id}",
        version=f"downloaded on {dt.datetime.now(tz=dt.UTC).date().isoformat()}",
        issues=tuple(issues),
    )


def _clinical(
    client: Client, key: str, kind: str, owner: Mapping[str, str], labels: Sequence[Json]
) -> TextTable:
    """Clinical data, which come one value a row, as the table that a folder would hold."""
    values: dict[str, dict[str, str]] = {}
    for page in client.pages(
        "GET", f"studies/{key}/clinical-data", clinicalDataType=kind, projection="SUMMARY"
    ):
        for row in page:
            one = _field(row, "sampleId" if kind == "SAMPLE" else "patientId")
            values.setdefault(_field(row, "clinicalAttributeId"), {})[one] = str(
                row.get("value") or ""
            )
    values = {name: cells for name, cells in values.items()
              if name.upper() not in {"PATIENT_ID", "SAMPLE_ID"}}  # fmt: skip
    ids = list(owner)
    if kind == "PATIENT":  # those without a sample, too
        ids = list(dict.fromkeys((*owner.values(), *(one for v in values.values() for one in v))))
    patients = [owner.get(one, "") for one in ids] if kind == "SAMPLE" else ids
    columns = {"PATIENT_ID": patients, **({"SAMPLE_ID": ids} if kind == "SAMPLE" else {})}
    columns |= {name: [cells.get(one, "") for one in ids] for name, cells in values.items()}
    known = {str(row.get("clinicalAttributeId")): row for row in labels}
    rows = [
        tuple(str(known.get(name, {}).get(part) or name) for name in columns)
        for part in ("displayName", "description")
    ]
    return _table(f"clinical data of {kind.lower()}s", columns, tuple(rows))


def _profiles(client: Client, key: str) -> dict[str, str]:
    """Identifier of the profile of each kind of data."""
    found: dict[str, str] = {}
    for row in client.rows("GET", f"studies/{key}/molecular-profiles", projection="SUMMARY"):
        kind = _KIND_OF_PROFILE.get(str(row.get("molecularAlterationType")))
        if kind == "copy_number" and row.get("datatype") != "DISCRETE":
            continue
        if kind is not None:
            found.setdefault(kind, _field(row, "molecularProfileId"))
    return found


def _panels(
    client: Client, profiles: Mapping[str, str], samples: Sequence[str], tell: Progress
) -> tuple[dict[str, Profiled], dict[str, frozenset[str]]]:
    """Who was profiled on which panel, and the panels' genes."""
    profiled: dict[str, Profiled] = {}
    names: set[str] = set()
    for kind, profile in profiles.items():
        tell(0.3, "Downloading who was tested for what.")
        panel_of: dict[str, str] = {}
        for part in chunks(samples, SAMPLES_AT_ONCE):
            for row in client.rows(
                "POST",
                f"molecular-profiles/{quoted(profile)}/gene-panel-data/fetch",
                {"sampleIds": list(part)},
            ):
                if row.get("profiled"):
                    panel = str(row.get("genePanelId") or WHOLE)
                    panel_of[_field(row, "sampleId")] = WHOLE if is_whole(panel) else panel
        profiled[kind] = Profiled(panel_of)
        names |= profiled[kind].panels
    panels: dict[str, frozenset[str]] = {}
    for panel in sorted(names)[:_MAX_PANELS]:
        try:
            answer = client.get(f"gene-panels/{quoted(panel)}")
        except NotFoundError:
            continue  # its genes are then inferred from the mutations
        genes = _dicts(answer.get("genes") if isinstance(answer, dict) else None)
        panels[panel] = genes_of(" ".join(str(gene.get("hugoGeneSymbol")) for gene in genes))
    return profiled, panels


def _genomic(
    client: Client, profiles: Mapping[str, str], samples: Sequence[str], tell: Progress
) -> dict[str, TextTable]:
    """Mutations, copy numbers and structural variants, some samples at a time."""
    rows: dict[str, list[Json]] = {kind: [] for kind in profiles}
    parts = list(chunks(samples, SAMPLES_AT_ONCE))
    steps = len(parts) * max(len(profiles), 1)
    words = {
        "mutations": "mutations",
        "copy_number": "copy numbers",
        "structural": "structural variants",
    }
    for number, (kind, part) in enumerate((k, p) for k in profiles for p in parts):
        tell(0.35 + 0.55 * number / steps, f"Downloading the {words[kind]}.")
        rows[kind] += _rows_of(client, kind, profiles[kind], part)
    tables = {}
    if rows.get("mutations"):
        for row in rows["mutations"]:
            row["proteinChange"] = _with_prefix(row.get("proteinChange"))
        tables["mutations"] = _gene_rows(
            "mutations of the study", rows["mutations"], "Tumor_Sample_Barcode", _MUTATION_FIELDS
        )
    if rows.get("copy_number"):
        tables["copy_number"] = _gene_rows(
            "copy numbers of the study", rows["copy_number"], "Sample_Id", {"alteration": "Value"}
        )
    if rows.get("structural"):
        columns = {"Sample_Id": [_field(row, "sampleId") for row in rows["structural"]]}
        columns |= _fields(rows["structural"], _FUSION_FIELDS)
        tables["structural"] = _table("structural variants of the study", columns)
    return tables


def _rows_of(client: Client, kind: str, profile: str, samples: Sequence[str]) -> list[Json]:
    body: dict[str, Any] = {"sampleIds": list(samples)}
    path = f"molecular-profiles/{quoted(profile)}"
    if kind == "mutations":
        return client.rows("POST", f"{path}/mutations/fetch", body, projection="DETAILED")
    if kind == "copy_number":
        return client.rows(
            "POST",
            f"{path}/discrete-copy-number/fetch",
            body,
            discreteCopyNumberEventType="HOMDEL_AND_AMP",
            projection="DETAILED",
        )
    body = {
        "sampleMolecularIdentifiers": [
            {"molecularProfileId": profile, "sampleId": sample} for sample in samples
        ]
    }
    answer = client.post("structural-variant/fetch", body, projection="DETAILED")
    return _dicts(answer)


def _timeline(client: Client, key: str) -> tuple[TextTable | None, list[Issue]]:
    """Events of the patients; instances before version 5 have no address for them."""
    try:
        rows = client.rows("GET", f"studies/{key}/clinical-events", projection="DETAILED")
    except NotFoundError:
        return None, [
            Issue(
                "info",
                "The instance gives no timeline of a whole study, so transplants of the timeline "
                "are not known.",
                code="timeline",
            )
        ]
    if not rows:
        return None, []
    attributes = [
        {
            str(item.get("key")): str(item.get("value") or "")
            for item in _dicts(row.get("attributes"))
        }
        for row in rows
    ]
    names = list(dict.fromkeys(name for cells in attributes for name in cells))
    own = {"PATIENT_ID", "START_DATE", "STOP_DATE", "EVENT_TYPE"}
    columns: dict[str, list[str]] = {
        "PATIENT_ID": [_field(row, "patientId") for row in rows],
        **_fields(rows, {"startNumberOfDaysSinceDiagnosis": "START_DATE",
                         "endNumberOfDaysSinceDiagnosis": "STOP_DATE",
                         "eventType": "EVENT_TYPE"}),
    }  # fmt: skip
    for name in names:
        if name.upper() not in own:
            columns[name] = [cells.get(name, "") for cells in attributes]
    return _table("timeline of the study", columns), []


def _gene_rows(
    filename: str, rows: Sequence[Json], sample: str, fields: Mapping[str, str]
) -> TextTable:
    genes = []
    for row in rows:
        gene = row.get("gene")
        genes.append(str(gene.get("hugoGeneSymbol") or "") if isinstance(gene, dict) else "")
    columns = {"Hugo_Symbol": genes, sample: [_field(row, "sampleId") for row in rows]}
    return _table(filename, columns | _fields(rows, fields))


def _fields(rows: Sequence[Json], fields: Mapping[str, str]) -> dict[str, list[str]]:
    """Columns of the fields that some row has; -1 is the API's word for a count not given."""
    columns = {}
    for field, name in fields.items():
        cells = [row.get(field) for row in rows]
        counts = name.endswith("_count")
        texts = ["" if c is None or (counts and c == -1) else str(c) for c in cells]
        if any(texts):
            columns[name] = texts
    return columns


def _table(
    filename: str, columns: Mapping[str, list[str]], comments: tuple[tuple[str, ...], ...] = ()
) -> TextTable:
    arrays = [pa.chunked_array([pa.array(cells, pa.string())]).dictionary_encode()
              for cells in columns.values()]  # fmt: skip
    cells = pa.table(arrays, names=[f"f{i}" for i in range(len(arrays))])
    return TextTable(filename, comments, tuple(columns), cells)


def _dicts(value: object) -> list[Json]:
    """The objects of a list, whatever an instance sends in its place."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _field(row: Json, name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise CohortError(
            f"The instance sends rows without {name}, which cBioPortal's have; it may be of a "
            "version that is too old."
        )
    return value


def _with_prefix(change: object) -> object:
    """The API sends ``V617F`` for ``p.V617F``."""
    bare = isinstance(change, str) and re.match(r"[A-Z*]\d", change)
    return f"p.{change}" if bare else change


def _present(table: TextTable | None) -> tuple[TextTable, ...]:
    return () if table is None else (table,)


def _citation(about: Json) -> str:
    citation, pmid = str(about.get("citation") or ""), str(about.get("pmid") or "")
    return f"{citation} (PMID {pmid})".strip() if pmid else citation
