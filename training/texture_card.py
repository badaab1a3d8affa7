"""The texture network's model card, written from the figures and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

KIND_NAMES = {
    "stripe": "screen, striped sub-pixels",
    "diamond": "screen, diamond sub-pixels",
    "triad": "screen, triads of dots",
    "am": "print, dots in rows",
    "fm": "print, scattered dots",
    "photo": "print, continuous tone",
}
WHOM_NAMES = {"own": "this network", "fasnet": "FasNet", "fusion": "both"}


def render_texture_card(figures: Json) -> str:
    """Markdown. figures: what `train_texture` writes as JSON."""
    sections = (_render_head, _render_data, _render_recipe, _render_kinds, _render_clips)
    return "\n\n".join(render(figures) for render in sections) + "\n\n" + LIMITS


LIMITS = """## Limits

- Screens and prints were simulated, in training and in the first table. The real ones at hand are the few in the
  list of clips, and no rate follows from so few. A figure on simulations says little about real attacks.
- It judges the medium and not the face: a face swap or an animated still that comes straight from a file looks
  like skin to it. Other signals have to stop those.
- Print on matte paper without a visible edge, and a screen of small pixels that fills the view, leave few traces.
  Blur, low light and strong compression take what is left, on both sides.
- It sees 2.7 times the face's box. What shows beyond (a whole phone, a person who holds it) is not seen.
- No rate by age, sex or skin was measured: the data carry no such labels.
- Intervals resample people; they say nothing about other cameras, lights or people than those at hand.

## Licence

Apache-2.0, as the project. The context's branch is derived from MiniFASNetV2 of Minivision's
Silent-Face-Anti-Spoofing (Apache-2.0), as the recipe says; see `NOTICE`.
"""


def _render_head(figures: Json) -> str:
    model, measured = figures["model"], figures["measured"]
    return f"""# Texture network, trained on simulated screens and prints

Is the medium before the camera skin, or paper or a screen? 1 is a living face. Two branches, {model["weights"]:,}
weights: MiniFASNetV2 on the face and what is around it, begun at Minivision's weights and trained on; and
depthwise-separable blocks on the face's pixels, begun at random. A face is living as far as neither objects: their
product. Made by `python -m training.train_texture`.

| | |
|---|---|
| file | `{model["file"]}`, {model["bytes"]:,} bytes, ONNX; weights in 16 bits, sums in 32 |
| sha256 | `{model["sha256"]}` |
| input `context` | float32 [N, 80, 80, 3], BGR levels 0..255: 2.7 times the face's box, sampled |
| input `detail` | float32 [N, 128, 128, 3], BGR levels: the middle of the face, pixels as they are |
| output `live` | float32 [N, 1], P(the medium is a living face) |
| cost | {measured["cost_ms"]} ms of processor time a face, one thread, median on the busy machine that trained it |
| FasNet's two networks, at the same time | {measured["fasnet_cost_ms"]} ms |
| largest difference from Keras on random input | {model["difference_from_keras"]:.1e} |"""


def _render_data(figures: Json) -> str:
    rows = []
    for part, origins in figures["data"].items():
        portraits, clips = origins["portrait"], origins["clip"]
        rows.append(
            f"| {part} | {portraits['identities']} people, {portraits['faces']} pictures "
            f"| {clips['identities']} people, {clips['faces']} frames |"
        )
    table = "\n".join(rows)
    return f"""## Data

{figures["about_data"]}

| part | portraits | clips |
|---|---|---|
{table}

Split by person, never by picture; {len(figures["same_person"])} groups of files known to show one person were kept
together. No picture of a real screen or print was trained on."""


def _render_recipe(figures: Json) -> str:
    plan, report, fit = figures["training"]["plan"], figures["training"]["report"], figures["calibration"]
    losses = report["losses"]
    return f"""## Recipe

- {plan["scenes"]:,} scenes with labels: 45 % a living face, 33 % a screen, 22 % a print, by
  `verification/attacks/recapture`. Whole kinds were kept out: screens with triads of dots, prints of scattered dots.
- Screens: sub-pixels at random scale and angle, their moire by the camera's sampling, gamma, black level, casts,
  glare, rolling bands, bezels. Prints: halftone dots, ink and paper, grain, uneven light, gloss, margins. Hands,
  rooms behind. Living faces: the same cameras, lamps that flicker and flare, pictures and doors behind them.
- After that, without regard to the class: other colours, low light, rescaling, blur, interlacing, overlays, VP8,
  GIF palettes with dither, JPEG.
- The branches were trained apart, for {len(losses["context"])} and {len(losses["detail"])} epochs, in
  {report["seconds"] / 60:.0f} minutes; seed {plan["seed"]}; AdamW with cosine decay from a learning rate of
  {plan["learning_rate"]:g} for the detail's branch and {plan["context_learning_rate"]:g} for the context's, whose first
  stages ({figures["model"]["kept_weights"]:,} weights) stay Minivision's. The weights are those of the last epoch.
- Beside the labels (weight {plan["teacher_weight"]:g}), the context's branch was held to what it said of a scene before
  training, where that was right. Its weights are the mean of those before and after, {plan["context_share"]:.0%} of the
  way: what real media taught is not unlearned from simulated ones (Wortsman and others, CVPR 2022).
- Calibrated on the calibration people, on scenes as the page captures them, by Platt's method: scale
  {fit["scale"]:.3f}, offset {fit["offset"]:.3f} on the logit of the product. At 0.5 skin and a simulated medium are
  equally likely, where there are as many of both. Nothing below was measured on those people, but for the clips
  marked."""


def _render_kinds(figures: Json) -> str:
    scenes = figures["measured"]["scenes"]
    whoms = [whom for whom in WHOM_NAMES if whom in scenes]
    lines = ["## Simulated scenes of people kept out: one picture at a time", ""]
    lines += _start_table("", [WHOM_NAMES[whom] for whom in whoms])
    lines.append(_row("living faces below 0.5", [scenes[whom]["live_below_half"] for whom in whoms]))
    for kind in scenes[whoms[0]]["kinds"]:
        entries = [scenes[whom]["kinds"][kind] for whom in whoms]
        name = KIND_NAMES[kind] + ("" if entries[0]["is_trained"] else " (a kind never trained on)")
        lines.append(_row(f"AUC, {name}", [entry["auc"] for entry in entries]))
        lines.append(_row(f"below 0.5, {name}", [entry["below_half"] for entry in entries]))
    return "\n".join(lines) + (
        "\n\nIn brackets 95 % intervals, resampled by person; then scenes/people. All of it is simulated, in"
        " the quality\nthat the capture page lets through; one picture may show no trace at all."
    )


def _render_clips(figures: Json) -> str:
    groups = figures["measured"]["clips"]
    first = next(iter(groups.values()))
    whoms = [whom for whom in WHOM_NAMES if whom in first["below_half"]]
    names = [WHOM_NAMES[whom] for whom in whoms]
    lines = [
        "## Clips: the median over a clip's frames",
        "",
        *_start_table("clips whose median is below 0.5", names),
    ]
    for group, entry in groups.items():
        lines.append(_row(_name_group(group), [entry["below_half"][whom] for whom in whoms]))
    lines += ["", "In brackets 95 % Wilson intervals.", ""]
    lines += _start_table("clip | face px | frames", [f"{name}: median, frames below 0.5" for name in names])
    for group, entry in groups.items():
        for row in entry["clips"]:
            cells = [f"`{row['clip']}` ({_name_group(group)})", str(row["face_px"]), str(row["frames"])]
            cells += [f"{row[whom]:.2f}, {row[f'{whom}_frames_below']:.0%}" for whom in whoms]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + (
        "\n\nA GIF among the attacks may show a living face for part of its length; the share of frames tells."
    )


def _name_group(group: str) -> str:
    bona_fide = {"kept_out": "bona fide, kept out", "trained_on": "bona fide, trained or calibrated on"}
    return bona_fide.get(group, f"{group}, never trained on")


def _start_table(label: str, names: Sequence[str]) -> list[str]:
    columns = label.count("|") + 1 + len(names)
    return [f"| {label} | " + " | ".join(names) + " |", "|---" * columns + "|"]


def _row(label: str, cells: Sequence[Json]) -> str:
    return f"| {label} | " + " | ".join(_format(cell) for cell in cells) + " |"


def _format(cell: Json) -> str:
    return (
        f"{cell['value']:.3f} [{cell['low']:.3f}, {cell['high']:.3f}], {cell['count']}/{cell['identities']}"
    )
