"""Delete audit events that are older than the retention period."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import timedelta

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.retention import count_purgeable, purge
from audit.signing import AuditKeyError

MAX_DAYS = 36_500
EXAMPLES = """\
examples:
  manage.py purge_audit --dry-run       say how many events would go
  manage.py purge_audit                 delete what is older than POL_AUDIT_RETENTION_DAYS
  manage.py purge_audit --days 30       delete what is older than 30 days
  manage.py verify_audit && manage.py purge_audit
                                        the daily job: evidence of tampering is kept, not purged
"""


class Command(BaseCommand):
    help = "Delete audit events older than the retention period. What remains still verifies."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument(
            "--days",
            type=int,
            default=settings.POL_AUDIT_RETENTION_DAYS,
            help="keep events this many days old and younger (default: %(default)s)",
        )
        parser.add_argument("--dry-run", action="store_true", help="count, delete nothing")

    def handle(self, *args: object, days: int, dry_run: bool, **options: object) -> None:
        if not 1 <= days <= MAX_DAYS:
            raise CommandError(f"The retention period must be 1 to {MAX_DAYS} days, not {days}.")
        now = timezone.now()
        before = now - timedelta(days=days)
        total = count_purgeable(before=before)
        limit = f"recorded before {before:%Y-%m-%d %H:%M:%S} UTC ({days} days ago)"
        if dry_run:
            self.stdout.write(f"Would delete {total:,} audit events {limit}.")
            return
        purged = 0
        try:
            while batch := purge(before=before, now=now):
                purged += batch
                if purged < total:
                    self.stdout.write(f"  {purged:,} of {total:,} ...")
        except AuditKeyError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Deleted {purged:,} audit events {limit}.")
