"""Every benchmark, one after the other: about six hours on two cores. Each also runs alone, as its docstring says.

python -m benchmarks
"""

import subprocess
import sys

ALL = (
    "overhead",
    "start",
    "durability",
    "budget",
    "parity",
    "quality",
    "tables",
    "numeric_overhead",
    "exact",
    "recovery",
    "gap",
    "beyond",
    "languages",
    "matrix",
    "strategies",
    "signals",
    "screening",
    "promotion",
    "proxies",
    "curves",
    "inheritance",
    "ask_tell",
    "rungs",
    "cache",
    "cost",
    "early_end",
    "convolution",
    "blocks",
    "pipeline",
    "images",
    "latency",
    "workers",
    "population",
    "ranked",
    "tenth",
    "ensembles",
    "engine",
    "supernet",
    "oneshot",
    "explanations",
    "coevolution",
    "portfolio",
    "prepared",
    "large",
    "exported",
    "distil",
    "selection",
    "together",
    "peers",
)


def main() -> None:
    for name in ALL:
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


if __name__ == "__main__":
    main()
