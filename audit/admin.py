"""The audit log in the admin: to be read, by nobody to be written."""

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from audit.models import AuditEvent

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[AuditEvent]
else:
    BaseAdmin = admin.ModelAdmin


@admin.register(AuditEvent)
class AuditEventAdmin(BaseAdmin):
    list_display = ("sequence", "recorded_at", "kind", "session", "relying_party", "short_hash")
    list_filter = ("kind", "relying_party")
    date_hierarchy = "recorded_at"
    search_fields = ("kind",)
    search_help_text = "A session id, or its first characters; or a part of the kind"
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

    @admin.display(description="session", ordering="session_id")
    def session(self, event: AuditEvent) -> str:
        if event.session_id is None:
            return ""
        if not getattr(event, "has_session", False):
            return str(event.session_id)
        address = reverse("admin:verification_verificationsession_change", args=[event.session_id])
        return format_html('<a href="{}">{}</a>', address, event.session_id)

    @admin.display(description="hash", ordering="hash")
    def short_hash(self, event: AuditEvent) -> str:
        return event.hash[:12]

    @admin.display(description="detail")
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
