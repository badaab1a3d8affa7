"""Making the project's own detector weights: outside the serving path, never imported by it."""

import os

# Read once, when the libraries are first loaded: keeps their start-up notices out of the progress.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("GLOG_minloglevel", "2")
