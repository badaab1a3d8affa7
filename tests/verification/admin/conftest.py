from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from tests.verification.sessions import conclude, end, issue
from verification import services
from verification.models import RelyingParty
from verification.services import OpenedSession

SignIn = Callable[..., Client]


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """A browser in which a staff account of the named role is signed in; without a role it may nothing."""

    def sign_in_as(role: str = "", *, is_superuser: bool = False) -> Client:
        name = role or ("root" if is_superuser else "nobody")
        user = User.objects.create(username=name, is_staff=True, is_superuser=is_superuser)
        if role:
            user.groups.add(Group.objects.get(name=role))
        browser = Client()
        browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return sign_in_as


@pytest.fixture
def party(db: None) -> RelyingParty:
    return RelyingParty.objects.create(name="bank")


@pytest.fixture
def passed(party: RelyingParty) -> OpenedSession:
    """A session that ended with a token."""
    opened = services.open_session(user_id="subject-001", relying_party=party)
    services.connect_socket(opened.session.pk, opened.ticket)
    services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    return opened
