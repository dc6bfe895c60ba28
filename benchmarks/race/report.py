"""Figures of all parts as a table, as JSON and as a plot. Medians; the ratios are what carries over."""

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path

from race.measure import spread
from race.work import Figures

# name -> (figure, the other server); above 1 means that ours does more
RATIOS = {
    "push_vs_thin": ("push_per_s", "thin"),
    "push_vs_kinto": ("push_per_s", "kinto"),
    "first_pull_vs_thin": ("first_pull_per_s", "thin"),
    "first_pull_vs_kinto": ("first_pull_per_s", "kinto"),
    "syncs_vs_thin": ("syncs_per_s", "thin"),
    "syncs_vs_kinto": ("syncs_per_s", "kinto"),
}
# name -> (least or most, whether it is a least): what issue 7 asks for
BARS = {
    "push_vs_thin": (0.5, True), "push_vs_kinto": (40, True),
    "first_pull_vs_thin": (0.6, True), "first_pull_vs_kinto": (1.5, True),
    "syncs_vs_thin": (0.5, True), "syncs_vs_kinto": (20, True),
    "incremental_flatness": (1.3, False), "upload_vs_tus_server": (1, True), "lost_updates": (0, False),
    "crowd_syncs_per_s": (200, True), "crowd_p99_ms": (2000, False), "crowd_lost": (0, False),
    "crowd_memory_growth": (1.1, False),
}  # fmt: skip
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
Spread = tuple[float, float, float]  # median, smallest, largest


@dataclass(slots=True)
class Results:
    """What was measured so far. `rounds`: server -> figures of each; `flat`: database -> records -> figures."""

    machine: Figures = field(default_factory=dict)
    uploads: Figures = field(default_factory=dict)
    rounds: dict[str, list[Figures]] = field(default_factory=dict)
    crowd: Figures = field(default_factory=dict)
    flat: dict[str, dict[int, Figures]] = field(default_factory=dict)
    plans: dict[str, dict[str, str]] = field(default_factory=dict)


def medians(results: Results) -> dict[str, dict[str, Spread]]:
    """server -> figure -> its spread."""
    return {
        server: {name: spread([f[name] for f in figures]) for name in figures[0]}
        for server, figures in results.rounds.items()
        if figures
    }


def ratios(results: Results) -> Figures:
    """Ours beside the others, how flat cost is, and what was lost."""
    found = medians(results)
    mine = found.get(OURS, {})
    known: Figures = {
        name: mine[figure][0] / found[other][figure][0]
        for name, (figure, other) in RATIOS.items()
        if figure in mine and figure in found.get(other, {})
    }
    known |= {name: mine[name][2] for name in ("lost_updates", "sync_missing", "first_pull_missing") if name in mine}
    known |= {name: value for name, value in results.uploads.items() if name.endswith("vs_tus_server")}
    known |= results.crowd
    for database, by_total in results.flat.items():
        ends = [by_total[min(by_total)], by_total[max(by_total)]]
        suffix = "" if database == "postgresql" else f"_{database}"
        names = {"pull_100_ms": "incremental", "queue_ms": "queue", "progress_ms": "progress", "push_100_ms": "push"}
        known |= {f"{names[f]}_flatness{suffix}": ends[1][f] / ends[0][f] for f in names}
    return {name: round(value, 3) for name, value in known.items()}


def write(results: Results, folder: Path) -> None:
    """Writes `latest.json`, `latest.md`, `plans.md` and `latest.svg` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    host = {"cores": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()}
    kept = {
        **ratios(results), "host": host, "machine": results.machine, "uploads": results.uploads,
        "rounds": results.rounds, "flat": results.flat,
    }  # fmt: skip
    (folder / "latest.json").write_text(json.dumps(kept, indent=1) + "\n")
    (folder / "latest.md").write_text(text(results) + "\n")
    if results.plans:
        (folder / "plans.md").write_text(_plans(results))
    (folder / "latest.svg").write_text(_plot(medians(results)))


def text(results: Results) -> str:
    """The tables."""
    parts = [_table(medians(results)), _machine(results.machine), _flat(results), _bars(ratios(results))]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _table(found: dict[str, dict[str, Spread]]) -> list[str]:
    servers = list(found)
    lines = [f"| | {' | '.join(servers)} |", f"| --- |{' ---: |' * len(servers)}"]
    for name, label in LABELS.items():
        cells = [_cell(found[s].get(name)) for s in servers]
        if any(cells):
            lines.append(f"| {label} | {' | '.join(cells)} |")
    return lines if servers else []


def _cell(figure: Spread | None) -> str:
    if figure is None:
        return ""
    middle, low, high = figure
    return f"{middle:,.4g} [{low:,.3g}–{high:,.3g}]" if middle < 1000 else f"{middle:,.0f} [{low:,.0f}–{high:,.0f}]"


def _machine(figures: Figures) -> list[str]:
    return ["| the machine and the generator | |", "| --- | ---: |"] + [
        f"| `{name}` | {value:,.0f} |" for name, value in figures.items()
    ]


def _flat(results: Results) -> list[str]:
    lines = [
        "| records | database | pull of 100, ms | queue, ms | progress, ms | push of 100, ms |",
        "| ---: " * 6 + "|",
    ]
    for database, by_total in results.flat.items():
        for total, figures in by_total.items():
            cells = " | ".join(f"{value:.2f}" for value in figures.values())
            lines.append(f"| {total:,} | {database} | {cells} |")
    return lines if results.flat else []


def _bars(known: Figures) -> list[str]:
    lines = ["| figure | measured | asked for | |", "| --- | ---: | ---: | --- |"]
    for name, value in known.items():
        bar, least = BARS.get(name, (None, True))
        if bar is None:
            lines.append(f"| `{name}` | {value:g} | | |")
        else:
            met = value >= bar if least else value <= bar
            lines.append(f"| `{name}` | {value:g} | {'≥' if least else '≤'} {bar} | {'met' if met else 'missed'} |")
    return lines


def _plans(results: Results) -> str:
    """How both databases answer the queries of a pull and of the queue where there is most."""
    parts = ["# Query plans at the largest number of records\n"]
    for database, plans in results.plans.items():
        parts += [f"## {name}, {database}\n\n```text\n{plan}\n```\n" for name, plan in plans.items()]
    return "\n".join(parts)


def _plot(found: dict[str, dict[str, Spread]]) -> str:
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
