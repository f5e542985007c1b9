"""The table of trials."""

import re

from coeval.report.facts import collect
from coeval.report.trials import trials
from coeval.trial import State, Trial
from tests.report import examples


def test_a_trial_that_has_not_ended_is_called_unfinished():
    def is_end(one: object) -> bool:
        return isinstance(one, Trial) and one.number == 12 and one.state is not State.RUNNING

    events = [one for one in examples.journal(12) if not is_end(one.body)]
    page = str(trials(collect("adult", examples.capsule(), events)))
    assert re.findall(r'class="state running"[^>]*>(\w+)<', page) == ["unfinished"]
    assert ">running<" not in page
