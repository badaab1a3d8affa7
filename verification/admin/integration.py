"""The outbox of webhooks for staff; and what other apps would show, and must not."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice
from oauth2_provider import models as oauth2

from verification.admin.read_only import ReadOnlyAdmin, read_staff_id
from verification.models import OidcLogin, WebhookDelivery
from verification.webhooks import replay

# Whoever may write these could make clients, tokens and second factors past every check and audit event.
HIDDEN = (
    TOTPDevice, oauth2.Application, oauth2.Grant, oauth2.AccessToken, oauth2.RefreshToken, oauth2.IDToken,
    oauth2.DeviceGrant,
)  # fmt: skip

for model in HIDDEN:
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Read-only but for one action: sending again, under the same id, so that nothing happens twice."""

    list_display = (
        "id", "relying_party", "created_at", "attempts", "next_attempt_at", "delivered_at", "failed_at",
        "last_status", "last_error",
    )  # fmt: skip
    list_filter = ("relying_party", "created_at", "last_status")
    list_select_related = ("relying_party",)
    search_fields = ("id", "session__id")
    actions = ("send_again",)

    @admin.action(description=_("Send again"), permissions=["replay"])
    def send_again(self, request: HttpRequest, deliveries: QuerySet[WebhookDelivery]) -> None:
        chosen = [delivery.pk for delivery in deliveries]
        count = replay(chosen, staff_id=read_staff_id(request))
        self.message_user(request, _("Messages that will be sent again: %(count)d") % {"count": count})

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("verification.change_webhookdelivery")


@admin.register(OidcLogin)
class OidcLoginAdmin(ReadOnlyAdmin):
    list_display = ("session", "application", "code_expires_at", "code_used_at")
    list_select_related = ("session", "application")
    # Hashes of secrets, and what the party's request carried, are nobody's business here.
    fields = (
        "session",
        "application",
        "issuer",
        "redirect_uri",
        "scope",
        "code_expires_at",
        "code_used_at",
    )
