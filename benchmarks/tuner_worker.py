"""Runs in the peers' environment: times ask and tell of another system. Imports nothing of ours.

One request as JSON from standard input, one answer as the last line of output. A request has ``space`` (how many
options each setting has), ``losses`` (of every member, in lexicographic order), ``sampler``, ``trials``, ``seconds`` (of
the processor, after which it stops early) and ``seed``. The answer has ``trials`` and their ``seconds``, set-up apart;
``null`` where the system is not installed.
"""

import importlib
import importlib.util
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable

Question = tuple[list[int], Callable[[float], object]]
"""The options that were asked for, and how to tell their loss."""


def optuna(sampler: str, space: list[int], seed: int) -> Callable[[], Question]:
    module = importlib.import_module("optuna")
    module.logging.set_verbosity(module.logging.ERROR)
    name = {"Gaussian process": "GPSampler", "NSGA-II": "NSGAIISampler"}.get(sampler)
    made = getattr(module.samplers, name or f"{sampler}Sampler")(seed=seed)
    study = module.create_study(sampler=made)
    choices = {
        f"x{place}": module.distributions.CategoricalDistribution(list(range(many)))
        for place, many in enumerate(space)
    }

    def ask() -> Question:
        trial = study.ask(choices)
        return [trial.params[name] for name in choices], lambda loss: study.tell(trial, loss)

    return ask


def neps(sampler: str, space: list[int], seed: int) -> Callable[[], Question]:
    module = importlib.import_module("neps")
    settings = {f"x{place}": module.Categorical(list(range(n))) for place, n in enumerate(space)}
    parts = type("Cell", (module.PipelineSpace,), settings)()
    asking = module.AskAndTell(getattr(module.algorithms, sampler)(parts))

    def ask() -> Question:
        trial = (
            asking.ask()
        )  # names of its own spaces' settings are "SAMPLING__Resolvable.x0::categorical__5"
        given = {key.split(".")[-1].split("::")[0]: value for key, value in trial.config.items()}
        return [given[name] for name in settings], lambda loss: asking.tell(trial, loss)

    return ask


def syne_tune(sampler: str, space: list[int], seed: int) -> Callable[[], Question]:
    config = importlib.import_module("syne_tune.config_space")
    baselines = importlib.import_module("syne_tune.optimizer.baselines")
    wrapper = importlib.import_module("syne_tune.optimizer.schedulers.ask_tell_scheduler")
    settings = {f"x{place}": config.choice(list(range(n))) for place, n in enumerate(space)}
    metric = {"metrics": ["loss"]} if sampler == "RandomSearch" else {"metric": "loss"}
    base = getattr(baselines, sampler)(settings, **metric, random_seed=seed)
    asking = wrapper.AskTellScheduler(base_scheduler=base)

    def ask() -> Question:
        trial = asking.ask()
        values = [trial.config[name] for name in settings]
        return values, lambda loss: asking.tell(trial, {"loss": loss})

    return ask


def main() -> None:
    system, request = sys.argv[1], json.load(sys.stdin)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    if importlib.util.find_spec(system) is None:
        print("null")
        return
    losses, space = request["losses"], request["space"]
    systems = {"optuna": optuna, "neps": neps, "syne_tune": syne_tune}
    ask = systems[system](request["sampler"], space, request["seed"])
    done, spent = 0, 0.0
    while done < request["trials"] and spent < request["seconds"]:
        began = time.process_time()
        options, tell = ask()
        spent += time.process_time() - began
        row = 0
        for many, option in zip(space, options, strict=True):
            row = row * many + option
        began = time.process_time()
        tell(losses[row])
        spent += time.process_time() - began
        done += 1
    print(json.dumps({"trials": done, "seconds": spent}))


if __name__ == "__main__":
    main()
