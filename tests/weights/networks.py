"""A very small network that stands for those of timm, and how it looks in files."""

import io

import numpy as np
import torch

#: Shapes of the network that `fits` calls "tiny_net".
SHAPES = {"conv_stem.weight": (4, 3, 3, 3), "bn1.weight": (4,), "bn1.bias": (4,)}


def arrays(seed=0, channels=3):
    rng = np.random.default_rng(seed)
    shapes = SHAPES | {"conv_stem.weight": (4, channels, 3, 3), "classifier.weight": (2, 4)}
    return {key: rng.normal(size=shape).astype(np.float32) for key, shape in shapes.items()}


def torch_file(content):
    buffer = io.BytesIO()
    torch.save({key: torch.from_numpy(value) for key, value in content.items()}, buffer)
    return buffer.getvalue()


def fits(network, options, found):
    """Stands for `explain_mismatch`: any network takes the tensors of the small one, and no others."""
    missing = [key for key in SHAPES if key not in found]
    return f"{missing[0]} is missing." if missing else ""
