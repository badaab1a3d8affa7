import csv
import io
import json

import pytest

from tests.verification.evaluation.outcomes import make_outcome, make_unusable
from verification.evaluation.action_trials import ActionTrial
from verification.evaluation.metrics import build_metrics, rate_low_deepfake
from verification.evaluation.outcomes import Mode, Outcome, average_by_clip, judge_without
from verification.evaluation.rates import Rate
from verification.evaluation.rows import COLUMNS, write_csv, write_json
from verification.liveness.actions import Action
from verification.liveness.policy import Policy
from verification.liveness.score import Signal
from verification.liveness.vocabulary import Decision, Reason

POLICY = Policy()
GOOD = {"parallax": 1.0, "micro_motion": 1.0, "texture": 1.0, "timing": 1.0, "continuity": 1.0}
FLAT = GOOD | {"parallax": 0.0, "texture": 0.1}
OUTCOMES = [
    make_outcome("a.mp4", "bona_fide", seed=1, signals=GOOD),
    make_outcome("a.mp4", "bona_fide", Reason.CHALLENGE_FAILED, seed=2, deepfake=0.3, signals=GOOD),
    make_outcome("b.mp4", "bona_fide", Reason.POOR_CAPTURE, mode=Mode.PASSIVE, signals=GOOD),
    make_outcome("p.mp4", "print_flat", Reason.LIVENESS_BELOW_FLOOR, is_simulated=True, signals=FLAT),
    make_outcome("q.mp4", "print_flat", is_simulated=True, seed=2, signals=FLAT),
    make_outcome("r.mp4", "mask", Reason.POOR_CAPTURE, mode=Mode.PASSIVE, signals=FLAT),
    make_outcome("s.mp4", "mask", mode=Mode.PASSIVE, signals=FLAT),
    make_unusable("t.mp4", "mask"),
]


def test_sessions_lead_where_any_was_played_and_what_was_watched_elsewhere() -> None:
    metrics = build_metrics(OUTCOMES, [], POLICY)
    assert metrics["bpcer"] == Rate(2, 1).as_dict()
    assert metrics["bpnrr"] == Rate(2, 0).as_dict()
    assert metrics["apcer"] == {"print_flat": Rate(2, 1).as_dict(), "mask": Rate(2, 1).as_dict()}
    assert metrics["apnrr"]["mask"] == Rate(2, 1).as_dict()
    assert metrics["by_mode"]["passive"]["bpcer"] == Rate(1, 0).as_dict()
    assert metrics["by_mode"]["passive"]["bona_fide_not_passed"] == Rate(1, 1).as_dict()
    assert set(metrics["by_mode"]["session"]["apcer"]) == {"print_flat"}
    assert metrics["simulated"] == ["print_flat"]
    assert metrics["clips"] == {"presented": 6, "unreadable": 1, "presentations": 7}


def test_every_rate_has_the_same_five_keys_and_all_is_json() -> None:
    metrics = json.loads(json.dumps(build_metrics(OUTCOMES, [], POLICY)))
    for rate in (metrics["bpcer"], *metrics["apcer"].values(), metrics["deepfake_below_half"]):
        assert set(rate) == {"n", "errors", "rate", "low", "high"}


def test_nothing_at_all_still_has_its_figures() -> None:
    metrics = build_metrics([], [], POLICY)
    assert metrics["bpcer"]["n"] == 0
    assert metrics["apcer"] == {}
    assert set(metrics["auc"].values()) == {None}


def test_areas_are_by_signal_and_by_species() -> None:
    metrics = build_metrics(OUTCOMES, [], POLICY)
    assert metrics["auc"]["texture"] == 1.0
    assert metrics["auc"]["timing"] == 0.5
    assert metrics["auc"]["compliance"] is None
    assert metrics["auc_by_species"]["print_flat"]["parallax"] == 1.0


def test_a_clip_counts_once_however_often_it_was_played() -> None:
    assert average_by_clip(OUTCOMES[:2], "deepfake") == [pytest.approx(0.6)]
    assert rate_low_deepfake(OUTCOMES) == Rate(2, 0)


def test_groups_of_people_are_rated_apart() -> None:
    outcomes = [
        make_outcome("a.mp4", "bona_fide", groups=("glasses", "beard")),
        make_outcome("b.mp4", "bona_fide", Reason.CHALLENGE_FAILED, groups=("glasses",)),
        make_outcome("c.mp4", "mask", groups=("glasses",)),
    ]
    trials = [
        ActionTrial("a.mp4", "smile", Action.SMILE, True, True, True),
        ActionTrial("b.mp4", "smile", Action.SMILE, True, False, False),
    ]
    groups = build_metrics(outcomes, trials, POLICY)["groups"]
    assert list(groups) == ["beard", "glasses"]
    assert groups["glasses"]["bpcer"] == Rate(2, 1).as_dict()
    assert (groups["beard"]["recall"]["n"], groups["beard"]["recall"]["rate"]) == (1, 1.0)
    assert (groups["glasses"]["recall"]["n"], groups["glasses"]["recall"]["rate"]) == (2, 0.5)


def test_leaving_a_signal_out_changes_decisions_that_came_of_scores() -> None:
    stopped = OUTCOMES[3]
    judged = judge_without(stopped, Signal.TEXTURE, POLICY)
    assert judged is not None
    decision, scores = judged
    assert decision is Decision.FAIL  # the parallax is still flat
    assert scores.liveness is not None
    assert scores.liveness > (stopped.read("liveness") or 0.0)


def test_leaving_a_required_signal_out_takes_the_requirement_with_it() -> None:
    judged = judge_without(make_outcome("a", "bona_fide", signals=GOOD), Signal.PARALLAX, POLICY)
    assert judged is not None
    assert judged[0] is Decision.PASS


@pytest.mark.parametrize("signal", Signal)
def test_what_happened_in_the_session_stays_whatever_is_left_out(signal: Signal) -> None:
    for reason in (Reason.CHALLENGE_FAILED, Reason.REPLAY_DETECTED, Reason.NO_RESPONSE):
        judged = judge_without(make_outcome("a", "mask", reason, signals=GOOD), signal, POLICY)
        assert judged is not None
        assert judged[0] is reason.decision
    assert judge_without(make_unusable("t", "mask"), signal, POLICY) is None


def read_rows(outcomes: list[Outcome]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(write_csv(outcomes))))


def test_there_is_a_row_for_every_presentation() -> None:
    rows = read_rows(OUTCOMES)
    assert len(rows) == len(OUTCOMES)
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["path"] == "a.mp4"
    assert (rows[0]["class"], rows[0]["mode"], rows[0]["decision"]) == ("bona_fide", "session", "pass")
    assert (rows[0]["texture"], rows[0]["compliance"]) == ("1.0", "")
    assert rows[3]["simulated"] == "1"


def test_a_clip_that_is_unusable_has_a_row_that_says_so() -> None:
    row = read_rows(OUTCOMES)[-1]
    assert (row["path"], row["mode"], row["decision"], row["final"]) == ("t.mp4", "", "", "")
    assert row["error"] == "the file is not there"


def test_the_rows_are_there_as_json_with_their_challenges() -> None:
    rows = json.loads(write_json(OUTCOMES))
    assert [row["path"] for row in rows] == [outcome.clip for outcome in OUTCOMES]
    assert rows[0]["challenges"] == [{"action": "nod", "reason": "passed", "latency_ms": 900}]
    assert "challenges" not in rows[-1]
