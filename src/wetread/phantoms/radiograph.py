"""A picture as the bytes of a DICOM file, the same bytes whenever it is written.

Computed Radiography Image Storage (PS3.4 B.5, PS3.3 A.2): 12 bits stored in 16, Explicit VR Little
Endian, not compressed.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from wetread.shapes import Bools, Floats

#: Stored values of black and white under the window written in the file, of 0 to 4095.
BLACK, WHITE = 160, 3936
#: All simulated studies share one date: a real one would make two runs differ.
STUDY_DATE = "20260101"
#: What a study is called, by region.
STUDIES = {
    "CHEST": "Simulated chest radiograph, research and teaching only",
    "": "Simulated radiograph, research and teaching only",
}


@dataclass(frozen=True)
class Caption:
    """What the header says, besides the pixels.

    Args:
        seed: Seed of the data set; all identifiers derive from it.
        patient: Number of the patient, from 1.
        image: Number of the image of this patient, from 1.
        sex: ``F`` or ``M``.
        age: Years.
        pixel: Edge of a pixel, cm.
        inverted: Whether the pixels are stored inverted (MONOCHROME1).
        region: ``CHEST``, or empty where the header must not tell what is to be learned.
        view: ``PA``, or empty for the same reason; both are type 2 in CR (PS3.3 C.8.1.1).
        model: Name of the device's model; left out where empty.
        collection: Name of the data set, part of the identifiers; empty for the first of them.
    """

    seed: int
    patient: int
    image: int
    sex: str
    age: int
    pixel: float
    inverted: bool
    region: str = "CHEST"
    view: str = "PA"
    model: str = ""
    collection: str = ""

    def uid(self, kind: str) -> UID:
        """A unique identifier that is the same in every run with this seed."""
        parts = [str(self.seed), str(self.patient), *([] if kind == "study" else [str(self.image)])]
        parts += [self.collection] if self.collection else []
        return generate_uid(entropy_srcs=["wetread phantom", kind, *parts])


def dicom_bytes(pixels: Floats, caption: Caption) -> bytes:
    """Encodes a picture.

    Args:
        pixels: Grey in [0, 1], ``row column``, bright is dense.
        caption: The header's variable part.

    Returns:
        A complete DICOM file.
    """
    stored = np.round(BLACK + (WHITE - BLACK) * np.clip(pixels, 0, 1)).astype(np.uint16)
    centre = (BLACK + WHITE) / 2
    if caption.inverted:
        # PS3.3 C.7.6.3.1.2: the smallest value of MONOCHROME1 is shown white.
        stored, centre = 4095 - stored, 4095 - centre
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = caption.uid("image")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = generate_uid(entropy_srcs=["wetread phantom", "implementation"])
    meta.ImplementationVersionName = "WETREAD_PHANTOM"
    header = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    _describe(header, caption)
    header.SamplesPerPixel = 1
    header.PhotometricInterpretation = "MONOCHROME1" if caption.inverted else "MONOCHROME2"
    header.Rows, header.Columns = stored.shape
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 16, 12, 11, 0
    header.WindowCenter = f"{centre + 0.5:.1f}"
    header.WindowWidth = str(WHITE - BLACK + 1)
    header.RescaleIntercept, header.RescaleSlope, header.RescaleType = "0", "1", "US"
    header.PixelData = stored.astype("<u2").tobytes()
    buffer = io.BytesIO()
    header.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def mask_bytes(mask: Bools) -> bytes:
    """Encodes a mask as an 8 bit PNG, 0 and 255."""
    buffer = io.BytesIO()
    Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(buffer, format="PNG")
    return buffer.getvalue()


def _describe(header: Dataset, caption: Caption) -> None:
    """Fills in who, what and how; nothing here depends on the label."""
    header.ImageType = ["DERIVED", "PRIMARY"]
    header.SOPClassUID = ComputedRadiographyImageStorage
    header.SOPInstanceUID = caption.uid("image")
    header.StudyDate, header.StudyTime = STUDY_DATE, "120000"
    header.AccessionNumber = ""
    header.Modality = "CR"
    header.Manufacturer = "wetread"
    if caption.model:
        header.ManufacturerModelName = caption.model
    header.ReferringPhysicianName = ""
    header.StudyDescription = STUDIES[caption.region]
    header.PatientName = "SYNTHETIC^PHANTOM"
    header.PatientID = f"SYN-{caption.patient:04d}"
    header.PatientBirthDate = ""
    header.PatientSex = caption.sex
    header.PatientAge = f"{caption.age:03d}Y"
    header.BodyPartExamined = caption.region
    if not caption.region:
        # Type 2C: asked for where the body part might be one of a pair (PS3.3 C.7.3.1).
        header.Laterality = ""
    header.ViewPosition = caption.view
    header.ContentQualification = "RESEARCH"
    header.StudyInstanceUID = caption.uid("study")
    header.SeriesInstanceUID = caption.uid("series")
    header.StudyID = "1"
    header.SeriesNumber, header.InstanceNumber = caption.image, 1
    header.PatientOrientation = ["L", "F"]
    header.ImagerPixelSpacing = [f"{caption.pixel * 10:.4f}"] * 2
    header.BurnedInAnnotation = "NO"
