"""The live monitor's page: a table that the server fills and the socket keeps current."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from verification.admin.sessions import END_PERMISSION
from verification.admin_site import VIEW_PERMISSION
from verification.monitor_snapshot import MonitoredSession, Snapshot, read_snapshot
from verification.words import ACTIONS, SCORES, put_in_words


@require_safe
@never_cache
def show_monitor(request: HttpRequest) -> TemplateResponse:
    if not request.user.has_perm(VIEW_PERMISSION):
        raise PermissionDenied
    snapshot = read_snapshot(now=timezone.now())
    can_end = request.user.has_perm(END_PERMISSION)
    context = {
        **admin.site.each_context(request),
        "title": _("Live monitor"),
        "rows": render_rows(snapshot, can_end=can_end).values(),
        "total": snapshot.total,
        "shown": len(snapshot.rows),
        "can_end": can_end,
        "language": get_language(),
    }
    return TemplateResponse(request, "admin/monitor.html", context)


def render_rows(snapshot: Snapshot, *, can_end: bool) -> dict[str, str]:
    """One table row of HTML for each session, by session id, newest first."""
    return {
        str(row.session.pk): render_to_string("admin/monitor_row.html", _describe(row, can_end=can_end))
        for row in snapshot.rows
    }


def _describe(row: MonitoredSession, *, can_end: bool) -> dict[str, Any]:
    labelled = [(SCORES[name], row.scores.get(name)) for name in ("liveness", "emotion", "deepfake")]
    return {
        "session": row.session,
        "current": row.current,
        "action": put_in_words(ACTIONS, row.current.action) if row.current else "",
        "scores": labelled,
        "can_end": can_end,
    }
