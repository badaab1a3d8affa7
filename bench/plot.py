"""Latency against sessions as SVG: two lines and the limit, in colours that light and dark pages bear."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 24, 48
_LINES = (("median", "#2a78d6"), ("p95", "#d6552a"))


def draw_latency(result: Mapping[str, Any]) -> str:
    """The plot of `sessions.json`. Steps without an answer are left out."""
    steps = [step for step in result["steps"] if step["latency_ms"] is not None]
    if not steps:
        return _wrap([_text(WIDTH / 2, HEIGHT / 2, "no answers", "middle")])
    most = max(step["clients"] for step in steps)
    highest = max(float(result["limit_ms"]), *(step["latency_ms"]["p95"] for step in steps)) * 1.1
    parts = _draw_axes(most, highest)
    limit_y = _y(float(result["limit_ms"]), highest)
    parts.append(f'<path d="M{_LEFT} {limit_y:.1f}H{WIDTH - _RIGHT}" stroke="#888" stroke-dasharray="5 4"/>')
    parts.append(_text(_LEFT + 6, limit_y - 6, f"limit {result['limit_ms']:.0f} ms", "start"))
    for name, colour in _LINES:
        points = [(_x(step["clients"], most), _y(step["latency_ms"][name], highest)) for step in steps]
        parts.append(_line(points, colour))
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        parts.append(_text(points[-1][0], points[-1][1] - 8, name, "end", colour))
    return _wrap(parts)


def _draw_axes(most: int, highest: float) -> list[str]:
    bottom = HEIGHT - _BOTTOM
    parts = [f'<path d="M{_LEFT} {_TOP}V{bottom}H{WIDTH - _RIGHT}" fill="none" stroke="#888"/>']
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = highest * share
        parts.append(_text(_LEFT - 8, _y(value, highest) + 4, f"{value:.0f}", "end"))
        parts.append(_text(_x(most * share, most), bottom + 18, f"{most * share:g}", "middle"))
    parts.append(_text((_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 8, "sessions at ten frames a second", "middle"))
    parts.append(_text(8, _TOP - 8, "ms from frame to feedback", "start"))
    return parts


def _x(clients: float, most: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * clients / most


def _y(latency_ms: float, highest: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * latency_ms / highest


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#888") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def _wrap(parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="12">'
    )
    title = "<title>Latency against sessions</title>"
    return "\n".join([head, title, *parts, "</svg>"]) + "\n"
