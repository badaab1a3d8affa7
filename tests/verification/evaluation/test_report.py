from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.verification.evaluation.recordings import act
from tests.verification.evaluation.test_metrics import OUTCOMES
from verification.evaluation.action_trials import run_trials
from verification.evaluation.campaign import Findings
from verification.evaluation.metrics import build_metrics
from verification.evaluation.outcomes import Outcome
from verification.evaluation.pictures import draw_pictures
from verification.evaluation.publishing import publish
from verification.evaluation.report import Setting, write_report
from verification.liveness.actions import Action
from verification.liveness.policy import Policy

POLICY = Policy()
SETTING = Setting(
    policy=POLICY,
    models={"face_landmarker": "64184e", "fasnet_v2": None},
    max_fps=15.0,
    seeds=5,
    problems=("clips.tsv, line 9: path or class is empty",),
    descriptions={"print_flat": "A still on paper."},
)


@pytest.fixture(scope="module")
def findings() -> Findings:
    acted = act([Action.SMILE])
    trials = list(run_trials("a.mp4", acted.recording, acted.events, POLICY))
    return Findings(OUTCOMES, trials, 0, build_metrics(OUTCOMES, trials, POLICY))


def test_the_report_keeps_sessions_and_watched_clips_apart_and_simulated_ones_named(
    findings: Findings,
) -> None:
    report = write_report(findings.metrics, findings.outcomes, SETTING)
    assert "| `print_flat` | **simulated** | session | 2 | 2 | 1 | 50.0 % |" in report
    assert "| `mask` | real | passive | 2 | 2 | 1 | 50.0 % |" in report
    assert "- `print_flat` (simulated): A still on paper." in report
    assert "models absent | `fasnet_v2` |" in report


def test_the_worst_species_comes_first(findings: Findings) -> None:
    metrics = dict(findings.metrics)
    report = write_report(metrics, findings.outcomes, SETTING)
    lines = [line for line in report.splitlines() if line.startswith(("| `print_flat` | **", "| `mask` | r"))]
    rates = [float(line.split("|")[7].strip(" %")) for line in lines]
    assert rates == sorted(rates, reverse=True)


def test_what_could_not_be_measured_is_named(findings: Findings) -> None:
    report = write_report(findings.metrics, findings.outcomes, SETTING)
    assert "- clips.tsv, line 9: path or class is empty" in report
    assert "- `t.mp4` (mask): the file is not there" in report


@pytest.mark.parametrize("outcomes", [[], OUTCOMES[:1], OUTCOMES[3:4]], ids=["none", "bona fide", "attacks"])
def test_a_report_of_little_is_still_a_report(outcomes: list[Outcome], tmp_path: Path) -> None:
    report = write_report(build_metrics(outcomes, [], POLICY), outcomes, SETTING)
    assert report.startswith("# Evaluation\n")
    assert "None" not in report
    assert len(draw_pictures(outcomes, tmp_path, threshold=0.7)) == 3


def test_pictures_are_svg_and_the_same_bytes_each_time(findings: Findings, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        draw_pictures(findings.outcomes, folder, threshold=0.7)
    names = sorted(path.name for path in first.iterdir())
    assert names == ["det.svg", "scores.svg", "signals.svg"]
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()
        assert ET.parse(first / name).getroot().tag.endswith("svg")


def test_a_page_elsewhere_links_its_own_pictures(findings: Findings, tmp_path: Path) -> None:
    page = tmp_path / "docs" / "evaluation.md"
    page.parent.mkdir()
    publish(findings, SETTING, tmp_path / "out", page=page)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "metrics.json",
        "clips.csv",
        "clips.json",
        "report.md",
        "det.svg",
        "scores.svg",
        "signals.svg",
    }
    assert "](evaluation/det.svg)" in page.read_text(encoding="utf-8")
    assert "](det.svg)" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert (page.parent / "evaluation" / "signals.svg").is_file()
