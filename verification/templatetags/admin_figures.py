"""How the admin writes figures: a dash where there is none, the reader's own decimal mark.

Templates hand over an empty text for what is not there, so anything that is no number counts as none.
"""

from django import template
from django.utils.formats import number_format
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
