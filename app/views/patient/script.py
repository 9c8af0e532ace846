"""Python scripts that reproduce the patient page's numbers with the project's own functions."""

from __future__ import annotations

from app.cohort.filters import Filter
from app.study.scripts.parts import heading_part, imports_part, script_of, selection_part
from app.views.genomics.script import Grouped, grouped_script
from app.views.patient.similar.analysis import SimilarPatients
from app.views.patient.swimmer.analysis import SwimmerSettings
from data_loaders import Cohort


def similar_script(
    found: SimilarPatients, endpoint_key: str | None, cohort: Cohort, chosen: Filter
) -> str:
    """The script of the nearest patients, to be saved in UTF-8 and run next to the file.

    Parameters
    ----------
    found
        The result to reproduce.
    endpoint_key
        Endpoint of their survival; None where the cohort has none.
    cohort
        The cohort before the filter.
    chosen
        The filter.
    """
    settings = found.settings
    imports = {
        "app.views.patient.similar.analysis": {"SimilaritySettings", "similar_patients"},
        "app.views.patient.similar.words": {
            "neighbour_table",
            "shared_table",
            "similarity_reading",
        },
    }
    body = f"""\
settings = SimilaritySettings(
    neighbours={settings.neighbours!r},
    alterations={settings.alterations!r},
    variables={settings.variables!r},
)
# Positions count from 0: this is the patient that the page calls {found.position + 1}.
found = similar_patients(cohort, selection.mask, {found.position!r}, settings)
print(*similarity_reading(cohort, found), sep="\\n")
print(shared_table(cohort, selection.mask, found).to_string(index=False))
nearest = neighbour_table(cohort, found, {endpoint_key!r}, "years")
print(nearest.to_string(index=False, float_format="%.12g".__mod__))"""
    if endpoint_key is not None:
        imports["app.study.outcomes"] = imports.get("app.study.outcomes", set()) | {"outcome_of"}
        imports["app.analysis.survival"] = imports.get("app.analysis.survival", set()) | {
            "kaplan_meier"
        }
        imports["numpy"] = {"arange", "isin"}
        body += f"""
among_nearest = isin(arange(cohort.n), found.neighbours)
outcome = outcome_of(cohort, among_nearest, {endpoint_key!r})
print(f"{{outcome.n}} analysed")
curve = kaplan_meier(outcome.time, outcome.event, outcome.entry)
print(f"median {{curve.median}} ({{curve.median_ci[0]}} to {{curve.median_ci[1]}}) months")
print(curve.table.to_string(index=False, float_format="%.12g".__mod__))"""
    return script_of(
        heading_part("Patients like one", cohort, chosen),
        imports_part(cohort, imports),
        selection_part(cohort, chosen),
        body,
    )


def swimmer_script(
    settings: SwimmerSettings, cohort: Cohort, chosen: Filter, grouped: Grouped
) -> str:
    """The script of the swimmer plot's lanes, to be saved in UTF-8 and run next to the file.

    Parameters
    ----------
    settings
        How the lanes were chosen.
    cohort
        The cohort before the filter.
    chosen
        The filter.
    grouped
        How the patients were grouped.
    """
    group = "grouping" if grouped.spec is not None else "None"
    body = f"""\
settings = SwimmerSettings(
    sort={settings.sort!r},
    reverse={settings.reverse!r},
    lanes={settings.lanes!r},
    page={settings.page!r},
)
drawn = swimmer(cohort, selection.mask, histories(cohort), {group}, settings)
print(f"{{len(drawn.positions)}} of {{drawn.total}} lanes, {{drawn.without}} without follow-up")
print(drawn.table().to_string(index=False, float_format="%.12g".__mod__))"""
    imports = {
        "app.views.patient.swimmer.analysis": {"SwimmerSettings", "swimmer"},
        "app.views.patient.timeline": {"histories"},
    }
    return grouped_script("Swimmer plot", (cohort, chosen, grouped), imports, body)
