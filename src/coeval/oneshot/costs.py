"""What each option of an opened space costs: multiplications, where nobody measured latencies."""

from coeval.architecture.inference import infer
from coeval.space.open import OpenSpace, cut


def option_macs(opened: OpenSpace) -> tuple[tuple[float, ...], ...]:
    """Return by how many multiply-accumulates each option exceeds the cheapest of its slot, ``(options,)`` for each slot.

    Counted in the whole network, so that a cell that is repeated counts as often as it stands there.
    """
    sizes = [len(one.options) for one in opened.slots]
    found = []
    for slot, size in enumerate(sizes):
        macs = []
        for option in range(size):
            picks = [option if place == slot else 0 for place in range(len(sizes))]
            macs.append(float(infer(cut(opened.architecture, picks)).cost.macs))
        found.append(tuple(one - min(macs) for one in macs))
    return tuple(found)
