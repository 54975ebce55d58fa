"""Air in the pleural space of an upright patient: it gathers over the apex and along the side wall.

The lung draws back from the wall, most at the top. Beyond its edge, a fine white line (the visceral pleura), there is
air without any vessels. The gap is widest at the apex: the distance there is what guidelines measure (British
Thoracic Society: 2 cm at the hilum parts small from large; MacDuff et al., Thorax 2010; 65 Suppl 2: ii18-31).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wetread.phantoms.geometry import Grid, super_ellipse_chord
from wetread.phantoms.patient import SIDES, Patient
from wetread.phantoms.thorax import CAGE_POWER, Thorax, apical_fade, cage_section
from wetread.shapes import Bools, Floats

#: Thickness of the visceral pleura with the film of tissue below it, cm.
PLEURA = 0.09


@dataclass(frozen=True)
class Pneumothorax:
    """How far the lung has drawn back.

    Args:
        side: ``right`` or ``left``.
        apical: Distance between the apex of the lung and that of the cage, cm, 1.5 to 5.
        lateral: Distance between lung and side wall at half height, cm, 0.7 to 2.4.
        end: y at which the gap has closed, cm.
    """

    side: str
    apical: float
    lateral: float
    end: float


@dataclass(frozen=True, eq=False)
class Collapse:
    """What a pneumothorax makes of one lung, ``row column``.

    Args:
        lung: Chord of the lung that remains, cm (both lungs).
        line: Chord of the visceral pleura, cm.
        mask: The rim beyond the line, where there is nothing but air.
    """

    lung: Floats
    line: Floats
    mask: Bools


def draw_pneumothorax(rng: np.random.Generator, lesion_size: float = 1.0, side: str | None = None) -> Pneumothorax:
    """Draws a pneumothorax, small to medium.

    Args:
        rng: The random numbers.
        lesion_size: Factor on the width of the rim.
        side: Drawn if not given.
    """
    drawn = "right" if rng.random() < 0.55 else "left"
    apical, share, end = rng.uniform(1.8, 4.6), rng.uniform(0.3, 0.55), rng.uniform(1.0, 7.0)
    apical = min(apical * lesion_size, 9.0)
    return Pneumothorax(side or drawn, apical, min(apical * share, 4.5), end)


def collapse(pneumothorax: Pneumothorax, patient: Patient, grid: Grid, thorax: Thorax, lung: Floats) -> Collapse:
    """Draws the lung back from the wall.

    Args:
        pneumothorax: How far.
        patient: The anatomy.
        grid: The detector.
        thorax: Its chords.
        lung: Chord of aerated lung before the collapse, cm.
    """
    here = grid.xy[0] * SIDES[pneumothorax.side] > 0
    outer, inner = (
        _shrunken(pneumothorax, patient, grid, thorax, inset) for inset in (0.0, PLEURA + 0.25 * grid.pixel)
    )
    outer, inner = np.minimum(outer, lung), np.minimum(inner, lung)
    line = np.where(here & (lung > 0.3), outer - inner, 0) * PLEURA / (PLEURA + 0.25 * grid.pixel)
    remaining = np.where(here, outer, lung)
    # Air before the mediastinum is there too, but nobody can see it.
    mask = here & (lung > 1.0) & (outer < 0.25 * lung) & (thorax.mediastinum < 2.0)
    return Collapse(np.asarray(remaining), np.asarray(line), np.asarray(mask))


def _shrunken(pneumothorax: Pneumothorax, patient: Patient, grid: Grid, thorax: Thorax, inset: float) -> Floats:
    """Chord of a lung drawn back from the wall, and by ``inset`` more all round, cm."""
    x, y = grid.xy
    # The lung becomes lower and narrower, and keeps its shape: a smaller lung inside the same cage.
    smaller = replace(patient, apex=patient.apex + pneumothorax.apical + inset)
    width, depth = cage_section(smaller, y)
    closing = np.clip((pneumothorax.end + 6 - y) / 9.0, 0, 1)
    gap = pneumothorax.lateral * closing * closing * (3 - 2 * closing) + inset
    chord = super_ellipse_chord(x, np.maximum(width - gap, 0.01), np.maximum(depth - 0.4 * gap, 0), CAGE_POWER)
    chord = chord * apical_fade(smaller, grid)
    chord = np.minimum(chord, thorax.cage)
    return np.maximum(chord - thorax.mediastinum, 0) * (1 - thorax.under)
