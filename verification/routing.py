from django.urls import path, re_path

from verification.consumers import VerificationConsumer

websocket_urlpatterns = [
    path("ws/verify/<uuid:session_id>", VerificationConsumer.as_asgi()),
    # Any other address names no session; without a route it would get a traceback for an answer.
    re_path("", VerificationConsumer.as_asgi(), {"session_id": None}),
]
