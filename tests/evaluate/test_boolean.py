import numpy as np

from coeval.architecture.program import Operation, make_program
from coeval.component.library import SCALAR
from coeval.evaluate.boolean import BooleanEvaluator
from coeval.evaluate.protocol import never_stop
from coeval.seed import generator
from coeval.space.product import ProductSpace
from coeval.space.programs import ProgramSpace
from coeval.space.protocol import Candidate
from coeval.strategy.competitive import CompetitiveCoevolution
from coeval.strategy.competitive_options import Competition
from coeval.task.boolean import multiplexer, parity
from coeval.testing.evaluators import check_evaluator
from coeval.trial import Proposal, Reason, Trial, finish

NAMES = {"sub": 2, "abs": 1, "mul": 2, "select": 3, "log": 1}
OPERATIONS = tuple(Operation(SCALAR[name], arity) for name, arity in NAMES.items())
SUB, ABS, MUL, SELECT, LOG = range(5)
EXCLUSIVE_OR = make_program([(SUB, 0, 1), (ABS, 2)])


def measured(program, cases=None, function=None):
    judge = BooleanEvaluator(function or parity(2), OPERATIONS)
    proposal = Proposal(Candidate((("program", program),)), cases=cases)
    return dict(judge.evaluate([Trial(7, proposal)], never_stop))[7]


def bits(measurement, count):
    packed = np.frombuffer(bytes.fromhex(measurement.data["passed"]), dtype=np.uint8)
    return np.unpackbits(packed, count=count).tolist()


def test_keeps_the_contract_of_evaluators():
    space = ProductSpace({"program": ProgramSpace(6, OPERATIONS, 6)})
    proposals = [
        Proposal(space.sample(generator(0, k)), cases=cases)
        for k, cases in enumerate([None, "rows:3,1,40", None, "rows:3,1,40"])
    ]
    check_evaluator(BooleanEvaluator(multiplexer(2), OPERATIONS), proposals, objective="error_rate")


def test_the_absolute_difference_is_the_exclusive_or():
    found = measured(EXCLUSIVE_OR)
    assert found.values == {"error_rate": 0.0, "worst": 0.0}
    assert found.cost["point_evaluations"] == 4 * 2
    assert bits(found, 4) == [1, 1, 1, 1]


def test_a_product_misses_one_of_them():
    found = measured(make_program([(MUL, 0, 1)]))
    assert bits(found, 4) == [1, 0, 0, 0]
    assert bits(measured(make_program([(MUL, 0, 1)]), "rows:3,0"), 2) == [0, 1]


def test_undefined_steps_and_wrong_cases_are_failures():
    undefined = measured(make_program([(LOG, 0)])).failure
    assert undefined is not None
    assert undefined.reason is Reason.REFUSED
    wrong = measured(EXCLUSIVE_OR, "rows:4").failure
    assert wrong is not None
    assert wrong.reason is Reason.ERROR
    assert "'rows:0,3'" in wrong.detail
    judge = BooleanEvaluator(parity(2), OPERATIONS)
    other = Trial(0, Proposal(Candidate((("program", (("a", 1),)),))))
    assert "program in the part" in dict(judge.evaluate([other], never_stop))[0].failure.detail


def test_a_competitive_search_finds_the_six_bit_multiplexer_exactly():
    function = multiplexer(2)
    operations = tuple(Operation(SCALAR[name], NAMES[name]) for name in ("select", "sub"))
    space = ProductSpace({"program": ProgramSpace(6, operations, 8)})
    judge = BooleanEvaluator(function, operations)
    options = Competition(population=200, opponents_each=24, kind="rows")
    search = CompetitiveCoevolution(space, 64, 1, options)
    told = 0
    while told < 40_000 and (asked := search.ask(10_000)):
        trials = [Trial(told + place, one) for place, one in enumerate(asked)]
        told += len(trials)
        for trial in trials:
            search.tell(trial)
        found = dict(judge.evaluate(trials, never_stop))
        for trial in trials:
            search.tell(finish(trial, found[trial.number]))
    assert (search.history.failures, search.history.untested) == (0, 0)
    answer = Trial(told, Proposal(search.champion))
    assert dict(judge.evaluate([answer], never_stop))[told].values["worst"] == 0.0
