"""The same network and recipe as ``keras_lakhani.py`` in plain torch and timm, as a first script has it.

    python bench/peers/torch_plain.py DATA [--batch 5]

Runs in wetread's own environment. float32, channels first, Adam without options, a DataLoader without workers; pictures
decoded and augmented by torchvision in every epoch. ``--work bare`` leaves both out.
"""

import argparse
import time
from pathlib import Path

import timm
import torch
import torchvision
from torch import nn
from torchvision import transforms
from turns import take_turns

SIDE = 299
SCALED = [transforms.Resize((SIDE, SIDE)), transforms.ToTensor()]
AUGMENTED = [
    transforms.Resize((SIDE, SIDE)),
    transforms.RandomHorizontalFlip(),
    transforms.RandomAffine(20, translate=(0.2, 0.2), scale=(0.8, 1.2), shear=0.2),
    transforms.ToTensor(),
]


def build_model() -> nn.Module:
    base = timm.create_model("inception_v3", pretrained=False, num_classes=0, aux_logits=False)
    return nn.Sequential(base, nn.Linear(2048, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 1))


def load(data: Path, part: str, batch: int, most: int, steps: list, bare: bool):
    found = torchvision.datasets.ImageFolder(str(data / part), transforms.Compose(SCALED if bare else steps))
    found.samples = found.samples[:: max(1, len(found.samples) // most)][:most]
    if bare:
        found = list(found)
    return torch.utils.data.DataLoader(found, batch, shuffle=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with TRAIN and VAL")
    parser.add_argument("--batch", type=int, default=5)
    parser.add_argument("--work", choices=("recipe", "bare"), default="recipe")
    parser.add_argument("--turns", type=int, default=2, help="epochs after one to warm up; 0: one per line of input")
    parser.add_argument("--images", type=int, default=65, help="fewer for a smoke test")
    options = parser.parse_args()
    torch.manual_seed(0)
    bare = options.work == "bare"
    train = load(options.data, "TRAIN", options.batch, options.images, AUGMENTED, bare)
    # As the notebook has it, whose validation pictures are augmented.
    validation = load(options.data, "VAL", options.batch, 10, AUGMENTED, bare)
    model, loss_of = build_model(), nn.BCEWithLogitsLoss()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4)
    images = min(options.images, 65)

    def epoch() -> dict:
        started = time.perf_counter()
        model.train()
        for inputs, truth in train:
            optimiser.zero_grad()
            loss = loss_of(model(inputs)[:, 0], truth.float())
            loss.backward()
            optimiser.step()
        training = time.perf_counter() - started
        model.eval()
        with torch.inference_mode():
            for inputs, truth in validation:
                loss_of(model(inputs)[:, 0], truth.float()).item()
        return {"seconds": time.perf_counter() - started, "images_per_s": images / training}

    facts = {
        "peer": f"torch {torch.__version__}, timm {timm.__version__}",
        "precision": "float32",
        "batch": options.batch,
        "work": options.work,
        "images": images,
    }
    take_turns(epoch, facts, options.turns)


if __name__ == "__main__":
    main()
