"""The content hash of an architecture: equal computations get equal hashes."""

import hashlib
import json

from coeval.architecture.normal import normalise
from coeval.architecture.serial import to_json
from coeval.architecture.step import Architecture


def digest(architecture: Architecture) -> str:
    """Return the hash of the architecture's normal form: 32 hexadecimal digits (BLAKE2b, 128 bits).

    Raises:
        SpaceError: The architecture is not legal.
    """
    text = json.dumps(to_json(normalise(architecture)), sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
