"""The publications behind the demo cohorts, each with how its figure reached us.

Every planted number carries one of these, so that a reader can tell a figure that was read from
one that was remembered, and both from a size that was chosen for the demo.

Of the lymphoid papers and of CML whose figures are recalled, title, place and abstract have been
read of Schmitz 2018, Reddy 2017, Chapuy 2018, Wright 2020, Lacy 2020, Lenz 2008, Puente 2015,
Landau 2015, Burger 2015, Branford 2018, Kim 2017 and Soverini 2011: they agree with which genes
mark a class and which way an effect goes, and give no frequency of single genes. Of CLL-IPI 2016 a
report of the abstract (ASCO Post, 10 June 2016) gives points, groups and their survival, not the
hazard ratios. How frequent genes are in all DLBCL was read in a reanalysis, within the classes not.
By the abstract of Copie-Bergman 2015 (Blood 126:2466) MYC is rearranged in 8.9% of DLBCL, in 5.6%
with BCL2 or BCL6. Rosenwald 2019, Marin 2012 and Hochhaus 2016 have not been read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Evidence = Literal["read", "recomputed", "recalled", "chosen"]

_WORDS: dict[Evidence, str] = {
    "read": "figure read in the publication's abstract or in a table that reproduces it",
    "recomputed": "aggregate recomputed from the publication's public data, rounded",
    "recalled": "figure recalled, not read again",
    "chosen": "direction as published, size chosen for this demo",
}


@dataclass(frozen=True)
class Source:
    """A publication and how the figure taken from it is known.

    Parameters
    ----------
    citation
        First author, year, journal, volume and first page.
    evidence
        ``read``, ``recomputed`` (from public data), ``recalled`` or ``chosen`` (only the direction
        is published).
    """

    citation: str
    evidence: Evidence

    def __str__(self) -> str:
        return f"{self.citation} ({_WORDS[self.evidence]})"

    def chosen(self) -> Source:
        """The same publication, cited for the direction of an effect only."""
        return Source(self.citation, "chosen")


# Myeloproliferative neoplasms
GRINFELD_2018 = Source("Grinfeld 2018 N Engl J Med 379:1416", "recomputed")
TEFFERI_2014 = Source("Tefferi 2014 Blood 124:2507", "read")
TEFFERI_2014_CALR = Source("Tefferi 2014 Blood 124:2465", "read")
TEFFERI_2016 = Source("Tefferi 2016 Blood Adv 1:21", "read")
TEFFERI_2018 = Source("Tefferi 2018 Am J Hematol 93:348", "read")
TEFFERI_2020 = Source("Tefferi 2020 Br J Haematol 189:291", "read")
RUMI_2014 = Source("Rumi 2014 Blood 124:1062", "read")
GUGLIELMELLI_2014 = Source("Guglielmelli 2014 Leukemia 28:1804", "read")
GUGLIELMELLI_2017 = Source("Guglielmelli 2017 Blood 129:3227", "read")
CERVANTES_2009 = Source("Cervantes 2009 Blood 113:2895", "recalled")
PASSAMONTI_2008 = Source("Passamonti 2008 Blood 111:3383", "read")
BARBUI_2012 = Source("Barbui 2012 Blood 120:5128", "read")
CARAMAZZA_2011 = Source("Caramazza 2011 Leukemia 25:82", "recalled")
VANNUCCHI_2013 = Source("Vannucchi 2013 Leukemia 27:1861", "recalled")

# Myelodysplastic syndromes
BERNARD_2022 = Source("Bernard 2022 NEJM Evid 1(7):EVIDoa2200008", "recomputed")
BERNARD_2024 = Source("Bernard 2024 Blood 144:1617", "read")
CUTLER_2004 = Source("Cutler 2004 Blood 104:579", "read")
KORETH_2013 = Source("Koreth 2013 J Clin Oncol 31:2662", "read")
DELLA_PORTA_2017 = Source("Della Porta 2017 Leukemia 31:2449", "read")
TENTORI_2024 = Source("Tentori 2024 J Clin Oncol 42:2873", "recalled")

# Acute myeloid leukaemia
PAPAEMMANUIL_2016 = Source("Papaemmanuil 2016 N Engl J Med 374:2209", "recomputed")
GRIMWADE_2010 = Source("Grimwade 2010 Blood 116:354", "recalled")
LACHOWIEZ_2023 = Source("Lachowiez 2023 Blood Adv 7:1899", "read")
KORETH_2009 = Source("Koreth 2009 JAMA 301:2349", "recalled")
METZELER_2016 = Source("Metzeler 2016 Blood 128:686", "read")

# Chronic lymphocytic leukaemia
DIETRICH_2018 = Source("Dietrich 2018 J Clin Invest 128:427", "recomputed")
DOHNER_2000 = Source("Döhner 2000 N Engl J Med 343:1910", "read")
CLL_IPI_2016 = Source("International CLL-IPI working group 2016 Lancet Oncol 17:779", "recalled")
OSCIER_2013 = Source("Oscier 2013 Blood 121:468", "read")
PUENTE_2015 = Source("Puente 2015 Nature 526:519", "recalled")
LANDAU_2015 = Source("Landau 2015 Nature 526:525", "recalled")
ROSSI_2012 = Source("Rossi 2012 Blood 119:521", "read")
BURGER_2015 = Source("Burger 2015 N Engl J Med 373:2425", "recalled")

# Diffuse large B-cell lymphoma
SCHMITZ_2018 = Source("Schmitz 2018 N Engl J Med 378:1396", "recalled")
REDDY_2017 = Source("Reddy 2017 Cell 171:481", "recalled")
CHAPUY_2018 = Source("Chapuy 2018 Nat Med 24:679", "recalled")
LENZ_2008 = Source("Lenz 2008 N Engl J Med 359:2313", "recalled")
ZHOU_2014 = Source("Zhou 2014 Blood 123:837", "read")
RUPPERT_2020 = Source("Ruppert 2020 Blood 135:2041", "read")
ROSENWALD_2019 = Source("Rosenwald 2019 J Clin Oncol 37:3359", "recalled")
LACY_2020 = Source("Lacy 2020 Blood 135:1759", "recalled")
WRIGHT_2020 = Source("Wright 2020 Cancer Cell 37:551", "recalled")

# Chronic myeloid leukaemia
PFIRRMANN_2016 = Source("Pfirrmann 2016 Leukemia 30:48", "read")
MARIN_2012 = Source("Marin 2012 J Clin Oncol 30:232", "recalled")
CORTES_2014 = Source("Cortes 2014 Blood 124(21):152", "read")  # DASISION after five years
HEHLMANN_2017 = Source("Hehlmann 2017 Leukemia 31:2398", "read")
HOCHHAUS_2016 = Source("Hochhaus 2016 Leukemia 30:1044", "recalled")
HANFSTEIN_2014 = Source("Hanfstein 2014 Haematologica 99:1441", "read")
BRANFORD_2018 = Source("Branford 2018 Blood 132:948", "recalled")
KIM_2017 = Source("Kim 2017 Blood 129:38", "recalled")
FABARIUS_2011 = Source("Fabarius 2011 Blood 118:6760", "read")
SOVERINI_2011 = Source("Soverini 2011 Blood 118:1208", "recalled")
