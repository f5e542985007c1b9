"""What is watched for during coevolution, in words: the known failures, measured on the journal."""

from coeval.run.approximate_search import OBJECTIVE, Found
from coeval.strategy.monitor import Pathologies, pathologies


def watched(found: Found) -> list[str]:
    """Return a line with what was measured on a search, then a line for each failure that a person should know.

    Args:
        found: A search; one without trials has nothing to be measured on.
    """
    if found.run is None or not found.run.trials:
        return []
    measured = pathologies(found.run.trials, OBJECTIVE)
    shown = _shown(measured)
    return [*([f"{found.origin}: {', '.join(shown)}"] if shown else []), *measured.warnings()]


def _shown(measured: Pathologies) -> list[str]:
    figures = (
        ("undefined", measured.failed, "{:.0%}"),
        ("blind generations", measured.disengagement, "{:.0%}"),
        ("worse champions", measured.forgetting, "{:.0%}"),
        ("largest share of one function", measured.takeover, "{:.0%}"),
        ("rank correlation of estimates", measured.drift, "{:.2f}"),
        ("growth", measured.bloat, "{:.1f} times"),
    )
    return [f"{name} {form.format(value)}" for name, value, form in figures if value is not None]
