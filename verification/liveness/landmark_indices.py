"""Index sets into MediaPipe Face Landmarker's 478 points."""

import numpy as np

_LIPS = frozenset(
    {
        0,
        13,
        14,
        17,
        37,
        39,
        40,
        61,
        78,
        80,
        81,
        82,
        84,
        87,
        88,
        91,
        95,
        146,
        178,
        181,
        185,
        191,
        267,
        269,
        270,
        291,
        308,
        310,
        311,
        312,
        314,
        317,
        318,
        321,
        324,
        375,
        402,
        405,
        409,
        415,
    }
)
# Everything but lips (they move by themselves) and irises (so do they).
FACE_WITHOUT_LIPS = np.array([i for i in range(468) if i not in _LIPS])
FACE_MESH = np.arange(468)
RIGHT_EYE_CORNERS = np.array([33, 133])
LEFT_EYE_CORNERS = np.array([362, 263])
