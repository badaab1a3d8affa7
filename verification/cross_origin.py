"""CORS: pages of relying parties may call the API, pages of nobody else."""

import re

from corsheaders.conf import conf
from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest

from verification.relying_parties import is_any_party_origin

PUBLIC_PATHS = ("/.well-known/",)


class RelyingPartyCorsMiddleware(CorsMiddleware):
    """django-cors-headers, asking the database; so it runs in a thread, where that is allowed."""

    async_capable = False

    def is_enabled(self, request: HttpRequest) -> bool:
        return re.match(conf.CORS_URLS_REGEX, request.path_info) is not None

    def check_signal(self, request: HttpRequest) -> bool:
        """Whether this origin may read. Keys and discovery hold nothing that is not for everyone."""
        if request.path_info.startswith(PUBLIC_PATHS):
            return True
        return is_any_party_origin(request.headers.get("Origin", ""))
