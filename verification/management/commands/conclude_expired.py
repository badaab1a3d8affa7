"""Conclude sessions that ran out of time with no socket to tell them so."""

from django.core.management.base import BaseCommand

from verification.models import VerificationSession
from verification.services import conclude_expired


class Command(BaseCommand):
    help = (
        "Conclude sessions whose time is over (inconclusive: session_timeout). "
        "Safe to run at any time, from several machines at once; once a minute by a timer is right."
    )

    def handle(self, *args: str, **options: str) -> None:
        count = conclude_expired(VerificationSession.objects.all())
        self.stdout.write(f"{count} session{'' if count == 1 else 's'} concluded.")
