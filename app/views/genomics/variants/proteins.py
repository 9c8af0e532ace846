"""Length and domains of the proteins that haematology looks at most, each from two records.

Lengths: the canonical isoform of the reviewed human entry of UniProtKB (The UniProt Consortium,
Nucleic Acids Research 2023;51:D523; CC BY 4.0) named as ``accession``, and the NCBI Reference
Sequence protein named as ``refseq``, as the table of protein domains of maftools gives it
(Mayakonda 2018, Genome Res 28:1747). Each length was read in that table; in UniProt's own record
too for JAK2, TP53, CALR, DNMT3A, ASXL1, NPM1, KIT, FLT3, NRAS, KRAS, CBL, CEBPA. None differed.

Domains: where their limits were read in UniProt's own record (features DOMAIN, DNA_BIND, ZN_FING;
for CALR, which has none, its REGIONs); the others have none drawn. A gene whose variants are
usually numbered on another isoform (RUNX1, EZH2, GATA2) is left out: its axis is the range
observed. KRAS is 4A, as in UniProt; 4B, often reported, is the same to residue 150 and ends at 188.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Protein:
    """A protein's axis.

    Attributes
    ----------
    accession, refseq
        UniProtKB and RefSeq accession: the sources.
    length
        Residues.
    domains
        Name, first and last residue.
    """

    accession: str
    refseq: str
    length: int
    domains: tuple[tuple[str, int, int], ...] = ()


PROTEINS = {
    "JAK2": Protein(
        "O60674", "NP_004963", 1132,
        (
            ("FERM", 37, 380), ("SH2", 401, 482), ("Pseudokinase", 545, 809),
            ("Kinase", 849, 1124),
        ),
    ),
    "CALR": Protein(
        "P27797", "NP_004334", 417,
        (("N-domain", 18, 197), ("P-domain", 198, 308), ("C-domain", 309, 417)),
    ),
    "MPL": Protein("P40238", "NP_005364", 635),
    "TP53": Protein("P04637", "NP_000537", 393, (("DNA-binding", 102, 292),)),
    "DNMT3A": Protein(
        "Q9Y6K1", "NP_072046", 912,
        (("PWWP", 292, 350), ("ADD", 482, 614), ("Methyltransferase", 634, 912)),
    ),
    "TET2": Protein("Q6N021", "NP_001120680", 2002),
    "ASXL1": Protein(
        "Q8IXJ9", "NP_056153", 1541,
        (("HARE-HTH", 11, 86), ("DEUBAD", 255, 364), ("PHD", 1503, 1540)),
    ),
    "SF3B1": Protein("O75533", "NP_036565", 1304),
    "SRSF2": Protein("Q01130", "NP_003007", 221),
    "U2AF1": Protein("Q01081", "NP_006749", 240),
    "NPM1": Protein("P06748", "NP_002511", 294),
    "FLT3": Protein("P36888", "NP_004110", 993),
    "KIT": Protein(
        "P10721", "NP_000213", 976,
        (
            ("Ig 1", 27, 112), ("Ig 2", 121, 205), ("Ig 3", 212, 308), ("Ig 4", 317, 410),
            ("Ig 5", 413, 507), ("Kinase", 589, 937),
        ),
    ),
    "IDH1": Protein("O75874", "NP_005887", 414),
    "IDH2": Protein("P48735", "NP_002159", 452),
    "NRAS": Protein("P01111", "NP_002515", 189),
    "KRAS": Protein("P01116", "NP_203524", 189),
    "CBL": Protein(
        "P22681", "NP_005179", 906, (("Cbl-PTB", 47, 351), ("RING", 381, 420), ("UBA", 856, 895)),
    ),
    "CEBPA": Protein("P49715", "NP_004355", 358, (("bZIP", 282, 345),)),
}  # fmt: skip


def protein_axis(gene: str, furthest: float) -> Protein | None:
    """The gene's protein; None where it is not listed or a variant lies beyond its stop codon."""
    protein = PROTEINS.get(gene)
    return protein if protein is not None and furthest <= protein.length + 1 else None
