"""Runs in the peers' environment: one request as JSON from standard input, one answer as the last line of output.

A request has ``inputs`` (columns), ``target``, ``seed`` and either ``evaluations`` (how many to spend; the answer
has the processor ``seconds``) or ``seconds`` (how long to search; the answer has ``found``, the values on the
``fresh`` columns). Imports nothing of ours. ``null`` where the peer is not installed.
"""

import importlib
import importlib.util
import json
import sys
import time

import numpy as np


def gplearn(request: dict, inputs: np.ndarray, target: np.ndarray) -> dict:
    functions, genetic = map(importlib.import_module, ("gplearn.functions", "gplearn.genetic"))
    exp = functions.make_function(
        function=lambda x: np.exp(np.minimum(x, 50.0)), name="exp", arity=1
    )
    population = 1000
    model = genetic.SymbolicRegressor(
        population_size=population,
        generations=1,
        function_set=("add", "sub", "mul", "div", "sin", "cos", "log", exp),
        random_state=request["seed"],
        warm_start=True,
        stopping_criteria=-1.0,
    )
    started, generations = time.process_time(), 0
    while True:
        generations += 1
        model.set_params(generations=generations)
        model.fit(inputs, target)
        spent = time.process_time() - started
        if "evaluations" in request and generations * population >= request["evaluations"]:
            return {"seconds": spent, "evaluations": generations * population}
        if "seconds" in request and spent * (1 + 1 / generations) > request["seconds"]:
            fresh = np.array(request["fresh"]).T
            return {"seconds": spent, "found": model.predict(fresh).tolist()}


def pyoperon(request: dict, inputs: np.ndarray, target: np.ndarray) -> dict:
    searching = "seconds" in request
    model = importlib.import_module("pyoperon.sklearn").SymbolicRegressor(
        allowed_symbols="add,sub,mul,div,sin,cos,exp,log,sqrt,constant,variable",
        population_size=1000,
        generations=10**9,
        max_evaluations=10**12 if searching else request["evaluations"],
        max_time=int(request["seconds"]) if searching else None,
        optimizer_iterations=5 if searching else 0,
        max_length=30,
        epsilon=1e-14 if searching else 0.0,
        model_selection_criterion="mean_squared_error",
        n_threads=1,
        random_state=request["seed"],
    )
    started = time.process_time()
    model.fit(inputs, target)
    answer = {
        "seconds": time.process_time() - started,
        "evaluations": model.stats_["evaluation_count"],
    }
    if searching:
        answer["found"] = model.predict(np.array(request["fresh"]).T).tolist()
    return answer


def main() -> None:
    name = sys.argv[1]
    request = json.load(sys.stdin)
    if importlib.util.find_spec(name) is None:
        print("null")
        return
    inputs, target = np.array(request["inputs"]).T, np.array(request["target"])
    with np.errstate(all="ignore"):
        print(json.dumps({"gplearn": gplearn, "pyoperon": pyoperon}[name](request, inputs, target)))


if __name__ == "__main__":
    main()
