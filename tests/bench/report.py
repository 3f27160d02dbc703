# SPDX-License-Identifier: MIT
"""What compare.py found, as lines, a table, Markdown and a picture."""
import html
import json

# Others used more than this share of the processors while a row was measured: its figures say little.
NOISE = 0.05
ROW_HEIGHT, LEFT, WIDTH, TOP = 22, 430, 300, 56
GREEN, YELLOW, RED, GREY, TEXT = "#a5d6a7", "#ffe082", "#ef9a9a", "#8a9199", "#d8dbe0"


class Store:
    """Results that outlive a run, {row name: result} for the machine they were measured on."""

    def __init__(self, path):
        self.path = path
        try:
            self.data = json.loads(path.read_text())
        except (OSError, ValueError):
            self.data = {}
        self.data.setdefault("rows", {})

    def save(self):
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.data, indent=1))
        part.replace(self.path)

    def set_machine(self, cpu, threads, version, *peers):
        """Results of another machine or another number of threads are forgotten."""
        machine = {"cpu": cpu, "threads": threads}
        if self.data.get("machine") != machine:
            self.data["rows"] = {}
        self.data.update(machine=machine, version=version, peers=peers)
        self.save()

    def put(self, name, result):
        self.data["rows"][name] = result
        self.save()

    def leave_out(self, name, title, reason):
        # What was measured once stays.
        if "ratio" not in self.data["rows"].get(name, {}):
            self.put(name, {"title": title, "reason": reason})


def reached(result):
    if result["ratio"] >= result["goal"]:
        return "goal"
    return "floor" if result["ratio"] >= result["floor"] else "no"


def figure(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def rates(result):
    """The GB/s of decoding, ours and the peer's, with the share of the bandwidth where that is known; or the file's share
    of memory, which both map."""
    if "file" in result:
        return f"{result['file']:.0f} MiB are the file"
    if "gb_ours" not in result:
        return ""
    of = result.get("bandwidth")
    return " / ".join(f"{result[key]:.1f}" + (f" ({result[key] / of:.0%})" if of else "") for key in
                      ("gb_ours", "gb_peer"))


def line(result):
    return (f"{result['title']}: {figure(result['ours'])} {result['unit']}, peer {figure(result['peer'])} "
            f"({result['which']}), ratio {result['ratio']:.2f}")


HEAD = ["work", "unit", "ours", "best peer", "which", "ratio", "floor", "goal", "reached?", "GB/s ours / peer", "runs",
        "others"]


def cells(result):
    if "reason" in result:
        return [result["title"], "", "", "", "left out: " + result["reason"], *[""] * 7]
    others = f"{result['others']:.0%}" + (" (noisy)" if result["others"] > NOISE else "")
    return [result["title"], result["unit"], figure(result["ours"]), figure(result["peer"]), result["which"],
            f"{result['ratio']:.2f}", f"{result['floor']:.2f}", f"{result['goal']:.2f}", reached(result), rates(result),
            str(result["runs"]), others]


def table(store, names):
    """For the terminal."""
    rows = [HEAD] + [cells(store.data["rows"][name]) for name in names if name in store.data["rows"]]
    # A reason may run on; it does not widen its column.
    widths = [max([len(row[i]) for row in rows if not row[i].startswith("left out")]) for i in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def markdown(store, names):
    data = store.data
    rows = [(name, data["rows"][name]) for name in names if name in data["rows"]]
    dates = sorted(row["date"] for _, row in rows if "date" in row) or ["-"]
    text = [
        "# Speed against llama.cpp", "",
        "Written by `./dev bench --peer`; do not edit. Ratios above 1 mean that libllm is better. `which` is the",
        "configuration of the peer that was best in the same minutes; `others` is the largest share of the",
        f"processors that other processes used during a run, and a row above {NOISE:.0%} is to be measured again.", "",
        f"* Machine: {data['machine']['cpu']}, {data['machine']['threads']} threads",
        f"* Dates: {dates[0]} to {dates[-1]}", f"* Ours: {data['version']}", f"* Peers: {', '.join(data['peers'])}", "",
        "| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    text += ["| " + " | ".join(cells(row)) + " |" for _, row in rows]
    text += held_back(rows)
    return "\n".join(text) + "\n"


def phase_text(phase):
    limits = [f"{phase['read']:.0%} of reading"] if phase["read"] >= 0.005 else []
    limits += [f"{phase['peak']:.0%} of the peak"] if phase["peak"] >= 0.005 else []
    limits += [f"{phase['waiting']:.0%} waiting"] if phase["waiting"] >= 0.05 else []
    return f"{phase['phase']} {phase['share']:.0%} ({', '.join(limits)})"


def held_back(rows):
    """Where the time of the rows below their goal goes."""
    below = [row for _, row in rows if "profile" in row and reached(row) != "goal"]
    if not below:
        return []
    return ["", "## What holds back the rows below their goal", "",
            "Our phases that take most of the time (`libllm bench --profile`): their shares of it, and how near they come to",
            "what the threads can read at most and to the peak of the arithmetic unit, both measured in the same run.", "",
            "| work | ratio | goal | phases |", "|---|---|---|---|",
            *[f"| {row['title']} | {row['ratio']:.2f} | {row['goal']:.2f} | "
              f"{'; '.join(phase_text(phase) for phase in row['profile'])} |" for row in below]]


def svg(store, names):
    """A bar for each ratio, with the peer's line at 1 and a tick at the floor."""
    rows = [store.data["rows"][name] for name in names if "ratio" in store.data["rows"].get(name, {})]
    top = max([2.0] + [min(row["ratio"], 4.0) for row in rows])
    height = TOP + ROW_HEIGHT * len(rows) + 12

    def x(ratio):
        return LEFT + WIDTH * min(ratio, top) / top

    machine = store.data["machine"]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 70}" height="{height}" '
           f'viewBox="0 0 {LEFT + WIDTH + 70} {height}">',
           '<rect width="100%" height="100%" rx="8" fill="#1d1f21"/>',
           '<g font-family="system-ui, Helvetica, Arial, sans-serif" font-size="12">',
           f'<text x="18" y="24" font-size="14" fill="{TEXT}">Times as good as the best llama.cpp '
           f'({html.escape(machine["cpu"])}, {machine["threads"]} threads)</text>',
           f'<text x="18" y="42" fill="{GREY}">the line is llama.cpp, a tick is the least that we aim at</text>']
    for i, row in enumerate(rows):
        y = TOP + ROW_HEIGHT * i
        color = {"goal": GREEN, "floor": GREEN}.get(reached(row), YELLOW if row["ratio"] >= 1 else RED)
        out += [f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end" fill="{TEXT}">{html.escape(row["title"])}</text>',
                f'<rect x="{LEFT}" y="{y + 4}" width="{x(row["ratio"]) - LEFT:.1f}" height="{ROW_HEIGHT - 8}" '
                f'fill="{color}"/>',
                f'<path d="M{x(row["floor"]):.1f} {y + 2}v{ROW_HEIGHT - 4}" stroke="{GREY}"/>',
                f'<text x="{LEFT + WIDTH + 12}" y="{y + 15}" fill="{TEXT}">{row["ratio"]:.2f}</text>']
    out += [f'<path d="M{x(1):.1f} {TOP}V{height - 12}" stroke="{TEXT}" stroke-dasharray="3 3"/>', "</g>", "</svg>"]
    return "\n".join(out) + "\n"


def write(store, names, markdown_path, svg_path):
    markdown_path.write_text(markdown(store, names))
    svg_path.write_text(svg(store, names))
