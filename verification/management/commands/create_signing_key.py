"""Make the RSA key that signs tokens, and the Ed25519 key that signs what is said of the audit log."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction

from audit.models import EventKind
from audit.retention import adopt_checkpoint
from audit.services import record
from audit.signing import AuditKeyError, create_audit_key, has_signing_key, list_public_keys
from verification.key_ring import KeyRingError, SigningKey, create_key, get_key_ring

EXAMPLES = """\
examples:
  manage.py create_signing_key            make the first key; does nothing where one is there
  manage.py create_signing_key --rotate   sign with a new key from now on; older ones still validate

Running servers take up a new key at once. When the tokens of an older key have expired, delete its file.
"""


class Command(BaseCommand):
    help = "Make the RSA key that signs tokens, readable by this account only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("--rotate", action="store_true", help="add a new key though one is there")

    def handle(self, *args: object, rotate: bool, **options: object) -> None:
        try:
            signing_key = get_key_ring().signing_key
            if settings.POL_SIGNING_KEY and rotate:
                raise CommandError("The signing key comes from POL_SIGNING_KEY: replace it there.")
            if signing_key is None or rotate:
                signing_key = self._create()
                self.stdout.write(f"Created signing key {signing_key.kid}")
            else:
                self.stdout.write(f"Signing key {signing_key.kid} is there already")
        except KeyRingError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"  from         {signing_key.source}")
        self.stdout.write("  public keys  GET /.well-known/jwks.json")
        self._ensure_audit_key()

    def _ensure_audit_key(self) -> None:
        folder = Path(settings.POL_AUDIT_KEYS_DIR)
        try:
            if not has_signing_key():
                is_first = not list_public_keys()
                key = create_audit_key(folder)
                self._record(EventKind.AUDIT_KEY_CREATED, key.thumbprint())
                if is_first:
                    adopt_checkpoint(key)
            self.stdout.write(f"  audit key    {folder}")
        except AuditKeyError as error:
            raise CommandError(str(error)) from error

    def _create(self) -> SigningKey:
        signing_key = create_key(Path(settings.POL_SIGNING_KEYS_DIR))
        try:
            self._record(EventKind.SIGNING_KEY_CREATED, signing_key.kid)
        except CommandError:
            Path(signing_key.source).unlink()
            raise
        return signing_key

    def _record(self, kind: EventKind, kid: str) -> None:
        try:
            with transaction.atomic():
                record(kind, detail={"kid": kid})
        except DatabaseError as error:
            raise CommandError("The audit log cannot be written: run manage.py migrate first.") from error
