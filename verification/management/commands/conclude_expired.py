"""Conclude sessions that ran out of time with no socket to tell them so."""

from asgiref.sync import async_to_sync, sync_to_async
from django.core.management.base import BaseCommand

from verification.models import VerificationSession
from verification.services import conclude_expired


class Command(BaseCommand):
    help = (
        "Conclude sessions whose time is over (inconclusive: session_timeout). "
        "Safe to run at any time, from several machines at once; once a minute by a timer is right."
    )

    def handle(self, *args: str, **options: str) -> None:
        # In one event loop: each conclusion sends news, and each loop has connections to Redis of its own.
        conclude = async_to_sync(sync_to_async(conclude_expired))
        count = conclude(VerificationSession.objects.all())
        self.stdout.write(f"{count} session{'' if count == 1 else 's'} concluded.")
