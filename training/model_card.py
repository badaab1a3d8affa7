"""The model card, written from the figures and nothing else."""

from collections.abc import Mapping
from typing import Any

from training.card_text import CALIBRATION, LIMITS, RECIPE, TITLE, TRIED

Json = Mapping[str, Any]

SHIPPED_NAMES = {
    "mesonet4": "MesoNet-4",
    "mobilenetv2": "MobileNetV2",
    "both": "both, as served",
    "shipped_before": "both, as shipped before",
    "meso4_df": "authors' `Meso4_DF`",
}
KINDS = {
    "self_blend": "self-blended images",
    "autoencoder_swap": "autoencoder swaps",
    "aligned_swap": "aligned swaps",
    "rendered_mouth": "rendered mouths",
    "warped_still": "warped stills",
    "graphics_swap": "graphics swaps",
    "seamless_swap": "Poisson-blended swaps between two portraits",
    "seamless_swap_clips": "Poisson-blended swaps between two clips",
    "trained_swap": "swaps by an autoencoder pair trained for two clips",
}


def render_card(figures: Json) -> str:
    """Markdown. figures: what `train_deepfake` writes as JSON."""
    sections = (_render_head, _render_data, _render_recipe, _render_kinds, _render_clips, _render_each_clip)
    return "\n\n".join([*(render(figures) for render in sections), TRIED, LIMITS])


def _render_head(figures: Json) -> str:
    rows = [
        f"| {SHIPPED_NAMES[name]} | `{network['model']['file']}` | {network['model']['weights']:,} "
        f"| {network['model']['bytes']:,} | `{network['model']['sha256']}` "
        f"| {network['model']['difference_from_keras']:.0e} |"
        for name, network in figures["networks"].items()
    ]
    head = "| network | file | weights | bytes | sha256 | largest difference from Keras |\n|---|---|---|---|---|---|"
    return "\n".join([TITLE, "", head, *rows])


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
    lines = [RECIPE]
    for name, network in figures["networks"].items():
        fit, earlier = network["calibration"], network["earlier"]
        made = _describe_training(network)
        if earlier:
            made = (
                f"started from {earlier['start']}; {earlier['recipe']}. By `training/` as of commit "
                f"{earlier['commit']} (`training/initial/{name}.onnx`, SHA-256 `{earlier['sha256']}`); "
                "calibrated anew, and otherwise as it was"
            )
        lines.append(
            f"- {SHIPPED_NAMES[name]} {made}. Calibration: scale {fit['scale']:g}, offset {fit['offset']:g}, "
            f"on {fit['pairs']} pairs."
        )
    share = next(iter(figures["networks"].values()))["calibration"]["bona_fide_share"]
    return "\n".join([*lines, CALIBRATION.format(share=share)])


def _describe_training(network: Json) -> str:
    plan, report = network["training"]["plan"], network["training"]["report"]
    passes = report["pairs"] / max(1, report["planned_pairs"]) * plan["passes"]
    return (
        f"started from {network['start']}; {report['pairs']:,} pairs ({passes:.1f} passes) in "
        f"{report['seconds'] / 60:.0f} minutes; Adam, learning rate {plan['learning_rate']:g} with a short "
        f"rise and cosine decay; dropout {plan['dropout']:g}; seed {plan['seed']}; the last weights are kept"
    )


def _render_kinds(figures: Json) -> str:
    lines = _start_table("## People kept out of training: AUC, one picture at a time", figures)
    measured = figures["measured"]["both"]["pairs"]
    kinds = {key: name for key, name in KINDS.items() if key in measured}
    for key, name in kinds.items():
        lines.append(_row(f"{name} ({_say_who_saw(key, figures)}; simulated)", figures, "pairs", key, "auc"))
    lines += [
        "",
        *_start_table("The same pictures: share below 0.5, of genuine ones / of forged ones", figures),
    ]
    for key, name in kinds.items():
        cells = [
            f"{_share(column, key, 'genuine_below_half')} / {_share(column, key, 'forged_below_half')}"
            for column in figures["measured"].values()
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n\nIn brackets 95 % intervals, resampled by person; then pictures/people."


def _say_who_saw(kind: str, figures: Json) -> str:
    saw = [SHIPPED_NAMES[name] for name, network in figures["networks"].items() if kind in network["kinds"]]
    if len(saw) == len(figures["networks"]):
        return "kind trained on"
    return f"kind that {saw[0]} alone was trained on" if saw else "kind never trained on"


def _render_clips(figures: Json) -> str:
    lines = _start_table("## Bona fide: the median over a clip's frames", figures)
    groups = {
        "clips": "clips of people kept out",
        "clips_trained_on": "clips trained on",
        "simulated_clips": "portraits kept out, as simulated clips",
    }
    for key in [key for key in groups if key in figures["measured"]["both"]]:
        lines.append(_row(f"{groups[key]}: below 0.5", figures, key, "below_half"))
        for quantile, label in (
            ("q01", "1 % quantile"),
            ("q03", "3 % quantile"),
            ("q05", "5 % quantile"),
            ("least", "least"),
        ):
            lines.append(_row(f"{groups[key]}: {label}", figures, key, "quantiles", quantile))
    for name, probe in figures["measured"]["both"]["probes"].items():
        for key, against in (
            ("auc_kept_out", "bona fide clips kept out"),
            ("auc_all", "all bona fide clips"),
        ):
            if key in probe:
                lines.append(_row(f"AUC of `{name}` against {against}", figures, "probes", name, key))
    return "\n".join(lines) + (
        "\n\nIn brackets 95 % intervals (Wilson's for shares), then clips/clips. A simulated clip is one portrait"
        " captured six\ntimes with random size, blur, noise and coding. The bona fide clips trained on say little:"
        " they were seen."
    )


def _render_each_clip(figures: Json) -> str:
    names = list(figures["measured"])
    lines = ["## Clips one by one", "", "| clip | face px | " + " | ".join(map(_title, names)) + " |"]
    lines.append("|---|---|" + "---|" * len(names))
    groups = [("kept out", ("clips",)), ("trained on", ("clips_trained_on",))]
    groups += [
        (f"{name}, never trained on", ("probes", name)) for name in figures["measured"]["both"]["probes"]
    ]
    for label, keys in groups:
        described = [_dig(figures["measured"][name], keys) for name in names]
        for rows in zip(*(column["clips"] for column in described if column), strict=True):
            cells = [
                f"`{rows[0]['clip']}` ({label})",
                rows[0]["face_px"],
                *(f"{row['median']:.2f}" for row in rows),
            ]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _start_table(title: str, figures: Json) -> list[str]:
    names = list(figures["measured"])
    return [title, "", "| | " + " | ".join(map(_title, names)) + " |", "|---|" + "---|" * len(names)]


def _title(name: str) -> str:
    return SHIPPED_NAMES.get(name, f"`{name}`")


def _row(label: str, figures: Json, *keys: str) -> str:
    cells = [_dig(measured, keys) for measured in figures["measured"].values()]
    return f"| {label}{_count(cells[0])} | " + " | ".join(map(_format, cells)) + " |"


def _share(measured: Json, key: str, side: str) -> str:
    return f"{measured['pairs'][key][side]['value']:.2f}"


def _dig(tree: Json, keys: tuple[str, ...]) -> Any:
    node: Any = tree
    for key in keys:
        node = node.get(key) if node else None
    return node


def _count(cell: Json | float) -> str:
    return "" if isinstance(cell, (int, float)) else f", {cell['count']}/{cell['identities']}"


def _format(cell: Json | float) -> str:
    if isinstance(cell, (int, float)):
        return f"{cell:.2f}"
    return f"{cell['value']:.3f} [{cell['low']:.2f}, {cell['high']:.2f}]"
