"""Write a part of the audit log to a file that proves itself."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.export import NothingToExportError, export_with_proof
from audit.signing import AuditKeyError, require_signing_key

EXAMPLES = """\
examples:
  manage.py export_audit log.jsonl                       everything that is retained
  manage.py export_audit log.jsonl --from 120 --to 480   those events
  python -m audit.proof log.jsonl KEY.pub.pem            check such a file; needs no database and no settings

The public key lies in POL_AUDIT_KEYS_DIR. Give it to whoever checks, by another way than the file.
"""


class Command(BaseCommand):
    help = "Write audit events, in order and without a gap, and a signed statement about them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("file", type=Path, help="JSON Lines; must not exist")
        parser.add_argument("--from", type=int, default=1, dest="first", help="number of the first event")
        parser.add_argument("--to", type=int, default=None, dest="through", help="number of the last event")

    def handle(self, *args: object, file: Path, first: int, through: int | None, **options: object) -> None:
        try:
            key = require_signing_key()
            with file.open("x", encoding="utf-8", newline="") as stream:
                lines = export_with_proof(after=first - 1, through=through, key=key, now=timezone.now())
                count = sum(bool(stream.write(line)) for line in lines) - 1
        except NothingToExportError as error:
            file.unlink()
            raise CommandError(str(error)) from error
        except AuditKeyError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"Cannot write {file}: {error.strerror}.") from error
        self.stdout.write(f"{count:,} audit events and their proof are in {file}.")
