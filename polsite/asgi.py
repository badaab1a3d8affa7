"""ASGI entry point: HTTP to Django, WebSockets to Channels."""

import os
from typing import cast

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "polsite.settings")
http_application = get_asgi_application()

from verification.api_handler import ApiFirst, ApiHandler  # noqa: E402  (models need the app registry)
from verification.routing import websocket_urlpatterns  # noqa: E402
from verification.serving import Application, ServingProcess  # noqa: E402

protocols = ProtocolTypeRouter(
    {
        "http": ApiFirst(ApiHandler(), cast(Application, http_application)),
        "websocket": URLRouter(websocket_urlpatterns),
    },
)
application = ServingProcess(protocols)
