"""What can go wrong while a network is trained; the evaluator turns it into a failed trial."""

from coeval.errors import CoevalError


class Diverged(CoevalError):  # noqa: N818 - the field's word for what happened
    """The loss or the predictions are no longer finite numbers."""
