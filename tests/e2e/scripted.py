"""The server's side of one socket, said line by line: for page states that a real check reaches late or rarely.

The page, its camera and its HTTP calls are real. Whether the real server says these lines is what the other tests
and those of the consumer show.
"""

import gettext
import json
import uuid
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

from tests.e2e.browsing import ROOT

NONCE = "A" * 22
NEWEST = 1_000_000
"""A `seq` that answers every frame of the challenge, however many the page has sent."""
INSTRUCTIONS = {"look_straight": "Look straight into the camera", "turn_left": "Turn your head to your left"}


class ScriptedSocket:
    """Catches the page's socket. What the page says in JSON is kept; each of its frames calls `on_frame`."""

    def __init__(self, page: Page, *, is_silent: bool = False, language: str = "en") -> None:
        catalogue = gettext.translation("django", str(ROOT / "locale"), languages=[language], fallback=True)
        self._translate = catalogue.gettext
        self.said: list[dict[str, Any]] = []
        self.frames = 0
        self.on_frame: Callable[[], None] | None = None
        self._is_silent = is_silent
        self._route: WebSocketRoute | None = None
        self._challenge_id = ""
        page.route_web_socket("**/ws/verify/**", self._accept)

    def _accept(self, route: WebSocketRoute) -> None:
        self._route = route
        route.on_message(self._hear)
        if not self._is_silent:
            capture = {"width": 640, "height": 480, "max_fps": 15, "max_frame_bytes": 262144, "formats": []}
            self.send("session", expires_at="2999-01-01T00:00:00+00:00", challenges_total=3, capture=capture)

    def _hear(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.frames += 1
            if self.on_frame is not None:
                self.on_frame()
            return
        said = json.loads(message)
        self.said.append(said)
        if said["type"] == "ready" and not self._is_silent:
            self.challenge("look_straight", 0)

    def send(self, type_: str, **members: object) -> None:
        assert self._route is not None, "the page has opened no socket yet"
        self._route.send(json.dumps({"type": type_, **members}))

    def challenge(self, action: str, index: int) -> None:
        self._challenge_id = str(uuid.uuid4())
        self.send(
            "challenge",
            challenge_id=self._challenge_id,
            index=index,
            total=3,
            kind="gesture" if index else "align",
            action=action,
            params={},
            instruction=self._translate(INSTRUCTIONS.get(action, action)),
            nonce=NONCE,
            timeout_ms=15_000,
        )

    def feedback(
        self, hint: str, progress: float = 0.0, box: tuple[float, float, float, float] | None = None
    ) -> None:
        face = {"box": list(box)} if box else None
        self.send("feedback", seq=NEWEST, hint=hint, progress=progress, face=face, scores=None)

    def outcome(self, *, passed: bool, reason: str = "passed", attempts_left: int = 3) -> None:
        self.send(
            "challenge_result",
            challenge_id=self._challenge_id,
            passed=passed,
            reason=reason,
            attempts_left=attempts_left,
        )

    def result(self, decision: str, reason: str, token: str | None = None) -> None:
        self.send("result", decision=decision, reason=reason, token=token, expires_in=900 if token else None)

    def close(self, code: int) -> None:
        assert self._route is not None
        self._route.close(code=code)
