"""Serve HTTP and WebSockets with Daphne on HOST and PORT."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from verification.checks import refuse_unsafe_start
from verification.inference import get_models
from verification.key_ring import KeyRingError, get_key_ring
from verification.server import serve


class Command(BaseCommand):
    help = "Serve HTTP and WebSockets with Daphne. Refuses to start without what the main job needs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "examples:\n  manage.py serve\n  manage.py serve --host 127.0.0.1 --port 8080\n\n"
            "SIGTERM lets sessions finish, for POL_DRAIN_SECONDS at most; Ctrl-C, or a second SIGTERM, does not wait."
        )
        parser.add_argument("--host", default=settings.HOST, help="default: HOST, %(default)s")
        parser.add_argument("--port", type=int, default=settings.PORT, help="default: PORT, %(default)s")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_unsafe_start()
        except ImproperlyConfigured as error:
            raise CommandError(f"Not safe to serve others. {error}") from error
        self._require_models()
        self._require_static_files()
        try:
            get_key_ring().require_signing_key()
        except KeyRingError as error:
            raise CommandError(f"{error} Run: manage.py create_signing_key") from error
        shown = "localhost" if options["host"] in {"127.0.0.1", "0.0.0.0", "::"} else options["host"]  # noqa: S104
        self.stdout.write(f"Serving http://{shown}:{options['port']}  (Ctrl-C stops)", ending="\n")
        self.stdout.flush()
        serve(options["host"], options["port"])

    def _require_static_files(self) -> None:
        """Without them the pages have no style and no script."""
        if isinstance(staticfiles_storage, ManifestFilesMixin) and not staticfiles_storage.hashed_files:
            raise CommandError(
                "The static files are not gathered yet. Run: manage.py collectstatic --noinput"
            )

    def _require_models(self) -> None:
        """Loading them now spares the first person the wait, and tells at once what is missing."""
        models = get_models()
        for status in models.status.values():
            if status.is_required and not status.is_installed:
                raise CommandError(f"{status.purpose}: {status.detail}")
            if not status.is_installed:
                self.stdout.write(f"  without {status.name} ({status.purpose}): {status.detail}")
