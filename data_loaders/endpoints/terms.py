"""The outcomes of the field and the names they go by, in five languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from data_loaders.meaning.spelling import folded
from data_loaders.meaning.vocabulary import human_label
from data_loaders.model import Endpoint
from data_loaders.wording import mid_sentence


@dataclass(frozen=True)
class EndpointTerm:
    """An outcome of the field.

    ``competing`` says whether death without the event competes with it (it does unless death is
    part of the event). ``names`` are the words it goes by, without separators.
    """

    key: str
    label: str
    event_label: str
    competing: bool
    names: tuple[str, ...]


ENDPOINTS: tuple[EndpointTerm, ...] = (
    EndpointTerm(
        "os", "Overall survival", "death", competing=False,
        names=("os", "overallsurvival", "survival", "surv", "death", "dead", "died", "deceased",
               "vital", "exitus", "overall", "alive"),
    ),
    EndpointTerm("pfs", "Progression-free survival", "progression or death", competing=False,
                 names=("pfs", "progressionfreesurvival", "progressionfree", "progressiondeath",
                        "progressionordeath", "progressionanddeath", "deathprogression")),
    EndpointTerm("lfs", "Leukaemia-free survival", "AML transformation or death", competing=False,
                 names=("lfs", "leukemiafreesurvival", "leukaemiafreesurvival", "leukemiafree")),
    EndpointTerm("rfs", "Relapse-free survival", "relapse or death", competing=False,
                 names=("rfs", "relapsefreesurvival", "relapsefree", "recurrencefreesurvival")),
    EndpointTerm("efs", "Event-free survival", "event", competing=False,
                 names=("efs", "eventfreesurvival", "eventfree", "firstevent")),
    EndpointTerm("dfs", "Disease-free survival", "relapse or death", competing=False,
                 names=("dfs", "diseasefreesurvival", "diseasefree")),
    EndpointTerm("ttt", "Time to first treatment", "first treatment", competing=True,
                 names=("ttt", "ttft", "tft", "timetofirsttreatment", "firsttreatment",
                        "firsttherapy", "firstlinetreatment", "treated")),
    EndpointTerm("ttnt", "Time to next treatment", "next treatment", competing=True,
                 names=("ttnt", "nexttreatment", "nexttherapy", "treatedafter")),
    EndpointTerm("tfs", "Treatment-free survival", "treatment or death", competing=False,
                 names=("tfs", "treatmentfreesurvival", "treatmentfree")),
    EndpointTerm("tfr", "Treatment-free remission", "loss of remission", competing=True,
                 names=("tfr", "treatmentfreeremission")),
    EndpointTerm("ffs", "Failure-free survival", "failure or death", competing=False,
                 names=("ffs", "failurefreesurvival", "failurefree", "fftf")),
    EndpointTerm("ttp", "Time to progression", "progression", competing=True,
                 names=("ttp", "progression", "firstprogression", "progressionrelapse",
                        "relapseprogression", "progressionorrelapse", "relapseorprogression",
                        "progressiveorrelapseddisease")),
    EndpointTerm(
        "aml", "AML transformation", "AML transformation", competing=True,
        names=("aml", "amlt", "amltransformation", "transformationtoaml", "leukemictransformation",
               "leukaemictransformation", "leukemia", "blastphase", "bp", "blasttransformation"),
    ),
    EndpointTerm(
        "mf", "Myelofibrotic transformation", "myelofibrotic transformation", competing=True,
        names=("mf", "mft", "mftransformation", "myelofibrosis", "transformationtomf", "smf",
               "secondarymf", "myelofibrotictransformation"),
    ),
    EndpointTerm("pv", "Transformation to PV", "transformation to PV", competing=True,
                 names=("pv", "pvt", "pvtransformation", "transformationtopv")),
    EndpointTerm("thrombosis", "Thrombosis", "thrombosis", competing=True,
                 names=("thrombosis", "thromboticevent", "thrombotic", "vte")),
    EndpointTerm("bleeding", "Bleeding", "bleeding", competing=True,
                 names=("bleeding", "haemorrhage", "hemorrhage")),
    EndpointTerm("any_transformation", "Any transformation", "transformation", competing=True,
                 names=("anytransformation", "transformation")),
    EndpointTerm("richter", "Richter transformation", "Richter transformation", competing=True,
                 names=("richter", "richters", "richtertransformation", "richterstransformation")),
    EndpointTerm(
        "ap_bp", "Accelerated or blast phase", "accelerated or blast phase", competing=True,
        names=("apbp", "apbc", "blastcrisis", "acceleratedphase", "acceleratedorblastphase",
               "progressionapbp", "progressionapbc", "progressiontoapbp", "progressiontoapbc",
               "advancedphase"),
    ),
    EndpointTerm("mmr", "Major molecular response", "major molecular response", competing=True,
                 names=("mmr", "mr3", "majormolecularresponse")),
    EndpointTerm("dmr", "Deep molecular response", "deep molecular response", competing=True,
                 names=("dmr", "mr4", "mr45", "deepmolecularresponse")),
    EndpointTerm("ccyr", "Complete cytogenetic response", "complete cytogenetic response",
                 competing=True, names=("ccyr", "completecytogeneticresponse")),
    EndpointTerm("relapse", "Relapse", "relapse", competing=True,
                 names=("relapse", "recurrence", "cir", "rel")),
    EndpointTerm("nrm", "Non-relapse mortality", "death without relapse", competing=False,
                 names=("nrm", "trm", "nonrelapsemortality", "treatmentrelatedmortality")),
    EndpointTerm("cr", "Complete remission", "complete remission", competing=True,
                 names=("cr", "completeremission", "remission")),
    EndpointTerm("gvhd", "Graft-versus-host disease", "GVHD", competing=True, names=("gvhd",)),
    EndpointTerm("acute_gvhd", "Acute GVHD", "acute GVHD", competing=True,
                 names=("agvhd", "acutegvhd")),
    EndpointTerm("chronic_gvhd", "Chronic GVHD", "chronic GVHD", competing=True,
                 names=("cgvhd", "chronicgvhd")),
)  # fmt: skip
_BY_KEY = {term.key: term for term in ENDPOINTS}
# The same in German, Italian, French and Spanish: without accents, articles and spaces.
_TRANSLATED: Mapping[str, str] = {
    "os": "uberleben gesamtuberleben uberlebenszeit uberlebensstatus sopravvivenza "
    "sopravvivenzaglobale survie survieglobale supervivencia supervivenciaglobal sg vitalstatus "
    "statovitale vitale estadovital statutvital etatvital lebensstatus survivalstatus verstorben "
    "gestorben tod todesfall decesso deceduto deceduta morto morte deces decede decedee fallecido "
    "fallecimiento muerte muerto defuncion lebt lebend vivo vivant living",
    "pfs": "progressionsfreiesuberleben sopravvivenzaliberaprogressione surviesansprogression "
    "supervivencialibreprogresion slp",
    "rfs": "rezidivfreiesuberleben sopravvivenzaliberarecidiva surviesansrechute "
    "supervivencialibrerecaida slr",
    "ttt": "erstlinienbeginn beginnerstlinie beginnerstlinientherapie beginnersttherapie "
    "beginnerstetherapie erstetherapie inizioprimalinea inizioprimaterapia primaterapia "
    "debutpremiereligne premiertraitement debutpremiertraitement inicioprimeralinea "
    "primertratamiento",
    "ttp": "progress progressione progresion progressrezidiv rezidivprogress progressionerecidiva "
    "progressionrechute progresionrecaida",
    "ap_bp": "progressionapbk akzelerationblastenkrise blastenkrise progressioneapbc "
    "progressioneapbp progressionefaseaccelerata crisiblastica faseblastica criseblastique "
    "progressionapbc crisisblastica progresionfaseacelerada",
    "mmr": "gutemolekulareremission rispostamolecolaremaggiore reponsemoleculairemajeure "
    "respuestamolecularmayor",
    "richter": "richtersyndrom sindromerichter trasformazionerichter syndromerichter "
    "transformationrichter transformacionrichter",
    "aml": "amltransformation transformationaml leukamischetransformation evoluzionelam "
    "trasformazionelam trasformazioneleucemica transformationlam transformationleucemique "
    "transformacionlma transformacionleucemica",
    "mf": "transformationmf trasformazionemf trasformazionemielofibrotica transformacionmf",
    "any_transformation": "trasformazione transformacion",
    "relapse": "rezidiv erstrezidiv recidiva rechute recaida firstrelapse",
    "cr": "komplettremission kompletteremission remissionecompleta remissioncomplete "
    "remisioncompleta",
    "thrombosis": "thrombose trombosi trombosis",
    "bleeding": "blutung sanguinamento emorragia hemorragie hemorragia sangrado",
}
_BY_NAME = {
    **{name: _BY_KEY[key] for key, names in _TRANSLATED.items() for name in names.split()},
    **{name: term for term in ENDPOINTS for name in term.names},
}


def endpoint_term(key: str) -> EndpointTerm:
    """The outcome with this key, or a new one named by it."""
    known = _BY_KEY.get(key) or _BY_NAME.get(re.sub(r"[\W_]", "", folded(key)))
    if known:
        return known
    words = re.sub(r"[\W_]+", " ", key).strip()
    label = human_label(words)
    return EndpointTerm(
        re.sub(r"\s", "_", words.lower()) or "event", label, mid_sentence(label), competing=True,
        names=(),
    )  # fmt: skip


def subject(outcome: EndpointTerm | Endpoint) -> str:
    """What an outcome is about, within a sentence: ``overall survival``, ``progression``."""
    return mid_sentence(outcome.label).removeprefix("time to ")


def time_label(outcome: EndpointTerm) -> str:
    """The label of an outcome's time: ``Time: overall survival``, ``Time to progression``."""
    own = outcome.label.lower().startswith("time to ")
    return outcome.label if own else f"Time: {subject(outcome)}"


def endpoint_named(words: str) -> EndpointTerm | None:
    """The outcome that goes by these words, written without separators; None if none does."""
    return _BY_NAME.get(words)


def is_fatal(key: str) -> bool:
    """Whether death is (part of) the event of an outcome; of one that is not known it may be."""
    return key not in _BY_KEY or not _BY_KEY[key].competing


def rank_of(key: str) -> int:
    """The place of an outcome of the field among them; behind them for another one."""
    return list(_BY_KEY).index(key) if key in _BY_KEY else len(_BY_KEY)


def is_known(key: str) -> bool:
    """Whether an outcome of the field has this key."""
    return key in _BY_KEY
