"""The machine a figure was measured on, in words that let it be compared."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = (
    "mediapipe",
    "ai-edge-litert",
    "onnxruntime",
    "opencv-contrib-python-headless",
    "numpy",
    "Django",
    "daphne",
)


def describe_machine() -> dict[str, object]:
    """Processor, cores, memory in GiB, system, Python and libraries; and how busy it was with other work."""
    return {
        "processor": _read("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int((_read("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 2**20, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "load_before": round(os.getloadavg()[0], 1),
    }


def _read(path: str, key: str) -> str:
    """The value of the first `key: value` line of a file of /proc; empty where there is none."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "")
