"""Relying parties and their API keys, managed by operators. Secrets are shown once, when they are made."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from audit.models import EventKind
from audit.services import record
from verification.admin.read_only import BaseAdmin, ReadOnlyAdmin, read_staff_id
from verification.api_keys import create_api_key
from verification.models import ApiKey, RelyingParty
from verification.relying_parties import revoke_api_key, rotate_api_key

ROTATION_OVERLAP = timedelta(hours=24)


class LinesField(forms.CharField):
    """A list of texts, one a line: what the model keeps as a JSON list."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        # What a JSON field would hand to its own form field, and a text has no use for.
        for name in ("encoder", "decoder"):
            options.pop(name, None)
        super().__init__(**(options | {"widget": forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})}))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != (initial or []))


@admin.register(RelyingParty)
class RelyingPartyAdmin(BaseAdmin):
    """Parties are switched off rather than deleted: their sessions stay."""

    list_display = ("name", "is_active", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name",)
    formfield_overrides = {  # noqa: RUF012  (as Django types it)
        models.JSONField: {"form_class": LinesField},
        models.URLField: {"assume_scheme": "https"},
    }

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: RelyingParty, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        record(
            EventKind.RELYING_PARTY_CHANGED if change else EventKind.RELYING_PARTY_CREATED,
            relying_party=obj.name,
            detail={"terms": sorted(form.changed_data), "staff_id": read_staff_id(request)},
        )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        issue = path(
            "<int:party_id>/issue-key/",
            wrap(never_cache(self.issue_view)),
            name="verification_relyingparty_issue_key",
        )
        revoke = path(
            "<int:party_id>/revoke-key/<slug:prefix>/",
            wrap(self.revoke_view),
            name="verification_relyingparty_revoke_key",
        )
        return [issue, revoke, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        keys = (
            ApiKey.objects.filter(relying_party_id=int(object_id))
            if object_id.isdecimal()
            else ApiKey.objects.none()
        )
        can_see_keys = request.user.has_perm("verification.view_apikey")
        context = (extra_context or {}) | {
            "api_keys": keys.order_by("revoked_at", "-created_at") if can_see_keys else None,
            "can_issue": request.user.has_perm("verification.add_apikey"),
            "can_revoke": request.user.has_perm("verification.change_apikey"),
        }
        return super().change_view(request, object_id, form_url, context)

    def issue_view(self, request: HttpRequest, party_id: int) -> HttpResponse:
        """GET explains, POST makes a key and shows it this once."""
        if not request.user.has_perm("verification.add_apikey"):
            raise PermissionDenied
        party = get_object_or_404(RelyingParty, pk=party_id)
        key = ""
        if request.method == "POST":
            is_rotation = "rotate" in request.POST
            key = rotate_api_key(party, overlap=ROTATION_OVERLAP) if is_rotation else create_api_key(party)
        return self._render(
            request, "issue_key", party, title=_("A new API key"), key=key, overlap=ROTATION_OVERLAP
        )

    def revoke_view(self, request: HttpRequest, party_id: int, prefix: str) -> HttpResponse:
        """GET asks, POST revokes."""
        if not request.user.has_perm("verification.change_apikey"):
            raise PermissionDenied
        key = get_object_or_404(ApiKey, relying_party_id=party_id, prefix=prefix)
        if request.method == "POST":
            revoke_api_key(key.prefix)
            self.message_user(request, _("The key was revoked; it opens nothing any more."))
            return redirect("admin:verification_relyingparty_change", party_id)
        return self._render(
            request, "revoke_key", key.relying_party, title=_("Revoke this API key?"), api_key=key
        )

    def _render(
        self, request: HttpRequest, template: str, party: RelyingParty, **context: Any
    ) -> TemplateResponse:
        every = {**self.admin_site.each_context(request), "party": party, "opts": self.opts}
        return TemplateResponse(request, f"admin/verification/relyingparty/{template}.html", every | context)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "relying_party", "created_at", "revoked_at")
    list_select_related = ("relying_party",)
    exclude = ("secret_hash",)
