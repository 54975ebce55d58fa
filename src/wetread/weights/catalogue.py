"""Weights known by name. What is stated here was read at the publisher or in timm; sizes are rounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
_APACHE = "Apache-2.0: free to use, also commercially, with the licence text."
_BSD = "BSD-3-Clause: free to use, also commercially, with the licence text."
_TRAINED_ON = " Trained on ImageNet, whose pictures are for research; what that means for weights is not settled."


@dataclass(frozen=True)
class KnownWeights:
    """Weights that can be had by name.

    Attributes:
        name: What wetread calls them.
        title: What they are, one line.
        purpose: What they are for, and when not.
        network: The architecture, as timm calls it.
        licence: Its name, and what it allows.
        cite: What to cite.
        megabytes: Of the file to fetch.
        repository: On the Hugging Face hub; empty: not there.
        files: Names to look for in that repository, the first one found is taken.
        options: Further arguments of `timm.create_model`.
        side: Pixels on each side of the input.
        channels: Of the input.
        mean: Of pixels in [0, 1].
        deviation: Of pixels in [0, 1].
        features: Length of the pooled embedding.
        restricted: Not free for every use, or only after registration; what to know before using them.
        medical: Trained on medical images.
        model_json: Address of a model of TensorFlow.js that holds them, where there is no repository.
        by_hand: How to get them without internet, where there is no repository.
    """

    name: str
    title: str
    purpose: str
    network: str
    licence: str
    cite: str
    megabytes: float
    repository: str = ""
    files: tuple[str, ...] = ("model.safetensors", "pytorch_model.bin")
    options: dict[str, Any] = field(default_factory=dict)
    side: int = 224
    channels: int = 3
    mean: tuple[float, ...] = _IMAGENET[0]
    deviation: tuple[float, ...] = _IMAGENET[1]
    features: int = 0
    restricted: str = ""
    medical: bool = False
    model_json: str = ""
    by_hand: str = ""

    @property
    def how_to_get(self) -> str:
        """One sentence with the command."""
        return f"`wetread weights get {self.name}` fetches them ({self.megabytes:g} MB)."

    @property
    def without_internet(self) -> str:
        """One sentence with the way that needs none."""
        return self.by_hand or "Without internet: fetch the file elsewhere, then `wetread weights import FILE`."


def _timm(name: str, title: str, purpose: str, cite: str, megabytes: float, features: int, **more: Any) -> KnownWeights:
    """Weights of the timm repository family on the hub, ``timm/<architecture>.<tag>``."""
    more.setdefault("licence", _APACHE + _TRAINED_ON)
    network = name.split(".", 1)[0]
    return KnownWeights(
        name,
        title,
        purpose,
        network,
        cite=cite,
        megabytes=megabytes,
        features=features,
        repository=f"timm/{name}",
        **more,
    )


_WIGHTMAN = "Wightman R, Touvron H, Jégou H. ResNet strikes back. 2021, arXiv 2110.00476."
_DENSENET = "Huang G et al. Densely connected convolutional networks. CVPR 2017, doi 10.1109/CVPR.2017.243."
_INCEPTION = "Szegedy C et al. Rethinking the Inception architecture. CVPR 2016, doi 10.1109/CVPR.2016.308."
_DINOV2 = "Oquab M et al. DINOv2: learning robust visual features without supervision. TMLR 2024, arXiv 2304.07193."
_XRV = (
    "Cohen JP et al. TorchXRayVision: a library of chest X-ray datasets and models. MIDL 2022, arXiv 2111.00595; "
    "Cohen JP et al. On the limits of cross-domain generalization in automated X-ray prediction. MIDL 2020."
)

_ALL = (
    KnownWeights(
        name="teachable-machine",
        title="MobileNetV2 of width 0.35, the frozen base of every Teachable Machine image model",
        purpose="Lessons with Teachable Machine, quick baselines, computers without internet: 1.6 MB.",
        network="mobilenetv2_035",
        licence=_APACHE + _TRAINED_ON,
        cite="Carney M et al. Teachable Machine: approachable web-based tool for exploring machine learning "
        "classification. CHI 2020; Sandler M et al. MobileNetV2. CVPR 2018, doi 10.1109/CVPR.2018.00474.",
        megabytes=1.7,
        options={"pad_type": "same", "bn_eps": 1e-3},
        mean=_HALF[0],
        deviation=_HALF[1],
        features=1280,
        # Where the web page itself gets it: custom-mobilenet.ts of googlecreativelab/teachablemachine-community.
        model_json="https://storage.googleapis.com/teachable-machine-models/"
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top/model.json",
        by_hand="Without internet: export any image project of Teachable Machine elsewhere with Export Model, "
        "Tensorflow.js, Download, and run `wetread weights import` on the .zip here.",
    ),
    _timm(
        "resnet18.a1_in1k",
        "ResNet-18, ImageNet",
        "A solid start on any radiograph or slice; fine-tuned, as good as medical encoders from a few cases per class "
        "on (Woerner and Baumgartner, arXiv 2408.08058).",
        _WIGHTMAN,
        46.8,
        512,
    ),
    _timm(
        "resnet50.a1_in1k",
        "ResNet-50, ImageNet",
        "The network most papers compare with; several hundred images or more.",
        _WIGHTMAN,
        102,
        2048,
    ),
    _timm(
        "densenet121.ra_in1k",
        "DenseNet-121, ImageNet",
        "The network of CheXNet, trained by timm: chest radiographs; for the recipes take densenet121.tv_in1k.",
        _DENSENET,
        32.3,
        1024,
    ),
    _timm(
        "densenet121.tv_in1k",
        "DenseNet-121, ImageNet, weights of torchvision",
        "What the recipes chexnet and chexnet-pneumonia start from.",
        _DENSENET,
        32.3,
        1024,
    ),
    _timm(
        "mobilenetv3_large_100.ra_in1k",
        "MobileNetV3 large, ImageNet",
        "Fast on a computer without graphics card.",
        "Howard A et al. Searching for MobileNetV3. ICCV 2019, doi 10.1109/ICCV.2019.00140.",
        22.1,
        1280,
    ),
    _timm(
        "efficientnet_b0.ra_in1k",
        "EfficientNet-B0, ImageNet",
        "Accurate for its size; slower than it looks without graphics card.",
        "Tan M, Le QV. EfficientNet. ICML 2019, arXiv 1905.11946.",
        21.4,
        1280,
    ),
    _timm(
        "convnext_nano.in12k_ft_in1k",
        "ConvNeXt nano, ImageNet-12k",
        "Modern and strong among small convolutional networks.",
        "Liu Z et al. A ConvNet for the 2020s. CVPR 2022, doi 10.1109/CVPR52688.2022.01167.",
        62.4,
        640,
    ),
    _timm(
        "inception_v3.tv_in1k",
        "Inception-v3, ImageNet, weights of torchvision",
        "The network of 'Hello World Deep Learning in Medical Imaging'; for the recipe take inception_v3.tf_in1k.",
        _INCEPTION,
        95.5,
        2048,
        side=299,
        mean=_HALF[0],
        deviation=_HALF[1],
    ),
    _timm(
        "inception_v3.tf_in1k",
        "Inception-v3, ImageNet, weights of TensorFlow",
        "What the recipe lakhani ('Hello World Deep Learning in Medical Imaging') starts from.",
        _INCEPTION,
        95.5,
        2048,
        side=299,
        mean=_HALF[0],
        deviation=_HALF[1],
    ),
    _timm(
        "vit_small_patch14_dinov2.lvd142m",
        "DINOv2 small, 142 million pictures without labels",
        "Strong frozen features; slow without graphics card.",
        _DINOV2,
        88.2,
        384,
        licence=_APACHE,
        side=518,
    ),
    _timm(
        "vit_base_patch14_dinov2.lvd142m",
        "DINOv2 base, 142 million pictures without labels",
        "As DINOv2 small, four times as large.",
        _DINOV2,
        346,
        768,
        licence=_APACHE,
        side=518,
    ),
    KnownWeights(
        name="torchxrayvision-densenet121",
        title="DenseNet-121 of TorchXRayVision, seven sets of chest radiographs",
        purpose="Frontal chest radiographs, one grey channel; not for anything else.",
        network="densenet121",
        licence=_APACHE + " Trained on NIH, PadChest, CheXpert, MIMIC and others, some for research only.",
        cite=_XRV,
        megabytes=28.4,
        repository="torchxrayvision/densenet121-res224-all",
        files=("model.safetensors", "pytorch_model.bin", "model.pt"),
        channels=1,
        mean=(0.5,),
        # Trained on values of [-1024, 1024]: (2 p - 1) * 1024 = (p - 0.5) / (0.5 / 1024) for p in [0, 1].
        deviation=(0.5 / 1024,),
        features=1024,
        medical=True,
    ),
    KnownWeights(
        name="rad-dino",
        title="RAD-DINO, DINOv2 base trained on 0.9 million chest radiographs",
        purpose="Frozen features of chest radiographs, for research; slow without graphics card.",
        network="vit_base_patch14_dinov2",
        licence="Look at its page: it was MIT, then the Microsoft Research Licence (MSRLA), and MIT again. For "
        "research, says its model card, and not for clinical practice.",
        cite="Pérez-García F et al. Exploring scalable medical image encoders beyond text supervision. Nat Mach Intell "
        "2025, doi 10.1038/s42256-024-00965-w.",
        megabytes=346,
        repository="microsoft/rad-dino",
        side=518,
        mean=(0.5307,) * 3,
        deviation=(0.2583,) * 3,
        features=768,
        restricted="Its licence changed several times and may not allow your use: read the one of today at "
        "https://huggingface.co/microsoft/rad-dino.",
        medical=True,
    ),
)

#: name -> the weights, smaller and freer ones first.
CATALOGUE: dict[str, KnownWeights] = {one.name: one for one in _ALL}


@dataclass(frozen=True)
class Elsewhere:
    """Encoders people ask for that wetread does not fetch: their terms, and where to read them."""

    name: str
    title: str
    terms: str
    page: str


#: Gated or non-commercial, or with an architecture that timm has no match for.
ELSEWHERE = (
    Elsewhere(
        "medsiglip",
        "MedSigLIP of Google, many modalities",
        "Gated: Health AI Developer Foundations terms must be accepted with an account.",
        "https://huggingface.co/google/medsiglip-448",
    ),
    Elsewhere(
        "cxr-foundation",
        "CXR Foundation of Google, chest radiographs",
        "Gated: Health AI Developer Foundations terms must be accepted with an account; needs TensorFlow.",
        "https://huggingface.co/google/cxr-foundation",
    ),
    Elsewhere(
        "biomedclip",
        "BiomedCLIP of Microsoft, figures of articles",
        "MIT; research only, says its model card. Its format (OpenCLIP) is not read here.",
        "https://huggingface.co/microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224",
    ),
    Elsewhere(
        "medimageinsight",
        "MedImageInsight of Microsoft, many modalities",
        "Microsoft's own terms; comes through its cloud. Its architecture (DaViT) is not read here.",
        "https://arxiv.org/abs/2410.06542",
    ),
    Elsewhere(
        "radimagenet",
        "RadImageNet, CT, MRI and ultrasound",
        "Research and non-commercial use only, on request.",
        "https://github.com/BMEII-AI/RadImageNet",
    ),
)


def name_here(name: str) -> str:
    """What weights of a repository are called here: ``owner--name``, or as the catalogue or timm calls them."""
    known = next((one.name for one in CATALOGUE.values() if name and one.repository == name), name)
    return known.removeprefix("timm/").replace("/", "--")
