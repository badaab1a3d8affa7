"""To be looked at, by nobody to be written."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = admin.ModelAdmin


class ReadOnlyAdmin(BaseAdmin):
    """Nobody adds, changes or deletes here, superusers included."""

    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}  # noqa: RUF012  (as Django types it)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


def read_staff_id(request: HttpRequest) -> int:
    """The number of the account that is signed in; audit events name staff by nothing else."""
    assert request.user.pk is not None  # noqa: S101  (the admin lets nobody in who is not signed in)
    return request.user.pk
