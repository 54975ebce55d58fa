"""Pictures of one kind, for a refusal to learn, and a frozen network to look at them with."""

import numpy as np

from wetread.model.backbone import average_fields
from wetread.model.preprocess import Preprocess


def heads(count, seed=0):
    """Pictures of one kind: a bright, egg-shaped ring with a spot on one side, a dark neck below, a little noise."""
    y, x = np.mgrid[-1:1:72j, -1:1:72j]
    random = np.random.default_rng(seed)
    pictures = []
    for _ in range(count):
        across, down = random.normal(0, 0.03, 2)
        far = np.hypot((x - across) / 0.62, (y - down) / np.where(y < down, 0.85, 0.7))
        picture = 30 + 150 * np.exp(-(((far - 1) / 0.12) ** 2)) + 60 * (far < 0.95)
        picture += 80 * np.exp(-(((x - 0.3) ** 2 + (y + 0.2) ** 2) / 0.02))
        picture = np.where((y > 0.72) & (np.abs(x) < 0.25), 120, picture)
        pictures.append(np.clip(picture + random.normal(0, 6, picture.shape), 0, 255).astype(np.uint8))
    return pictures


class Fields:
    """Stands for a frozen network: its maps are how bright, how dark and how uneven each of 4 x 4 fields is.

    Args:
        places: It keeps places.
    """

    def __init__(self, places=True):
        self.keeps = places
        self.preprocess = Preprocess(64, 3)

    def maps(self, squares):
        fields = squares[:, 0].reshape(len(squares), 4, 16, 4, 16).astype(np.float32) / 255
        return np.stack([fields.mean(axis=(2, 4)), fields.min(axis=(2, 4)), fields.std(axis=(2, 4))], axis=1)

    def places(self, squares, fields):
        return average_fields(self.maps(squares), fields) if self.keeps else None

    def stages(self, squares, fields):
        maps = self.maps(squares)
        return [average_fields(maps, fields[0]), average_fields(maps[:, :2], fields[1])] if self.keeps else None

    def embed(self, squares):
        return self.maps(squares).mean(axis=(2, 3))
