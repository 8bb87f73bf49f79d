# SPDX-License-Identifier: MIT
"""From what was measured to what is shown: medians, ratios, tables in Markdown and the plot's data.

A part of the bench (cases, resolve, jobs, growth, boot, sandbox) leaves a file PART.json: where and when it ran, and
`runs`, a list with what each run was (`case`, `who`, `round`) and what it took (`wall` and `cpu` in seconds, `memory`,
`own` and `largest` in bytes). What is compared has been measured within one part, in turn. Nothing here measures.
"""

import json
import os
import statistics

PARTS = ("cases", "resolve", "jobs", "growth", "boot", "sandbox")

CASES = (
    ("cold", "an empty store, packages from the mirror", "cold"),
    ("at-hand", "packages at hand, everything rebuilt", "at-hand"),
    ("package", "a package added", "at-hand"),
    ("overlay", "an overlay edited", "at-hand"),
    ("server", "the server's address edited", "at-hand"),
    ("menu", "the menu edited", "at-hand"),
    ("nothing", "nothing new, indices refreshed", "at-hand"),
    ("locked", "nothing new, with a lock", "at-hand"),
)

# What must be shown, in the order of the list: name, the figure's key in summary(), limit, unit.
TARGETS = (
    ("packages at hand, everything rebuilt, against mmdebstrap", "at-hand/mmdebstrap", 0.33, ""),
    ("the same against debootstrap and the how-to's steps", "at-hand/debootstrap", 0.15, ""),
    ("an overlay edited, against mmdebstrap", "overlay/mmdebstrap", 0.08, ""),
    ("a package added, against mmdebstrap", "package/mmdebstrap", 0.25, ""),
    ("the menu edited, against mmdebstrap", "menu/mmdebstrap", 0.02, ""),
    ("the server's address edited, against mmdebstrap", "server/mmdebstrap", 0.02, ""),
    ("nothing new, indices refreshed, against mmdebstrap", "nothing/mmdebstrap", 0.007, ""),
    ("resolving, indices parsed before, against `apt-get -s install`", "resolve", 0.2, ""),
    ("growth of the time by that of the unpacked bytes, 150 to 800 packages", "growth", 1, ""),
    ("peak memory of netrescue's own processes", "own", 200, " MB"),
    ("power-on to root's prompt (BIOS, NFS), against the tree made by hand", "prompt", 0.5, ""),
    ("bytes over the wire until then, against the tree made by hand", "wire", 0.6, ""),
)


def load(directory):
    """Part -> its data, of those that are there."""
    found = {}
    for part in PARTS:
        path = os.path.join(directory, part + ".json")
        if os.path.exists(path):
            with open(path) as f:
                found[part] = json.load(f)
    return found


def pick(data, case, who):
    return [run for run in data["runs"] if run["case"] == case and run["who"] == who]


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def ratio(ours, theirs, key):
    """(ratio of the medians, the smallest and the largest of one round), or None where either was not measured.

    Runs of one round are a pair; a round that the other side sat out is held against its median.
    """
    if not ours or not theirs:
        return None
    middle = median(theirs, key)
    by_round = {run["round"]: run[key] for run in theirs}
    pairs = [run[key] / by_round.get(run["round"], middle) for run in ours]
    return median(ours, key) / middle, min(pairs), max(pairs)


# How figures look -----------------------------------------------------------------------------------

def number(value):
    """Two digits that mean something: 0.33, 0.0071, 12."""
    if value is None:
        return "–"
    if value >= 10:
        return f"{value:.0f}"
    for limit, digits in ((1, 2), (0.1, 2), (0.01, 3)):
        if value >= limit:
            return f"{value:.{digits}f}"
    return f"{value:.4f}"


def spread(three):
    """0.33 (0.31–0.36); nothing in parentheses where there was one round."""
    if three is None:
        return "–"
    middle, low, high = (number(value) for value in three)
    return middle if low == high else f"{middle} ({low}–{high})"


def seconds(runs, key="wall"):
    if not runs:
        return "–"
    value = median(runs, key)
    return f"{value:.0f} s" if value >= 100 else f"{value:.1f} s" if value >= 10 else f"{value:.2f} s"


def megabytes(count):
    return "–" if count is None else f"{count / 1e6:.0f} MB"


def table(head, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in [head] + rows]
    lines.insert(1, "| " + " | ".join("---" for _ in head) + " |")
    return "\n".join(lines) + "\n"


def where(data):
    """One sentence on the conditions."""
    rounds = data["rounds"]
    return f"{data['day']}, {data['machine']}, {data['place']}, {rounds} {'rounds' if rounds > 1 else 'round'}"


# The parts ------------------------------------------------------------------------------------------

def cases_tables(data):
    text = f"### Builders\n\n{data['recipe']}, {data['packages']} packages in each tree; {where(data)}.\n\n"
    rows = []
    for case, title, other in CASES:
        ours = pick(data, case, "netrescue")
        if ours:
            rows.append([title, seconds(ours), *(seconds(pick(data, other, who)) for who in ("mmdebstrap", "debootstrap"))])
    text += table(["wall time, median", "netrescue", "mmdebstrap", "debootstrap"], rows) + "\n"
    for who in ("mmdebstrap", "debootstrap"):
        rows = []
        for case, title, other in CASES:
            ours, theirs = pick(data, case, "netrescue"), pick(data, other, who)
            if ours and theirs:
                rows.append([title, *(spread(ratio(ours, theirs, key)) for key in ("wall", "cpu", "memory"))])
        text += table([f"netrescue : {who}", "wall", "processor", "memory"], rows) + "\n"
    return text + stages_table(data) + memory_table(data) + steps_lines(data)


def stages_table(data):
    runs = [run for run in pick(data, "at-hand", "netrescue") if run.get("stages")]
    if not runs:
        return ""
    names = list(runs[0]["stages"])
    rows = [[name, f"{statistics.median(run['stages'].get(name, 0) for run in runs):.1f} s"] for name in names]
    return table(["stage, packages at hand", "median"], [row for row in rows if row[1] != "0.0 s"]) + "\n"


def memory_table(data):
    rows = []
    for case, title, _ in CASES[:2]:
        for who in ("netrescue", "mmdebstrap", "debootstrap"):
            runs = pick(data, case, who)
            if runs:
                peaks = (max(run.get(key, 0) for run in runs) for key in ("memory", "own", "largest", "said", "maxrss"))
                rows.append([f"{who}: {title}", *(megabytes(peak or None) for peak in peaks)])
    head = ["peak memory, without the tree", "all processes", "netrescue's own", "the largest of these",
            "what `build -v` says", "largest of all (maxrss)"]
    return table(head, rows) + "\n" if rows else ""


def steps_lines(data):
    runs = [run for run in pick(data, "at-hand", "debootstrap") if run.get("steps")]
    if not runs:
        return ""
    names = list(runs[0]["steps"])
    rows = [[name, seconds([run["steps"] for run in runs], name)] for name in names]
    return table(["step of the how-to, by debootstrap", "median"], rows) + "\n"


def resolve_tables(data):
    apt = pick(data, "resolve", "apt-get")
    rows = []
    for who, title in (("netrescue", "`netrescue lock --offline`, the whole command"), ("solve", "its stage solve alone")):
        ours = pick(data, "resolve", who)
        rows.append([title, seconds(ours), seconds(apt), spread(ratio(ours, apt, "wall"))])
    return (f"### Resolving\n\n{data['packages']} packages, by apt-get {data['packages-apt']}; {where(data)}.\n\n" +
            table(["", "netrescue", "`apt-get -s install`", "ratio"], rows) + "\n")


def jobs_tables(data):
    rows, base = [], pick(data, "1", "netrescue")
    for case in sorted({run["case"] for run in data["runs"]}, key=int):
        runs = pick(data, case, "netrescue")
        rows.append([f"`-j {case}`", seconds(runs), seconds(runs, "cpu"), spread(ratio(runs, base, "wall"))])
    return (f"### Jobs\n\n{data['recipe']}, packages at hand; {where(data)}.\n\n" +
            table(["", "wall", "processor", "against `-j 1`"], rows) + "\n")


def growth_rows(data):
    """(packages, unpacked bytes, runs of ours, runs of theirs), smallest first."""
    rows = []
    for case in sorted({run["case"] for run in data["runs"]}, key=int):
        ours = pick(data, case, "netrescue")
        if ours:
            rows.append((int(case), ours[0]["unpacked"], ours, pick(data, case, "mmdebstrap")))
    return rows


def growth_tables(data):
    rows = []
    for count, unpacked, ours, theirs in growth_rows(data):
        per = median(ours, "wall") / (unpacked / 1e9)
        rows.append([str(count), megabytes(unpacked), seconds(ours), f"{per:.0f} s", seconds(theirs),
                     spread(ratio(ours, theirs, "wall"))])
    head = ["packages", "unpacked", "netrescue", "for each GB", "mmdebstrap", "ratio"]
    return f"### Growth\n\nPackages at hand; {where(data)}.\n\n" + table(head, rows) + "\n"


def growth(data):
    """How many times the time grows, by how many times the bytes do, from about 150 packages to about 800."""
    rows = growth_rows(data)
    small = [row for row in rows if 100 <= row[0] <= 250]
    large = [row for row in rows if row[0] >= 600]
    if not small or not large:
        return None
    (_, few, fast, _), (_, many, slow, _) = small[0], large[-1]
    return (median(slow, "wall") / median(fast, "wall")) / (many / few)


def boot_tables(data):
    rows = []
    for title, key, unit in (("from power-on to root's prompt", "prompt", "s"),
                             ("processor time of the client's QEMU", "cpu", "s"), ("by TFTP", "tftp", "MB"),
                             ("by NFS", "nfs", "MB"), ("over the wire, both", "wire", "MB"), ("initrd", "initrd", "MB")):
        ours, hand = pick(data, "boot", "netrescue"), pick(data, "boot", "by-hand")
        rows.append([title, f"{median(hand, key):.1f} {unit}", f"{median(ours, key):.1f} {unit}",
                     spread(ratio(ours, hand, key))])
    return (f"### A client's boot\n\n{data['recipe']}, BIOS, {data['kvm']}; {where(data)}.\n\n" +
            table(["", "by hand", "netrescue", "ratio"], rows) + "\n")


def sandbox_tables(data):
    rows = [[row["work"], f"{row['namespace']:.2f} s", f"{row['guestfs']:.2f} s",
             number(row["guestfs"] / row["namespace"]) if row["work"] != "open it" and row["namespace"] > 0 else "–"]
            for row in data["rows"]]
    return (f"### In an appliance\n\n{data['how']}; {where(data)}.\n\n" +
            table(["", "namespace", "guestfs", "ratio"], rows) + "\n")


TABLES = {"cases": cases_tables, "resolve": resolve_tables, "jobs": jobs_tables, "growth": growth_tables,
          "boot": boot_tables, "sandbox": sandbox_tables}


def tables(found):
    return "".join(TABLES[part](found[part]) for part in PARTS if part in found).rstrip("\n") + "\n"


# The summary ----------------------------------------------------------------------------------------

def summary(found):
    """The figures of TARGETS by key: a number, or (median, smallest, largest)."""
    figures = {}
    if "cases" in found:
        data = found["cases"]
        for case, _, other in CASES:
            for who in ("mmdebstrap", "debootstrap"):
                figures[f"{case}/{who}"] = ratio(pick(data, case, "netrescue"), pick(data, other, who), "wall")
        figures["own"] = max(run["own"] for run in data["runs"]) / 1e6
    if "resolve" in found:
        runs = found["resolve"]
        figures["resolve"] = ratio(pick(runs, "resolve", "netrescue"), pick(runs, "resolve", "apt-get"), "wall")
    if "growth" in found:
        figures["growth"] = growth(found["growth"])
    if "boot" in found:
        ours, hand = pick(found["boot"], "boot", "netrescue"), pick(found["boot"], "boot", "by-hand")
        figures["prompt"], figures["wire"] = (ratio(ours, hand, key) for key in ("prompt", "wire"))
    return figures


def summary_table(found, targets=False):
    """What was measured of TARGETS; with `targets`, also the limits and whether they are met."""
    figures = summary(found)
    rows = []
    for title, key, limit, unit in TARGETS:
        figure = figures.get(key)
        if figure is None and not targets:
            continue
        value = figure[0] if isinstance(figure, tuple) else figure
        shown = spread(figure) if isinstance(figure, tuple) else number(figure)
        row = [title, shown + (unit if figure is not None else "")]
        if targets:
            met = "not measured" if value is None else "yes" if value <= limit else "no"
            row += [f"≤ {limit}{unit}", met]
        rows.append(row)
    return table(["", "median (smallest–largest)"] + (["target", "met"] if targets else []), rows)


# The plot -------------------------------------------------------------------------------------------

COLOURS = {"netrescue": "#1b6ca8", "mmdebstrap": "#c98b2b", "debootstrap": "#999999"}


def plot_script(found, svg):
    """What gnuplot draws: bars of the wall time of each case, and lines of the growth."""
    parts = [part for part in ("cases", "growth") if part in found]
    lines = [f"set terminal svg size 900,{360 * len(parts)} font 'sans,13' background '#ffffff'", f"set output '{svg}'",
             f"set multiplot layout {len(parts)},1", "set style fill solid 0.8 noborder", "set grid ytics lc '#dddddd'",
             "set key top left"]
    if "cases" in found:
        lines += bars(found["cases"])
    if "growth" in found:
        lines += curves(found["growth"])
    return "\n".join(lines + ["unset multiplot", ""])


def bars(data):
    rows = []
    builders = [who for who in COLOURS if any(run["who"] == who for run in data["runs"])]
    for case, _, other in CASES:
        ours = pick(data, case, "netrescue")
        if ours:
            values = [ours] + [pick(data, other, who) for who in builders[1:]]
            rows.append(f'"{case}" ' + " ".join(f"{median(runs, 'wall'):.3f}" if runs else "NaN" for runs in values))
    return ["$cases << EOD", *rows, "EOD", f"set title '{data['recipe']}, {data['packages']} packages: wall time'",
            "set ylabel 'seconds'", "set style data histograms", "set style histogram clustered gap 1", "set yrange [0:*]",
            "set xtics nomirror", "plot $cases " +
            ", '' ".join(f"using {column}{':xtic(1)' if column == 2 else ''} title '{who}' lc '{COLOURS[who]}'"
                         for column, who in enumerate(builders, 2))]


def curves(data):
    measured = growth_rows(data)
    rows = [f"{unpacked / 1e6:.0f} {median(ours, 'wall'):.2f} " + (f"{median(theirs, 'wall'):.2f}" if theirs else "NaN")
            for _, unpacked, ours, theirs in measured]
    return ["$growth << EOD", *rows, "EOD", "set title 'growth'", "set xlabel 'MB unpacked'", "set ylabel 'seconds'",
            "set xtics autofreq", "set xrange [0:*]", "set style data linespoints",
            "plot $growth " + ", '' ".join(f"using 1:{column} title '{who}' lc '{COLOURS[who]}' pt 7"
                                           for column, who in ((2, "netrescue"), (3, "mmdebstrap"))
                                           if column == 2 or any(row[3] for row in measured))]
