"""What repositories read of a bundle: its metadata as an RO-Crate."""

from __future__ import annotations

import json
import mimetypes
import warnings
from collections.abc import Mapping, Sequence

from app.study.files.software import product
from app.study.story import Answered

_KINDS = {"py": "text/x-python", "md": "text/markdown", "parquet": "application/vnd.apache.parquet"}


def crate(title: str, told: Sequence[Answered], files: Mapping[str, bytes | str]) -> str:
    """The content of ``ro-crate-metadata.json``, by the crate's own library.

    References
    ----------
    RO-Crate Metadata Specification, https://w3id.org/ro/crate
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    held = ROCrate()
    held.name = title
    provenances = [cohort.provenance for one in told for cohort in one.cohorts]
    sources = dict.fromkeys(provenance.source for provenance in provenances)
    synthetic = any(provenance.synthetic for provenance in provenances)
    held.description = (
        f"{'SYNTHETIC DATA. ' * synthetic}Figures, tables, methods and scripts of "
        f"{len(told)} analyses of {', '.join(sources) or 'a cohort'}, "
        f"made with {product()}."
    )
    held.license = "https://spdx.org/licenses/MIT"
    tool = {"@type": "SoftwareApplication", "name": product()}
    software = held.add(ContextEntity(held, "#software", properties=tool))
    for name, content in files.items():
        if name.startswith("source/"):
            continue
        size = len(content if isinstance(content, bytes) else content.encode())
        kind = _KINDS.get(name.rpartition(".")[2]) or mimetypes.guess_type(name)[0]
        told_of = {"contentSize": str(size), "encodingFormat": kind or "text/plain"}
        with warnings.catch_warnings():  # the files are in the archive, not on this disk
            warnings.simplefilter("ignore")
            entity = held.add_file(dest_path=name, properties=told_of)
        if name.startswith("steps/"):
            entity["wasGeneratedBy"] = software
    held.add_dataset(
        dest_path="source", properties={"name": "The source that the scripts run with"}
    )
    return json.dumps(held.metadata.generate(), indent=1, ensure_ascii=False)
