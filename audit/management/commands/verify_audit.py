"""Verify the audit log's hash chain."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError

from audit.integrity import verify_and_remember
from audit.signing import AuditKeyError
from audit.verify import Problem

EXAMPLES = """\
examples:
  manage.py verify_audit                say whether the log is intact
  manage.py verify_audit --json | jq    the same for a monitoring job

Exit status: 0 intact, 1 broken. The admin shows the outcome of the last run. Note the head's hash
elsewhere now and then: it is what shows that nobody rebuilt the whole chain.
"""
EXPLANATIONS = {
    Problem.MISSING: "the event is missing",
    Problem.ALTERED: "the event's content does not match its hash",
    Problem.UNLINKED: "the event does not follow the one before it",
    Problem.UNREADABLE: "the event cannot be read",
    Problem.EXTRA: "an event lies outside the chain",
    Problem.HEAD: "the chain's head does not match the last event",
    Problem.CHECKPOINT: "no purge in the log accounts for the events that are gone before it",
    Problem.UNSIGNED: "the audit key did not sign the checkpoint before it",
}
UNGUARDED = (
    "The database does not refuse changes to the log any more: somebody removed its triggers. "
    "Put them back: manage.py migrate audit 0003, then manage.py migrate audit"
)


class Command(BaseCommand):
    help = "Verify the audit log: nothing changed, taken out, put in or reordered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("--json", action="store_true", dest="as_json", help="print the report as JSON")

    def handle(self, *args: object, as_json: bool, **options: object) -> None:
        try:
            report = verify_and_remember()
        except AuditKeyError as error:
            raise CommandError(str(error)) from error
        if not report.is_guarded:
            self.stderr.write(UNGUARDED)
        if as_json:
            self.stdout.write(json.dumps(asdict(report)))
            if not report.is_intact:
                raise SystemExit(1)
        elif report.problem is not None:
            explanation = EXPLANATIONS[report.problem]
            raise CommandError(
                f"The audit log is broken at event {report.broken_at}: {explanation} ({report.problem}). "
                f"{report.checked:,} events before it verify."
            )
        else:
            self.stdout.write(
                f"The audit log is intact: {report.checked:,} events, head {report.head_sequence} "
                f"with hash {report.head_hash}."
            )
