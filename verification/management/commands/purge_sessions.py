"""Delete sessions past the retention time: they hold the only personal datum there is, the user_id."""

from argparse import RawDescriptionHelpFormatter
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from verification.models import VerificationSession
from verification.services import purge_sessions


class Command(BaseCommand):
    help = "Delete sessions older than the retention time, with their challenges and nonces."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "examples:\n  manage.py purge_sessions\n  manage.py purge_sessions --days 30 --dry-run"
        )
        parser.add_argument(
            "--days",
            type=int,
            default=settings.POL_AUDIT_RETENTION_DAYS,
            help="default: POL_AUDIT_RETENTION_DAYS, %(default)s",
        )
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["days"] < 1:
            raise CommandError("--days must be 1 or more")
        before = timezone.now() - timedelta(days=options["days"])
        if options["dry_run"]:
            count = VerificationSession.objects.filter(created_at__lt=before).count()
            self.stdout.write(f"{count} sessions opened before {before:%Y-%m-%d %H:%M} UTC would be deleted.")
            return
        count = purge_sessions(before=before)
        self.stdout.write(f"{count} sessions opened before {before:%Y-%m-%d %H:%M} UTC deleted.")
