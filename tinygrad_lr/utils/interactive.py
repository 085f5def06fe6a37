"""Where messages go: to standard output, or to the ``logging`` module.

Interactive logging is on unless :func:`disable_interactive_logging` is called.
"""

from __future__ import annotations

import sys

from tinygrad_lr.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)

__all__ = [
    "disable_interactive_logging",
    "enable_interactive_logging",
    "is_interactive_logging_enabled",
    "print_message",
]


def print_message(message: str, end: str = "\n") -> None:
    """Print a message, or log it."""
    if is_interactive_logging_enabled():
        sys.stdout.write(message + end)
        sys.stdout.flush()
    else:
        import logging  # slow to load, and rarely needed

        logging.getLogger("tinygrad_lr").info(message)
