"""The addresses a new session is reached at."""

import uuid

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from rest_framework.request import Request


def build_addresses(request: Request | HttpRequest, session_id: uuid.UUID, ticket: str) -> dict[str, str]:
    """Absolute `websocket_url` and `verify_url`; the page's ticket travels in the fragment only."""
    base = (settings.POL_PUBLIC_URL or request.build_absolute_uri("/")).rstrip("/")
    page = reverse("capture", kwargs={"session_id": session_id})
    return {
        "websocket_url": f"ws{base.removeprefix('http')}/ws/verify/{session_id}?ticket={ticket}",
        "verify_url": f"{base}{page}#ticket={ticket}",
    }
