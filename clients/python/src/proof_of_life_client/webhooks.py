"""Webhooks, signed as the Standard Webhooks specification says."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from proof_of_life_client.errors import SignatureError

PREFIX = "whsec_"
TOLERANCE_S = 300


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    secret: str,
    *,
    tolerance_s: float = TOLERANCE_S,
    now_s: float | None = None,
) -> dict[str, Any]:
    """Check the signature and return the message. Raises SignatureError.

    body: the bytes as they came. headers: in any case. secret: `whsec_...`. tolerance_s: how far the
    sender's clock may be from ours. Act once for each `id`: a message may come more than once.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not message_id or not timestamp.isascii() or not timestamp.isdigit():
        raise SignatureError("The webhook's headers are missing or malformed.")
    expected = _sign(secret, f"{message_id}.{timestamp}.".encode() + body)
    signatures = given.get("webhook-signature", "").split()
    if not any(hmac.compare_digest(expected.encode(), signature.encode()) for signature in signatures):
        raise SignatureError("No signature fits.")
    if abs((time.time() if now_s is None else now_s) - int(timestamp)) > tolerance_s:
        raise SignatureError("The webhook is too old, or of the future.")
    try:
        message = json.loads(body)
    except ValueError as error:
        raise SignatureError("The webhook is not JSON.") from error
    if not isinstance(message, dict):
        raise SignatureError("The webhook is no JSON object.")
    return message


def _sign(secret: str, content: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (ValueError, binascii.Error) as error:
        raise SignatureError("The secret is not of the form whsec_...") from error
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
