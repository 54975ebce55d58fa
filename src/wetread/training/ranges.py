"""How much may change in a training picture: ranges only, so that a plan can be made and read without torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Augment:
    """Ranges of the changes; each is drawn evenly within plus and minus unless said otherwise.

    None is below 0, and `wetread.training.plan_file.MOST` says how wide each may be.

    Attributes:
        rotation: Degrees.
        zoom: Part of the field of view, both axes together.
        shift: Part of the side, each axis by itself.
        gamma: Exponent, on a log scale.
        contrast: Part of the contrast at mid-grey; black and white stay what they are.
        noise: Standard deviation of added noise, in [0, 1] grey values; drawn between 0 and this.
        mirror: Probability of a left-right flip; 0 for everything with sides.
        flip: Probability of an upside-down flip.
        turns: Probability of a turn by 0, 90, 180 or 270 degrees, evenly.
        stretch: Part of the field of view, each axis by itself.
        shear: Degrees.
        brightness: Added grey, of a range of [0, 1].
        blur: Standard deviation of a blur as part of the side; drawn between 0 and this.
        erasing: Part of the area covered by a grey box; drawn between 0 and this.
        saturation: Part of the saturation; what is grey stays grey.
        hue: Degrees by which all colours turn around grey; 120 would turn red into green.
        stain: Part of the optical density of each of three stains (haematoxylin, eosin, DAB), and the density added to
            each; a grey picture, which nobody stained, stays as it is.
    """

    rotation: float = 7.0
    zoom: float = 0.10
    shift: float = 0.04
    gamma: float = 0.25
    contrast: float = 0.15
    noise: float = 0.02
    mirror: float = 0.0
    flip: float = 0.0
    turns: float = 0.0
    stretch: float = 0.0
    shear: float = 0.0
    brightness: float = 0.0
    blur: float = 0.0
    erasing: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    stain: float = 0.0

    @property
    def is_still(self) -> bool:
        """Whether training shows the pictures as they are."""
        return not any(vars(self).values())

    @property
    def moves(self) -> bool:
        """Whether anything needs resampling; flips and turns alone do not."""
        return any((self.rotation, self.zoom, self.stretch, self.shift, self.shear))

    @property
    def shades(self) -> bool:
        """Whether grey values change."""
        return any((self.brightness, self.gamma, self.contrast))

    @property
    def recolours(self) -> bool:
        """Whether colours change by themselves."""
        return any((self.saturation, self.hue, self.stain))
