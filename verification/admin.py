"""Read-only views for staff. Nothing here can change a session."""

from django.contrib import admin
from django.db import models
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from verification.models import ApiKey, Challenge, RelyingParty, VerificationSession
from verification.services import conclude_expired


class ReadOnly:
    """Mixed into an admin class: look, touch nothing, superusers included."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ChallengeInline(ReadOnly, admin.TabularInline):
    model = Challenge
    fields = ("position", "action", "outcome", "fault", "latency_ms", "revealed_at", "ended_at", "measures")


@admin.register(VerificationSession)
class VerificationSessionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("id", "user_id", "relying_party", "status", "decision", "reason", "final", "created_at")
    list_filter = ("decision", "reason", "status", "relying_party", "created_at")
    search_fields = ("id", "user_id", "token_id")
    date_hierarchy = "created_at"
    list_select_related = ("relying_party",)
    inlines = (ChallengeInline,)
    exclude = ("ticket_hash",)
    readonly_fields = ("audit_events",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}  # noqa: RUF012  (as Django types it)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Whoever looks first concludes what ran out of time, staff included."""
        conclude_expired(VerificationSession.objects.all())
        return super().changelist_view(request, extra_context)

    @admin.display(description="final score")
    def final(self, session: VerificationSession) -> str:
        final = session.scores.get("final")
        return "–" if final is None else f"{final:.2f}"

    @admin.display(description="audit events")
    def audit_events(self, session: VerificationSession) -> SafeString:
        address = reverse("admin:audit_auditevent_changelist")
        return format_html('<a href="{}?q={}">Show this session in the audit log</a>', address, session.pk)


@admin.register(RelyingParty)
class RelyingPartyAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "is_active", "created_at")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("prefix", "relying_party", "created_at", "revoked_at")
    exclude = ("secret_hash",)
