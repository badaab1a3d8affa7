"""Findings to files."""

import json
from dataclasses import asdict
from pathlib import Path

from verification.evaluation.campaign import Findings
from verification.evaluation.pictures import draw_pictures
from verification.evaluation.report import Setting, write_report
from verification.evaluation.rows import write_csv, write_json


def publish(findings: Findings, setting: Setting, out: Path, *, page: Path | None = None) -> None:
    """Write metrics.json, clips.csv, clips.json, report.md and its pictures into the folder.

    page: where the report goes as well, its pictures into a folder of that name beside it. Raises OSError.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / "metrics.json").write_text(_write_metrics(findings, setting), encoding="utf-8")
    (out / "clips.csv").write_text(write_csv(findings.outcomes), encoding="utf-8")
    (out / "clips.json").write_text(write_json(findings.outcomes), encoding="utf-8")
    _write_page(findings, setting, out / "report.md", out)
    if page is not None:
        _write_page(findings, setting, page, page.with_suffix(""))


def _write_page(findings: Findings, setting: Setting, page: Path, pictures: Path) -> None:
    pictures.mkdir(parents=True, exist_ok=True)
    draw_pictures(findings.outcomes, pictures, threshold=setting.policy.pass_threshold)
    prefix = "" if pictures == page.parent else f"{pictures.name}/"
    report = write_report(findings.metrics, findings.outcomes, setting, picture_prefix=prefix)
    page.write_text(report, encoding="utf-8")


def _write_metrics(findings: Findings, setting: Setting) -> str:
    run = {
        "policy": asdict(setting.policy),
        "models": dict(setting.models),
        "max_fps": setting.max_fps,
        "seeds": setting.seeds,
        "problems": list(setting.problems),
    }
    return json.dumps({**findings.metrics, "run": run}, indent=1, default=str) + "\n"
