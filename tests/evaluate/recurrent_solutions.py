"""Hand-made networks of the reference (section E.2), as members of the searched spaces.

Sources of a gate: the state's units, the symbol's channels, 1.
"""

from coeval.space.recurrent import LSTM, RELU, SATURATED, Cell, RecurrentSpace
from coeval.task.language import A_N_B_N, ADDITION, DYCK_1, PARITY, Language

_KEEP = [[0, 0, 0, 0, 2]] * 2
_COUNTER = [  # unit 0 counts a - b; unit 1 counts every b at a depth of 0 or below
    [[0, 0, 0, 0, 2], [-1, 0, 0, 1, -0.5]],
    _KEEP,
    _KEEP,
    [[0, 0, 1, -1, 0], [0, 0, 0, 0, 2]],
]
_DIFFERENCE = [[[1, -1, 1, -1, 0], [-1, 1, -1, 1, 0]]]
_EXCLUSIVE_OR = [[[1, 1, -1, 0], [-1, -1, 1, 0]]]
SOLUTIONS: tuple[tuple[Cell, Language, list, list, float], ...] = (
    (RELU, PARITY, _EXCLUSIVE_OR, [1, 1, 0, -0.5], 1.0),
    (SATURATED, PARITY, _EXCLUSIVE_OR, [1, 1, 0, -0.5], 1.0),
    (RELU, A_N_B_N, _DIFFERENCE, [-1, -1, 0, 0, 0.5], 1.0),
    (
        RELU,
        DYCK_1,
        [[[1, -1, 0, 1, -1, 0], [-1, 1, 0, -1, 1, 0], [0, 1, 1, 0, 0, 0]]],
        [-1, -1, -1, 0, 0, 0.5],
        1.0,
    ),
    (RELU, DYCK_1, [[[1, 0, 1, -1, 0], [-1, 2, 0, 1, 0]]], [-1, -1, 0, 0, 0.5], 1.0),
    (SATURATED, ADDITION, [[[1, 0, 1, 1, -1], [1, 0, 0, 0, 0]]], [-2, 1, 1, 1, -0.5], 1.0),
    (
        RELU,
        ADDITION,
        [[[0, 1, -1, 1, 1, 0], [0, 1, -1, 1, 1, -1], [0, 1, -1, 1, 1, -2]]],
        [1, -2, 2, 0, 0, -0.5],
        1.0,
    ),
    (LSTM, A_N_B_N, _COUNTER, [-1, -2, 0, 0, 0.5], 1024.0),
    (LSTM, DYCK_1, _COUNTER, [-1, -2, 0, 0, 0.5], 1024.0),
)
"""Cell, language, gates, read-out, scale."""


def member(solution):
    cell, language, gates, readout, scale = solution
    space = RecurrentSpace(cell, len(language.channels[0]), len(gates[0]))
    return space, space.member(gates, readout, scale)
