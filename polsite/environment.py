"""Strict reading of environment variables: a typo in a security setting must not read as "off"."""

import builtins
import re
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})
# What verification.limits counts by: the first letter of the period is the window's length.
_RATE = re.compile(r"[0-9]{1,9}/(s|sec|second|m|min|minute|h|hour|d|day)")


class StrictEnv(environ.FileAwareEnv):  # type: ignore[misc]  # django-environ ships no types
    """`X_FILE` may stand for any `X`. Flags, lists and file contents are read without surprises."""

    def bool(self, var: builtins.str, default: Any = environ.Env.NOTSET) -> builtins.bool:
        """1, true, yes, on or 0, false, no, off in any case; anything else stops the start."""
        value = self.str(var, default=builtins.str(default)).strip().lower()
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise ImproperlyConfigured(
            f"{var} must be one of 1, true, yes, on, 0, false, no, off; it is {value!r}."
        )

    def list(self, var: builtins.str, *args: Any, **kwargs: Any) -> builtins.list[builtins.str]:
        """Comma-separated; blanks around items and empty items do not count."""
        return [item.strip() for item in super().list(var, *args, **kwargs) if item.strip()]

    def str(self, var: builtins.str, *args: Any, **kwargs: Any) -> builtins.str:
        """Without the newline that editors and `echo` leave at the end of a secret's file."""
        return builtins.str(super().str(var, *args, **kwargs)).rstrip("\r\n")

    def rate(self, var: builtins.str, default: Any = environ.Env.NOTSET) -> builtins.str:
        """How many in which time, such as 60/min; anything else stops the start, not each request."""
        value = self.str(var, default=default)
        if not _RATE.fullmatch(value):
            raise ImproperlyConfigured(
                f"{var} must be a number, a slash and one of sec, min, hour, day, such as 60/min; it is {value!r}."
            )
        return value
