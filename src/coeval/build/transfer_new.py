"""How a step starts that the parent does not have: as an identity where it can be one, a new branch at zero.

Deepening by identity: Chen, Goodfellow & Shlens 2016 (Net2Net, arXiv:1511.05641, section 2.3). Branches whose last map is
zero: Elsken et al. 2017 (NASH, arXiv:1711.04528) and Zhang et al. 2019 (Fixup, arXiv:1901.09321).
"""

from collections.abc import Callable, MutableMapping

import numpy as np

from coeval.architecture.component import Call
from coeval.architecture.inference import Inference
from coeval.architecture.step import Region, Step
from coeval.build.transfer_features import Value, features_of, kept

TRANSPARENT = frozenset({"identity", "dropout", "drop_path", "scale"})
"""Components that start as identities by themselves (dropout only outside training)."""
_PASSED = frozenset(
    {"identity", "dropout", "drop_path", "gelu", "silu", "tanh", "avg_pool2d", "max_pool2d"}
) | {*("subsample2d", "upsample2d", "to_sequence", "to_grid", "channel_shuffle", "gate")}
# Not relu: it stops every gradient at zero, so a branch behind it would never wake up.
_HALF_ZERO, _ATTENTION = "glu_gate", "attention"
_PROJECTIONS = (
    *("linear", "conv2d", "depthwise_conv2d", "group_conv2d", "axis_conv2d", "patch_embedding"),
)
_NORMS = ("scale", "batch_norm", "layer_norm", "rms_norm", "group_norm")

Weights = MutableMapping[str, np.ndarray]


def identity(step: Step, call: Call, value: Value, features: int, weights: Weights) -> Value:
    """Start a linear map or a convolution as the identity of the parent's features; return its result.

    Args:
        step: A new one.
        call: Its call.
        value: Its input.
        features: How many the parent's value has that the input stands for.
        weights: The step's own by local name, changed in place where they can be an identity.
    """
    width, settings = int(call.settings["width"]), step.settings
    is_plain = dict(settings).get("stride", 1) == 1 and int(dict(settings).get("kernel", 1)) % 2
    index = kept(width, features)
    if width < features or not is_plain:
        return Value(value.source, index, exact=False)
    unit = (index[:, None] == value.index) & (index >= 0)[:, None]
    weight = weights["weight"].copy()
    weight[:features] = 0.0
    middle = tuple(side // 2 for side in weight.shape[2:])
    weight[(slice(features), slice(None), *middle)] = unit[:features]
    weights["weight"] = weight
    if "bias" in weights:
        weights["bias"] = np.where(index >= 0, 0.0, weights["bias"]).astype(weight.dtype)
    complete = bool(unit[:features].any(axis=1).all())
    return Value(value.source, index, value.exact and complete, value.positive)


def zero_branch(
    region: Region,
    inference: Inference,
    output: int,
    prefix: str,
    weights: Weights,
    is_free: Callable[[int], bool],
) -> bool:
    """Set the last learnt map before a value to zero, so that the value is zero; return whether that was possible.

    Args:
        region: Where the value is.
        inference: The region's.
        output: The value's index.
        prefix: Of the names of the region's weights.
        weights: The network's, changed in place.
        is_free: Whether the step of a number may be changed.
    """
    number = output - region.inputs
    while number >= 0 and is_free(number):
        step, name = region.steps[number], region.steps[number].component.name
        here = f"{prefix}{number}."
        if name == "zero":
            return True
        if name in _PROJECTIONS or name in _NORMS or name in (_HALF_ZERO, _ATTENTION):
            _clear(name, here, features_of(inference.types[number + region.inputs]), weights)
            return True
        if name == "repeat":
            last = 0 if step.setting("tied") else int(step.setting("times")) - 1
            body, (known,) = step.regions[0], inference.nested[number]
            return zero_branch(body, known, body.output, f"{here}{last}.", weights, is_anything)
        if name not in _PASSED:
            return False
        number = step.inputs[0] - region.inputs
    return False


def is_anything(number: int) -> bool:
    """Return that any step may be changed: all of them are new."""
    return True


def _clear(name: str, here: str, features: int, weights: Weights) -> None:
    names = ("scale", "bias") if name in _NORMS else ("weight", "bias")
    if name == _ATTENTION:
        names = ("out_weight", "out_bias")
    for one in names:
        if here + one not in weights:
            continue
        cleared = weights[here + one].copy()
        # Of a gate only the values: what is multiplied with zero twice has no gradient.
        cleared[: features if name == _HALF_ZERO else None] = 0.0
        weights[here + one] = cleared
