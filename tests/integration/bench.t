#!/bin/bash
# SPDX-License-Identifier: MIT
# What `make bench` makes of what it measures: medians, ratios, tables, the list of targets, the plot; how it measures a
# command; and how the documents get the tables. Nothing is built here.
. tests/lib/tap.sh
need python3 /usr/bin/time
plan 28

bench=$scratch/measured
mkdir -p "$bench" "$scratch/top/docs"

# python CODE: with the bench's modules
python() {
	python3 -B -c "import sys; sys.path.insert(0, 'tests/bench')
$1" "${@:2}"
}

# ---- arithmetic ----------------------------------------------------------------------------------

is "$(python 'import figures as f
a = [{"round": n, "wall": w} for n, w in ((1, 2), (2, 4), (3, 3))]
b = [{"round": n, "wall": w} for n, w in ((1, 10), (2, 10), (3, 20))]
print(f.median(a, "wall"), f.ratio(a, b, "wall"))
print(f.median(a[:2], "wall"))
print(f.ratio(a, b[:1], "wall"))
print(f.ratio(a, [], "wall"))')" '3 (0.3, 0.15, 0.4)
3.0
(0.3, 0.2, 0.4)
None' 'the ratio of medians, and the smallest and largest of one round; a round without a pair is held against the median'
is "$(python 'import figures as f
print(*(f.number(x) for x in (123.4, 10, 1.234, 0.3349, 0.08, 0.0123, 0.0071, None)))')" \
	'123 10 1.23 0.33 0.080 0.012 0.0071 –' 'figures have the digits that mean something'
is "$(python 'import figures as f
print(f.spread((0.5, 0.5, 0.5)), f.spread((0.5, 0.4, 0.6)), f.spread(None))')" '0.50 0.50 (0.40–0.60) –' \
	'one round has no spread'

# ---- tables --------------------------------------------------------------------------------------

# part NAME RUN...: a file of the bench; a RUN is "case who round wall", the rest follows from these
part() {
	local name=$1
	shift
	printf '%s\n' "$@" | python 'import json, sys
part, path = sys.argv[1:]
runs = []
for line in sys.stdin:
    case, who, turn, wall = line.split()[:4]
    run = {"case": case, "who": who, "round": int(turn), "wall": float(wall), "cpu": 2 * float(wall),
           "memory": 150000000 if who == "netrescue" else 300000000, "own": 150000000 if who == "netrescue" else 0, "largest": 0}
    for more in line.split()[4:]:
        key, value = more.split("=")
        run[key] = float(value)
    runs.append(run)
json.dump({"part": part, "day": "2026-01-02", "machine": "2 processors", "place": "in a tmpfs", "recipe": "rescue64",
           "rounds": 2, "packages": 261, "packages-apt": 260, "kvm": "emulated", "transcript": ["client 1 login 7 s"], "runs": runs}, open(path, "w"))' \
		"$name" "$bench/$name.json"
}
part cases 'at-hand netrescue 1 30' 'at-hand mmdebstrap 1 100' 'at-hand debootstrap 1 300' \
	'at-hand netrescue 2 32' 'at-hand mmdebstrap 2 102' 'overlay netrescue 1 5' 'overlay netrescue 2 7' \
	'menu netrescue 1 1.5' 'menu netrescue 2 1.7'
part resolve 'resolve netrescue 1 0.2' 'resolve apt-get 1 2' 'resolve solve 1 0.1'
part growth 'x150 netrescue 1 10 unpacked=300e6' 'x800 netrescue 1 45 unpacked=1500e6' 'x800 mmdebstrap 1 90 unpacked=1500e6'
sed -i 's/"x\([0-9]*\)"/"\1"/g' "$bench/growth.json"
part jobs '1 netrescue 1 40' '2 netrescue 1 30'
part boot 'boot netrescue 1 1 prompt=60 tftp=30 nfs=20 wire=50 initrd=20' \
	'boot by-hand 1 1 prompt=120 tftp=50 nfs=50 wire=100 initrd=40'

all=$(python 'import figures, sys; print(figures.tables(figures.load(sys.argv[1])))' "$bench")
like "$all" '\| packages at hand, everything rebuilt \| 31\.0 s \| 101 s \| 300 s \|' 'medians of wall time stand side by side'
like "$all" '\| packages at hand, everything rebuilt \| 0\.31 \(0\.30–0\.31\) \| 0\.31 \(0\.30–0\.31\) \| 0\.50 \|' \
	'and the ratios of wall, processor and memory'
like "$all" '\| an overlay edited \| 0\.059 \(0\.050–0\.069\) \|' 'an edit is held against all of mmdebstrap'
like "$all" '261 packages in each tree; 2026-01-02, 2 processors, in a tmpfs, 2 rounds' 'with the machine and the day'
like "$all" '`netrescue lock --offline`, the whole command \| 0\.20 s \| 2\.00 s \| 0\.10 \|' 'resolving'
like "$all" '\| 800 \| 1500 MB \| 45\.0 s \| 30 s \| 90\.0 s \| 0\.50 \|' 'growth, by packages and unpacked bytes'
like "$all" '`-j 2` \| 30\.0 s \| 60\.0 s \| 0\.75 \|' 'jobs, against one'
like "$all" "from power-on to root's prompt \| 120\.0 s \| 60\.0 s \| 0\.50 \|" 'the boot'

targets=$(python 'import figures, sys; print(figures.summary_table(figures.load(sys.argv[1]), targets=True))' "$bench")
like "$targets" 'rebuilt, against mmdebstrap \| 0\.31 \(0\.30–0\.31\) \| ≤ 0\.33 \| yes \|' 'a target that is met'
like "$targets" "an overlay edited, against mmdebstrap \| [^|]* \| ≤ 0\.08 \| yes" 'each has its own limit'
like "$targets" 'unpacked bytes, 150 to 800 packages \| 0\.90 \| ≤ 1 \| yes' 'time may grow as the bytes do'
like "$targets" 'own processes \| 150 MB \| ≤ 200 MB \| yes' 'memory is in megabytes'
like "$targets" 'a package added, against mmdebstrap \| – \| ≤ 0\.25 \| not measured' 'what was not measured is said'
part cases 'at-hand netrescue 1 40' 'at-hand mmdebstrap 1 100'
like "$(python 'import figures, sys; print(figures.summary_table(figures.load(sys.argv[1]), targets=True))' "$bench")" \
	'rebuilt, against mmdebstrap \| 0\.40 \| ≤ 0\.33 \| no \|' 'a target that is not met'

if command -v gnuplot >/dev/null; then
	python 'import figures, sys; print(figures.plot_script(figures.load(sys.argv[1]), sys.argv[2]))' \
		"$bench" "$scratch/plot.svg" | gnuplot
	like "$(<"$scratch/plot.svg")" 'mmdebstrap.*</svg>' 'gnuplot draws it'
else
	skip 1 'gnuplot is not installed'
fi

# ---- measuring -----------------------------------------------------------------------------------

# The shell's child is python3, which takes 100 MB, as its own; the shell has next to nothing.
measured=$(python 'import measure, shutil, os
run = measure.measure(["sh", "-c", "python3 -c \"import time; x = bytearray(100000000); time.sleep(0.6)\"; exit 0"],
                      "/dev/null", own=[os.path.realpath(shutil.which("python3"))])
print(0.6 < run["wall"] < 60, 90 < run["own"] / 1e6 < 130, run["memory"] >= run["own"] >= run["largest"] > 9e7, run["maxrss"] > 1e8)')
is "$measured" 'True True True True' 'memory of certain programs is told from that of the others'
like "$(python 'import measure; measure.measure(["sh", "-c", "echo because >&2; exit 3"], "'"$scratch"'/log")' 2>&1)" \
	'exit status 3.*because' 'a command that fails ends it, with its last words'
is "$(python 'import importlib.machinery, importlib.util
loader = importlib.machinery.SourceFileLoader("run", "tests/bench/run")
module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader)); loader.exec_module(module)
print(module.boot_line("ours    round 2: prompt after 134.0 s (120.5 s of processor); until then 45.1 MB by TFTP, 59.3 MB by NFS"))
print(module.boot_line("seconds of processor:  netrescue 1, by hand 2, ratio 0.50"))')" \
	"{'who': 'netrescue', 'round': 2, 'prompt': 134.0, 'cpu': 120.5, 'tftp': 45.1, 'nfs': 59.3, 'wire': 104.4}
None" 'the lines of tests/bench/boot are read'

# ---- the documents -------------------------------------------------------------------------------

document() {
	printf 'before %s\n<!-- %s: by tests/bench/publish -->\nold\n<!-- end of %s -->\nafter\n' "$2" "$1" "$1"
}
{
	document summary 'the tables'
	document tables 'them'
} >"$scratch/top/docs/performance.md"
{
	document figures 'it'
	document transcript 'what a boot printed'
} >"$scratch/top/README.md"
export BENCH_TOP=$scratch/top
exits 0 'the tables are put into the documents' tests/bench/publish "$bench"
like "$(<"$scratch/top/README.md")" 'before it.*rescue64, measured on 2026-01-02.*0\.40.*<!-- end of figures -->.after' \
	'between the markers, and the rest stays'
like "$(<"$scratch/top/README.md")" 'what a boot printed.<!-- [^>]*>..    client 1 login 7 s..That was without KVM, on 2026-01-02\...<!-- end' 'the listing of a boot, too'
exits 0 'and then they agree' tests/bench/publish --check
sed -i 's/0\.40/0.39/' "$scratch/top/README.md"
exits 1 'a figure that somebody has changed is found' tests/bench/publish --check
is "$stdout" 'README.md: its tables are not those of docs/bench: run tests/bench/publish' 'and the document is named'
tests/bench/publish "$bench"
echo 'A build takes 46 s, `-j 2 s`.' >>"$scratch/top/README.md"
run tests/bench/publish --check
is "$stdout" "README.md: '46 s' is not from make bench" 'a figure in the prose, which nobody would renew, is found'
