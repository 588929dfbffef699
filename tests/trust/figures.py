"""The figures of docs/reliability.md that a machine takes by itself: `python -m tests.trust.figures`.

Takes about half an hour on two idle cores; with `--quick` three minutes. Prints for each its command and its line of
JSON, and what the machine was doing. The exit code is 1 if any of them says that something is wrong.
"""

import argparse
import os
import subprocess
import sys

from tests.paths import ROOT

COMMANDS = (
    "tests.trust.first_face",
    "tests.trust.disk",
    "tests.trust.fuzz --cases 5000 --edit-every 25 --http 0 --giants",
    "tests.trust.fuzz --cases 300 --http 60",
    "tests.trust.load --clients 10 --seconds 20",
    "tests.trust.load --clients 100 --seconds 300",
    "tests.trust.drill --visitors 20 --seconds 600 --kills 5",
)
QUICK = (
    "tests.trust.disk",
    "tests.trust.fuzz --cases 120 --edit-every 60 --http 0",
    "tests.trust.load --clients 10 --seconds 20",
    "tests.trust.drill --visitors 4 --browsers 1 --seconds 1 --kills 1",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the small sister of each")
    failed = 0
    for command in QUICK if parser.parse_args().quick else COMMANDS:
        print(f"\npython -m {command}\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        failed += subprocess.run([sys.executable, "-m", *command.split()], cwd=ROOT).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
