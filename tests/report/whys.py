"""A finished run with a lineage, an ablation and an importance of columns, made up like ``examples``."""

from typing import Any

from coeval.report.facts import Facts, collect
from coeval.store.protocol import Event, Note
from coeval.trial import Trial
from tests.report import examples
from tests.strategy.lineages import bred, space

OF = "the model as it was before it was refitted on all rows, on selection rows, which it had not learnt from"
SPACE = space()
RMSE = {"name": "rmse", "label": "RMSE", "maximise": False}


def importance(*losses: tuple[str, float, float], **changes: Any) -> dict[str, Any]:
    """Return what is recorded of columns, each a name, a loss and half its interval."""
    columns = [
        {"name": name, "loss": loss, "low": loss - half, "high": loss + half, "repeats": 5}
        for name, loss, half in losses
    ]
    return {"columns": columns, "left": 0, "score": 0.5, "rows": 488, "on": OF} | changes


COLUMNS = importance(
    ("relationship", 0.0612, 0.0051),
    ("education", 0.0384, 0.0047),
    ("capital-gain", 0.0291, 0.0034),
    ("age", 0.0118, 0.0029),
    ("hours-per-week", 0.0063, 0.0021),
    ("occupation", 0.0021, 0.0025),
    ("<b>race</b>", -0.0004, 0.0011),
)


def trials(steps: int = 4, seed: int = 7) -> list[Trial]:
    """Return a seed's line of children."""
    return bred(SPACE, steps, seed=seed)


def run(
    log: list[Trial],
    plan: dict[str, Any] | None = None,
    trained: list[tuple[int, float]] | None = None,
    **final: Any,
) -> Facts:
    """Return the facts of a run; its arguments are those of ``events``."""
    found = events(log, plan, trained, **final)
    return collect("run", examples.capsule(metric=RMSE), found, files=examples.FILES)


def events(
    log: list[Trial],
    plan: dict[str, Any] | None = None,
    trained: list[tuple[int, float]] | None = None,
    **final: Any,
) -> list[Event]:
    """Return the events of a run that ended with the last trial of a log.

    Args:
        log: Its trials.
        plan: Of the ablation.
        trained: Its trainings: decision and score.
        final: Fields of the final note.
    """
    bodies: list[Trial | Note] = [*log, Note("stopped", {"why": "time", "seconds": 100.0})]
    noted = {"importance": COLUMNS, "metric": "rmse", "validation": 0.96, "noise_floor": None}
    bodies.append(Note("final", examples.final(log[-1].number, **noted | final)))
    if plan is not None:
        bodies.append(Note("ablation_plan", plan))
        bodies += [
            Note("ablation", {"decision": decision, "round": 0, "value": value, "seconds": 1.0})
            for decision, value in trained or ()
        ]
    return [Event(n + 1, examples.START + n, body) for n, body in enumerate(bodies)]
