"""What a camera sees of a face that is shown on a screen or printed on paper: the physics, without the geometry.

A medium is drawn once for a presentation, and every frame of that presentation is shown through it:

    medium = draw_screen(rng)                                     # or draw_paper(rng)
    frames = [show_on_screen(bgr, medium, rng, frame_index=i) for i, bgr in enumerate(pictures)]
    prints = [print_on_paper(bgr, paper, rng) for bgr in pictures]

- `bgr` is the picture shown, uint8 of shape (h, w, 3); what returns is the camera's frame, uint8 BGR too.
- Without `seen_at` frame and picture have one size, and every pixel of the picture stays where it was.
- With `seen_at`, float32 of shape (H, W, 2), the frame has the size (H, W), and its pixel (row, column) sees the
  picture at `seen_at[row, column] = (x, y)` pixels. A turned, tilted or bent medium is a choice of `seen_at` (as
  the maps of cv2.remap). The sub-pixels and dots are sampled at those very places, so that moire moves as it
  does when a hand holds the medium. Where it lies outside the picture, the picture's border is repeated:
  whoever knows what is around the medium (bezel, hand, room) paints it over.
- `rng` draws what changes from frame to frame (noise); everything else is in the frozen medium.
- `kind` says which physics a medium has. The kinds in KEPT_OUT_SCREENS and KEPT_OUT_PAPERS are never trained
  on, so that a measurement on them shows what carries over. `draw_screen(rng, kinds)` draws among some only.

These are simulations. A rate measured on them is no rate of real screens and prints.
"""

from verification.attacks.recapture.paper import (
    KEPT_OUT_PAPERS,
    PaperKind,
    PaperMedium,
    draw_paper,
    print_on_paper,
)
from verification.attacks.recapture.screen import (
    KEPT_OUT_SCREENS,
    ScreenKind,
    ScreenMedium,
    draw_screen,
    show_on_screen,
)

__all__ = [
    "KEPT_OUT_PAPERS",
    "KEPT_OUT_SCREENS",
    "PaperKind",
    "PaperMedium",
    "ScreenKind",
    "ScreenMedium",
    "draw_paper",
    "draw_screen",
    "print_on_paper",
    "show_on_screen",
]
