"""Erasing a capture subject: name them, see what would change, confirm.

Everything travels in the body of a form: an address with a name in it would end up in logs.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from verification.admin.read_only import read_staff_id
from verification.admin_site import ERASE_PERMISSION
from verification.erasure import Erasure, Subject, erase_subject, find_sessions
from verification.models import USER_ID_MAX_LENGTH, RelyingParty, SessionStatus

CONFIRM = "confirm"


class SubjectForm(forms.Form):
    """Whom to erase. The same id at two relying parties may be two people, so the party is asked for."""

    user_id = forms.CharField(
        label=_("User id"),
        max_length=USER_ID_MAX_LENGTH,
        strip=False,
        help_text=_("Exactly as the relying party gave it; capitals and spaces count."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    relying_party = forms.ModelChoiceField(
        label=_("Relying party"),
        queryset=RelyingParty.objects.all(),
        required=False,
        empty_label=_("None: opened without an API key"),
    )

    @property
    def subject(self) -> Subject:
        return Subject(self.cleaned_data["user_id"], self.cleaned_data["relying_party"])


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def erase(request: HttpRequest) -> HttpResponse:
    """GET asks whom, POST shows what would change, POST with `confirm` does it."""
    if not request.user.has_perm(ERASE_PERMISSION):
        raise PermissionDenied
    form = SubjectForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _render(request, "admin/erase.html", {"form": form, "title": _("Erase a subject")})
    if CONFIRM not in request.POST:
        return _show_consequences(request, form)
    erasure = erase_subject(form.subject, staff_id=read_staff_id(request))
    _tell_outcome(request, erasure)
    return redirect("admin:erase")


def _show_consequences(request: HttpRequest, form: SubjectForm) -> HttpResponse:
    sessions = find_sessions(form.subject)
    count = sessions.count()
    if not count:
        form.add_error(None, gettext("There is no session with this user id at this relying party."))
        return _render(request, "admin/erase.html", {"form": form, "title": _("Erase a subject")})
    context = {
        "form": form,
        "title": _("Erase this subject?"),
        "subject": form.subject,
        "count": count,
        "unfinished": sessions.exclude(status=SessionStatus.CONCLUDED).count(),
        "first": sessions.order_by("created_at").first(),
        "last": sessions.order_by("-created_at").first(),
    }
    return _render(request, "admin/erase_confirm.html", context)


def _tell_outcome(request: HttpRequest, erasure: Erasure | None) -> None:
    if erasure is None:
        messages.warning(request, gettext("Nothing was left to erase."))
        return
    text = gettext("Sessions that now carry the pseudonym %(pseudonym)s: %(count)d")
    messages.success(request, text % {"count": erasure.sessions, "pseudonym": erasure.pseudonym})


def _render(request: HttpRequest, template: str, context: dict[str, Any]) -> TemplateResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})
