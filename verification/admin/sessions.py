"""Capture sessions: the list, the page that tells one session's story, and the way to end one."""

from datetime import UTC
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent
from verification.admin.read_only import ReadOnlyAdmin, read_staff_id
from verification.admin.story import tell_story
from verification.models import SessionStatus, VerificationSession
from verification.services import conclude_expired, conclude_if_expired, end_session_by_staff
from verification.words import DECISIONS, REASONS, put_in_words

END_PERMISSION = "verification.end_verificationsession"
MAX_EVENTS_SHOWN = 200


@admin.register(VerificationSession)
class VerificationSessionAdmin(ReadOnlyAdmin):
    list_display = ("short_id", "user_id", "relying_party", "verdict", "why", "final", "opened")
    list_filter = ("decision", "reason", "status", "relying_party", "created_at")
    search_fields = ("id", "user_id", "token_id")
    search_help_text = _("A user id, a session id or a token id")
    date_hierarchy = "created_at"
    list_select_related = ("relying_party",)
    show_full_result_count = False
    list_per_page = 50
    exclude = ("ticket_hash",)

    def get_urls(self) -> list[URLPattern]:
        end = path(
            "<uuid:session_id>/end/",
            self.admin_site.admin_view(self.end_view),
            name="verification_verificationsession_end",
        )
        return [end, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Whoever looks first concludes what ran out of time, staff included."""
        conclude_expired(VerificationSession.objects.all())
        return super().changelist_view(request, {"title": _("Sessions"), **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        session = self.get_object(request, object_id)
        if isinstance(session, VerificationSession) and self.has_view_permission(request, session):
            extra_context = {**(extra_context or {}), **_build_context(conclude_if_expired(session), request)}
        return super().change_view(request, object_id, form_url, extra_context)

    def end_view(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """Ask first, then end: GET shows what would happen, POST does it."""
        if not request.user.has_perm(END_PERMISSION):
            raise PermissionDenied
        session = VerificationSession.objects.select_related("relying_party").filter(pk=session_id).first()
        if session is None:
            raise Http404
        if request.method == "POST":
            is_ended = end_session_by_staff(session.pk, staff_id=read_staff_id(request))
            self._tell_outcome(request, is_ended=is_ended)
            return redirect("admin:monitor")
        context = {
            **self.admin_site.each_context(request),
            "title": _("End this session?"),
            "session": session,
            "is_over": session.status == SessionStatus.CONCLUDED,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/verification/verificationsession/end.html", context)

    def _tell_outcome(self, request: HttpRequest, *, is_ended: bool) -> None:
        if is_ended:
            self.message_user(request, _("The session was ended. The person has been told."))
        else:
            self.message_user(request, _("The session was over already."), messages.WARNING)

    @admin.display(description=_("session"), ordering="id")
    def short_id(self, session: VerificationSession) -> str:
        return str(session.pk)[:8]

    @admin.display(description=_("decision"), ordering="decision")
    def verdict(self, session: VerificationSession) -> SafeString:
        words = put_in_words(DECISIONS, session.decision)
        return format_html('<span class="badge {}">{}</span>', session.decision or "open", words)

    @admin.display(description=_("reason"), ordering="reason")
    def why(self, session: VerificationSession) -> str:
        return put_in_words(REASONS, session.reason)

    @admin.display(description=_("opened (UTC)"), ordering="created_at")
    def opened(self, session: VerificationSession) -> str:
        return f"{session.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"

    @admin.display(description=_("final score"))
    def final(self, session: VerificationSession) -> str:
        final = session.scores.get("final")
        return "–" if final is None else f"{final:.2f}"


def _build_context(session: VerificationSession, request: HttpRequest) -> dict[str, Any]:
    is_over = session.status == SessionStatus.CONCLUDED
    return {
        "title": _("Session"),
        "subtitle": str(session.pk),
        "session": session,
        "verdict": put_in_words(DECISIONS, session.decision),
        "reason": put_in_words(REASONS, session.reason),
        "story": tell_story(session, list(session.challenges.all())),
        "can_end": not is_over and request.user.has_perm(END_PERMISSION),
        "events": _read_events(session) if request.user.has_perm("audit.view_auditevent") else None,
        "max_events": MAX_EVENTS_SHOWN,
    }


def _read_events(session: VerificationSession) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(session_id=session.pk).order_by("sequence")[:MAX_EVENTS_SHOWN]
