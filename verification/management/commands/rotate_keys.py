"""Change the key that signs tokens."""

from argparse import RawDescriptionHelpFormatter
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from verification.key_ring import KeyRingError
from verification.key_rotation import rotate_keys

EXAMPLES = """\
examples:
  manage.py rotate_keys                        sign with a new key from now on
  manage.py rotate_keys --overlap-minutes 120  keep what older keys signed valid for two hours

Running servers take up the new key at once. Older keys keep only their public half; the next rotation
removes the ones whose time is over. Exit status: 0 rotated, 1 nothing changed.
"""
MARGIN_MINUTES = 5


class Command(BaseCommand):
    help = "Sign with a new key; what older keys signed stays valid until it expires."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument(
            "--overlap-minutes",
            type=int,
            default=settings.JWT_EXPIRY_MINUTES + MARGIN_MINUTES,
            help=f"at least JWT_EXPIRY_MINUTES; default: that and {MARGIN_MINUTES} more, %(default)s",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        overlap = timedelta(minutes=options["overlap_minutes"])
        if overlap < settings.JWT_EXPIRY:
            raise CommandError("--overlap-minutes must be JWT_EXPIRY_MINUTES or more")
        if settings.POL_SIGNING_KEY:
            raise CommandError("The signing key comes from POL_SIGNING_KEY: replace it there.")
        try:
            rotation = rotate_keys(Path(settings.POL_SIGNING_KEYS_DIR), overlap=overlap, now=timezone.now())
        except KeyRingError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Signing with {rotation.signing_key.kid}")
        for name in rotation.retired:
            self.stdout.write(f"  validates only  {name}")
        for name in rotation.removed:
            self.stdout.write(f"  removed         {name}")
