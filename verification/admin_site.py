"""The admin site: a dashboard in front, one row of sections, and pages that belong to no model.

It lies beside the package `verification.admin` and not in it: the site must exist before that is imported.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from verification.second_factor import SecondFactorForm, is_verified

VIEW_PERMISSION = "verification.view_verificationsession"
ERASE_PERMISSION = "verification.erase_capture_subject"
_SECTIONS: tuple[tuple[str, str, Promise], ...] = (
    (VIEW_PERMISSION, "admin:index", _("Dashboard")),
    (VIEW_PERMISSION, "admin:monitor", _("Live monitor")),
    (VIEW_PERMISSION, "admin:verification_verificationsession_changelist", _("Sessions")),
    ("audit.view_auditevent", "admin:audit_auditevent_changelist", _("Audit log")),
    ("verification.view_relyingparty", "admin:verification_relyingparty_changelist", _("Relying parties")),
    (ERASE_PERMISSION, "admin:erase", _("Erase a subject")),
    ("auth.view_user", "admin:auth_user_changelist", _("Staff")),
)


@dataclass(frozen=True, slots=True)
class Section:
    """is_current: the page that is shown lies in it."""

    address: str
    label: Promise
    is_current: bool


class ProofOfLifeAdminSite(admin.AdminSite):
    """Django's admin for reviewers and operators."""

    site_header = site_title = _("Proof of Life")
    index_title = _("Dashboard")
    enable_nav_sidebar = False
    login_form = SecondFactorForm
    login_template = "admin/second_factor_login.html"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and is_verified(request.user)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        from verification.admin.erase_page import erase  # noqa: PLC0415  (see the module's docstring)
        from verification.admin.monitor_page import show_monitor  # noqa: PLC0415

        own = [
            path("monitor/", self.admin_view(show_monitor), name="monitor"),
            path("erase/", self.admin_view(erase), name="erase"),
        ]
        return [*own, *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "sections": list_sections(request)}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from verification.admin.dashboard_page import build_dashboard  # noqa: PLC0415

        context = extra_context or {}
        if request.user.has_perm(VIEW_PERMISSION):
            context = context | build_dashboard(request, timezone.now())
        return super().index(request, context)


def list_sections(request: HttpRequest) -> list[Section]:
    """The sections that the signed-in account may see."""
    allowed = [(reverse(name), label) for need, name, label in _SECTIONS if request.user.has_perm(need)]
    index = reverse("admin:index")
    return [
        Section(
            address,
            label,
            request.path == address if address == index else request.path.startswith(address),
        )
        for address, label in allowed
    ]
