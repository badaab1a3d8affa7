"""The admin's second factor: a one-time code (RFC 6238) for every account that has a device.

An account with a device always needs its code. With POL_ADMIN_REQUIRE_OTP every account needs a device.
"""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_otp import match_token, user_has_device

REFUSAL = _("The one-time code is not right, or was used before.")


class SecondFactorForm(AdminAuthenticationForm):
    """Name, password, and the code where there is a device. Axes counts wrong passwords before this."""

    otp_token = forms.CharField(
        label=_("One-time code"),
        required=False,
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        user = self.get_user()
        if user is not None and needs_second_factor(user):
            # Also counts and slows wrong codes: django-otp throttles each device.
            device = match_token(user, cleaned.get("otp_token") or "")
            if device is None:
                raise ValidationError(REFUSAL, code="invalid_otp")
            user.otp_device = device  # type: ignore[attr-defined]  # where django-otp looks for it
        return cleaned


def needs_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether a code is asked of this account; where it then has no device, it cannot get in."""
    return bool(settings.POL_ADMIN_REQUIRE_OTP or user_has_device(user))


def is_verified(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the account showed all that is asked of it in this session; OTPMiddleware notes the device."""
    return not needs_second_factor(user) or getattr(user, "otp_device", None) is not None
