"""The model card, written from the figures and nothing else."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

FORGERY_NAMES = {
    "self_blend": "self-blended images (simulated)",
    "autoencoder_swap": "autoencoder swaps (simulated)",
    "graphics_swap": "graphics swaps (simulated, a kind never trained on)",
}


def render_card(figures: Json) -> str:
    """Markdown. figures: what `train_mesonet` writes as JSON."""
    sections = (_render_head, _render_data, _render_recipe, _render_pairs, _render_clips, _render_probes)
    return "\n\n".join(render(figures) for render in sections) + "\n\n" + LIMITS


LIMITS = """## Limits

- It is weak. It may lower a score; it must never decide alone, neither for a capture subject nor against one.
- Forgeries were simulated, in training and in the tables above. A high figure on them says little about real
  swaps; the real ones at hand are the few in the list of clips never trained on.
- It looks at one face in one frame for traces of blending and of missing fine detail. A generator that
  re-renders the whole picture leaves neither: expect little better than chance on animated stills.
- Faces narrower than about 85 px, strong blur and strong compression take the traces away, and make genuine
  faces look forged.
- No rate by age, sex or skin was measured: the data carry no such labels.
- Intervals resample identities; they say nothing about other cameras, lights or people than those at hand.

## Licence

Apache-2.0, as the project.
"""


def _render_head(figures: Json) -> str:
    model = figures["model"]
    return f"""# MesoNet-4, trained on self-blended portraits

MesoNet-4 (Afchar et al., WIFS 2018; {model["trainable_weights"]:,} trainable weights), trained from scratch
by `python -m training.train_mesonet`. It answers P(real) of one face, 1 being genuine.

| | |
|---|---|
| file | `{model["file"]}`, {model["bytes"]:,} bytes, ONNX |
| sha256 | `{model["sha256"]}` |
| input | `image`: float32 [N, 256, 256, 3], RGB in 0..1, the square 1.5 times the landmark box |
| output | `genuine`: float32 [N, 1], 0..1 |
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

Split by person, never by picture: a file is a person, files with equal bytes are read once, and
{len(figures["same_person"])} groups of files known to show one person were kept together."""


def _render_recipe(figures: Json) -> str:
    plan, report = figures["training"]["plan"], figures["training"]["report"]
    fit, minutes = figures["calibration"], report["seconds"] / 60
    return f"""## Recipe

- Pairs of a genuine face and its forgery, 16 to a batch; both go through the same capture: a face 85 to
  320 px wide, light blur, some noise, one JPEG of quality 55 to 96. Two pictures in five were compressed once
  before anything else, as recordings are.
- 55 % of the forgeries are self-blended images (Shiohara and Yamasaki, CVPR 2022), 45 % simulated autoencoder
  swaps: the face decoded at 64 to 128 px, smoothed, enlarged and blended in. Blend ratio 0.5 to 1.
- {report["pairs"]:,} pairs in {minutes:.0f} minutes; seed {plan["seed"]}; Adam, learning rate
  {plan["learning_rate"]:g} with cosine decay; dropout {plan["dropout"]:g}. Time allowed
  {len(report["loss"])} of {plan["epochs"]} epochs; the weights are those of epoch {report["best_epoch"]}, the
  best on the calibration identities.
- Calibrated on the calibration identities: Platt's method on {fit["pairs"]} pairs, scale {fit["scale"]:g},
  offset {fit["offset"]:g}, folded into the last layer. 0.5 means that a genuine face and a simulated forgery
  are equally likely where both are equally frequent. Nothing below was measured on those identities."""


def _render_pairs(figures: Json) -> str:
    lines = _start_table("## People kept out of training: one picture at a time", figures)
    for key, name in FORGERY_NAMES.items():
        for measure, label in (
            ("auc", "AUC"),
            ("genuine_below_half", "genuine below 0.5"),
            ("forged_below_half", "forged below 0.5"),
        ):
            lines.append(_row(f"{label}, {name}", figures, "pairs", key, measure))
    if "frames" in figures["measured"]:
        lines.append(_row("bona fide frames of clips below 0.5, as filmed", figures, "frames", "below_half"))
    return "\n".join(lines) + "\n\nIn brackets 95 % intervals, resampled by person; then pictures/people."


def _render_clips(figures: Json) -> str:
    lines = _start_table("## Bona fide clips: the median over a clip's frames", figures)
    groups = {
        "clips": "clips of people kept out",
        "clips_trained_on": "clips trained on",
        "simulated_clips": "portraits kept out, as simulated clips",
    }
    present = {key: name for key, name in groups.items() if key in figures["measured"]}
    for key, name in present.items():
        lines.append(_row(f"{name}: median below 0.5", figures, key, "below_half"))
        for quantile, label in (("q01", "1 % quantile"), ("q05", "5 % quantile"), ("least", "least")):
            lines.append(_row(f"{name}: {label}", figures, key, "quantiles", quantile))
    return "\n".join(lines) + (
        "\n\nIn brackets 95 % Wilson intervals, then clips/clips. A simulated clip is one portrait captured"
        " twelve times\nwith random size, blur, noise and JPEG. Quantiles of so few clips lie close to the"
        " least one."
    )


def _render_probes(figures: Json) -> str:
    lines = ["## Clips one by one", "", "| clip | face px | frames | median |" + _other_column(figures)]
    lines.append("|---|---|---|---|" + ("---|" if figures["compared"] else ""))
    groups: list[tuple[str, tuple[str, ...]]] = [("kept out", ("clips",))]
    groups += [(f"{name}, never trained on", ("probes", name)) for name in figures["measured"]["probes"]]
    for label, keys in groups:
        ours, other = _dig(figures["measured"], keys), _dig(figures["compared"], keys)
        for index, clip in enumerate(ours["clips"] if ours else ()):
            medians = [clip["median"], *([other["clips"][index]["median"]] if other else [])]
            cells = [f"`{clip['clip']}` ({label})", clip["face_px"], clip["frames"]]
            cells += [f"{median:.2f}" for median in medians]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _start_table(title: str, figures: Json) -> list[str]:
    rule = "|---|---|" + ("---|" if figures["compared"] else "")
    return [title, "", "| | these weights |" + _other_column(figures), rule]


def _other_column(figures: Json) -> str:
    return f" `{figures['compared_with']}` |" if figures["compared"] else ""


def _row(label: str, figures: Json, *keys: str) -> str:
    cells = [_dig(figures[side], keys) for side in ("measured", "compared") if figures[side]]
    return f"| {label} | " + " | ".join(_format(cell) for cell in cells) + " |"


def _dig(tree: Json | None, keys: tuple[str, ...]) -> Any:
    node: Any = tree
    for key in keys:
        node = node.get(key) if node else None
    return node


def _format(cell: Json | float) -> str:
    if isinstance(cell, (int, float)):
        return f"{cell:.3f}"
    return (
        f"{cell['value']:.3f} [{cell['low']:.3f}, {cell['high']:.3f}], {cell['count']}/{cell['identities']}"
    )
