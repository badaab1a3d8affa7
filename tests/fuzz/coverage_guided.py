"""The same target, guided by coverage: `python -m tests.fuzz.coverage_guided --seconds 60` (Atheris, libFuzzer)."""

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

# Before anything else imports them: only what is imported in here is instrumented.
with atheris.instrument_imports(include=["verification.messages", "verification.vision"]):
    from tests.fuzz.frames import MAX_FRAME_BYTES, build_seeds, fuzz_one


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(build_seeds()):
            (Path(folder) / str(number)).write_bytes(seed)
        options = [f"-max_total_time={asked.seconds}", f"-max_len={MAX_FRAME_BYTES}", "-timeout=20"]
        atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={folder}/", folder], fuzz_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
