"""Staff at one process, the person at another: what staff do must reach across."""

import requests
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.server.cluster import STAFF_PASSWORD, Cluster
from tests.server.processes import PATIENCE_S, Daphne


def log_in(server: Daphne) -> requests.Session:
    browser = requests.Session()
    login = f"{server.url}/admin/login/"
    browser.get(login, timeout=PATIENCE_S)
    form = {
        "username": "root",
        "password": STAFF_PASSWORD,
        "csrfmiddlewaretoken": browser.cookies["csrftoken"],
    }
    answer = browser.post(login, form, timeout=PATIENCE_S)
    assert "sessionid" in browser.cookies, answer.text
    return browser


def test_a_session_that_staff_end_in_one_process_ends_for_the_person_at_another(
    cluster: Cluster,
) -> None:
    near, far = cluster.replicas
    staff = log_in(far)
    opened = near.open_session("subject-001")
    with connect(opened["websocket_url"]) as person:
        person.send('{"type": "ready", "camera": {}}')
        while '"type": "challenge"' not in str(person.recv(timeout=PATIENCE_S)):
            pass
        address = f"{far.url}/admin/verification/verificationsession/{opened['session_id']}/end/"
        staff.get(address, timeout=PATIENCE_S)
        form = {"csrfmiddlewaretoken": staff.cookies["csrftoken"]}
        assert staff.post(address, form, timeout=PATIENCE_S).status_code == requests.codes.ok
        while '"type": "result"' not in (text := str(person.recv(timeout=PATIENCE_S))):
            pass
    assert '"reason": "cancelled"' in text
    assert far.read_session(opened)["reason"] == "cancelled"


def test_a_monitor_at_one_process_sees_a_session_come_at_another(cluster: Cluster) -> None:
    near, far = cluster.replicas
    staff = log_in(far)
    address = far.url.replace("http://", "ws://") + "/ws/admin/monitor/en"
    cookie = {"Cookie": f"sessionid={staff.cookies['sessionid']}"}
    with connect(address, origin=Origin(far.url), additional_headers=cookie) as monitor:
        assert '"type": "sessions"' in str(monitor.recv(timeout=PATIENCE_S))
        opened = near.open_session("subject-002")
        while opened["session_id"] not in str(monitor.recv(timeout=PATIENCE_S)):
            pass


def test_a_question_that_no_database_could_answer_is_no_error_of_ours(cluster: Cluster) -> None:
    near, _ = cluster.replicas
    staff = log_in(near)
    for table in ("audit/auditevent", "verification/verificationsession"):
        for question in ("user_id=%00", "reason=%00", "relying_party=%00", "q=%00", "id=9" + 30 * "9"):
            answer = staff.get(f"{near.url}/admin/{table}/?{question}", timeout=PATIENCE_S)
            assert answer.status_code in {200, 400}, (table, question)
