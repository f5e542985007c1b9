"""One name for all candidates that compute the same: the key of caches and of duplicate detection."""

import functools
import hashlib
import json

from coeval.architecture.component import Settings
from coeval.architecture.digest import digest
from coeval.architecture.program import Program
from coeval.architecture.step import Architecture
from coeval.space.protocol import Candidate


@functools.lru_cache(maxsize=8192)
def candidate_digest(candidate: Candidate) -> str:
    """Return the digest over all parts: an architecture's by its normal form, settings by name and value.

    Settings given in another order, and architectures that differ only in what the normal form
    removes, have equal digests.
    """
    parts = {
        name: _digest(part) if isinstance(part, Architecture) else _plain(part)
        for name, part in candidate.parts
    }
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _plain(part: Settings | Program) -> object:
    return [part.code.hex(), part.constants] if isinstance(part, Program) else dict(part)


@functools.lru_cache(maxsize=8192)
def _digest(architecture: Architecture) -> str:
    """Children often share their parent's architecture; its normal form takes a millisecond."""
    return digest(architecture)
