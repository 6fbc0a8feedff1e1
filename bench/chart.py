"""A bar chart as SVG that reads on a light and on a dark page."""
from xml.sax.saxutils import escape

from bench.goals import FLOOR, OURS
from bench.report import TABLE, cell, number

WIDTH = 860
LABELS = 210  # the column of names
VALUES = 130  # room for the figure behind a bar
BAR, GAP, HEAD, BETWEEN = 18, 5, 26, 22

STYLE = """
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif;
         fill: #1f2328; }
  .head, .strong { font-weight: 600; }
  .head { font-size: 14px; }
  .note, .better { fill: #59636e; font-size: 12px; font-weight: 400; }
  .ours { fill: #0969da; }
  .other { fill: #afb8c1; }
  .floor { fill: none; stroke: #818b98; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .note, .better { fill: #9198a1; }
    .ours { fill: #4493f8; }
    .other { fill: #59636e; }
    .floor { stroke: #9198a1; }
  }
"""


def bars(results, titles, row):
    """The (side, figure) of one chart: ours, the others from the best on, the floor."""
    measured = [(side, cell(results, row, side)) for side in titles]
    measured = [(side, value) for side, value in measured if value]
    worst_first = row.unit == "ms"
    others = sorted((m for m in measured if m[0] not in (OURS, FLOOR)),
                    key=lambda m: m[1] if worst_first else -m[1])
    return ([m for m in measured if m[0] == OURS] + others
            + [m for m in measured if m[0] == FLOOR])


def draw_bar(side, title, value, widest, row, y):
    length = max(1.5, value / widest * (WIDTH - LABELS - VALUES))
    kind = {OURS: "ours", FLOOR: "floor"}.get(side, "other")
    unit = "/s" if row.unit == "jobs/s" else f" {row.unit}"
    weight = ' class="strong"' if side == OURS else ""
    return (f'<text x="{LABELS - 10}" y="{y + 13.5}" text-anchor="end"{weight}>{escape(title)}'
            f'</text><rect class="{kind}" x="{LABELS}" y="{y + 0.5}" width="{length:.1f}" '
            f'height="{BAR - 1}" rx="3"/><text x="{LABELS + length + 8:.1f}" y="{y + 13.5}"'
            f'{weight}>{number(value, row.digits)}{unit}</text>')


def svg(results, titles, facts):
    """Ours beside the others, one group of bars for each row that both were measured in."""
    drawn, y = [], 10
    for row in TABLE:
        sides = bars(results, titles, row)
        if not row.charted or not any(side not in (OURS, FLOOR) for side, _ in sides):
            continue
        better = "shorter is better" if row.unit == "ms" else "longer is better"
        drawn.append(f'<text class="head" x="{LABELS}" y="{y + 14}">{escape(row.title)}'
                     f'<tspan class="better" dx="10">{better}</tspan></text>')
        y += HEAD
        widest = max(value for _, value in sides)
        for side, value in sides:
            drawn.append(draw_bar(side, titles[side], value, widest, row, y))
            y += BAR + GAP
        y += BETWEEN - GAP
    note = (f"{facts['cores']} cores, PostgreSQL {facts['postgresql']} on the same machine, every "
            f"commit on disk, medians of {facts['rounds']} rounds in turn")
    drawn.append(f'<text class="note" x="{LABELS}" y="{y + 10}">{escape(note)}</text>')
    floor = "floor: the same statements without server and network"
    drawn.append(f'<text class="note" x="{LABELS}" y="{y + 28}">{escape(floor)}</text>')
    height = y + 40
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img" aria-label="Leasehold beside other job '
            f'queues">\n<style>{STYLE}</style>\n' + "\n".join(drawn) + "\n</svg>\n")
