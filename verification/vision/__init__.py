"""From pixels to numbers. Knows nothing of the web, and of the domain only what it observes."""

import os

# ONNX Runtime 1.32 for Linux gives the machine an id, keeps events in the home folder and sends them to
# its maker, from its import on. This is read then, so it has to be set before any module here imports it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
