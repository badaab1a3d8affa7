"""Which language a page speaks: the one chosen in its address, the session's, or the browser's.

`?lang=de` is all that a choice leaves behind. A cookie would be one more thing to explain, and browsers do not
give it to a page in a frame of another site.
"""

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

PARAMETER = "lang"


class LanguageChoiceMiddleware(MiddlewareMixin):
    """After Django's LocaleMiddleware, which has read Accept-Language."""

    def process_request(self, request: HttpRequest) -> None:
        chosen = read_choice(request)
        if chosen is not None:
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen


def read_choice(request: HttpRequest) -> str | None:
    """The language that the address asks for; None where it asks for none that we speak."""
    chosen = request.GET.get(PARAMETER, "")
    return chosen if chosen in dict(settings.LANGUAGES) else None


def resolve_language(tag: str) -> str | None:
    """The language of ours that fits a tag such as de-AT (RFC 4647, lookup); None where none does."""
    try:
        return translation.get_supported_language_variant(tag)
    except LookupError:
        return None
