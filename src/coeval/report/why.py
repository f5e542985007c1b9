"""Why this model: how it was found, what each of its decisions is worth, what each column is worth to it."""

from coeval.report import ablation, importance, lineage
from coeval.report.facts import Facts
from coeval.report.markup import Markup, join


def section(facts: Facts) -> Markup:
    """Return the winner's lineage, its ablation and the importance of the columns, as far as they were recorded."""
    return join([part(facts) for part in (lineage.section, ablation.section, importance.section)])
