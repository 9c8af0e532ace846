"""A gene's column means any mutation of the gene, whatever the file leaves to other columns.

Duplications (FLT3-ITD, KMT2A-PTD) are called by methods of their own, and published matrices keep
them in columns of their own: the FLT3 column of the MDS cohort of Bernard 2022 (22 patients) leaves
out FLT3-ITD (12 patients). Asked for FLT3, such a file answers with fewer patients than have a
mutation of FLT3, while another file's FLT3 includes the duplications. So that a gene means the
same in every cohort, its feature is altered where its column or one of those parts is; the file's
own column stays beside it as "other" mutations.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd

from data_loaders.alterations import Alterations
from data_loaders.model import Issue
from data_loaders.wording import listed, plural, shown

_PART = re.compile(r"(-ITD|-PTD|-TKD| other)$")


def is_part(label: str) -> bool:
    """Whether a refinement's label is that of a part which files keep out of the gene's column."""
    return _PART.search(label) is not None


def with_whole_genes(base: Alterations) -> Alterations:
    """Genes whose column leaves out their duplications, put together with them.

    A column leaves a part out if it says "not mutated" in most patients who have the part. Without
    a column of the gene, parts of which one is "other" make up the gene. "Altered" in any makes the
    gene altered, "not altered" in all of them not altered; otherwise it was not tested.
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
            if left_out and f"{gene}_other" not in base.features.index:
                base = _widened(base, str(own[0]), gene, left_out)
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


def _widened(base: Alterations, own: str, gene: str, parts: list[str]) -> Alterations:
    other = f"{gene}_other"
    labels = [str(base.features.loc[part, "label"]) for part in parts]
    whole = _union(base.matrix, [own, *parts])
    matrix = base.matrix.rename(columns={own: other})
    matrix.insert(int(matrix.columns.get_loc(other)), gene, whole)
    features = base.features.rename(index={own: other})
    features.loc[other, ["kind", "label"]] = [
        "refinement",
        f"{gene} other than {listed(labels, 'or')}",
    ]
    features.loc[gene] = {
        **features.loc[other].to_dict(),
        "kind": "gene",
        "label": gene,
        "reason": f"its own column or {listed(labels, 'or')}",
    }
    marked = int((base.matrix[own].fillna(value=False)).sum())
    issue = Issue(
        "info",
        f"{shown(features.loc[other, 'source_column'])} leaves out {listed(labels)}: {gene} means "
        f"any of them here ({plural(int(whole.sum()), 'patient')}), and the column itself is "
        f"called {other} ({plural(marked, 'patient')}).",
        str(features.loc[other, "source_column"]),
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
