"""The chart: CPU time of `GET notes`, a bar for each subject on each database."""

from html import escape
from statistics import median

from tables import DATABASES, LABELS, cell, number, of

WIDTH, LEFT, RIGHT = 760, 270, 60
BAR, GAP, HEAD = 18, 8, 46
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .note, .value { fill: #59636e; }
  .bar { fill: #8c959f; }
  .ours { fill: #0969da; }
  .range { stroke: #1f2328; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .note, .value { fill: #9198a1; }
    .bar { fill: #656c76; }
    .ours { fill: #4493f8; }
    .range { stroke: #f0f6fc; }
  }
"""


def drawn(results):
    """An SVG of bars, with a line from the lowest to the highest round."""
    rows = {
        name: [
            (subject, of(samples, "cpu_ms"))
            for subject in LABELS
            if (samples := cell(results, subject, "list", kind, 16))
        ]
        for kind, name in DATABASES.items()
    }
    longest = max((max(values) for found in rows.values() for _, values in found), default=1)
    scale = (WIDTH - LEFT - RIGHT) / longest
    parts, top = [], 0
    for name, found in rows.items():
        if not found:
            continue
        parts.append(
            f'<text class="title" x="0" y="{top + 18}">GET notes on {name}: CPU milliseconds per request</text>'
        )
        parts.append(
            f'<text class="note" x="0" y="{top + 36}">20 notes, 16 connections, two workers; less is better</text>'
        )
        top += HEAD
        for subject, values in found:
            parts += bar(subject, values, top, scale)
            top += BAR + GAP
        top += 2 * GAP
    said = "; ".join(
        f"{LABELS[subject]} {number(median(values))}" for found in rows.values() for subject, values in found
    )
    size = f'viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    title = f"<title>CPU milliseconds of GET notes: {escape(said)}</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"


def bar(subject, values, top, scale):
    middle, low, high = (part(values) for part in (median, min, max))
    baseline, centre, kind = top + BAR - 5, top + BAR / 2, "ours" if subject.startswith("vestibule") else "bar"
    yield f'<text x="{LEFT - 10}" y="{baseline}" text-anchor="end">{escape(LABELS[subject])}</text>'
    yield f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{max(middle * scale, 1):.1f}" height="{BAR}" rx="2"/>'
    begin, end = LEFT + low * scale, LEFT + high * scale
    yield f'<line class="range" x1="{begin:.1f}" x2="{end:.1f}" y1="{centre}" y2="{centre}"/>'
    yield f'<text class="value" x="{end + 8:.1f}" y="{baseline}">{number(middle)}</text>'
