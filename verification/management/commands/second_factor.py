"""Give a staff account a second factor, or take it away."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice


class Command(BaseCommand):
    help = "Give a staff account a one-time code generator. Prints its address once; older ones end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "examples:\n"
            "  manage.py second_factor anna            type or scan what it prints into an authenticator app\n"
            "  manage.py second_factor anna --remove   the phone is lost: log in without, then make a new one"
        )
        parser.add_argument("username")
        parser.add_argument("--remove", action="store_true")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no account {options['username']!r}.")
        TOTPDevice.objects.filter(user=user).delete()
        if options["remove"]:
            self.stdout.write(f"{options['username']} logs in without a code.")
            return
        device = TOTPDevice.objects.create(user=user, name="authenticator", confirmed=True)
        self.stdout.write(
            f"Shown this once; from now on {options['username']} needs a code:\n{device.config_url}"
        )
