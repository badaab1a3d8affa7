from django.urls import path

from verification.consumers import VerificationConsumer

websocket_urlpatterns = [path("ws/verify/<uuid:session_id>", VerificationConsumer.as_asgi())]
