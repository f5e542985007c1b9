"""One name for all candidates that compute the same: the key of caches and of duplicate detection."""

import functools
import hashlib
import json
from array import array

from coeval.architecture.component import Settings
from coeval.architecture.digest import digest
from coeval.architecture.program import Program
from coeval.architecture.step import Architecture
from coeval.component.solved import follows_no_recipe
from coeval.space.protocol import Candidate


@functools.lru_cache(maxsize=8192)
def candidate_digest(candidate: Candidate) -> str:
    """Return the digest over all parts: an architecture's by its normal form, settings by name and value.

    Settings given in another order, and architectures that differ only in what the normal form
    removes, have equal digests. Programs are named by their code and constants: a search tries too many of
    them to find out which steps matter, and the evaluator names their values.
    """
    programs = [(name, part) for name, part in candidate.parts if isinstance(part, Program)]
    if len(programs) == len(candidate.parts):
        return _hash(b"".join([_bytes(name, program) for name, program in programs]))
    parts = {
        name: _digest(part) if isinstance(part, Architecture) else _plain(part)
        for name, part in candidate.parts
    }
    if _follows_no_recipe(candidate):
        # Of a recipe only the classes' weights have a say.
        said = parts.pop("recipe", {})
        weighting = said.get("class_weights", "none") if isinstance(said, dict) else "none"
        parts |= {} if weighting == "none" else {"recipe": {"class_weights": weighting}}
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return _hash(text.encode())


def _follows_no_recipe(candidate: Candidate) -> bool:
    return any(
        isinstance(part, Architecture) and follows_no_recipe(part) for _, part in candidate.parts
    )


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _bytes(name: str, program: Program) -> bytes:
    """Return a part as bytes; the lengths in front keep parts apart. Text would take three times as long."""
    sizes = f"{name}:{len(program.code)}:{len(program.constants)}:"
    return sizes.encode() + program.code + array("d", program.constants).tobytes()


def _plain(part: Settings | Program) -> object:
    return [part.code.hex(), part.constants] if isinstance(part, Program) else dict(part)


@functools.lru_cache(maxsize=16_384)  # all 15,625 cells of NAS-Bench-201 fit
def _digest(architecture: Architecture) -> str:
    """Children often share their parent's architecture; its normal form takes a millisecond."""
    return digest(architecture)
