"""Sets that published lessons work with. What is stated here was read at the source named, or counted in the files."""

from __future__ import annotations

from wetread.download.remote_file import RemoteFile
from wetread.public_sets.public_set import PublicSet

_NIH_LICENCE = (
    "NIH Clinical Center: free to use, also commercially, with a link to https://nihcc.app.box.com/v/ChestXray-NIHCC, "
    "an acknowledgement of the NIH Clinical Center, and the citation."
)
_NIH_CITATION = "Wang X et al. ChestX-ray8. CVPR 2017, doi 10.1109/CVPR.2017.369."

CARPENTRIES = PublicSet(
    name="carpentries-chest",
    title="Chest radiographs of the Carpentries lesson on neural networks",
    task="Pleural effusion or not, on frontal chest radiographs of NIH ChestX-ray14.",
    classes=("effusion", "normal"),
    images=700,
    patients=None,
    bytes=166_486_464,
    licence=_NIH_LICENCE,
    citation=_NIH_CITATION + " Lesson: Pollard T, Peru G, Pontes Reis E. Introduction to artificial neural networks in "
    "Python. Carpentries Incubator 2022.",
    homepage="https://carpentries-incubator.github.io/machine-learning-neural-python/",
    files=(
        RemoteFile(
            "https://github.com/carpentries-incubator/machine-learning-neural-python/raw/refs/heads/main/episodes/data/"
            "chest_xrays.zip",
            "chest_xrays.zip",
            bytes=166_486_464,
            sha256="8055ffb330a7722a9c2926933d24b8c2a660bfe8a201a95810404ae7b5577a05",
        ),
    ),
    traps=(
        "The lesson divides by image; NIH has several radiographs of many patients, so one patient can be on both "
        "sides of the division.",
        "The labels were read from reports by a program; NIH states more than 90 % accuracy, radiologists found less "
        "(Oakden-Rayner, doi 10.1016/j.acra.2019.10.006).",
        "350 of 700 have an effusion; in a hospital far fewer do, and the predictive value of a positive result falls.",
    ),
    ready="chest_xrays.zip",
    options="--positive effusion",
)

OPENI = PublicSet(
    name="openi-chest-abdomen",
    title="Chest against abdomen, of 'Hello World Deep Learning in Medical Imaging'",
    task="Chest or abdominal radiograph, in given TRAIN, VAL and TEST folders.",
    classes=("openI_chest_xray", "openI_abd_xray"),
    images=75,
    patients=None,
    bytes=14_200_000,
    licence="Not stated. Chest radiographs of the Indiana University collection, abdominal ones from articles in "
    "PubMed Central, each under its own terms: look and learn, do not pass on.",
    citation="Lakhani P, Gray DL, Pett CR, Nagy P, Shih G. Hello World Deep Learning in Medical Imaging. J Digit "
    "Imaging 2018, doi 10.1007/s10278-018-0079-6.",
    homepage="https://github.com/paras42/Hello_World_Deep_Learning",
    files=(
        RemoteFile(
            "https://raw.githubusercontent.com/paras42/Hello_World_Deep_Learning/master/Open_I_abd_vs_CXRs.zip",
            "Open_I_abd_vs_CXRs.zip",
            at_most=64 << 20,
        ),
    ),
    traps=(
        "Width and height give the class: all chest images in TRAIN and VAL are 512 x 512, one of 37 others is.",
        "All abdominal images are figures of articles, many with arrows, letters and white frames; no chest image has "
        "them.",
        "VAL holds one abdominal image twice.",
        "The names of the two TEST images tell their class.",
        "There are no patient ids.",
    ),
    ready="Open_I_abd_vs_CXRs.zip",
)

_RSNA_URL = "https://github.com/kitamura-felipe/RSNASpotlight2021/raw/main/experiments/"
_RSNA_TRAPS = (
    "There are no patient ids: slices of one patient may be in several classes, and on both sides of a division.",
    "Single slices as JPEG at 224 x 224: the Hounsfield units are gone, and so are the neighbouring slices.",
)


def _experiment(
    number: int,
    what: str,
    classes: tuple[str, ...],
    images: int,
    file: RemoteFile,
    traps: tuple[str, ...] = (),
    about: int = 0,
) -> PublicSet:
    return PublicSet(
        name=f"rsna-spotlight-{number}",
        title=f"Head CT, experiment {number} of the RSNA Spotlight Course 2021: {what}",
        task="Intracranial haemorrhage on single head CT slices; a Teachable Machine project.",
        classes=classes,
        images=images,
        patients=None,
        bytes=file.bytes or about,
        licence="RSNA terms of the 2019 Intracranial Hemorrhage set: non-commercial use such as research and teaching, "
        "with attribution; nobody in the pictures may be identified. The course itself states none.",
        citation="Flanders AE et al. Construction of a Machine Learning Dataset through Collaboration: The RSNA 2019 "
        "Brain CT Hemorrhage Challenge. Radiol Artif Intell 2020, doi 10.1148/ryai.2020190211.",
        homepage="https://github.com/kitamura-felipe/RSNASpotlight2021",
        files=(file,),
        traps=traps + _RSNA_TRAPS,
        ready=file.name,
    )


RSNA = (
    _experiment(
        1,
        "few images",
        ("Hemorrhage", "Normal"),
        60,
        RemoteFile(
            _RSNA_URL + "experiment1.tm",
            "experiment1.tm",
            bytes=599_110,
            sha256="24715e8da1f107e3537644204059c4dc2881aef2f44961d54c43ea8db6f7f321",
        ),
        ("Teachable Machine judges it on 5 + 5 images: 5 of 5 has an exact 95 % interval of 48 to 100 %.",),
    ),
    _experiment(
        2,
        "out of balance",
        ("Hemorrhage", "Normal"),
        1030,
        RemoteFile(_RSNA_URL + "experiment2.tm", "experiment2.tm", at_most=128 << 20),
        ("30 haemorrhages among 1000 normal slices: accuracy is 97 % without finding one.",),
        about=10_000_000,
    ),
    _experiment(
        3,
        "many images, balanced",
        ("Hemorrhage", "Normal"),
        2000,
        RemoteFile(_RSNA_URL + "experiment3.tm", "experiment3.tm", at_most=128 << 20),
        about=20_000_000,
    ),
    _experiment(
        4,
        "three classes",
        ("Normal", "Parenchymal", "Subdural"),
        240,
        RemoteFile(
            _RSNA_URL + "experiment4.tm",
            "experiment4.tm",
            bytes=2_348_784,
            sha256="083ff9d9f1af5ae151df3d94d59a69d38c1068244e90a3222348a59fb3365bcc",
        ),
        ("Four slices are in experiment 1 as well.",),
    ),
    _experiment(
        5,
        "three classes, blood coloured",
        ("Normal", "Parenchymal", "Subdural"),
        240,
        RemoteFile(_RSNA_URL + "experiment5.tm", "experiment5.tm", at_most=128 << 20),
        ("Pixels in the range of blood were painted red beforehand: the picture holds a part of the answer.",),
        about=2_500_000,
    ),
)

MEDNIST = PublicSet(
    name="mednist",
    title="MedNIST: six kinds of image at 64 x 64",
    task="Which kind of image it is; a smoke test.",
    classes=("AbdomenCT", "BreastMRI", "CXR", "ChestCT", "Hand", "HeadCT"),
    images=58_954,
    patients=None,
    bytes=62_000_000,
    licence="CC BY-SA 4.0: also commercially, with attribution, under the same licence.",
    citation="MedNIST, assembled by Bradley J. Erickson (Mayo Clinic) from TCIA, the RSNA Bone Age Challenge and NIH "
    "chest radiographs; mirrored by Project MONAI.",
    homepage="https://github.com/Project-MONAI/MONAI-extra-test-data/releases/tag/0.8.1",
    files=(
        RemoteFile(
            "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/MedNIST.tar.gz",
            "MedNIST.tar.gz",
            md5="0bc7306e7427e00ad1c5526a6677552d",
            at_most=128 << 20,
            unpack_to="data",
        ),
    ),
    traps=(
        "The class is the modality: any method reaches nearly 100 %, which says nothing about diagnosis.",
        "There are no patient ids; neighbouring slices of one scan look alike.",
        "ChestCT is windowed to near noise, and a few HeadCT are empty.",
    ),
    ready="data",
)

_FASHION_URL = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
FASHION_MNIST = PublicSet(
    name="fashion-mnist",
    title="Fashion-MNIST: clothes at 28 x 28, a control without medicine",
    task="Which piece of clothing it is.",
    classes=(
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
    images=70_000,
    patients=None,
    bytes=30_878_645,
    licence="MIT: everything, with its notice.",
    citation="Xiao H, Rasul K, Vollgraf R. Fashion-MNIST. 2017, doi 10.48550/arXiv.1708.07747.",
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    files=(
        RemoteFile(
            _FASHION_URL + "train-images-idx3-ubyte.gz",
            "train-images-idx3-ubyte.gz",
            bytes=26_421_880,
            md5="8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        ),
        RemoteFile(
            _FASHION_URL + "train-labels-idx1-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            bytes=29_515,
            md5="25c81989df183df01b3e8a0aad5dffbe",
        ),
        RemoteFile(
            _FASHION_URL + "t10k-images-idx3-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
            bytes=4_422_102,
            md5="bef4ecab320f06d8554ea6380940ec79",
        ),
        RemoteFile(
            _FASHION_URL + "t10k-labels-idx1-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
            bytes=5_148,
            md5="bb300cfdad3c16e7a12a480ee83cd310",
        ),
    ),
    traps=("These are no medical images: good for trying a method, not for a claim about one.",),
)  # fmt: skip

TEACHING = (CARPENTRIES, OPENI, *RSNA, MEDNIST)
