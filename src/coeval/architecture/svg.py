"""An architecture as a self-contained SVG that reads in light and dark: boxes by family, regions as frames."""

from html import escape

from coeval.architecture.component import Component
from coeval.architecture.inference import infer
from coeval.architecture.layout import FRAME_TOP, GAP_X, SKIP_LANE, Box, Edge, Panel, lay_out, short
from coeval.architecture.step import Architecture
from coeval.architecture.text import one_line

_MARGIN = 24.0
_FAMILIES = {
    "input": ("#64748b", "#94a3b8"),
    "entry": ("#0d9488", "#2dd4bf"),
    "linear": ("#2563eb", "#60a5fa"),
    "activation": ("#ea580c", "#fb923c"),
    "norm": ("#7c3aed", "#a78bfa"),
    "noise": ("#64748b", "#94a3b8"),
    "gate": ("#db2777", "#f472b6"),
    "merge": ("#0891b2", "#22d3ee"),
    "region": ("#475569", "#94a3b8"),
    "head": ("#16a34a", "#4ade80"),
}
_LIGHT = "--page:#ffffff;--box:#ffffff;--line:#94a3b8;--rim:#cbd5e1;--text:#0f172a;--small:#64748b;--frame:#64748b0d;"
_DARK = "--page:#0f172a;--box:#1e293b;--line:#64748b;--rim:#475569;--text:#f1f5f9;--small:#94a3b8;--frame:#94a3b80f;"


def svg(architecture: Architecture) -> str:
    """Return the drawing as SVG text, top to bottom; hovering over a box tells what it does and costs.

    It refers to no font, script or file, and may be embedded into HTML as it is: its styles are
    confined to the class ``coeval-architecture``.

    Raises:
        SpaceError: The architecture is not legal.
    """
    inference = infer(architecture)
    cost = inference.cost
    panel = lay_out(architecture.body, inference, architecture.inputs)
    width = max(panel.width + 2 * _MARGIN, 320.0)
    height = panel.height + 2 * _MARGIN + 26
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="coeval-architecture" role="img" '
        f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">',
        f"<title>{escape(one_line(architecture))}</title>",
        f"<style>{_style()}</style>",
        f'<rect class="page" width="{width:.0f}" height="{height:.0f}" rx="12"/>',
        *_panel(panel, (width - panel.width) / 2, _MARGIN, outer=True),
        f'<text class="small" x="{width / 2:.1f}" y="{height - 18:.1f}" text-anchor="middle">'
        f"{short(cost.parameters)} parameters · {short(cost.macs)} multiply-accumulates an example</text>",
        "</svg>",
    ]
    return "\n".join(parts)


def family(component: Component) -> str:
    """Return the kind of component that decides its colour."""
    facts = component.capabilities
    order = (
        ("entry", "entry"),
        ("head", "head"),
        ("merging", "merge"),
        ("normalising", "norm"),
        ("stochastic", "noise"),
        ("gating", "gate"),
        ("affine", "linear"),
        ("constant", "input"),
    )
    if component.regions != 0:
        return "region"
    return next((name for fact, name in order if fact in facts), "activation")


def _style() -> str:
    scope = ".coeval-architecture"
    light = "".join(f"--{name}:{pair[0]};" for name, pair in _FAMILIES.items())
    dark = "".join(f"--{name}:{pair[1]};" for name, pair in _FAMILIES.items())
    rules = (
        " text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}",
        " .page{fill:var(--page)}",
        " .box{fill:var(--box);stroke:var(--rim);stroke-width:1}",
        " .frame{fill:var(--frame);stroke:var(--rim);stroke-width:1.2;stroke-dasharray:5 4}",
        " .ghost{fill:var(--page);stroke:var(--rim);stroke-width:1.2}",
        " .title{fill:var(--text);font-size:13px;font-weight:600}",
        " .small{fill:var(--small);font-size:11px}",
        " .edge{fill:none;stroke:var(--line);stroke-width:1.5}",
        " .skip{fill:none;stroke:var(--merge);stroke-width:1.5}",
        " .tip{fill:var(--line)}",
        " .again{fill:none;stroke:var(--line);stroke-width:1.5;stroke-dasharray:4 3}",
        " .dead{opacity:.4}",
        " .sum{fill:var(--box);stroke:var(--merge);stroke-width:1.5}",
        *(f" .{name}{{fill:var(--{name})}}" for name in _FAMILIES),
    )
    return (
        f"{scope}{{{_LIGHT}{light}}}"
        f"@media (prefers-color-scheme:dark){{{scope}{{{_DARK}{dark}}}}}"
        + "".join(scope + rule for rule in rules)
    )


def _panel(panel: Panel, x: float, y: float, *, outer: bool = False) -> list[str]:
    dead = _dead(panel)
    parts = []
    for edge in panel.edges:
        line = _edge(panel, edge, x, y)
        parts.append(f'<g class="dead">{line}</g>' if edge.target in dead else line)
    for index, box in enumerate(panel.boxes):
        drawn = _box(box, x, y, result=outer and index == panel.output)
        parts += ['<g class="dead">', *drawn, "</g>"] if index in dead else drawn
    return parts


def _dead(panel: Panel) -> set[int]:
    """Return the steps that the result does not depend on; they are drawn pale."""
    needed = {panel.output}
    for edge in sorted(panel.edges, key=lambda one: -one.target):
        if edge.target in needed:
            needed.add(edge.source)
    return {index for index, box in enumerate(panel.boxes) if box.step and index not in needed}


def _edge(panel: Panel, edge: Edge, x: float, y: float) -> str:
    source, target = panel.boxes[edge.source], panel.boxes[edge.target]
    x1, y1 = x + source.centre, y + source.y + source.height
    x2, y2 = x + target.centre, y + target.y - 5
    tip = f'<path class="tip" d="M{x2 - 4:.1f} {y2 - 2:.1f}h8l-4 7z"/>'
    if edge.lane is None:
        bend = (y2 - y1) / 2
        line = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"
        return f'<path class="edge" d="{line}"/>{tip}'
    lane = x + edge.lane
    shift = 7 if lane > x2 else -7
    x1, x2 = (x1 if source.step is None else x1 + shift), x2 + shift
    tip = f'<path class="tip" d="M{x2 - 4:.1f} {y2 - 2:.1f}h8l-4 7z"/>'
    line = (
        f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + 18:.1f} {lane:.1f} {y1 + 6:.1f} {lane:.1f} {y1 + 30:.1f}"
        f"L{lane:.1f} {y2 - 28:.1f}C{lane:.1f} {y2 - 4:.1f} {x2:.1f} {y2 - 18:.1f} {x2:.1f} {y2:.1f}"
    )
    return f'<path class="skip" d="{line}"/>{tip}'


def _box(box: Box, x: float, y: float, *, result: bool) -> list[str]:
    left, top = x + box.x, y + box.y
    if box.step is None and not box.width > 10:
        return [f'<circle class="tip" cx="{left + 5:.1f}" cy="{top + 5:.1f}" r="4"/>']
    name = "input" if box.step is None else family(box.step.component)
    parts = [f"<g><title>{escape(box.tooltip)}</title>"]
    if box.panels:
        parts += _frame(box, left, top)
    else:
        rim = f' style="stroke:var(--{name})"' if result else ""
        parts += [
            f'<rect class="box"{rim} x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="9"/>',
            f'<rect class="{name}" x="{left + 8:.1f}" y="{top + 9:.1f}" width="4" height="{box.height - 18:.1f}" rx="2"/>',
        ]
    parts += [
        f'<text class="title" x="{left + 20:.1f}" y="{top + 20:.1f}">{escape(box.title)}</text>',
        f'<text class="small" x="{left + 20:.1f}" y="{top + 36:.1f}">{escape(box.detail)}</text>',
        "</g>",
    ]
    return parts


def _frame(box: Box, left: float, top: float) -> list[str]:
    """Draw a region step: its frame, its bodies, where they begin and end, and what the step adds to them."""
    assert box.step is not None
    parts = []
    settings = dict(box.step.settings)
    times, tied = int(settings.get("times", 1)), bool(settings.get("tied"))
    copies = 1 if tied else times
    for layer in range(min(copies - 1, 2), 0, -1):
        parts.append(
            f'<rect class="ghost" x="{left + 5 * layer:.1f}" y="{top + 5 * layer:.1f}" '
            f'width="{box.width:.1f}" height="{box.height:.1f}" rx="12"/>'
        )
    if copies > 1:
        parts.append(
            f'<rect class="page" x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="12"/>'
        )
    parts.append(
        f'<rect class="frame" x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="12"/>'
    )
    body = sum(one.width for one in box.panels) + GAP_X * (len(box.panels) - 1)
    x, y = left + (box.width - body) / 2, top + FRAME_TOP + 16
    for panel in box.panels:
        parts += _panel(panel, x, y)
        parts += _ends(panel, x, y, top + box.height, box)
        if tied and times > 1:
            parts.append(_again(panel, x, y))
        x += panel.width + GAP_X
    return parts


def _ends(panel: Panel, x: float, y: float, bottom: float, box: Box) -> list[str]:
    """Draw the line from a body's result to the frame's lower rim, with the skip of a residual."""
    result, start = panel.boxes[panel.output], panel.boxes[0]
    centre = x + result.centre
    parts = [
        f'<path class="edge" d="M{centre:.1f} {y + result.y + result.height:.1f}V{bottom:.1f}"/>'
    ]
    assert box.step is not None
    if "skip" not in box.step.component.capabilities:
        return parts
    lane, plus = x + panel.width + SKIP_LANE - 6, bottom - 18
    first = y + start.y + 5
    parts.append(
        f'<path class="skip" d="M{x + start.centre + 4:.1f} {first:.1f}C{lane:.1f} {first:.1f} {lane:.1f} {first:.1f} '
        f'{lane:.1f} {first + 34:.1f}L{lane:.1f} {plus - 28:.1f}C{lane:.1f} {plus:.1f} {lane:.1f} {plus:.1f} {centre + 9:.1f} {plus:.1f}"/>'
    )
    parts.append(
        f'<circle class="sum" cx="{centre:.1f}" cy="{plus:.1f}" r="9"/>'
        f'<path class="skip" d="M{centre - 5:.1f} {plus:.1f}h10M{centre:.1f} {plus - 5:.1f}v10"/>'
    )
    return parts


def _again(panel: Panel, x: float, y: float) -> str:
    """Draw the way back from a tied body's result to its input, left of the body."""
    result, start = panel.boxes[panel.output], panel.boxes[0]
    bottom, first, lane = y + result.y + result.height + 10, y + start.y + 5, x - 10
    end = x + start.centre - 7
    return (
        f'<path class="again" d="M{x + result.centre:.1f} {bottom:.1f}C{lane:.1f} {bottom:.1f} {lane:.1f} {bottom:.1f} '
        f'{lane:.1f} {bottom - 30:.1f}L{lane:.1f} {first + 30:.1f}C{lane:.1f} {first:.1f} {lane:.1f} {first:.1f} {end:.1f} {first:.1f}"/>'
        f'<path class="tip" d="M{end - 2:.1f} {first - 4:.1f}v8l7 -4z"/>'
    )
