"""imagecodecs as a decoding plugin of pydicom, for JPEG, lossless JPEG and JPEG-LS.

pydicom's own plugins for these are under the GPL (pylibjpeg-libjpeg), crash on damaged files (GDCM) or know eight bits
only (Pillow). Imported by ``dicom.py`` alone, so only in the process that decodes.
"""

from __future__ import annotations

from typing import Any

from imagecodecs import JPEG8, JPEGLS, JpeglsError, jpeg8_decode, jpegls_decode
from numpy.typing import NDArray
from pydicom.pixels.decoders.base import DecodeRunner, get_decoder
from pydicom.uid import (
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

_LABEL = "imagecodecs"
_END = b"\xff\xd9"
_JPEG = frozenset({JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1})
_JPEG_LS = frozenset({JPEGLSLossless, JPEGLSNearLossless})
#: pydicom looks this up when it says why a plugin is not available.
DECODER_DEPENDENCIES = dict.fromkeys(_JPEG | _JPEG_LS, ("imagecodecs>=2026.3.6",))


def choose_plugin(syntax: str) -> str:
    """Name of the plugin that decodes a transfer syntax. Without a choice pydicom would try all that it finds.

    Args:
        syntax: Its UID; for an uncompressed one the answer does not matter.
    """
    return _LABEL if syntax in _JPEG or syntax in _JPEG_LS else "pylibjpeg"


def register() -> None:
    """Tells pydicom about this plugin; a second call does nothing."""
    for uid in _JPEG | _JPEG_LS:
        decoder = get_decoder(uid)
        if _LABEL not in decoder.available_plugins:
            decoder.add_plugin(_LABEL, (__name__, "_decode_frame"))


def is_available(uid: str) -> bool:
    """Whether imagecodecs was built with the codec of a transfer syntax; asked by pydicom."""
    return bool(JPEGLS.available if uid in _JPEG_LS else JPEG8.available)


def _decode_frame(src: bytes, runner: DecodeRunner) -> bytes:
    """One compressed frame -> its values by row, column and sample; asked by pydicom.

    Each value fills the bytes of Bits Allocated, little-endian. What the upper bits mean (sign, padding) is left to
    pydicom.
    """
    colour = runner.samples_per_pixel == 3
    decoded: NDArray[Any]
    if runner.transfer_syntax in _JPEG_LS:
        decoded = _decode_jpeg_ls(src)
    else:
        # Twice the same space: nothing is converted, whatever an Adobe or JFIF marker says. pydicom converts, by the
        # Photometric Interpretation (PS3.5 section 8.2.1); twice converted would be wrong, and so would be guessed.
        space = "RGB" if colour else "GRAYSCALE"
        decoded = jpeg8_decode(src, colorspace=space, outcolorspace=space)
    if decoded.shape != ((runner.rows, runner.columns, 3) if colour else (runner.rows, runner.columns)):
        raise ValueError("the frame has another shape than the header says")
    if 8 * decoded.itemsize > runner.bits_allocated:
        raise ValueError("the frame has more bits than the header says")  # NumPy would cut them off
    if colour:
        # Also where the header says 1, which has no meaning for a compressed frame (PS3.5 section 8.2.1).
        runner.set_option("planar_configuration", 0)
    # A frame of up to 8 bits comes in bytes, and the header may allocate 16 bits for it.
    return decoded.astype(f"<u{runner.bits_allocated // 8}", copy=False).tobytes()


def _decode_jpeg_ls(src: bytes) -> NDArray[Any]:
    try:
        return jpegls_decode(src)
    except JpeglsError:
        # Some writers put zeros between the data and the end marker; CharLS up to 2.4.2 accepts none and 2.4.3 one
        # (team-charls/charls, issues 365 and 437). Data may end with a zero too, so this is the second attempt.
        body, end, _ = src.rpartition(_END)
        if not end or not body.endswith(b"\0"):
            raise
        return jpegls_decode(body.rstrip(b"\0") + _END)
