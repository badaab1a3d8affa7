"""A whole evaluation: tables to tasks, tasks to findings. Without a console, so that tests can run it."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from verification.attacks.species import AttackSpecies, describe_species
from verification.evaluation.action_trials import ActionTrial
from verification.evaluation.analysis import AnalysisOptions, describe_models, get_models
from verification.evaluation.attackers import ANSWERS
from verification.evaluation.cache import RecordingCache
from verification.evaluation.clip_runs import ClipResult, ClipTask, check_events, locate_clip, run_clip
from verification.evaluation.metrics import build_metrics
from verification.evaluation.outcomes import Outcome
from verification.evaluation.rendering import Source
from verification.evaluation.report import Setting
from verification.evaluation.simulation import PRESENTATIONS, plan_attacks, run_attack
from verification.evaluation.sources import choose_source
from verification.evaluation.tables import ClipTable, EventTable, read_clip_table, read_event_table
from verification.evaluation.workers import run_all
from verification.liveness.policy import Policy
from verification.vision.weights import ModelName

# Told of each stage's name, how much of it is done, and of how much.
Watch = Callable[[str, int, int], None]


class CampaignError(RuntimeError):
    """Nothing can be measured; the message is one line for a person."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, and how. folder: where the table's paths start.

    may_find_events: clips with too few events are played with what the judges find. species: of attacks
    that are simulated from the bona fide clips, `presentations` times each.
    """

    table: Path
    events: Path | None
    folder: Path
    options: AnalysisOptions
    cache: RecordingCache
    policy: Policy
    seeds: int
    may_find_events: bool = False
    species: tuple[AttackSpecies, ...] = ()
    presentations: int = PRESENTATIONS


@dataclass(slots=True)
class Findings:
    """outcomes: in the table's order. metrics: as `metrics.json` holds them."""

    outcomes: list[Outcome] = field(default_factory=list)
    trials: list[ActionTrial] = field(default_factory=list)
    analysed: int = 0
    metrics: dict[str, Any] = field(default_factory=dict)

    def add(self, result: ClipResult) -> None:
        self.outcomes += result.outcomes
        self.trials += result.trials
        self.analysed += not result.is_cached


class Campaign:
    """Raises TableError for a table that cannot be used, CampaignError where the landmarker is missing."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._clips: ClipTable = read_clip_table(plan.table)
        self._events = read_event_table(plan.events) if plan.events else EventTable()
        landmarker = get_models(plan.options.paths).status[ModelName.FACE_LANDMARKER]
        if not landmarker.is_installed:
            raise CampaignError(f"{landmarker.path}: {landmarker.detail}")

    @property
    def setting(self) -> Setting:
        unknown = check_events(list(self._events.by_path), self._clips.rows)
        return Setting(
            policy=self._plan.policy,
            models=describe_models(self._plan.options.paths),
            max_fps=self._plan.options.max_fps,
            seeds=self._plan.seeds,
            problems=(*self._clips.problems, *self._events.problems, *unknown),
            descriptions={
                str(species): f"{describe_species(species)} In a session the attacker {ANSWERS[species]}."
                for species in self._plan.species
            },
        )

    def run(self, *, jobs: int, watch: Watch = lambda stage, done, total: None) -> Findings:
        """Everything. Raises WorkerLost, and OSError for a clip that is taken away meanwhile."""
        results: dict[str, ClipResult] = {}
        for task, result in run_all(run_clip, self._list_tasks(), jobs=jobs):
            results[task.row.path] = result
            watch("clips", len(results), len(self._clips.rows))
        findings = Findings()
        for row in self._clips.rows:
            findings.add(results[row.path])
        for result in self._simulate(findings, jobs, watch):
            findings.add(result)
        findings.metrics = build_metrics(findings.outcomes, findings.trials, self._plan.policy)
        return findings

    def _simulate(self, findings: Findings, jobs: int, watch: Watch) -> list[ClipResult]:
        """The simulated presentations, in the order of their names."""
        plan = self._plan
        if not plan.species:
            return []
        sources = list(self._list_sources({o.clip for o in findings.outcomes if o.verdict is not None}))
        if not sources:
            raise CampaignError(
                "attacks are simulated from bona fide clips of two seconds and more: none is here"
            )
        tasks = plan_attacks(
            sources,
            plan.species,
            plan.presentations,
            options=plan.options,
            cache=plan.cache,
            policy=plan.policy,
        )
        results: dict[str, ClipResult] = {}
        for task, result in run_all(run_attack, tasks, jobs=jobs):
            results[task.name] = result
            watch("simulated attacks", len(results), len(tasks))
        return [results[name] for name in sorted(results)]

    def _list_sources(self, measured: Collection[str]) -> Iterator[Source]:
        for task in self._list_tasks():
            if task.row.is_bona_fide and task.row.path in measured:
                source = choose_source(task)
                if source is not None:
                    yield source

    def _list_tasks(self) -> Iterator[ClipTask]:
        plan = self._plan
        for row in self._clips.rows:
            events = tuple(self._events.by_path.get(row.path, ()))
            file = locate_clip(row.path, plan.folder)
            yield ClipTask(
                row, file, events, plan.options, plan.cache, plan.policy, plan.seeds, plan.may_find_events
            )
