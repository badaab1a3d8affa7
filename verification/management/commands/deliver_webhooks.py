"""Send the webhooks that are due."""

import logging
import signal
import threading
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from verification.outage import OUTAGES, log_failure
from verification.webhooks import deliver_due

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Send the webhooks that are due, and go on doing so until it is told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "examples:\n"
            "  manage.py deliver_webhooks          a service of its own; SIGTERM and Ctrl-C stop it\n"
            "  manage.py deliver_webhooks --once   for a timer\n\n"
            "Several may run at once: each message is taken by one of them."
        )
        parser.add_argument("--once", action="store_true", help="try what is due now, then end")
        parser.add_argument("--interval", type=int, default=5, help="seconds between looks: %(default)s")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["interval"] < 1:
            raise CommandError("--interval must be 1 or more")
        if options["once"]:
            self._deliver()
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("Delivering webhooks  (Ctrl-C stops)")
        self.stdout.flush()
        while True:
            self._look()
            if stop.wait(options["interval"]):
                return

    def _look(self) -> None:
        """One look of many: a database that is away is said, and looked for again the next time."""
        try:
            close_old_connections()
            self._deliver(is_quiet=True)
        except OUTAGES as error:
            log_failure(logger, "Webhooks wait", error=error)

    def _deliver(self, *, is_quiet: bool = False) -> None:
        delivered, failed = deliver_due()
        if not is_quiet or delivered or failed:
            self.stdout.write(f"{delivered} delivered, {failed} not delivered")
            self.stdout.flush()
