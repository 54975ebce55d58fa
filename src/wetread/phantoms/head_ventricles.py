"""The ventricles: where the brain's water is made, and where blood settles."""

from __future__ import annotations

import numpy as np

from wetread.phantoms.head_patient import Head
from wetread.phantoms.head_space import Points, ellipsoid, rod
from wetread.shapes import Floats

#: The axis of the right half of the picture's lateral ventricle, cm, and its radius in a young adult.
FRONTAL_HORN = [(1.75, -3.75, 2.7), (1.1, -3.0, 2.95), (0.55, -1.7, 3.15), (0.42, -0.7, 3.1)]
FRONTAL_RADII = [0.10, 0.42, 0.38, 0.26]
BODY = [(0.62, -1.8, 3.5), (0.85, 0.2, 4.25), (1.5, 2.0, 4.15), (2.4, 3.5, 3.1), (2.45, 4.6, 2.7), (2.1, 6.0, 2.4)]
BODY_RADII = [0.40, 0.42, 0.46, 0.60, 0.38, 0.12]
TEMPORAL_HORN = [(2.5, 3.4, 2.9), (3.2, 2.5, 1.6), (3.35, 0.9, 0.4), (2.75, -0.3, 0.0)]
TEMPORAL_RADII = [0.45, 0.24, 0.15, 0.10]


def lateral_ventricles(points: Points, head: Head, room: Floats, dilated: float) -> Floats:
    """Signed distance to the wall of the lateral ventricles.

    Args:
        points: Where.
        head: Its factors on both ventricles.
        room: 1 at rest, towards 0 where a mass squeezes.
        dilated: Factor on their radius.

    Returns:
        cm, positive inside, in the shape of the points.
    """
    mean = sum(head.ventricles) / 2 * dilated
    inside = np.maximum(
        rod(points, FRONTAL_HORN, [radius * mean for radius in FRONTAL_RADII]),
        rod(points, BODY, [radius * mean for radius in BODY_RADII]),
    )
    # The temporal horns of the healthy are slits; they open when fluid is dammed up.
    thin = 0.35 * mean + 0.65 * max(mean - 1.0, 0.0)
    temporal = rod(points, TEMPORAL_HORN, [TEMPORAL_RADII[0] * mean, *(radius * thin for radius in TEMPORAL_RADII[1:])])
    inside = np.maximum(inside, temporal)
    # The head of the caudate nucleus bulges into the frontal horn: that makes its comma shape.
    bulge = ellipsoid(points, (1.62, -2.05, 3.0), (0.68, 1.1, 1.3))
    inside = np.minimum(inside, -bulge + 0.3 * max(mean - 1.0, 0.0))
    uneven = np.where(points.x < 0, head.ventricles[0], head.ventricles[1]) * dilated - mean
    return np.asarray(inside + 0.4 * uneven - 0.45 * (1 - room))


def third_ventricle(points: Points, mid: Floats, loss: float, room: Floats, dilated: float) -> Floats:
    """Signed distance to the wall of the third ventricle, cm, positive inside."""
    half = 0.10 + 0.20 * loss + 0.35 * (dilated - 1)
    # A slit with round ends, narrow in front, interrupted by nothing that a CT shows.
    along = 1 - ((points.y - 0.65) / 1.45) ** 2
    up = 1.15 - np.abs(points.z - 1.7)
    wide = half * np.sqrt(np.maximum(along, 0)) * (0.9 + 0.15 * points.y)
    return np.asarray(np.minimum(np.where(along > 0, wide, -0.3) - mid, up * 0.5) - 0.15 * (1 - room))
