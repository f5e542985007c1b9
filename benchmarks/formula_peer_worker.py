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
    started, best, found, restart = time.process_time(), np.inf, None, 0
    while (
        True
    ):  # a search restarts every 100,000 evaluations, with five steps of local fitting each
        model = importlib.import_module("pyoperon.sklearn").SymbolicRegressor(
            allowed_symbols="add,sub,mul,div,sin,cos,exp,log,sqrt,constant,variable",
            population_size=1000,
            generations=10**9,
            max_evaluations=100_000 if searching else request["evaluations"],
            max_time=max(1, int(request["seconds"])) if searching else None,
            optimizer_iterations=5 if searching else 0,
            max_length=30,
            epsilon=1e-16 if searching else 0.0,
            model_selection_criterion="mean_squared_error",
            n_threads=1,
            random_state=request["seed"] + restart,
        )
        model.fit(inputs, target)
        restart += 1
        spent = time.process_time() - started
        if not searching:
            return {"seconds": spent, "evaluations": model.stats_["evaluation_count"]}
        error = float(np.mean(np.square(model.predict(inputs) - target)))
        if found is None or error < best:
            best, found = error, model.predict(np.array(request["fresh"]).T)
        if best < 1e-14 * np.var(target) or spent * (1 + 0.5 / restart) > request["seconds"]:
            return {"seconds": spent, "found": found.tolist()}


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
