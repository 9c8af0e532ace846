"""Length and domains of the proteins that haematology looks at most, by UniProtKB.

The UniProt Consortium, Nucleic Acids Research 2023;51:D523 (CC BY 4.0), canonical isoforms of the
reviewed human entries named here. A gene whose variants are usually numbered on another isoform
(RUNX1, EZH2, GATA2) is left out: its axis is the range observed. Domains are drawn where their
limits were read in UniProt's own record (JAK2, TP53: features DOMAIN and DNA_BIND); others are left
out until they are.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Protein:
    """A protein's axis.

    Attributes
    ----------
    accession
        UniProtKB accession: the source.
    length
        Residues.
    domains
        Name, first and last residue.
    """

    accession: str
    length: int
    domains: tuple[tuple[str, int, int], ...] = ()


PROTEINS = {
    "JAK2": Protein(
        "O60674",
        1132,
        (
            ("FERM", 37, 380),
            ("SH2", 401, 482),
            ("Pseudokinase", 545, 809),
            ("Kinase", 849, 1124),
        ),
    ),
    "CALR": Protein("P27797", 417),
    "MPL": Protein("P40238", 635),
    "TP53": Protein("P04637", 393, (("DNA-binding", 102, 292),)),
    "DNMT3A": Protein("Q9Y6K1", 912),
    "TET2": Protein("Q6N021", 2002),
    "ASXL1": Protein("Q8IXJ9", 1541),
    "SF3B1": Protein("O75533", 1304),
    "SRSF2": Protein("Q01130", 221),
    "U2AF1": Protein("Q01081", 240),
    "NPM1": Protein("P06748", 294),
    "FLT3": Protein("P36888", 993),
    "KIT": Protein("P10721", 976),
    "IDH1": Protein("O75874", 414),
    "IDH2": Protein("P48735", 452),
    "NRAS": Protein("P01111", 189),
    "KRAS": Protein("P01116", 189),
    "CBL": Protein("P22681", 906),
    "CEBPA": Protein("P49715", 358),
}


def protein_axis(gene: str, furthest: float) -> Protein | None:
    """The gene's protein; None where it is not listed or a variant lies beyond its stop codon."""
    protein = PROTEINS.get(gene)
    return protein if protein is not None and furthest <= protein.length + 1 else None
