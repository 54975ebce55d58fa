"""A slice as the bytes of a DICOM file, the same bytes whenever it is written.

CT Image Storage (PS3.3 A.3 and C.8.2.1): HU + 1024 as 12 bits in 16, unsigned, Explicit VR Little Endian, not
compressed. All slices of a patient share study, series and frame of reference.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid

from wetread.phantoms.head_slice import PADDING
from wetread.phantoms.radiograph import STUDY_DATE
from wetread.shapes import Floats

INTERCEPT = -1024
#: Brain and subdural window: centres and widths, HU.
WINDOWS = (("40", "80"), ("80", "200"))


@dataclass(frozen=True)
class SliceCaption:
    """What the header of a slice says, besides the pixels.

    Args:
        seed: Seed of the data set; all identifiers derive from it.
        patient: Number of the patient, from 1.
        position: Number of the slice in the series, from 1 at the bottom.
        sex: ``F`` or ``M``.
        age: Years.
        pixel: Edge of a pixel, mm.
        height: Position along the table, mm, growing towards the vertex.
        spacing: Distance between slices, mm.
        thickness: Thickness of a slice, mm.
        model: Name of the scanner.
        kernel: Name of the convolution kernel.
    """

    seed: int
    patient: int
    position: int
    sex: str
    age: int
    pixel: float
    height: float
    spacing: float
    thickness: float
    model: str
    kernel: str

    def uid(self, kind: str) -> UID:
        """A unique identifier that is the same in every run with this seed."""
        parts = [str(self.seed), str(self.patient), *([str(self.position)] if kind == "image" else [])]
        return generate_uid(entropy_srcs=["wetread head phantom", kind, *parts])


def ct_bytes(hu: Floats, caption: SliceCaption) -> bytes:
    """Encodes a slice.

    Args:
        hu: Whole HU, ``row column``, -1024 (padding) to 3071.
        caption: The header's variable part.

    Returns:
        A complete DICOM file.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = caption.uid("image")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = generate_uid(entropy_srcs=["wetread phantom", "implementation"])
    meta.ImplementationVersionName = "WETREAD_PHANTOM"
    header = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    _describe(header, caption)
    _place(header, caption, hu.shape[0])
    stored = np.clip(hu - INTERCEPT, 0, 4095).astype("<u2")
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.Rows, header.Columns = stored.shape
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 16, 12, 11, 0
    # PS3.3 C.7.5.1.1.2: stated as stored; outside the round field only.
    header.add_new("PixelPaddingValue", "US", PADDING - INTERCEPT)
    header.WindowCenter, header.WindowWidth = ([pair[at] for pair in WINDOWS] for at in (0, 1))
    header.WindowCenterWidthExplanation = ["BRAIN", "SUBDURAL"]
    header.RescaleIntercept, header.RescaleSlope, header.RescaleType = str(INTERCEPT), "1", "HU"
    header.PixelData = stored.tobytes()
    buffer = io.BytesIO()
    header.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _describe(header: Dataset, caption: SliceCaption) -> None:
    """Fills in who, what and how; nothing here depends on the label."""
    header.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
    header.SOPClassUID = CTImageStorage
    header.SOPInstanceUID = caption.uid("image")
    header.StudyDate = header.SeriesDate = header.AcquisitionDate = header.ContentDate = STUDY_DATE
    header.StudyTime = header.SeriesTime = header.AcquisitionTime = header.ContentTime = "120000"
    header.AccessionNumber = ""
    header.Modality = "CT"
    header.Manufacturer = "wetread"
    header.ManufacturerModelName = caption.model
    header.ReferringPhysicianName = ""
    header.StudyDescription = "Simulated head CT, research and teaching only"
    header.SeriesDescription = "Axial without contrast, simulated"
    header.PatientName = f"SYNTHETIC^HEAD{caption.patient:04d}"
    header.PatientID = f"SYN-CT-{caption.patient:04d}"
    header.PatientBirthDate = ""
    header.PatientSex = caption.sex
    header.PatientAge = f"{caption.age:03d}Y"
    header.BodyPartExamined = "HEAD"
    header.ContentQualification = "RESEARCH"
    header.BurnedInAnnotation = "NO"
    header.StudyInstanceUID = caption.uid("study")
    header.SeriesInstanceUID = caption.uid("series")
    header.StudyID = "1"
    header.SeriesNumber, header.AcquisitionNumber, header.InstanceNumber = 1, 1, caption.position
    header.KVP = "120"
    header.ConvolutionKernel = caption.kernel
    header.GantryDetectorTilt = "0"


def _place(header: Dataset, caption: SliceCaption, size: int) -> None:
    """Where the slice lies: x grows to the patient's left, y to the back, z to the vertex (PS3.3 C.7.6.2.1.1)."""
    header.PatientPosition = "HFS"
    header.FrameOfReferenceUID = caption.uid("frame")
    header.PositionReferenceIndicator = "OM"
    header.PixelSpacing = [f"{caption.pixel:.6f}"] * 2
    header.SliceThickness = f"{caption.thickness:.2f}"
    header.SpacingBetweenSlices = f"{caption.spacing:.3f}"
    header.SliceLocation = f"{caption.height:.3f}"
    corner = -(size - 1) / 2 * caption.pixel
    header.ImagePositionPatient = [f"{corner:.4f}", f"{corner:.4f}", f"{caption.height:.3f}"]
    header.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    header.ReconstructionDiameter = f"{caption.pixel * size:.2f}"
