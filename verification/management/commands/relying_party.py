"""Create, change and list relying parties, their API keys and their other secrets."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from verification import relying_parties
from verification.api_keys import create_api_key
from verification.models import ApiKey, RelyingParty

EXAMPLES = """\
examples:
  manage.py relying_party create 'My shop'             prints an API key, once
  manage.py relying_party create 'My shop' --expires-days 90 --redirect-uri https://shop.example/done
  manage.py relying_party change 'My shop' --threshold 0.8 --origin https://shop.example
  manage.py relying_party rotate 'My shop' --overlap-hours 48
  manage.py relying_party revoke 8dc1b5e03403          the prefix that `list` shows
  manage.py relying_party webhook 'My shop' --url https://shop.example/hooks
  manage.py relying_party oidc 'My shop'               prints client_id and secret, once
  manage.py relying_party list --json

Exit status: 0 done, 1 refused (the reason is printed and nothing was stored), 2 wrong usage.
"""


class Command(BaseCommand):
    help = "Create, change and list relying parties, the services that open sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="a new party, or one more key for an existing one")
        create.add_argument("name")
        create.add_argument("--expires-days", type=int, help="after how many days the key ends")
        _add_terms(create)
        change = actions.add_parser("change", help="set terms of a party; what is not named stays")
        change.add_argument("name")
        _add_terms(change)
        rotate = actions.add_parser("rotate", help="a new key; older ones go on for a while")
        rotate.add_argument("name")
        rotate.add_argument("--overlap-hours", type=int, default=24, help="default: %(default)s")
        revoke = actions.add_parser("revoke", help="end one key at once")
        revoke.add_argument("prefix")
        webhook = actions.add_parser("webhook", help="print the webhook secret; set its address")
        webhook.add_argument("name")
        webhook.add_argument("--url", help="where concluded sessions are told; '' switches it off")
        webhook.add_argument("--rotate-secret", action="store_true", help="both secrets sign for a day")
        oidc = actions.add_parser("oidc", help="make it an OpenID Connect client, or give it a new secret")
        oidc.add_argument("name")
        oidc.add_argument("--public", action="store_true", help="a page or app that can keep no secret")
        listing = actions.add_parser("list", help="parties, their terms and the prefixes of their keys")
        listing.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                getattr(self, f"_{options['action']}")(options)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        except ApiKey.DoesNotExist as error:
            raise CommandError("There is no key with this prefix.") from error

    def _create(self, options: dict[str, Any]) -> None:
        terms = _read_terms(options)
        party = RelyingParty.objects.filter(name=options["name"]).first()
        if party is None:
            party = relying_parties.create_relying_party(options["name"], **terms)
        elif terms:
            party = relying_parties.change_relying_party(party, **terms)
        days = options["expires_days"]
        if days is not None and days < 1:
            raise CommandError("--expires-days must be 1 or more")
        expires_at = timezone.now() + timedelta(days=days) if days else None
        self._show_key(party, create_api_key(party, expires_at=expires_at))

    def _change(self, options: dict[str, Any]) -> None:
        party = relying_parties.change_relying_party(_find(options["name"]), **_read_terms(options))
        self.stdout.write(f"{party.name} is changed.")

    def _rotate(self, options: dict[str, Any]) -> None:
        if options["overlap_hours"] < 0:
            raise CommandError("--overlap-hours must be 0 or more")
        party = _find(options["name"])
        overlap = timedelta(hours=options["overlap_hours"])
        self._show_key(party, relying_parties.rotate_api_key(party, overlap=overlap))

    def _revoke(self, options: dict[str, Any]) -> None:
        key = relying_parties.revoke_api_key(options["prefix"])
        self.stdout.write(f"Key {key.prefix} of {key.relying_party.name} is revoked.")

    def _webhook(self, options: dict[str, Any]) -> None:
        party = _find(options["name"])
        if options["url"] is not None:
            party = relying_parties.change_relying_party(party, webhook_url=options["url"])
        if options["rotate_secret"]:
            relying_parties.rotate_webhook_secret(party)
            party.refresh_from_db()
        self.stdout.write(
            f"Webhooks of {party.name} go to {party.webhook_url or 'nowhere'}; they are signed with"
        )
        self.stdout.write(relying_parties.read_webhook_secret(party))

    def _oidc(self, options: dict[str, Any]) -> None:
        party = _find(options["name"])
        client_id, secret = relying_parties.enable_oidc(party, is_public=options["public"])
        self.stdout.write(f"client_id: {client_id}")
        if secret:
            self.stdout.write(f"client_secret, shown this once: {secret}")

    def _list(self, options: dict[str, Any]) -> None:
        parties = RelyingParty.objects.prefetch_related("api_keys")
        if options["json"]:
            self.stdout.write(json.dumps([_describe(party) for party in parties], indent=2, default=str))
            return
        for party in parties:
            keys = ", ".join(key.prefix for key in party.api_keys.all() if key.revoked_at is None) or "no key"
            self.stdout.write(f"{party.name}{'' if party.is_active else ' (inactive)'}: {keys}")

    def _show_key(self, party: RelyingParty, key: str) -> None:
        self.stdout.write(f"API key of {party.name}, shown this once:\n{key}")


def _add_terms(parser: ArgumentParser) -> None:
    parser.add_argument("--audience", help="`aud` of its tokens; default: POL_TOKEN_AUDIENCE")
    parser.add_argument(
        "--origin", action="append", help="a page's origin that may hold sessions; repeatable"
    )
    parser.add_argument("--redirect-uri", action="append", help="an address to go to afterwards; repeatable")
    parser.add_argument("--threshold", type=float, help="least final score, where above POL_PASS_THRESHOLD")
    parser.add_argument("--pool", help="comma list of actions; only what the server's pool has counts")
    parser.add_argument("--retries", type=int, help="failed challenges in a row that end a session, 1 to 5")
    parser.add_argument("--webhook-url", help="where concluded sessions are told")
    parser.add_argument("--help-url", help="where a person whose check failed finds help")
    parser.add_argument("--alternative-url", help="another way to be verified, without the camera")
    parser.add_argument("--active", choices=("yes", "no"), help="whether its keys work")


def _read_terms(options: dict[str, Any]) -> dict[str, Any]:
    given = {
        "audience": options["audience"],
        "allowed_origins": options["origin"],
        "redirect_uris": options["redirect_uri"],
        "pass_threshold": options["threshold"],
        "challenge_pool": None if options["pool"] is None else [a for a in options["pool"].split(",") if a],
        "max_consecutive_failures": options["retries"],
        "webhook_url": options["webhook_url"],
        "help_url": options["help_url"],
        "alternative_url": options["alternative_url"],
        "is_active": None if options["active"] is None else options["active"] == "yes",
    }
    return {term: value for term, value in given.items() if value is not None}


def _find(name: str) -> RelyingParty:
    party = RelyingParty.objects.filter(name=name).first()
    if party is None:
        raise CommandError(f"There is no relying party {name!r}.")
    return party


def _describe(party: RelyingParty) -> dict[str, Any]:
    terms = {term: getattr(party, term) for term in relying_parties.TERMS}
    keys = [
        {
            name: getattr(key, name)
            for name in ("prefix", "created_at", "expires_at", "last_used_at", "revoked_at")
        }
        for key in party.api_keys.all()
    ]
    client_id = party.oidc_client.client_id if party.oidc_client else None
    return {"name": party.name, **terms, "client_id": client_id, "keys": keys}
