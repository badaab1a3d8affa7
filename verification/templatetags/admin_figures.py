"""How the admin writes figures: a dash where there is none, the reader's own decimal mark.

Templates hand over an empty text for what is not there, so anything that is no number counts as none.
"""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

register = template.Library()
NOTHING = "–"


@register.filter
def as_percent(share: object) -> str:
    """0..1 as a whole percentage."""
    if not isinstance(share, int | float):
        return NOTHING
    return gettext("%(value)s %%") % {"value": number_format(round(100 * share))}


@register.filter
def as_score(value: object) -> str:
    """0..1 with two decimals."""
    return number_format(round(value, 2), 2) if isinstance(value, int | float) else NOTHING


@register.filter
def as_seconds(seconds: object) -> str:
    """A duration: tenths of a second below ten seconds, minutes and seconds from a minute on."""
    if not isinstance(seconds, int | float):
        return NOTHING
    if seconds >= 60:
        minutes, rest = divmod(round(seconds), 60)
        return gettext("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
    digits = 1 if seconds < 10 else 0
    return gettext("%(value)s s") % {"value": number_format(round(seconds, digits), digits)}


@register.filter
def ms_as_seconds(milliseconds: object) -> str:
    return as_seconds(milliseconds / 1_000 if isinstance(milliseconds, int | float) else None)


@register.filter
def isolated(value: object) -> SafeString:
    """A version, a range or a code, which within Arabic would read from its end: 2026-11-d as d-2026-11."""
    return format_html('<bdi dir="ltr">{}</bdi>', value)


@register.filter(expects_localtime=True)
def as_utc(moment: object, form: str = "Y-m-d H:i:s") -> str:
    """A time of this server, which is UTC, and says so."""
    if not isinstance(moment, datetime):
        return NOTHING
    return isolated(f"{format_date(moment, form)} UTC")


@register.filter
def is_just_now(moment: datetime) -> bool:
    """Whether Django would call it 0 minutes ago."""
    return timezone.now() - moment < timedelta(minutes=1)
