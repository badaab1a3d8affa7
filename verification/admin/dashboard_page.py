"""The first page: how verification went lately, and whether everything it stands on is in order."""

from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.integrity import read_integrity, read_oldest_event
from verification.admin.charts import draw_days
from verification.dashboard import read_activity
from verification.dashboard_models import read_models
from verification.liveness.policy import POLICY_VERSION
from verification.words import DECISIONS, REASONS, put_in_words

_PERIOD_LABELS = {1: _("Today"), 7: _("Last 7 days"), 30: _("Last 30 days")}
_LIBRARIES = ("mediapipe", "ai-edge-litert", "onnxruntime", "deepface", "opencv-python-headless")


def build_dashboard(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """The template's context. The audit log's part only for who may see the log."""
    activity = read_activity(now=now)
    context: dict[str, Any] = {
        "activity": activity,
        "periods": [(_PERIOD_LABELS[period.days], period.tally) for period in activity.periods],
        "day_chart": draw_days(activity.days),
        "reasons": [(put_in_words(REASONS, entry.reason), entry) for entry in activity.reasons],
        "durations": [(put_in_words(DECISIONS, entry.decision), entry) for entry in activity.durations],
        "models": read_models(),
        "libraries": _describe_libraries(),
        "policy_version": POLICY_VERSION,
        "software_version": settings.VERSION,
    }
    if request.user.has_perm("audit.view_auditevent"):
        context |= {
            "integrity": read_integrity(),
            "oldest_event": read_oldest_event(),
            "retention_days": settings.POL_AUDIT_RETENTION_DAYS,
        }
    return context


def _describe_libraries() -> list[str]:
    found = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:  # an optional one
            continue
    return found
