"""The reviewers' pages in another language: no sentence of ours stays behind in English."""

import re
from html import unescape

from django.contrib.auth.models import User

from tests.verification.admin.conftest import SignIn
from verification.models import ApiKey, RelyingParty
from verification.services import OpenedSession, open_session

SESSIONS = "/admin/verification/verificationsession/"
PARTIES = "/admin/verification/relyingparty/"
PAGES = (
    "/admin/", "/admin/monitor/", "/admin/erase/",
    SESSIONS, f"{SESSIONS}{{passed}}/change/", f"{SESSIONS}{{open}}/end/",
    "/admin/audit/auditevent/", "/admin/audit/auditevent/?user_id=nobody", "/admin/audit/auditevent/1/change/",
    PARTIES, f"{PARTIES}{{party}}/change/", f"{PARTIES}{{party}}/issue-key/", f"{PARTIES}{{party}}/revoke-key/abc/",
    "/admin/verification/webhookdelivery/", "/admin/verification/apikey/", "/admin/verification/oidclogin/",
    "/admin/auth/user/", "/admin/auth/user/add/",
    "/admin/auth/user/{staff}/change/", "/admin/auth/user/{staff}/password/",
    "/admin/auth/user/{staff}/history/", "/admin/auth/group/", "/admin/auth/group/add/",
)  # fmt: skip
# Code is code, what says that it is English may be, and the names of permissions lie in the database.
NOT_OURS = re.compile(
    r"<(script|style|code|pre|textarea|svg)\b.*?</\1>|<(\w+)[^>]* lang=\"en\".*?</\2>"
    r"|<select name=\"(?:user_)?permissions\".*?</select>",
    re.DOTALL,
)
ENGLISH = re.compile(r"[A-Za-z’']{2,}(?: [A-Za-z’']{2,}){2,}")


def test_pages_in_arabic_hold_no_english_sentence(
    sign_in: SignIn, party: RelyingParty, passed: OpenedSession
) -> None:
    ApiKey.objects.create(relying_party=party, prefix="abc", secret_hash="0" * 64)
    waiting = open_session(user_id="subject-002", relying_party=party)
    ids = {"passed": passed.session.pk, "open": waiting.session.pk, "party": party.pk}
    browser = sign_in(is_superuser=True)
    ids["staff"] = User.objects.get().pk
    left: dict[str, list[str]] = {}
    for address in PAGES:
        answer = browser.get(address.format(**ids), headers={"accept-language": "ar"})
        assert answer.status_code == 200, address
        page = answer.content.decode()
        assert '<html lang="ar" dir="rtl"' in page, address
        text = unescape(re.sub(r"<[^>]+>", "|", NOT_OURS.sub("", page))).replace("Proof of Life", "")
        if found := ENGLISH.findall(text):
            left[address] = found
    assert left == {}
