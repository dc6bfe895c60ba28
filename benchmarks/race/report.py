"""Figures of all rounds as a table, as JSON and as a plot. Medians; the ratios are what carries over."""

import json
import os
import platform
from pathlib import Path

from race.measure import spread
from race.work import Figures

# name -> (figure, ours, the other's); above 1 means that ours does more
RATIOS = {
    "push_vs_thin": ("push_per_s", "thin"),
    "push_vs_kinto": ("push_per_s", "kinto"),
    "first_pull_vs_thin": ("first_pull_per_s", "thin"),
    "first_pull_vs_kinto": ("first_pull_per_s", "kinto"),
    "syncs_vs_thin": ("syncs_per_s", "thin"),
    "syncs_vs_kinto": ("syncs_per_s", "kinto"),
}
OURS = "minhchung"
LABELS = {
    "push_per_s": "pushed, records/s",
    "push_cpu_us": "server CPU per pushed record, µs",
    "push_p99_ms": "batch of 100, p99 ms",
    "first_pull_per_s": "first pull, records/s",
    "first_pull_cpu_us": "server CPU per pulled record, µs",
    "pull_100_ms": "pull of 100 changes, ms",
    "pull_0_ms": "pull of nothing, ms",
    "syncs_per_s": "50 devices in a loop, syncs/s",
    "sync_cpu_ms": "server CPU per sync, ms",
    "sync_p99_ms": "sync, p99 ms",
    "first_pull_missing": "told stored, not pulled",
    "sync_missing": "told stored, never seen",
    "lost_updates": "updates lost unsaid",
    "updates_taken": "updates taken of those sent",
}

Rounds = dict[str, list[Figures]]


def medians(rounds: Rounds) -> dict[str, dict[str, tuple[float, float, float]]]:
    """server -> figure -> (median, smallest, largest)."""
    return {
        server: {name: spread([f[name] for f in figures]) for name in figures[0]}
        for server, figures in rounds.items()
        if figures
    }


def ratios(found: dict[str, dict[str, tuple[float, float, float]]]) -> dict[str, float]:
    """Ours beside the others, and what was lost."""
    mine = found.get(OURS, {})
    known = {
        name: round(mine[figure][0] / found[other][figure][0], 3)
        for name, (figure, other) in RATIOS.items()
        if figure in mine and figure in found.get(other, {})
    }
    return known | {
        name: mine[name][2] for name in ("lost_updates", "sync_missing", "first_pull_missing") if name in mine
    }


def write(rounds: Rounds, folder: Path) -> None:
    """Prints the table, and writes `latest.json`, `latest.md` and `latest.svg` into `folder`."""
    found = medians(rounds)
    table = "\n".join(_table(found))
    told = ratios(found)
    print(table, *(f"{name} {value:g}" for name, value in told.items()), sep="\n")
    folder.mkdir(parents=True, exist_ok=True)
    machine = {"cores": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()}
    kept = {"machine": machine, "rounds": rounds, "ratios": told}
    (folder / "latest.json").write_text(json.dumps(kept, indent=1) + "\n")
    (folder / "latest.md").write_text(table + "\n\n" + "\n".join(f"- `{n}` {v:g}" for n, v in told.items()) + "\n")
    (folder / "latest.svg").write_text(_plot(found))


def _table(found: dict[str, dict[str, tuple[float, float, float]]]) -> list[str]:
    servers = list(found)
    lines = [f"| | {' | '.join(servers)} |", f"| --- |{' ---: |' * len(servers)}"]
    for name, label in LABELS.items():
        cells = [_cell(found[s].get(name)) for s in servers]
        if any(cells):
            lines.append(f"| {label} | {' | '.join(cells)} |")
    return lines


def _cell(figure: tuple[float, float, float] | None) -> str:
    if figure is None:
        return ""
    middle, low, high = figure
    return f"{middle:,.4g} [{low:,.3g}–{high:,.3g}]" if middle < 1000 else f"{middle:,.0f} [{low:,.0f}–{high:,.0f}]"


def _plot(found: dict[str, dict[str, tuple[float, float, float]]]) -> str:
    """Bars, one group for each rate, each scaled to its largest."""
    rates = ("push_per_s", "first_pull_per_s", "syncs_per_s")
    bars, y = [], 20
    for rate in (r for r in rates if any(r in f for f in found.values())):
        top = max(f[rate][0] for f in found.values() if rate in f)
        bars.append(f'<text x="10" y="{y}" font-weight="bold">{LABELS[rate]}</text>')
        for server, figures in found.items():
            if rate not in figures:
                continue
            y += 22
            width = 400 * figures[rate][0] / top
            colour = "#b5121b" if server.startswith(OURS) else "#8a8a8a"
            bars.append(f'<text x="10" y="{y}">{server}</text>')
            bars.append(f'<rect x="150" y="{y - 12}" width="{width:.1f}" height="15" fill="{colour}"/>')
            bars.append(f'<text x="{156 + width:.1f}" y="{y}">{figures[rate][0]:,.0f}</text>')
        y += 36
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="660" height="{y}" font-family="sans-serif" font-size="13">'
    return "\n".join([head, *bars, "</svg>", ""])
