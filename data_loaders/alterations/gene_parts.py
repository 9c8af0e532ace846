"""Genes whose parts are called by methods of their own: FLT3-ITD, KMT2A-PTD.

Published matrices keep duplications in columns of their own: the FLT3 column of the MDS cohort of
Bernard 2022 (22 patients) leaves out FLT3-ITD (12 patients). The file's column keeps its name and
its count, which is what its publication prints; beside it stands the gene with any of its parts
(``FLT3_any``), which is what a clinician who asks for FLT3 means, and a finding says so. Where a
file has only the parts, such as FLT3-ITD, FLT3-TKD and FLT3 other, the gene is made of them.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd

from data_loaders.alterations.columns import Alterations
from data_loaders.model import Issue
from data_loaders.wording import listed, plural, shown

_PART = re.compile(r"(-ITD|-PTD|-TKD| other)$")
_ANY = " (any)"


def is_part(label: str) -> bool:
    """Whether a refinement's label is that of a part which files keep out of the gene's column."""
    return _PART.search(label) is not None


def is_whole(label: str) -> bool:
    """Whether a label is that of a gene with any of the parts that its own column leaves out."""
    return label.endswith(_ANY)


def gene_columns(features: pd.DataFrame) -> dict[str, str]:
    """The feature that means any mutation of a gene, by gene."""
    genes = features[features["kind"] == "gene"]
    whole = features[features["label"].map(is_whole).to_numpy(dtype=bool)]
    return {str(gene): str(name) for part in (genes, whole) for name, gene in part["gene"].items()}


def with_whole_genes(base: Alterations) -> Alterations:
    """Genes whose column leaves out their duplications, with any of them beside it.

    A column leaves a part out if it says "not mutated" in most patients who have the part. Without
    a column of the gene, parts of which one is "other" make up the gene. "Altered" in any makes the
    whole altered, "not altered" in all of them not altered; otherwise it was not tested.
    """
    parts_of: dict[str, list[str]] = {}
    for name, row in base.features.iterrows():
        if row["kind"] == "refinement" and is_part(row["label"]):
            parts_of.setdefault(row["gene"], []).append(str(name))
    for gene, parts in parts_of.items():
        own = base.features.index[
            (base.features["kind"] == "gene") & (base.features["gene"] == gene)
        ]
        if len(own) == 1:
            left_out = [part for part in parts if _leaves_out(base.matrix, str(own[0]), part)]
            if left_out and f"{gene}_any" not in base.features.index:
                base = _with_any(base, str(own[0]), gene, left_out)
        elif not len(own) and len(parts) > 1 and any(_is_other(base, part) for part in parts):
            base = _made_up(base, gene, parts)
    return base


def _is_other(base: Alterations, part: str) -> bool:
    return str(base.features.loc[part, "label"]).endswith(" other")


def _leaves_out(matrix: pd.DataFrame, gene: str, part: str) -> bool:
    with_part = matrix[gene][matrix[part].fillna(value=False)]
    return bool(len(with_part)) and bool((~with_part.fillna(value=True)).sum() > len(with_part) / 2)


def _union(matrix: pd.DataFrame, columns: list[str]) -> pd.Series:
    """True if any is, False if all are, NA otherwise (pandas follows Kleene)."""
    whole = matrix[columns[0]]
    for column in columns[1:]:
        whole = whole | matrix[column]
    return whole


def _with_any(base: Alterations, own: str, gene: str, parts: list[str]) -> Alterations:
    labels = [str(base.features.loc[part, "label"]) for part in parts]
    whole = _union(base.matrix, [own, *parts])
    name = f"{gene}_any"
    matrix = base.matrix.copy(deep=False)
    matrix.insert(int(matrix.columns.get_loc(own)) + 1, name, whole)
    features = base.features.copy()
    features.loc[name] = {
        **features.loc[own].to_dict(),
        "kind": "refinement",
        "label": f"{gene}{_ANY}",
        "source_column": listed(
            [str(features.loc[c, "source_column"]) for c in (own, *parts)], "or"
        ),
        "reason": f"{own} or {listed(labels, 'or')}",
    }
    marked = int((base.matrix[own].fillna(value=False)).sum())
    source = str(features.loc[own, "source_column"])
    issue = Issue(
        "info",
        f"{shown(source)} leaves out {listed(labels)} ({plural(marked, 'patient')} without, "
        f"{plural(int(whole.sum()), 'patient')} with): {name} means any of them.",
        source,
        int(whole.sum()) - marked,
        code="gene_parts",
    )
    return replace(
        base,
        matrix=matrix,
        features=features.loc[matrix.columns],
        issues=(*base.issues, issue),
    )


def _made_up(base: Alterations, gene: str, parts: list[str]) -> Alterations:
    labels = [str(base.features.loc[part, "label"]) for part in parts]
    matrix = base.matrix.copy(deep=False)
    matrix.insert(
        min(int(matrix.columns.get_loc(part)) for part in parts), gene, _union(matrix, parts)
    )
    features = base.features.copy()
    features.loc[gene] = {
        "kind": "gene",
        "gene": gene,
        "label": gene,
        "source_column": base.features.loc[parts[0], "source_column"],
        "reason": f"any of {listed(labels)}",
    }
    issue = Issue(
        "info",
        f"{gene} has no column of its own; it means any of {listed(labels)} "
        f"({plural(int(matrix[gene].sum()), 'patient')}).",
        count=int(matrix[gene].sum()),
        code="gene_parts",
    )
    return replace(
        base, matrix=matrix, features=features.loc[matrix.columns], issues=(*base.issues, issue)
    )
