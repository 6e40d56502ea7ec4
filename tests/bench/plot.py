"""Draw how something went, second by second, as an SVG file, without a library."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

WIDTH, HEIGHT, MARGIN = 720, 300, 48
COLOURS = ("#1a7f37", "#cf222e", "#0969da", "#9a6700")


def plot(path: Path, series: Mapping[str, Mapping[int, float]], seconds: int) -> None:
    """Draw each series by second from 0 on; a second without a value counts as 0."""
    most = max((max(values.values(), default=0) for values in series.values()), default=0) or 1
    across, up = (WIDTH - 2 * MARGIN) / max(seconds - 1, 1), (HEIGHT - 2 * MARGIN) / most
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        f'<path d="M{MARGIN} {MARGIN}V{HEIGHT - MARGIN}H{WIDTH - MARGIN}" fill="none"'
        ' stroke="#888"/>',
        f'<text x="4" y="{MARGIN}">{most:,.0f}</text>',
        f'<text x="{WIDTH - MARGIN}" y="{HEIGHT - MARGIN + 18}">{seconds} s</text>',
    ]
    for number, (name, values) in enumerate(series.items()):
        points = " ".join(
            f"{MARGIN + second * across:.1f},{HEIGHT - MARGIN - values.get(second, 0) * up:.1f}"
            for second in range(seconds)
        )
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        parts.append(
            f'<text x="{MARGIN + 8 + 160 * number}" y="20" fill="{colour}">{escape(name)}</text>'
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")
