"""``coeval show``: how a network was found, what its decisions are worth, and with ``--columns`` what each column is worth."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from coeval.cli.words import say
from coeval.errors import RunError, typed
from coeval.run.budget import Budget
from coeval.trial import Trial

if TYPE_CHECKING:
    from coeval.report.facts import Facts

JOURNAL = "run.sqlite"


def why(run: Path, chosen: Trial | None) -> list[str]:
    """Return the lineage of a run's model, or of one of its trials, and the model's ablation, as lines of text.

    Args:
        run: The run's folder; a model's folder alone holds no journal, so nothing is known of it.
        chosen: The trial; ``None`` for the model.
    """
    if not (run / JOURNAL).is_file():
        return []
    from coeval.report import ablation, lineage  # noqa: PLC0415 - the journal is read only where it is there

    facts = _facts(run)
    found = lineage.lines(facts, chosen)
    worths = ablation.lines(facts) if chosen is None else []
    if worths:
        found += ["", f"What each decision is worth ({facts.label} on validation):", *worths]
    return found


def columns_command(run: Path, *, as_json: bool) -> None:
    """Show what each column is worth to a run's model.

    Raises:
        RunError: There is no run, no model yet, or nothing was measured; images have no columns.
    """
    from coeval.report import importance  # noqa: PLC0415
    from coeval.report.facts import dig  # noqa: PLC0415

    facts = _facts(run)
    if facts.final is None:
        raise RunError(
            f"{run} holds no finished model yet. Continue it with: coeval resume {typed(run)}"
        )
    found = dig(facts.final, "importance")
    if facts.image is not None:
        raise RunError(
            f"The model of {run} takes images, and --columns is about the columns of tables. Leave it out."
        )
    if found is None:
        budget = Budget(**facts.capsule["budget"])
        raise RunError(
            f"The importance of the columns was not measured in {run}: it takes two columns of a table, thirty rows that "
            f"were held out, and a moment of time. Give the run more of it: coeval resume {typed(run)} {budget.twice}"
        )
    say(json.dumps(found) if as_json else "\n".join(importance.lines(facts)))


def _facts(run: Path) -> "Facts":
    from coeval.report.page import gather  # noqa: PLC0415 - reads the journal

    return gather(run)
