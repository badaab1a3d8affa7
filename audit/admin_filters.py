"""What the audit log can be narrowed to. Each filter is one field of one form, and uses an index."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent, EventKind

if TYPE_CHECKING:
    Events = QuerySet[AuditEvent]

MAX_PARTIES = 200


class FieldFilter(admin.SimpleListFilter):
    """One field of the filter form, shown whether or not there is anything to choose from.

    input_type: of the HTML field; "select" where `lookups` says what there is to choose.
    """

    template = "admin/audit/auditevent/filter_field.html"
    input_type = "select"

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        return []

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The first is the field itself; then, for a select, what there is to choose."""
        yield {"name": self.parameter_name, "input_type": self.input_type, "value": self.value() or ""}
        yield {"display": _("Any"), "value": "", "is_selected": not self.value()}
        for value, display in self.lookup_choices:
            yield {"display": display, "value": value, "is_selected": str(value) == self.value()}


class KindFilter(FieldFilter):
    title = _("kind")
    # The name that the changelist's own filter on the field would have, so that links of others work.
    parameter_name = "kind__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        return list(EventKind.choices)

    def queryset(self, request: HttpRequest, queryset: "Events") -> "Events":
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ReasonFilter(FieldFilter):
    """Conclusions with one reason; the kind's index narrows the rows whose detail is looked into."""

    title = _("reason of a conclusion")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        reason = apps.get_model("verification", "VerificationSession")._meta.get_field("reason")
        return list(reason.flatchoices)

    def queryset(self, request: HttpRequest, queryset: "Events") -> "Events":
        if not self.value():
            return queryset
        return queryset.filter(kind=EventKind.SESSION_CONCLUDED, detail__reason=self.value())


class RelyingPartyFilter(FieldFilter):
    title = _("relying party")
    parameter_name = "relying_party"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        parties = apps.get_model("verification", "RelyingParty")._default_manager.all()
        names = list(parties.values_list("name", flat=True)[:MAX_PARTIES])
        # A party that was renamed is still in the log under its old name, and links may ask for it.
        wanted = self.used_parameters.get(self.parameter_name)
        extra = [wanted] if wanted and wanted not in names else []
        return [(name, name) for name in [*names, *extra]]

    def queryset(self, request: HttpRequest, queryset: "Events") -> "Events":
        return queryset.filter(relying_party=self.value()) if self.value() else queryset


class SubjectFilter(FieldFilter):
    """Events of one capture subject's sessions. The log does not hold the id; the sessions do, while they last."""

    title = _("user id")
    parameter_name = "user_id"
    input_type = "text"

    def queryset(self, request: HttpRequest, queryset: "Events") -> "Events":
        if not self.value():
            return queryset
        sessions = apps.get_model("verification", "VerificationSession")._default_manager
        return queryset.filter(session_id__in=sessions.filter(user_id=self.value()).values("pk"))


class SinceFilter(FieldFilter):
    title = _("from day")
    parameter_name = "since"
    input_type = "date"

    def queryset(self, request: HttpRequest, queryset: "Events") -> "Events":
        day = _read_day(self.value())
        return queryset.filter(recorded_at__gte=_midnight(day)) if day else queryset


class UntilFilter(FieldFilter):
    title = _("to day, inclusive")
    parameter_name = "until"
    input_type = "date"

    def queryset(self, request: HttpRequest, queryset: "Events") -> "Events":
        day = _read_day(self.value())
        return queryset.filter(recorded_at__lt=_midnight(day + timedelta(days=1))) if day else queryset


def _read_day(text: str | None) -> date | None:
    """A day as date fields write it; None for what is no day, or so late that it has no day after it."""
    try:
        day = parse_date(text or "")
    except ValueError:  # well formed, and no such day
        return None
    return day if day and day < date.max else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))
