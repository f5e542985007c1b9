"""Why this model: how it was found, what each of its decisions is worth, what each column is worth to it."""

from coeval.report import ablation, importance, lineage
from coeval.report.facts import Facts, dig
from coeval.report.markup import Markup, join, tag


def section(facts: Facts) -> Markup:
    """Return the winner's lineage, its ablation and the importance of the columns, as far as they were recorded."""
    parts = [part(facts) for part in (lineage.section, ablation.section, importance.section)]
    members = len(dig(facts.final, "members") or ())
    if members > 1 and any(parts[:2]):
        said = f"The model is {members} members together; the heaviest is told of here, trial {dig(facts.final, 'trial')}."
        parts.insert(0, tag("p.note", said))
    return join(parts)
