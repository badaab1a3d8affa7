from django.urls import path

from verification import api, capture_api, metrics_view, views
from verification.oidc import views as oidc
from verification.openapi import SchemaView

urlpatterns = [
    path("", views.show_landing, name="landing"),
    path("metrics", metrics_view.show_metrics, name="metrics"),
    path("verify/<uuid:session_id>", views.show_capture, name="capture"),
    path("verify/<uuid:session_id>/consent", capture_api.ConsentView.as_view(), name="consent"),
    path("verify/<uuid:session_id>/decline", capture_api.DeclineView.as_view(), name="decline"),
    path("verify/<uuid:session_id>/retry", capture_api.RetryView.as_view(), name="retry"),
    path("auth/verify", api.OpenSessionView.as_view(), name="open_session"),
    path("auth/sessions/<str:session_id>", api.SessionView.as_view(), name="session"),
    path("token/validate", api.ValidateTokenView.as_view(), name="validate_token"),
    path("token/revoke", api.RevokeTokenView.as_view(), name="revoke_token"),
    path(".well-known/openid-configuration", oidc.show_discovery, name="oidc_discovery"),
    path("oidc/authorize", oidc.authorize, name="oidc_authorize"),
    path("oidc/continue", oidc.finish_login, name="oidc_continue"),
    path("oidc/token", oidc.LimitedTokenView.as_view(), name="oidc_token"),
    path("oidc/userinfo", oidc.show_userinfo, name="oidc_userinfo"),
    path(".well-known/jwks.json", api.JwksView.as_view(), name="jwks"),
    path("api/schema", SchemaView.as_view(), name="schema"),
    path("health", api.HealthView.as_view(), name="health"),
]
