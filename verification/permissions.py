from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from verification.models import RelyingParty


class HasApiKeyWhereRequired(BasePermission):
    message = "Send `Authorization: Api-Key KEY`."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return not settings.POL_REQUIRE_API_KEY or isinstance(request.auth, RelyingParty)
