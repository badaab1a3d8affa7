"""Every sentence that the pages' scripts show, in the active language: one catalogue, written into the page as JSON.

The scripts name sentences by key and hold none themselves, so there is one place to translate and one .po file
for all. A sentence says what happened and what to do next, never a score. Words in braces are filled in by the
script; counts stand where no plural is needed, and durations come from the browser (`Intl`).
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text: TypeAlias = str | Promise
Explanation: TypeAlias = tuple[Text, Text, Text]
"""What happened, why, and what to do at the next try."""

HINTS: Mapping[str, Text] = {
    "ok": _("Good, stay there"),
    "no_face": _("Move your face into the oval"),
    "multiple_faces": _("Only one person in the picture, please"),
    "move_closer": _("Come a little closer"),
    "move_back": _("Move back a little"),
    "center_face": _("Move to the middle of the oval"),
    "too_dark": _("It is too dark. Turn towards a light"),
    "too_bright": _("It is too bright. Turn away from the light"),
    "hold_still": _("Hold still for a moment"),
    "face_obscured": _("Uncover your whole face"),
    "slow_down": _("A little slower"),
    "follow_instruction": _("Follow the instruction above"),
}

ADVICE: Mapping[str, Text] = {
    "no_face": _("Your face was out of the picture most of the time."),
    "multiple_faces": _("Someone else was in the picture."),
    "move_closer": _("You were too far from the camera."),
    "move_back": _("You were too close to the camera."),
    "center_face": _("Your face was not in the middle of the oval."),
    "too_dark": _("The room was too dark. Turn on a light in front of you."),
    "too_bright": _("The light was too strong. Turn away from the lamp or window."),
    "hold_still": _("The picture moved too much. Set the device down if you can."),
    "face_obscured": _("Something covered your face."),
    "slow_down": _("The movements were too fast for the camera."),
}

REASONS: Mapping[str, Explanation] = {
    "verified": (
        _("You are verified"),
        _("The check saw a living person before the camera. Nothing else is needed here."),
        "",
    ),
    "challenge_failed": (
        _("The movements did not match"),
        _("Some movements were not recognised in time."),
        _(
            "Make each movement clearly, then come back to the middle. If one is hard for you, press “I can’t do this”."
        ),
    ),
    "score_below_threshold": (
        _("We could not be sure enough"),
        _("The pictures left some doubt."),
        _("Sit in even light, with the camera at eye height and your whole face in the oval."),
    ),
    "liveness_below_floor": (
        _("We could not confirm a living person"),
        _("The pictures did not show enough of how a living face moves."),
        _("Face the camera yourself, in even light, without glare on glasses or a screen behind you."),
    ),
    "deepfake_below_floor": (
        _("The picture looked altered"),
        _("Filters and virtual cameras can cause this."),
        _("Turn off beauty filters, background effects and virtual cameras."),
    ),
    "multiple_faces": (
        _("More than one face was in view"),
        _("The check needs you alone in the picture."),
        _("Turn away from other people, and from posters or screens that show faces."),
    ),
    "identity_changed": (
        _("The face changed during the check"),
        _("One person has to do all steps without leaving the picture."),
        _("Stay in view from the first step to the last."),
    ),
    "injection_suspected": (
        _("The pictures did not come straight from a camera"),
        _("A virtual camera or a recording program may be at work."),
        _("Close such programs and choose your device’s own camera."),
    ),
    "replay_detected": (
        _("Old pictures arrived"),
        _("The connection repeated or delayed pictures."),
        _("Use a steadier connection."),
    ),
    "session_timeout": (
        _("Time ran out"),
        _("A check has to be finished within a short time."),
        _("Begin again when you are ready."),
    ),
    "no_response": (
        _("We saw no movement"),
        _("No face was recognised after the instruction."),
        _("Check that your face is in the oval and that nothing covers the camera."),
    ),
    "poor_capture": (
        _("The picture was not clear enough"),
        _("Your face was too small, out of place or badly lit most of the time."),
        _("Clean the lens, find even light on your face, and hold the device steady."),
    ),
    "cancelled": (
        _("You stopped the check"),
        _("Nothing was decided."),
        _("You can start again whenever you like."),
    ),
    "disconnected": (
        _("The connection was lost"),
        _("The check could not be finished."),
        _("See that you are online."),
    ),
    "server_overloaded": (
        _("The service is busy"),
        _("It has nothing to do with you."),
        _("Wait a minute before you try again."),
    ),
}

CAMERA_FAILURES: Mapping[str, Explanation] = {
    "camera_denied": (
        _("The camera is blocked for this page"),
        _("The browser is set not to allow it."),
        _(
            "Open the site settings beside the address and allow the camera. On a phone, also check that the "
            "browser itself may use it."
        ),
    ),
    "camera_dismissed": (
        _("The camera was not allowed yet"),
        _("The browser asked, and the question was closed without an answer."),
        _("Try again and choose “Allow”."),
    ),
    "camera_not_delegated": (
        _("The page around this one keeps the camera back"),
        _("It shows the check in a frame that may not use the camera."),
        _("Open the check in a window of its own, or tell the site’s help."),
    ),
    "camera_missing": (
        _("No camera was found"),
        _("This device has none, or it is switched off."),
        _("Plug in a camera or switch it on, or open this check on a device that has one."),
    ),
    "camera_busy": (
        _("The camera is in use"),
        _("Another program or tab holds it."),
        _("Close video calls and camera apps."),
    ),
    "camera_unsuitable": (
        _("This camera does not fit"),
        _("It offers no picture that the check can use."),
        _("Choose another camera or device."),
    ),
    "camera_interrupted": (
        _("The camera did not start"),
        _("The device interrupted it."),
        _("Wait a moment before you try again."),
    ),
    "camera_unsupported": (
        _("This browser gives no access to a camera"),
        _("It may be too old, or part of another app."),
        _("Open the check in a current Chrome, Firefox, Safari or Edge."),
    ),
    "insecure_context": (
        _("The camera needs a secure page"),
        _("Browsers only allow it where the address begins with https."),
        _("Ask the service that sent you for a secure address."),
    ),
    "camera_silent": (
        _("The camera sends no picture"),
        _("It was started, and nothing came."),
        _("Open its cover or privacy switch, or choose another camera."),
    ),
    "camera_ended": (
        _("The camera stopped"),
        _("It was unplugged, taken by another app or switched off."),
        _("See that it stays connected and free."),
    ),
    "camera_failed": (
        _("The camera could not be started"),
        _("The browser does not say why."),
        _("Close other programs that use it, and reload this page."),
    ),
}

CONNECTION_FAILURES: Mapping[str, Explanation] = {
    "connect_timeout": (
        _("The service does not answer"),
        _("We waited eight seconds."),
        _("See that you are online."),
    ),
    "connect_failed": (
        _("We could not reach the service"),
        _("A firewall or blocker may stop this page, or you are offline."),
        _("See that you are online."),
    ),
    "disconnected": REASONS["disconnected"],
    "malformed_message": (
        _("This page and the service disagree"),
        _("Your browser may hold an old copy of this page."),
        _("Press “Try again”: it loads a fresh page."),
    ),
    "ticket_refused": (
        _("This link is not valid"),
        _("Each link starts one check, once."),
        _("Go back to the service that sent you, and ask for a new one."),
    ),
    "origin_refused": (
        _("This page may not start a check"),
        _("It was opened from an address that the service does not know."),
        _("Open the link as you received it."),
    ),
    "session_unknown": (
        _("This check does not exist"),
        _("The link may be incomplete."),
        _("Go back to the service that sent you, and ask for a new one."),
    ),
    "session_timeout": REASONS["session_timeout"],
    "already_connected": (
        _("This check is open somewhere else"),
        _("Only one window at a time can hold it."),
        _("Go on in the other tab or device, or close it and start again."),
    ),
    "session_over": (
        _("This check is already over"),
        _("A check runs once."),
        _("Go back to the service that sent you, and ask for a new one."),
    ),
    "frame_too_large": (
        _("The camera’s pictures are too large"),
        _("The service could not take them."),
        _("Choose another camera if it happens twice."),
    ),
    "rate_limited": (
        _("Too many tries in a short time"),
        _("The service takes only so many."),
        _("Wait a minute before you try again."),
    ),
    "server_error": (
        _("Something went wrong on our side"),
        _("It has nothing to do with you."),
        _("Wait a moment before you try again."),
    ),
    "server_overloaded": REASONS["server_overloaded"],
}

PAGE_FAILURES: Mapping[str, Explanation] = {
    "ticket_missing": (
        _("This link is incomplete"),
        _("The part after # holds its one-time key."),
        _("Open the whole link as you received it."),
    ),
    "server_silent": (
        _("The service stopped answering"),
        _("Your pictures no longer arrive."),
        _("See that you are online."),
    ),
    "capture_failed": (
        _("The camera’s picture could not be read"),
        _("A privacy setting or extension may block it."),
        _("Use another browser."),
    ),
    "consent_outdated": (
        _("What we tell you about the check has changed"),
        _("This page shows an older text."),
        _("Reload the page and read it once more."),
    ),
    "set_aside_refused": (
        _("The check needs one of these movements"),
        _("At least three must remain, one of them of the head."),
        _("Leave out fewer of them. If you cannot, ask for another way."),
    ),
    "declined": (
        _("The camera stays off"),
        _("You chose not to be checked by camera. No picture was taken."),
        "",
    ),
}

PROBLEMS: Mapping[str, Text] = {
    "pool_exhausted": _(
        "Too many movements were left out. At least three, one of them of the head, must remain."
    ),
    "400": _("The service did not accept this. Check the name: 1 to 128 characters, all of them visible."),
    "401": _("This service only opens checks for its partners. Start from the site that sent you here."),
    "403": _("This page may not open a check. Open it from the service’s own address."),
    "404": _("The service does not open checks at this address."),
    "422": _("The service cannot open a check like this."),
    "429": _("Too many checks were opened from here. Wait a little, then try again."),
    "429_wait": _("Too many checks were opened from here. Try again in {wait}."),
    "503": _("The service is busy. Wait a minute, then try again."),
    "unreachable": _("We could not reach the service. See that you are online, then try again."),
    "unexpected": _("Something went wrong on our side. Try again in a moment."),
}

MISSES: Mapping[str, Text] = {
    "not_performed": _("Not recognised in time"),
    "no_response": _("No face was seen"),
    "poor_capture": _("The picture was not clear"),
}

LIGHT: Mapping[str, Text] = {
    "checking": _("Looking at the light"),
    "good": _("The light is good"),
    "dark": _("It is dark here. Turn on a light in front of you, or face a window"),
    "bright": _("It is very bright. Turn away from the lamp or window"),
    "behind": _("The light is behind you. Turn round so that it falls on your face"),
}

MESSAGES: Mapping[str, Text] = {
    "askingForCamera": _("Allow the camera"),
    "askingForCameraHint": _("Your browser asks for permission"),
    "preparing": _("This is how the camera sees you"),
    "connecting": _("Connecting"),
    "connectingHint": _("One moment"),
    "connectingSlow": _("Still connecting. The line seems slow"),
    "deciding": _("Checking"),
    "decidingHint": _("You can relax now"),
    "cancelling": _("Stopping"),
    "gettingReady": _("Getting ready"),
    "step": _("Step {index} of {total}"),
    "challengePassed": _("Done"),
    "challengeSkipped": _("No problem, here is another one"),
    "triesLeft": _("{miss}. Tries left: {count}"),
    "connectionDoubtful": _("Connection lost? Waiting…"),
    "cameraPaused": _("The camera is paused"),
    "pagePaused": _("No pictures were sent while this page was out of sight. The time went on"),
    "pausedTitle": _("Come back, the time goes on"),
    "cameraNumber": _("Camera {number}"),
    "retriesLeft": _("Tries left: {count}"),
    "noRetryLeft": _("No further try is left here."),
    "returning": _("Taking you back to {host}."),
    "returnTo": _("Return to {host}"),
    "tokenCopied": _("Copied"),
    "tokenNotCopied": _("Select the text and copy it"),
    "tokenLife": _("Valid for {duration}. Check it with POST /token/validate."),
    "nameMissing": _("Enter who the token should name."),
    "nameTooLong": _("At most 128 characters, please."),
    "nameInvisible": _("Leave out line breaks and other invisible characters."),
}


def build_catalogue() -> dict[str, Any]:
    """The sentences in the active language, for `json_script`."""
    explanations = {**CAMERA_FAILURES, **CONNECTION_FAILURES, **PAGE_FAILURES}
    return {
        "hint": _render(HINTS),
        "advice": _render(ADVICE),
        "reason": _explain(REASONS),
        "failure": _explain(explanations),
        "problem": _render(PROBLEMS),
        "miss": _render(MISSES),
        "light": _render(LIGHT),
        "message": _render(MESSAGES),
    }


def _render(texts: Mapping[str, Text]) -> dict[str, str]:
    return {key: str(text) for key, text in texts.items()}


def _explain(explanations: Mapping[str, Explanation]) -> dict[str, dict[str, str]]:
    return {
        key: {"title": str(title), "detail": str(detail), "next": str(following)}
        for key, (title, detail, following) in explanations.items()
    }
