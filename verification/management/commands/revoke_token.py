"""Withdraw a token before it expires."""

from argparse import RawDescriptionHelpFormatter
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from verification.revocation import find_token_session, revoke_token


class Command(BaseCommand):
    help = "Withdraw a token: from now on it is `revoked`. Exit status 1 where there is no such token."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "examples:\n"
            "  manage.py revoke_token --jti 9f2c5d0c0a1b4c0e8f0d6d1f2a3b4c5d\n"
            "  manage.py revoke_token --session 8c1f6a52-90c2-4f4a-b8a1-4c3f6f0f9b60"
        )
        named = parser.add_mutually_exclusive_group(required=True)
        named.add_argument("--jti", default="", help="the token's id")
        named.add_argument("--session", type=UUID, help="the session that it was issued for")

    def handle(self, *args: Any, **options: Any) -> None:
        session = find_token_session(jti=options["jti"], session_id=options["session"])
        if session is None:
            raise CommandError("There is no such token.")
        is_new = revoke_token(session.pk)
        self.stdout.write(f"Token {session.token_id} is {'revoked' if is_new else 'revoked already'}.")
