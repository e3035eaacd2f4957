"""A newcomer with README and a CSV: what is typed, what comes out, how long it takes.

    python tests/newcomer.py [--keep FOLDER]

In a fresh environment, away from the checkout: README's commands under "Install", then
the lines under "Five lines", and those that score, on CSV files of the newcomer's own,
then the same by the command line. Fails where H is no better than a guess, or all of it
takes more than five minutes. It downloads torch: run by hand, as ``make newcomer``.
"""

import argparse
import csv
import math
import random
import re
import shlex
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MINUTES = 5
LEAST_H = 0.5  # of 24 classes; a guess has 1 / 24

# What the newcomer types before README's lines.
BEFORE = """
import pandas

rows, new = pandas.read_csv("rows.csv"), pandas.read_csv("new.csv")
attributes = pandas.read_csv("classes.csv", index_col=0)
X_train, y_train = rows.drop(columns="class"), rows["class"]
X_test, y_test = new.drop(columns="class"), new["class"]
"""


def blocks(language):
    """Code of README's blocks in a language, in their order."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)


def write_tables(folder, n_classes=24, n_unseen=6, n_attributes=8, n_features=16):
    """Write rows, new rows and descriptions; means are linear in descriptions."""
    rng = random.Random(0)
    names = [f"class {i:02}" for i in range(n_classes)]
    facts = [[rng.gauss(0, 1) for _ in range(n_attributes)] for _ in names]
    mixing = [[rng.gauss(0, 1) for _ in range(n_attributes)] for _ in range(n_features)]

    def row(name, fact):
        means = (
            sum(map(math.prod, zip(fact, of_fact, strict=True))) for of_fact in mixing
        )
        return [name, *(round(mean + rng.gauss(0, 1), 3) for mean in means)]

    def write(file, head, lines):
        with (folder / file).open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([head, *lines])

    head = ["class", *(f"x{i}" for i in range(n_features))]
    described = list(zip(names, facts, strict=True))
    seen = described[n_unseen:]
    write("rows.csv", head, [row(*c) for c in seen for _ in range(40)])
    write("new.csv", head, [row(*c) for c in described for _ in range(20)])
    head = ["class", *(f"a{i}" for i in range(n_attributes))]
    write("classes.csv", head, [[name, *fact] for name, fact in described])


def run(what, command, cwd):
    """Run, say how long it took, and return what it printed; its failure is ours."""
    start = time.monotonic()
    done = subprocess.run(
        command, cwd=cwd, check=True, text=True, stdout=subprocess.PIPE
    )
    print(f"{time.monotonic() - start:6.1f} s  {what}", flush=True)
    return done.stdout


def main():
    """Play the newcomer."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, help="folder for all of it, kept")
    args = parser.parse_args()
    folder = args.keep or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    write_tables(folder)

    start = time.monotonic()
    venv.create(folder / "venv", clear=True, with_pip=True)
    scripts = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / "python"
    for line in blocks("bash")[0].splitlines():
        program, *words = shlex.split(line)
        if program != "pip":
            raise SystemExit(f"README installs with {program}; this script knows pip")
        run(line, [python, "-m", "pip", "install", "--quiet", *words[1:]], cwd=ROOT)

    lines = BEFORE + "".join(blocks("python")[:2])
    print(said := run("README's five lines", [python, "-c", lines], cwd=folder), end="")
    program = scripts / "sklearn-gzsl"
    options = ["--target", "class", "--attributes", "classes.csv", "--model", "m.gzsl"]
    command = [program, "fit", "rows.csv", *options, "--force"]
    print(run("sklearn-gzsl fit", command, cwd=folder), end="")
    run("sklearn-gzsl predict", [program, "predict", "m.gzsl", "new.csv"], cwd=folder)

    minutes = (time.monotonic() - start) / 60
    print(f"{minutes:.1f} minutes in all")
    h = float(re.search(r"^H ([\d.]+)", said, re.MULTILINE)[1])
    if h < LEAST_H or minutes > MINUTES:
        raise SystemExit(f"It should be H {LEAST_H} or more, in {MINUTES} minutes.")


if __name__ == "__main__":
    main()
