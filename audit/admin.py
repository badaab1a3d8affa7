"""The audit log in the admin: to be read, by nobody to be written."""

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.admin_export import CONTENT_TYPES, respond_with
from audit.admin_filters import (
    KindFilter,
    ReasonFilter,
    RelyingPartyFilter,
    SinceFilter,
    SubjectFilter,
    UntilFilter,
)
from audit.integrity import read_integrity, verify_and_remember
from audit.models import AuditEvent

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[AuditEvent]
else:
    BaseAdmin = admin.ModelAdmin

# Above this, a request would take longer than a proxy waits; the command has no such limit.
MAX_VERIFIED_HERE = 50_000


class AuditChangeList(ChangeList):
    """The list, and the query that its filters came from, for the links to the same events as a file."""

    @property
    def export_query(self) -> str:
        return self.get_query_string(remove=["p", "o", "all"])


@admin.register(AuditEvent)
class AuditEventAdmin(BaseAdmin):
    list_display = ("sequence", "moment", "kind", "session", "relying_party", "short_hash")
    list_filter = (SinceFilter, UntilFilter, KindFilter, ReasonFilter, SubjectFilter, RelyingPartyFilter)
    search_fields = ("kind",)
    search_help_text = _("A session id, or its first characters; or a part of the kind")
    show_full_result_count = False
    fields = (
        "sequence",
        "recorded_at",
        "kind",
        "session",
        "relying_party",
        "pretty_detail",
        "previous_hash",
        "hash",
    )
    readonly_fields = ("session", "pretty_detail")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("export.<str:export_format>", wrap(self.export_view), name="audit_auditevent_export"),
            path("verify/", wrap(require_POST(self.verify_view)), name="audit_auditevent_verify"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AuditChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": _("Audit log"), "integrity": read_integrity()}
        return super().changelist_view(request, context | (extra_context or {}))

    def export_view(self, request: HttpRequest, export_format: str) -> HttpResponseBase:
        """The events that the list shows under the same query, all of them, oldest first."""
        if export_format not in CONTENT_TYPES:
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            events = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect("admin:audit_auditevent_changelist")
        return respond_with(events, export_format)

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        """Walk the chain now, where that is quick enough for a request."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if AuditEvent.objects.count() > MAX_VERIFIED_HERE:
            self.message_user(
                request,
                _("The log is too long to verify here: run manage.py verify_audit."),
                messages.WARNING,
            )
            return redirect("admin:audit_auditevent_changelist")
        report = verify_and_remember()
        if report.is_intact:
            self.message_user(request, _("The chain is intact."))
        else:
            text = _("The chain is broken at event %(sequence)d.") % {"sequence": report.broken_at}
            self.message_user(request, text, messages.ERROR)
        return redirect("admin:audit_auditevent_changelist")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        sessions = apps.get_model("verification", "VerificationSession")._default_manager
        has_session = Exists(sessions.filter(pk=OuterRef("session_id")))
        return super().get_queryset(request).annotate(has_session=has_session)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        condition = Q(kind__icontains=term)
        session_ids = expand_session_prefix(term)
        if session_ids is not None:
            condition |= Q(session_id__range=session_ids)
        return queryset.filter(condition), False

    @admin.display(description=_("time (UTC)"), ordering="recorded_at")
    def moment(self, event: AuditEvent) -> str:
        return f"{event.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"

    @admin.display(description=_("session"), ordering="session_id")
    def session(self, event: AuditEvent) -> str:
        if event.session_id is None:
            return ""
        if not getattr(event, "has_session", False):
            return str(event.session_id)
        address = reverse("admin:verification_verificationsession_change", args=[event.session_id])
        return format_html('<a href="{}">{}</a>', address, event.session_id)

    @admin.display(description=_("hash"), ordering="hash")
    def short_hash(self, event: AuditEvent) -> str:
        return event.hash[:12]

    @admin.display(description=_("detail"))
    def pretty_detail(self, event: AuditEvent) -> str:
        text = json.dumps(event.detail, indent=2, sort_keys=True, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)


def expand_session_prefix(term: str) -> tuple[UUID, UUID] | None:
    """Return the lowest and highest session id that begin with `term`, or None where none can.

    A range, unlike a text search, uses the index on both databases; hyphens are optional.
    """
    digits = term.replace("-", "").lower()
    if not 0 < len(digits) <= 32 or not set(digits) <= set("0123456789abcdef"):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
