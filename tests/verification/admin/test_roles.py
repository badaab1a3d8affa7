"""Who may do what: reviewers look, operators also end sessions and manage relying parties."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from tests.verification.admin.conftest import SignIn
from verification.models import RelyingParty
from verification.services import OpenedSession

pytestmark = pytest.mark.django_db

SESSIONS = "/admin/verification/verificationsession/"
PARTIES = "/admin/verification/relyingparty/"
AUDIT = "/admin/audit/auditevent/"


def read_codenames(role: str) -> set[str]:
    return set(Group.objects.get(name=role).permissions.values_list("codename", flat=True))


def test_a_reviewer_has_nothing_but_permissions_to_look() -> None:
    assert read_codenames("reviewer") == {
        "view_verificationsession", "view_challenge", "view_relyingparty", "view_auditevent",
    }  # fmt: skip


def test_an_operator_has_what_a_reviewer_has_and_ends_sessions_and_manages_parties() -> None:
    assert read_codenames("operator") - read_codenames("reviewer") == {
        "end_verificationsession", "add_relyingparty", "change_relyingparty",
        "view_apikey", "add_apikey", "change_apikey",
    }  # fmt: skip


def test_no_role_may_erase_delete_or_manage_staff() -> None:
    codenames = read_codenames("operator")
    assert "erase_capture_subject" not in codenames
    assert not [name for name in codenames if name.startswith("delete_") or name.endswith("_user")]


@pytest.mark.parametrize(
    ("role", "address", "status"),
    [
        ("reviewer", "/admin/", 200),
        ("reviewer", "/admin/monitor/", 200),
        ("reviewer", SESSIONS, 200),
        ("reviewer", AUDIT, 200),
        ("reviewer", PARTIES, 200),
        ("reviewer", f"{PARTIES}add/", 403),
        ("reviewer", f"{PARTIES}1/issue-key/", 403),
        ("reviewer", "/admin/erase/", 403),
        ("reviewer", "/admin/auth/user/", 403),
        ("operator", f"{PARTIES}add/", 200),
        ("operator", "/admin/monitor/", 200),
        ("operator", "/admin/erase/", 403),
        ("operator", "/admin/auth/user/", 403),
        ("", "/admin/", 200),
        ("", "/admin/monitor/", 403),
        ("", SESSIONS, 403),
        ("", AUDIT, 403),
        ("", f"{AUDIT}export.csv", 403),
    ],
)
def test_pages_open_by_role(
    sign_in: SignIn, passed: OpenedSession, role: str, address: str, status: int
) -> None:
    assert sign_in(role).get(address).status_code == status


def test_an_account_without_a_role_sees_no_figure_and_is_told_what_to_ask_for(
    sign_in: SignIn, passed: OpenedSession
) -> None:
    page = sign_in().get("/admin/").content.decode()
    assert "Ask an administrator for the role" in page
    assert "Pass rate" not in page
    assert 'class="sections"' not in page


def test_the_navigation_offers_only_what_opens(sign_in: SignIn) -> None:
    page = sign_in("reviewer").get("/admin/").content.decode()
    assert 'href="/admin/monitor/"' in page
    assert 'href="/admin/erase/"' not in page
    assert 'href="/admin/auth/user/"' not in page


def test_a_capture_subject_is_no_staff(client: Client, passed: OpenedSession) -> None:
    user = User.objects.create(username="visitor", is_staff=False)
    user.user_permissions.add(*Permission.objects.all())
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for address in ("/admin/", "/admin/monitor/", "/admin/erase/", SESSIONS, f"{AUDIT}export.jsonl"):
        assert client.get(address)["Location"].startswith("/admin/login/"), address


def test_a_reviewer_sees_a_party_and_no_key(sign_in: SignIn, party: RelyingParty) -> None:
    page = sign_in("reviewer").get(f"{PARTIES}{party.pk}/change/").content.decode()
    assert "bank" in page
    assert "API keys" not in page
    assert 'name="_save"' not in page
