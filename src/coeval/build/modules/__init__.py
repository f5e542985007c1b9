"""What the components lower to: self-contained modules that import only torch.

Features are on the last axis. ``build.source`` copies the text of these classes, so each may use only
``math``, ``torch``, ``nn`` and ``F``, and nothing defined beside it.
"""
