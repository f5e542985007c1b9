"""The critical-difference diagram of Demšar 2006, figure 1, as SVG."""

from collections.abc import Mapping
from html import escape

from benchmarks.peers.ranks import alike

WIDTH, SIDE, TOP, STEP = 820, 210, 80, 22
"""Pixels: of the drawing, of the names on either side, above the axis, between two names."""


def diagram(mean_ranks: Mapping[str, float], difference: float, title: str) -> str:
    """Return a drawing of mean ranks; a bar joins tools that do not differ significantly.

    Args:
        mean_ranks: By the tool's label; 1 is the best, drawn at the left.
        difference: The critical one.
        title: What is compared.
    """
    count = len(mean_ranks)

    def at(rank: float) -> float:
        return SIDE + (rank - 1) / max(1, count - 1) * (WIDTH - 2 * SIDE)

    ordered = sorted(mean_ranks.items(), key=lambda one: one[1])
    bars = alike([rank for _, rank in ordered], difference)
    first = TOP + 16 + 9 * len(bars)
    half = (count + 1) // 2
    parts = [_text(SIDE, 18, title, "start"), _line(at(1), TOP, at(count), TOP)]
    parts += [_line(at(1), 47, at(1 + min(difference, count - 1)), 47, 2)]
    parts += [_text(at(1), 41, f"critical difference {difference:.2f}", "start")]
    for rank in range(1, count + 1):
        parts += [_line(at(rank), TOP - 5, at(rank), TOP), _text(at(rank), TOP - 9, str(rank))]
    for number, (low, high) in enumerate(bars):
        parts.append(
            _line(at(low) - 4, TOP + 9 + 9 * number, at(high) + 4, TOP + 9 + 9 * number, 4)
        )
    for number, (label, rank) in enumerate(ordered):
        left = number < half
        place = first + STEP * (1 + (number if left else count - 1 - number))
        end = SIDE - 6 if left else WIDTH - SIDE + 6
        parts += [_line(at(rank), TOP, at(rank), place), _line(at(rank), place, end, place)]
        edge = end - 4 if left else end + 4
        parts.append(_text(edge, place + 4, f"{label} ({rank:.2f})", "end" if left else "start"))
    height = first + STEP * (half + 1)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
    head += 'font-family="sans-serif" font-size="12">'
    back = f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", back, *parts, "</svg>\n"])


def _line(x: float, y: float, to_x: float, to_y: float, width: float = 1) -> str:
    ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
    return f'<line {ends} stroke="black" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
