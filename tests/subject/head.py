"""The head as a mesh: the skin that FaceLandmarker saw, hair and skull around it, eyes and mouth behind."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tests.subject import anatomy
from tests.subject.deformation import Movement, author_movements, weigh
from tests.subject.mouth import FLOOR, MOUTH_COLUMNS, MOUTH_ROWS, locate_interior, locate_interior_texture
from tests.subject.outline import meet_outline
from tests.subject.portrait import Points, Portrait, to_texture_px
from tests.subject.pose import Expression
from tests.subject.raster import Mesh, unproject

_HAIR_STEPS = (1 / 3, 2 / 3, 1.0)
_SKULL_STEPS = (0.2, 0.45, 0.7)
_OUTLINE_DEPTH, _SKULL_DEPTH = 56.0, 112.0
_NAPE = np.array([226.0, 74.0])
_UNDER_CHIN_Y = 180.5
_REACH_OF_THE_SKIN = 25.0
_BEHIND_THE_SKIN, _BEHIND_THE_FACE = 8.0, 1000.0

Triangles = list[tuple[int, int, int]]
Ring = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Head:
    """A head that can be posed.

    rest: vertices of shape (n, 3) in levelled portrait pixels, as the portrait shows them.
    moves: their displacement at the full extent of each `Movement`, shape (movements, n, 3).
    """

    mesh: Mesh
    rest: Points
    moves: Points

    def shape(self, expression: Expression) -> Points:
        """Give the vertices in space, shape (n, 3), of the unturned head with this expression."""
        return unproject(self.rest + np.tensordot(weigh(expression), self.moves, axes=1))


class _Assembly:
    """The vertices and triangles gathered so far."""

    def __init__(self) -> None:
        self.places: list[Points] = []
        self.texture_px: list[Points] = []
        self.moves: list[Points] = []
        self.triangles: Triangles = []
        self.depth_bias: list[float] = []

    def add_vertices(self, places: Points, texture_px: Points, moves: Points) -> Ring:
        first = sum(map(len, self.places))
        self.places.append(places)
        self.texture_px.append(texture_px)
        self.moves.append(moves)
        return np.arange(first, first + len(places))

    def add_triangles(self, triangles: Triangles, depth_bias: float) -> None:
        self.triangles += triangles
        self.depth_bias += [depth_bias] * len(triangles)

    def finish(self) -> Head:
        mesh = Mesh(
            triangles=np.array(self.triangles, np.int32),
            texture_px=np.concatenate(self.texture_px),
            depth_bias=np.array(self.depth_bias),
        )
        return Head(mesh, rest=np.concatenate(self.places), moves=np.concatenate(self.moves, axis=1))


def build_head(portrait: Portrait) -> Head:
    """Assemble the head from the portrait's landmarks."""
    assembly = _Assembly()
    skin = portrait.landmarks[: anatomy.FACE_POINTS]
    moves = author_movements(skin)
    assembly.add_vertices(skin, to_texture_px(skin[:, :2]), moves)
    assembly.add_triangles([_face_camera(skin, t) for t in anatomy.list_skin_triangles()], 0.0)
    _add_hair_and_skull(assembly, portrait, moves)
    for side in range(2):
        _add_eye(assembly, portrait, moves, side)
    _add_mouth(assembly, portrait, moves)
    return assembly.finish()


def _face_camera(places: Points, triangle: tuple[int, int, int]) -> tuple[int, int, int]:
    """Wind a triangle so that its area is positive as seen at rest, with y pointing down."""
    a, b, c = triangle
    (ax, ay), (bx, by), (cx, cy) = places[[a, b, c], :2]
    return triangle if (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) > 0 else (a, c, b)


def _halve_steps(ring: Points) -> Points:
    """Put a point halfway between each two neighbours of a closed ring, whose axis is the second last."""
    halfway = (ring + np.roll(ring, -1, axis=-2)) / 2
    joined = np.stack([ring, halfway], axis=-2)
    return joined.reshape(*ring.shape[:-2], -1, ring.shape[-1])


def _add_hair_and_skull(assembly: _Assembly, portrait: Portrait, moves: Points) -> None:
    """Continue the rim of the face outwards to the outline of the hair, and on behind it to the nape."""
    rim = _halve_steps(portrait.landmarks[list(anatomy.OVAL)])
    rim_moves = _halve_steps(moves[:, list(anatomy.OVAL)])
    outline = meet_outline(portrait, rim[:, :2])
    gap = np.linalg.norm(outline - rim[:, :2], axis=1, keepdims=True)
    depth = rim[:, 2:] + (_OUTLINE_DEPTH - rim[:, 2:]) * np.clip(gap / 12.0, 0, 1)
    ring = assembly.add_vertices(rim, to_texture_px(rim[:, :2]), rim_moves)
    for step in _HAIR_STEPS:
        flat = rim[:, :2] + step * (outline - rim[:, :2])
        z = rim[:, 2:] + (depth - rim[:, 2:]) * (1 - np.sqrt(1 - step**2))
        fading = rim_moves * np.clip(1 - step * gap / _REACH_OF_THE_SKIN, 0, 1)
        ring = _grow(assembly, ring, (np.c_[flat, z], to_texture_px(flat), fading), 0.0)
    is_jaw = (rim[:, 1:2] > 150) & (gap < 4)
    under_chin = np.c_[_NAPE[0] + 0.75 * (rim[:, 0] - _NAPE[0]), np.full(len(rim), _UNDER_CHIN_Y)]
    mirrored = np.where(is_jaw, under_chin, rim[:, :2] + 0.4 * (outline - rim[:, :2]))
    for step in _SKULL_STEPS:
        angle = step * np.pi / 2
        flat = _NAPE + np.cos(angle) * (outline - _NAPE)
        z = depth + (_SKULL_DEPTH - depth) * np.sin(angle)
        seen = to_texture_px(outline + min(1.0, 1.3 * step) * (mirrored - outline))
        fading = rim_moves * np.clip(1 - gap / _REACH_OF_THE_SKIN, 0, 1) * (1 - step)
        ring = _grow(assembly, ring, (np.c_[flat, z], seen, fading), _BEHIND_THE_FACE)


def _grow(assembly: _Assembly, ring: Ring, added: tuple[Points, Points, Points], depth_bias: float) -> Ring:
    """Tie a new ring to the last; the rim runs clockwise in the image, so this winding faces outwards."""
    outer = assembly.add_vertices(*added)
    triangles: Triangles = []
    for a, b, c, d in zip(ring, np.roll(ring, -1), outer, np.roll(outer, -1), strict=True):
        triangles += [(int(a), int(c), int(d)), (int(a), int(d), int(b))]
    assembly.add_triangles(triangles, depth_bias)
    return outer


def _add_eye(assembly: _Assembly, portrait: Portrait, moves: Points, side: int) -> None:
    """Put what shows between the lids on a patch of its own, which the lids then slide over."""
    lids = [*anatomy.UPPER_LIDS[side], *reversed(anatomy.LOWER_LIDS[side][1:-1])]
    iris = portrait.landmarks[anatomy.IRIS_CENTRES[side]]
    margin = portrait.landmarks[lids]
    flat = np.concatenate([iris[None, :2], margin[:, :2]])
    z = np.concatenate([[margin[:, 2].min()], margin[:, 2]]) + 1.0
    widening = np.zeros((len(moves), len(flat), 3))
    # Eyes that widen uncover more of the ball; stretching the patch comes close enough.
    widening[Movement.RAISE_BROWS, 1:] = moves[Movement.RAISE_BROWS, lids]
    hub, *ring = assembly.add_vertices(np.c_[flat, z], to_texture_px(flat), widening).tolist()
    places = np.concatenate(assembly.places)
    spokes = [(hub, ring[i - 1], ring[i]) for i in range(len(ring))]
    assembly.add_triangles([_face_camera(places, t) for t in spokes], _BEHIND_THE_SKIN)


def _add_mouth(assembly: _Assembly, portrait: Portrait, moves: Points) -> None:
    """Put teeth and cavity behind the lips, fixed to the skull; only the floor goes with the chin."""
    places = locate_interior(portrait.landmarks)
    dropping = np.zeros((len(moves), len(places), 3))
    dropping[Movement.OPEN_MOUTH, FLOOR] = moves[Movement.OPEN_MOUTH, 152]
    added = assembly.add_vertices(places, locate_interior_texture(portrait), dropping)
    grid = added.reshape(MOUTH_ROWS, MOUTH_COLUMNS).tolist()
    for upper, lower in pairwise(grid):
        for (a, b), (c, d) in zip(pairwise(upper), pairwise(lower), strict=True):
            assembly.add_triangles([(a, b, d), (a, d, c)], _BEHIND_THE_SKIN)
