"""Every benchmark, one after the other: about two hours on two cores. Each also runs alone, as its docstring says.

python -m benchmarks
"""

import subprocess
import sys

ALL = ("overhead", "numeric_overhead", "start", "durability", "budget", "parity", "quality")


def main() -> None:
    for name in ALL:
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


if __name__ == "__main__":
    main()
