"""Who is compared: the tools, the environment and worker that each runs in, and what it may use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tool:
    """One contestant.

    Attributes:
        name: On the command line and in the kept lines.
        label: In tables and plots.
        groups: In which it is ranked, of ``NETWORKS`` and ``ALL``. A tool that can be restricted to networks stands in
            ``ALL`` without the restriction only.
        environment: Of ``install``; empty for ours.
        worker: File in ``workers`` without its ending; empty for ours.
        options: Of ``coeval fit``; ours only.
    """

    name: str
    label: str
    groups: tuple[str, ...]
    environment: str = ""
    worker: str = ""
    options: tuple[str, ...] = ()


NETWORKS, ALL = "networks", "all"
BOTH = (NETWORKS, ALL)
TOOLS = (
    Tool("coeval", "coeval, networks", (NETWORKS,), options=("--models", "neural")),
    Tool("coeval_all", "coeval", (ALL,)),
    Tool("autogluon", "AutoGluon", (ALL,), "autogluon", "autogluon"),
    Tool("flaml", "FLAML", (ALL,), "flaml", "flaml"),
    Tool("lightgbm", "LightGBM", (ALL,), "models", "trees"),
    Tool("hgb", "HistGradientBoosting", (ALL,), "models", "trees"),
    Tool("realmlp", "RealMLP", BOTH, "models", "networks"),
    Tool("tabm", "TabM", BOTH, "models", "networks"),
    Tool("optuna", "Optuna + MLP", BOTH, "models", "optuna"),
    Tool("autogluon_networks", "AutoGluon, networks", (NETWORKS,), "autogluon", "autogluon"),
    Tool("tpot", "TPOT", (ALL,), "tpot", "tpot"),
    Tool("autokeras", "AutoKeras", BOTH, "autokeras", "autokeras"),
)
BY_NAME = {tool.name: tool for tool in TOOLS}
