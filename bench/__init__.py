"""Measures cost and scale on one machine, the project beside the plain pipeline; see README.md."""

import os

# One thread a library, read when each is imported: a core's worth of work is what is measured.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
