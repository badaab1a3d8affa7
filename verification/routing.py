from channels.sessions import SessionMiddlewareStack
from django.urls import path, re_path

from verification.consumers import VerificationConsumer
from verification.monitor_consumer import MonitorConsumer

websocket_urlpatterns = [
    path("ws/verify/<uuid:session_id>", VerificationConsumer.as_asgi()),
    path("ws/admin/monitor/<slug:language>", SessionMiddlewareStack(MonitorConsumer.as_asgi())),
    # Any other address names no session; without a route it would get a traceback for an answer.
    re_path("", VerificationConsumer.as_asgi(), {"session_id": None}),
]
