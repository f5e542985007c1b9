import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.evaluate.language_snap import errors
from coeval.evaluate.recurrent import answers, arrange, networks
from coeval.seed import generator
from coeval.space.recurrent import CELLS, RELU, WINDOW, RecurrentSpace
from coeval.task.language import (
    A_N_B_N,
    LANGUAGES,
    distant_examples,
    distant_lengths,
    labelled,
    training_examples,
)
from tests.evaluate.recurrent_solutions import SOLUTIONS, member


def logistic(x):
    return 1.0 / (1.0 + math.exp(-x)) if x > -700 else 0.0


def slowly(space, genotype, word, channels):
    """Read one word with plain Python numbers, weight by weight, as the cells' formulas say."""
    weight, units = dict(genotype), range(space.units)
    scale = weight.get("scale", 1.0)
    state, memory = [0.0] * space.units, [0.0] * space.units

    def gate(name, unit, state, symbol):
        total = weight[f"{name}{unit}.1"]
        total += sum(weight[f"{name}{unit}.u{k}"] * state[k] for k in units)
        return total + sum(weight[f"{name}{unit}.x{k}"] * one for k, one in enumerate(symbol))

    for symbol in (channels[one] for one in word) if space.cell.iterates else ():
        before = [state, symbol]
        name = space.cell.name
        if name == "GRU":
            z = [logistic(scale * gate("update", u, *before)) for u in units]
            r = [logistic(scale * gate("reset", u, *before)) for u in units]
            kept = [r[u] * state[u] for u in units]
            new = [math.tanh(scale * gate("candidate", u, kept, symbol)) for u in units]
            state = [(1 - z[u]) * state[u] + z[u] * new[u] for u in units]
        elif name == "LSTM":
            i, f, o = (
                [logistic(scale * gate(g, u, *before)) for u in units]
                for g in ("input", "forget", "output")
            )
            new = [math.tanh(scale * gate("candidate", u, *before)) for u in units]
            memory = [f[u] * memory[u] + i[u] * new[u] for u in units]
            state = [o[u] * math.tanh(memory[u]) for u in units]
        else:
            act = {
                "linear": lambda x: x,
                "relu": lambda x: max(x, 0.0),
                "saturated linear": lambda x: min(1.0, max(x, 0.0)),
                "tanh": lambda x: math.tanh(scale * x),
                "logistic": lambda x: logistic(scale * x),
            }[name]
            state = [act(gate("state", u, *before)) for u in units]
    if not space.cell.iterates:
        state = [weight[f"state{u}.1"] for u in units]
        for back, one in enumerate(reversed(word[-WINDOW:])):
            for k, shown in enumerate(channels[one]):
                state = [s + weight[f"state{u}.x{k}@{back}"] * shown for u, s in enumerate(state)]
        state = [max(one, 0.0) for one in state]
    answer = weight["accept.1"] + sum(weight[f"accept.u{u}"] * state[u] for u in units)
    last = channels[word[-1]]
    return answer + sum(weight[f"accept.x{k}"] * one for k, one in enumerate(last))


@pytest.mark.parametrize("cell", CELLS, ids=lambda one: one.name)
@given(st.integers(0, 10**9), st.sampled_from(LANGUAGES))
@settings(max_examples=15, deadline=None)
def test_a_population_answers_as_each_network_alone_word_by_word(cell, seed, language):
    space = RecurrentSpace(cell, len(language.channels[0]), 2)
    genotypes = [space.sample(generator(seed, "g", k)) for k in range(3)]
    words = [w for n in (1, 2, 5, 11) for w in distant_examples(language, n, 3, seed).words]
    found = answers(space, networks(space, genotypes), arrange(words, language.channels))
    expected = [[slowly(space, g, w, language.channels) for w in words] for g in genotypes]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda one: f"{one[0].name}: {one[1].name}")
def test_hand_made_networks_are_members_and_decide_words_of_every_length(solution):
    language = solution[1]
    space, genotype = member(solution)
    assert space.contains(genotype)
    batches = [distant_examples(language, length) for length in distant_lengths(language)]
    for examples in (training_examples(language), *batches):
        assert errors(space, [genotype], language, examples) == [0]


def test_the_relu_counter_is_exact_at_twenty_thousand_symbols():
    space, genotype = member(next(one for one in SOLUTIONS if one[:2] == (RELU, A_N_B_N)))
    runs = [(0,) * first + (1,) * second for first, second in ((10_000, 10_000), (10_000, 10_001))]
    assert errors(space, [genotype], A_N_B_N, labelled(A_N_B_N, runs)) == [0]


def test_an_answer_that_overflows_is_wrong_whatever_the_label():
    space = RecurrentSpace(RELU, channels=2, units=1)
    growing = space.member([[[2, 0, 0, 1]]], [1, 0, 0, 0])
    examples = labelled(A_N_B_N, [(0,) * 600 + (1,) * 600])
    assert errors(space, [growing], A_N_B_N, examples) == [1]


def test_words_that_begin_alike_are_read_once():
    reading = arrange([(0, 1), (0, 1, 1), (0, 0)], A_N_B_N.channels)
    assert [len(level.parents) for level in reading.levels] == [1, 2, 1]
