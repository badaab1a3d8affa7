"""The command over a small collection: what it writes, what it says, and that pixels are analysed once."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.verification.evaluation.conftest import Collection
from verification.attacks.species import AttackSpecies
from verification.liveness.policy import Floors


class Evaluation:
    """Runs of the command that share one cache, as an operator's do."""

    def __init__(self, collection: Collection, folder: Path) -> None:
        self._collection = collection
        self._folder = folder
        self.out = folder / "out"

    def run(self, **options: Any) -> dict[str, Any]:
        call_command(
            "evaluate",
            self._collection.clips,
            events=self._collection.events,
            cache=self._folder / "cache",
            out=self.out,
            jobs=1,
            fps=12.0,
            **({"seeds": 2} | options),
        )
        metrics: dict[str, Any] = json.loads((self.out / "metrics.json").read_text(encoding="utf-8"))
        return metrics

    @property
    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader((self.out / "clips.csv").read_text(encoding="utf-8").splitlines()))

    @property
    def cached(self) -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in (self._folder / "cache").iterdir()}


@pytest.fixture(scope="module")
def evaluation(collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return Evaluation(collection, tmp_path_factory.mktemp("evaluation"))


def test_a_collection_is_measured_and_what_is_broken_has_its_row(
    evaluation: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = evaluation.run()
    rows = evaluation.rows
    assert [(row["path"], row["mode"]) for row in rows] == [
        ("performed.avi", "session"),
        ("performed.avi", "session"),
        ("picture.png", "passive"),
        ("broken.mp4", ""),
        ("broken.jpg", ""),
        ("missing.mp4", ""),
    ]
    assert [row["error"] for row in rows[3:]] == [
        "broken.mp4 cannot be read as a video",
        "broken.jpg cannot be read as a picture",
        "the file is not there",
    ]
    assert metrics["bpcer"]["n"] == 2
    assert metrics["apcer"]["printed"] == {"n": 1, "errors": 0, "rate": 0.0, "low": 0.0} | {
        "high": pytest.approx(0.793, abs=1e-3)
    }
    assert metrics["apcer"]["mask"]["n"] == 0
    assert metrics["actions"]["turn_left"]["recall"]["n"] == 1
    assert metrics["run"]["problems"] == [
        "events.tsv, line 5: unknown label 'wave'",
        "the events name other.mp4, which is none of the clips",
    ]
    told = capsys.readouterr().out
    assert "BPCER" in told
    assert "3 clips could not be measured" in told


def test_a_second_run_looks_at_no_pixel_and_writes_the_same_bytes(evaluation: Evaluation) -> None:
    written, cached = [], []
    for _ in range(2):
        evaluation.run()
        written.append({path.name: path.read_bytes() for path in evaluation.out.iterdir()})
        cached.append(evaluation.cached)
    assert written[0] == written[1]
    assert cached[0] == cached[1]


def test_threshold_and_floors_are_overridden_without_a_look_at_pixels(evaluation: Evaluation) -> None:
    before = evaluation.cached
    metrics = evaluation.run(threshold=0.01, floors=Floors(0.0, 0.0, 1.0))
    assert evaluation.cached == before
    assert metrics["run"]["policy"]["pass_threshold"] == 0.01
    assert metrics["run"]["policy"]["floors"]["deepfake"] == 1.0
    assert "verified" not in {row["reason"] for row in evaluation.rows}


def test_attacks_are_simulated_from_the_bona_fide_clip(evaluation: Evaluation) -> None:

    metrics = evaluation.run(
        attacks="simulate", species=(AttackSpecies.INJECTED_FROZEN, AttackSpecies.FACE_SWAP), presentations=2
    )
    simulated = [row for row in evaluation.rows if row["simulated"] == "1"]
    assert {row["class"] for row in simulated} == {"injected_frozen"}  # a face swap needs two people
    assert metrics["simulated"] == ["injected_frozen"]
    assert metrics["apcer"]["injected_frozen"]["errors"] == 0


def test_a_table_that_cannot_be_read_is_one_line_and_status_3(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no column class") as refused:
        (tmp_path / "clips.tsv").write_text("path\nx\n", encoding="utf-8")
        call_command("evaluate", tmp_path / "clips.tsv")
    assert refused.value.returncode == 3


def test_where_nothing_could_be_measured_the_status_is_1(tmp_path: Path) -> None:
    table = tmp_path / "clips.tsv"
    table.write_text("path\tclass\nnowhere.mp4\tbona_fide\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        call_command("evaluate", table, cache=tmp_path / "cache", out=tmp_path / "out", jobs=1)
    assert ended.value.code == 1
    assert "nowhere.mp4" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")


def test_without_a_landmarker_it_says_what_to_do(
    collection: Collection, tmp_path: Path, settings: Settings
) -> None:
    settings.MEDIAPIPE_MODEL_PATH = tmp_path / "absent.task"
    with pytest.raises(CommandError, match="download_models") as refused:
        call_command("evaluate", collection.clips, cache=tmp_path / "cache", out=tmp_path / "out")
    assert refused.value.returncode == 3


@pytest.mark.parametrize(
    "wrong",
    [
        ["--seeds", "0"],
        ["--fps", "0"],
        ["--fps", "many"],
        ["--floors", "1,2"],
        ["--floors", "2,0,0"],
        ["--species", "mask"],
        ["--attacks", "real"],
    ],
    ids=" ".join,
)
def test_wrong_options_are_refused(wrong: list[str], tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("evaluate", str(tmp_path / "clips.tsv"), *wrong)


def test_a_senseless_threshold_is_refused(collection: Collection, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="pass threshold"):
        call_command("evaluate", collection.clips, threshold=1.5, out=tmp_path / "out")
