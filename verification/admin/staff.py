"""Staff accounts and roles: Django's own pages, with fields that a keyboard and a screen reader can use.

Django's two-box selector is built by a script and has unlabelled parts; a plain list of choices does.
"""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group, User
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    BaseUserAdmin = UserAdmin[User]
else:
    BaseUserAdmin = UserAdmin

# Django's own words on these pages that some of its catalogues lack, or word as nobody would; ours go before them.
BORROWED = (
    _("Reset password"),
    _("Raw passwords are not stored, so there is no way to see the user’s password."),
    _("Enable password-based authentication for this user by setting a password."),
    _("Password-based authentication"),
    _("Password-based authentication was disabled."),
    _(
        "Whether the user will be able to authenticate using a password or not. If disabled, they may still be able "
        "to authenticate using other backends, such as Single Sign-On or LDAP."
    ),
    _("After you’ve created a user, you’ll be able to edit more user options."),
    _("Enabled"),
    _("Disabled"),
    _("Set password: %s"),
    _("History"),
)

admin.site.unregister(User)
admin.site.unregister(Group)


class StaffPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]  # generic in the stubs alone
    """Django joins this text from two when it is imported, and so in English for everybody."""

    usable_password_help_text = _(  # type: ignore[assignment]  # the stubs know no lazy text
        "Whether this account can log in with a password. If disabled, its present password is lost."
    )


@admin.register(User)
class StaffAdmin(BaseUserAdmin):
    """Dates are set by logging in, so they are shown and not asked for."""

    change_password_form = StaffPasswordForm
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    filter_horizontal = ()
