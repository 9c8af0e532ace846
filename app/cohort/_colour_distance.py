"""How far apart two colours look, to usual eyes and to colour-blind ones."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from data_loaders.arrays import Floats

USUAL = "usual"
# Machado, Oliveira and Fernandes, IEEE TVCG 2009;15:1291: severity 1.0, on linear RGB.
_EYES: dict[str, Floats] = {
    USUAL: np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
EYES = tuple(_EYES)
# Ottosson, A perceptual color space for image processing, 2020: linear sRGB to OKLab.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@lru_cache(maxsize=4096)
def colour_distance(one: str, two: str, eyes: str = USUAL) -> float:
    """Distance of two colours in OKLab, times 100: below about 9 they are taken for one.

    Parameters
    ----------
    one, two
        Colours as ``#rrggbb``.
    eyes
        One of ``EYES``.
    """
    return float(100 * np.linalg.norm(_oklab(one, eyes) - _oklab(two, eyes)))


def _oklab(colour: str, eyes: str) -> Floats:
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    cones = _TO_CONES @ np.clip(_EYES[eyes] @ linear, 0, 1)
    lab: Floats = _TO_LAB @ np.cbrt(cones)
    return lab
