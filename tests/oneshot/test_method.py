"""The table of methods: every line is a different combination, and learning rates keep the published reach."""

import pytest

from coeval.errors import SpaceError
from coeval.oneshot.method import (
    METHODS,
    MOST_LR,
    Method,
    Published,
    architecture_lr,
    architecture_steps,
    method_named,
)


def test_no_two_methods_are_the_same_combination_of_parts():
    parts = [
        tuple(getattr(one, name) for name in Method.__dataclass_fields__ if name not in _SAID)
        for one in METHODS.values()
    ]
    assert len(set(parts)) == len(METHODS)


_SAID = ("line", "published")


@pytest.mark.parametrize("name", METHODS)
def test_steps_times_rate_is_as_published_unless_the_rate_is_at_its_bound(name):
    method = METHODS[name]
    for total in (50, 500, 5000):
        rate, steps = architecture_lr(method, total), architecture_steps(method, total)
        assert rate <= MOST_LR
        if 0 < rate < MOST_LR and steps < method.published.steps:
            reach = method.published.lr * method.published.steps
            assert rate * steps == pytest.approx(reach)


def test_more_steps_than_published_keep_the_published_rate():
    method = Method("as published", Published(100, 0.01, "nobody"))
    assert architecture_lr(method, 1000) == 0.01


def test_frozen_steps_and_steps_between_are_not_counted():
    assert architecture_steps(METHODS["darts"], 100) == 100
    assert architecture_steps(METHODS["pc-darts"], 100) == 70
    assert architecture_steps(METHODS["proxylessnas"], 100) == 15


def test_a_misspelt_method_is_one_clear_error():
    with pytest.raises(SpaceError, match=r"one-shot method must be one of .*Did you mean 'gdas'"):
        method_named("gdsa")
