"""A short Python script that reproduces an emulated trial of transplant timing."""

from __future__ import annotations

import json

from app.analysis.transplant import EmulationSettings, MicrosimulationSettings
from app.study.scripts.lists import IMPORT, plain_literal
from app.study.scripts.loading import check_lines, loading_lines
from app.study.scripts.parts import SELECTED, comment, heading_part, import_lines, script_of
from app.views.transplant.protocol.trial import TargetTrial
from data_loaders import Cohort

_NUMBERS = 'to_string(index=False, float_format="%.12g".__mod__)'


def transplant_script(
    cohort: Cohort,
    trial: TargetTrial,
    settings: EmulationSettings,
    *,
    landmarks: tuple[float, ...] = (),
    simulation: MicrosimulationSettings | None = None,
) -> str:
    """The script, as text to be saved in UTF-8; it is run next to the file.

    Parameters
    ----------
    settings
        How it was emulated, with its draws and seed.
    landmarks
        Landmarks of the answers beside it, in months; none leaves these answers out.
    simulation
        How life by delay was simulated; None leaves it out.
    """
    wanted = {"EmulationSettings", "emulate"}
    parts = [_trial(trial), _emulation(settings)]
    extra = {
        "app.views.transplant.protocol.analysis": {"write_protocol"},
        "app.views.transplant.protocol.trial": {"TargetTrial"},
    }
    if landmarks:
        marks = [float(mark) for mark in landmarks]
        drawn = marks[len(marks) // 2]
        extra |= {
            "app.views.transplant.answers.analysis": {"four_answers"},
            "app.views.transplant.answers.words": {"side_by_side"},
        }
        parts.append(
            f"found = four_answers(cohort, trial, protocol, landmarks={marks!r}, drawn={drawn!r})\n"
            "answers = side_by_side(found, emulation)\n"
            'columns = ["key", "n", "transplanted", "events", "hr", "hr_lower", "hr_upper"]\n'
            f"print(answers[columns].{_NUMBERS})"
        )
    if simulation is not None:
        wanted |= {"MicrosimulationSettings", "microsimulate", "transition_models"}
        parts.append(
            "models = transition_models(protocol.data, progression)\n"
            f"simulation = microsimulate(models, {simulation!r})\n"
            'columns = ["group", "delay", "life", "lower", "upper", "gain", "supported"]\n'
            f"print(simulation.cells[columns].{_NUMBERS})\n"
            'columns = ["group", "delay", "against", "difference", "lower", "upper"]\n'
            f"print(simulation.differences[columns].{_NUMBERS})"
        )
    loading = loading_lines(cohort)
    return script_of(
        heading_part("Transplant timing", cohort, trial.eligibility),
        import_lines({"app.analysis.transplant": wanted, **extra, **loading.imports}),
        f"{loading.lines}\n{check_lines(cohort)}",
        *parts,
    )


def _trial(trial: TargetTrial) -> str:
    plain, lists = plain_literal(json.loads(trial.to_json()), SELECTED)
    start = f"{IMPORT}\n\n" if lists else ""
    return (
        f"{start}"
        f"trial = TargetTrial.from_dict(\n{plain}\n)\n"
        "protocol = write_protocol(cohort, trial)\n"
        f"{comment('The onset of progression, where the trial names one.')}\n"
        "progression = next(iter(protocol.data.onsets), None)\n"
        'print(f"{protocol.data.n} analysed")'
    )


def _emulation(settings: EmulationSettings) -> str:
    return (
        "settings = EmulationSettings(\n"
        f"    horizon={float(settings.horizon)!r},\n"
        f"    grace={float(settings.grace)!r},\n"
        f"    spread={settings.spread!r},\n"
        f"    truncation={settings.truncation!r},\n"
        f"    adjust_losses={settings.adjust_losses!r},\n"
        "    progression=progression,\n"
        f"    draws={settings.draws!r},\n"
        f"    seed={settings.seed!r},\n"
        f"    conf_level={settings.conf_level!r},\n"
        f"    higher=protocol.higher,\n"
        f"    effective={float(settings.effective)!r},\n"
        ")\n"
        "emulation = emulate(protocol.compared, trial.strategies, settings)\n"
        'columns = ["rmst_difference", "rmst_difference_lower", "rmst_difference_upper"]\n'
        f'print(emulation.contrasts[["group", "strategy", *columns]].{_NUMBERS})'
    )
