"""A line chart as SVG, for a page that GitHub shows."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 720, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 20, 60, 50
_MOST_TICKS = 6
_COLOURS = ("#0b6fb8", "#c2410c", "#4b5563", "#15803d")


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    points: Sequence[tuple[float, float]]
    is_dashed: bool = False


def chart(title: str, x: str, y: str, *lines: Line, is_log: bool = False) -> str:
    """`x`, `y`: what the axes show; the y axis begins at 0. `is_log`: each step along x is ten times more."""
    xs = [point[0] for line in lines for point in line.points]
    highest = max(point[1] for line in lines for point in line.points)
    y_ticks = _ticks(highest)
    x_ticks = sorted(set(xs)) if is_log else _ticks(max(xs))
    scale: Callable[[float], float] = math.log10 if is_log else float
    left, right = scale(x_ticks[0]), scale(x_ticks[-1])

    def at(value: tuple[float, float]) -> tuple[float, float]:
        across = (scale(value[0]) - left) / (right - left)
        up = value[1] / y_ticks[-1]
        return (
            _LEFT + across * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM),
        )

    view = f'viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {view} font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 20, title, "start", "bold"),
        _text(_WIDTH / 2, _HEIGHT - 10, x),
        _text(_LEFT, _TOP - 8, y, "end"),
    ]
    for tick in y_ticks:
        _, height = at((x_ticks[0], tick))
        parts.append(f'<path d="M{_LEFT} {height:.1f}H{_WIDTH - _RIGHT}" stroke="#e5e7eb"/>')
        parts.append(_text(_LEFT - 6, height + 4, f"{tick:,.0f}", "end"))
    for tick in x_ticks:
        across, height = at((tick, 0))
        parts.append(_text(across, height + 18, f"{tick:,.0f}"))
    for number, (line, colour) in enumerate(zip(lines, _COLOURS, strict=False)):
        path = "L".join(f"{across:.1f} {height:.1f}" for across, height in map(at, line.points))
        dashes = ' stroke-dasharray="6 4"' if line.is_dashed else ""
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        start = _LEFT + 20 + number * (_WIDTH - _LEFT) / len(lines)
        parts.append(f'<path d="M{start:.0f} 36h24" stroke="{colour}" stroke-width="2"{dashes}/>')
        parts.append(_text(start + 30, 40, line.name, "start"))
    return "\n".join([*parts, "</svg>\n"])


def _ticks(highest: float) -> list[float]:
    """Round numbers from 0 to at least `highest`."""
    power = 10 ** math.floor(math.log10(highest or 1))
    steps = (factor * power for factor in (0.1, 0.2, 0.5, 1, 2, 5, 10))
    step = next(step for step in steps if highest / step <= _MOST_TICKS)
    return [step * number for number in range(math.ceil(highest / step) + 1)]


def _text(x: float, y: float, text: str, anchor: str = "middle", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" fill="#111827">'
        f"{escape(text)}</text>"
    )
