"""What the labels of an events table mean in actions of the catalogue."""

from collections.abc import Mapping
from types import MappingProxyType

from verification.liveness.actions import Action

# Labels of common annotations, beside the actions' own names. The first action is what the label is
# played as; the others are seen at the same time. Left and right in `turn_image_*` are the image's: a
# nose that moves to the image's left is turned to the person's own right. A nod is a stroke down and up
# again; a stroke alone becomes one when the clip is walked to and fro.
ALIASES: Mapping[str, tuple[Action, ...]] = MappingProxyType(
    {
        "neutral": (Action.LOOK_STRAIGHT,),
        "straight": (Action.LOOK_STRAIGHT,),
        "frontal": (Action.LOOK_STRAIGHT,),
        "turn_image_left": (Action.TURN_RIGHT,),
        "turn_image_right": (Action.TURN_LEFT,),
        "head_up": (Action.LOOK_UP,),
        "head_down": (Action.LOOK_DOWN,),
        "nod_down": (Action.NOD,),
        "nod_up": (Action.NOD,),
        "nods": (Action.NOD,),
        "blinks": (Action.BLINK,),
        "mouth_open": (Action.OPEN_MOUTH,),
        "jaw_open": (Action.OPEN_MOUTH,),
        "brow_raise": (Action.RAISE_EYEBROWS,),
        "brows_up": (Action.RAISE_EYEBROWS,),
        "eyebrows_up": (Action.RAISE_EYEBROWS,),
        "smiles": (Action.SMILE,),
        "happy": (Action.SMILE,),
        "laugh": (Action.SMILE, Action.OPEN_MOUTH),
        "open_laugh": (Action.OPEN_MOUTH, Action.SMILE),
        "surprised": (Action.SURPRISE,),
        "surprised_open_mouth": (Action.SURPRISE, Action.OPEN_MOUTH),
    }
)

# Showing the first rightly shows the others as well: their acceptance is no false one.
_ACCOMPANIED_BY: Mapping[Action, frozenset[Action]] = MappingProxyType(
    {
        Action.NOD: frozenset({Action.LOOK_UP, Action.LOOK_DOWN}),
        Action.LOOK_UP: frozenset({Action.NOD}),
        Action.LOOK_DOWN: frozenset({Action.NOD, Action.BLINK}),  # the lids follow the gaze down
        Action.SURPRISE: frozenset({Action.OPEN_MOUTH, Action.RAISE_EYEBROWS}),
    }
)


def read_label(label: str) -> tuple[Action, ...]:
    """The actions that a label stands for, the one it is played as first; empty for an unknown one."""
    name = label.strip().lower()
    try:
        return (Action(name),)
    except ValueError:
        return ALIASES.get(name, ())


def accompany(action: Action) -> frozenset[Action]:
    """The actions that are rightly accepted where this one is shown, itself among them."""
    return _ACCOMPANIED_BY.get(action, frozenset()) | {action}
