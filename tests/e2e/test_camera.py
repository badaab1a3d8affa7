"""Every way in which a camera can be missing, taken or taken away, each with its own words and next step."""

import time

from playwright.sync_api import Page, expect

from tests.e2e.browsing import RunningServer, agree, await_state
from tests.e2e.scripted import ScriptedSocket

RESUMES_WITHIN_S = 20
REJECT = """([name, permission]) => {
  navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("refused", name); };
  navigator.permissions.query = async () => ({ state: permission });
}"""
ERRORS = [
    ("NotAllowedError", "denied", "camera_denied", "blocked"),
    ("NotAllowedError", "prompt", "camera_dismissed", "not allowed yet"),
    ("NotFoundError", "granted", "camera_missing", "No camera was found"),
    ("NotReadableError", "granted", "camera_busy", "in use"),
    ("OverconstrainedError", "granted", "camera_unsuitable", "does not fit"),
    ("AbortError", "granted", "camera_interrupted", "did not start"),
    ("SecurityError", "granted", "insecure_context", "secure page"),
    ("TypeError", "granted", "camera_failed", "could not be started"),
]


def test_each_error_of_the_camera_has_its_own_words_and_the_same_link_works_again(
    page: Page, server: RunningServer
) -> None:
    page.goto(server.open_session())
    sentences = set()
    for position, (name, permission, reason, words) in enumerate(ERRORS):
        page.evaluate(REJECT, [name, permission])
        if position:
            page.get_by_role("button", name="Try again").click()
        else:
            agree(page)
        page.wait_for_function(
            "r => document.getElementById('result-panel').dataset.reason === r", arg=reason
        )
        expect(page.locator("#result-title")).to_contain_text(words)
        expect(page.locator("#result-title")).to_be_focused()
        sentences.add(page.locator("#result-next").inner_text())
    assert len(sentences) == len(ERRORS)


def test_an_insecure_address_and_a_browser_without_cameras_are_told(
    page: Page, server: RunningServer
) -> None:
    page.goto(server.open_session())
    page.evaluate(
        "Object.defineProperty(navigator, 'mediaDevices', { value: undefined, configurable: true })"
    )
    agree(page)
    await_state(page, "failed")
    expect(page.locator("#result-panel")).to_have_attribute("data-reason", "camera_unsupported")
    page.evaluate("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#result-panel")).to_have_attribute("data-reason", "insecure_context")


def test_a_camera_that_goes_away_in_the_middle_is_told(page: Page, server: RunningServer) -> None:
    socket = ScriptedSocket(page)
    page.goto(server.open_session())
    agree(page)
    await_state(page, "aligning")
    page.evaluate(
        "document.getElementById('preview').srcObject.getVideoTracks()[0].dispatchEvent(new Event('mute'))"
    )
    expect(page.locator("#hint")).to_have_text("The camera is paused")
    # Nothing answers for a while, and then something does: the line is well again, and the camera is not.
    expect(page.locator("#hint")).to_have_text("Connection lost? Waiting…")
    socket.feedback("move_closer")
    expect(page.locator("#hint")).to_have_text("The camera is paused")
    page.evaluate(
        "document.getElementById('preview').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))"
    )
    await_state(page, "failed")
    expect(page.locator("#result-title")).to_have_text("The camera stopped")


TWO_CAMERAS = """() => {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.asked = [];
  navigator.mediaDevices.getUserMedia = async (wishes) => {
    const deviceId = wishes.video.deviceId?.exact ?? null;
    window.asked.push(deviceId);
    const stream = await open({ audio: false, video: true });
    stream.getVideoTracks()[0].getSettings = () => ({ width: 640, height: 480, deviceId: deviceId ?? "front" });
    return stream;
  };
  navigator.mediaDevices.enumerateDevices = async () => [
    { kind: "videoinput", deviceId: "front", label: "Front camera" },
    { kind: "videoinput", deviceId: "desk", label: "Desk camera" },
  ];
}"""


SILENT_FRONT_CAMERA = """() => {
  const open = navigator.mediaDevices.getUserMedia;
  navigator.mediaDevices.getUserMedia = async (wishes) => {
    const stream = await open(wishes);
    if (wishes.video.deviceId?.exact === "desk") return stream;
    const silent = document.createElement("canvas").captureStream(0);
    silent.getVideoTracks()[0].getSettings = () => ({ deviceId: "front" });
    return silent;
  };
}"""


def test_with_several_cameras_the_person_chooses_and_the_choice_is_remembered(
    page: Page, server: RunningServer
) -> None:
    ScriptedSocket(page)
    page.add_init_script(f"({TWO_CAMERAS})()")
    page.goto(server.open_session())
    agree(page)
    picker = page.locator("#camera-list")  # its label holds its options, too
    picker.select_option("Desk camera")
    page.wait_for_function("() => window.asked.includes('desk')")
    page.get_by_role("button", name="Begin").click()
    await_state(page, "aligning")
    page.goto(server.open_session())
    agree(page)
    page.wait_for_function("() => window.asked[0] === 'desk'")
    # Whoever chose the wrong one sees which it is, and changes it.
    expect(picker).to_have_value("desk")
    picker.select_option("Front camera")
    page.wait_for_function("() => window.asked.at(-1) === 'front'")
    page.get_by_role("button", name="Begin").click()
    await_state(page, "aligning")


def test_a_camera_that_sends_nothing_is_not_opened_again_where_there_is_another(
    page: Page, server: RunningServer
) -> None:
    ScriptedSocket(page)
    page.add_init_script(f"({TWO_CAMERAS})()")
    page.goto(server.open_session())
    page.evaluate(SILENT_FRONT_CAMERA)
    agree(page)
    await_state(page, "failed")
    expect(page.locator("#result-panel")).to_have_attribute("data-reason", "camera_silent")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_function("() => window.asked.at(-1) === 'desk'")
    page.get_by_role("button", name="Begin").click()
    await_state(page, "aligning")


DARK = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const draw = () => { canvas.getContext("2d").fillRect(0, 0, 640, 480); requestAnimationFrame(draw); };
  draw();
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(15);
}"""


def test_a_dark_room_is_told_before_anything_is_sent_and_the_person_may_go_on(
    page: Page, server: RunningServer
) -> None:
    socket = ScriptedSocket(page)
    page.goto(server.open_session())
    page.evaluate(DARK)
    agree(page)
    expect(page.locator("#hint")).to_contain_text("It is dark here")
    begin = page.get_by_role("button", name="Begin")
    expect(begin).to_be_focused()
    assert socket.said == []
    begin.click()
    await_state(page, "aligning")


ROTATE = """() => {
  const preview = document.getElementById("preview");
  Object.defineProperty(preview, "videoWidth", { get: () => 480, configurable: true });
  Object.defineProperty(preview, "videoHeight", { get: () => 640, configurable: true });
  preview.dispatchEvent(new Event("resize"));
}"""


def test_a_device_turned_in_the_middle_turns_the_stage(page: Page, server: RunningServer) -> None:
    ScriptedSocket(page)
    page.goto(server.open_session())
    agree(page)
    await_state(page, "aligning")
    page.evaluate(ROTATE)
    assert (
        page.evaluate("getComputedStyle(document.getElementById('stage')).getPropertyValue('--aspect')")
        == "0.7500"
    )
    await_state(page, "aligning")


def test_a_page_out_of_sight_sends_nothing_and_says_so(page: Page, server: RunningServer) -> None:
    socket = ScriptedSocket(page)
    page.goto(server.open_session())
    agree(page)
    await_state(page, "aligning")
    hide = """(isHidden) => {
      Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    assert page.title() == "Come back, the time goes on"
    page.wait_for_timeout(300)  # a frame that was being compressed may still leave
    sent = socket.frames
    page.wait_for_timeout(400)
    assert socket.frames == sent
    page.evaluate(hide, False)
    expect(page.locator("#hint")).to_have_text(
        "No pictures were sent while this page was out of sight. The time went on"
    )
    socket.feedback("ok", 0.2)
    deadline = time.monotonic() + RESUMES_WITHIN_S
    while socket.frames == sent and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert socket.frames > sent
