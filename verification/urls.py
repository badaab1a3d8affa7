from django.urls import path

from verification import api, views

urlpatterns = [
    path("", views.show_landing, name="landing"),
    path("verify/<uuid:session_id>", views.show_capture, name="capture"),
    path("auth/verify", api.OpenSessionView.as_view(), name="open_session"),
    path("auth/sessions/<str:session_id>", api.SessionView.as_view(), name="session"),
    path("token/validate", api.ValidateTokenView.as_view(), name="validate_token"),
    path(".well-known/jwks.json", api.JwksView.as_view(), name="jwks"),
    path("health", api.HealthView.as_view(), name="health"),
]
