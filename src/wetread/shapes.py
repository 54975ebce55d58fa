"""The words for array shapes and value ranges, defined once.

Shapes are written as words in docstrings:

- ``image`` rows of a batch or table, ``class`` columns of a probability table, ``row column`` of a picture (row 0 at
  the top, column 0 at the left of the screen, which is the patient's right in a frontal radiograph);
- ``channel row column`` for what a network sees.

Value ranges:

- **picture**: ``uint8``, 0 is black on the screen and 255 white, after modality LUT, VOI and inversion: as displayed;
- **probability**: float in [0, 1], rows of a class table add up to 1;
- **heat**: signed float, positive where the picture speaks for the explained class, in units of the class margin.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: ``row column`` or ``row column 3``, uint8, as displayed (0 black, 255 white).
Picture = NDArray[np.uint8]
#: Any float array; the docstring says its shape in words.
Floats = NDArray[np.floating[Any]]
#: Integer array: class numbers, row numbers, counts.
Ints = NDArray[np.integer[Any]]
#: Boolean array.
Bools = NDArray[np.bool_]
