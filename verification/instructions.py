"""The sentence a person reads for each action. Left and right are the person's own."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from verification.liveness.actions import Action

INSTRUCTIONS: dict[Action, str | Promise] = {
    Action.LOOK_STRAIGHT: _("Look straight into the camera"),
    Action.TURN_LEFT: _("Turn your head to your left"),
    Action.TURN_RIGHT: _("Turn your head to your right"),
    Action.LOOK_UP: _("Raise your head and look up"),
    Action.LOOK_DOWN: _("Lower your head and look down"),
    Action.NOD: _("Nod: head down and up again"),
    Action.BLINK: _("Blink twice"),
    Action.OPEN_MOUTH: _("Open your mouth wide"),
    Action.RAISE_EYEBROWS: _("Raise your eyebrows"),
    Action.SMILE: _("Smile broadly"),
    Action.SURPRISE: _("Look surprised: mouth open, eyebrows up"),
}

ACTION_NAMES: dict[Action, str | Promise] = {
    Action.TURN_LEFT: _("Turning the head to the left"),
    Action.TURN_RIGHT: _("Turning the head to the right"),
    Action.LOOK_UP: _("Raising the head"),
    Action.LOOK_DOWN: _("Lowering the head"),
    Action.NOD: _("Nodding"),
    Action.BLINK: _("Blinking"),
    Action.OPEN_MOUTH: _("Opening the mouth wide"),
    Action.RAISE_EYEBROWS: _("Raising the eyebrows"),
    Action.SMILE: _("Smiling broadly"),
    Action.SURPRISE: _("Looking surprised"),
}
"""The same as things a person may be unable to do, to be set aside before the check."""
