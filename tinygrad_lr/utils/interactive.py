"""Where messages go: to standard output, or to the ``logging`` module.

Interactive logging is on unless :func:`disable_interactive_logging` is called.
"""

from __future__ import annotations

import sys

from tinygrad_lr.config import settings


def enable_interactive_logging() -> None:
    """Print messages to standard output, as is the rule."""
    settings["interactive_logging"] = 1.0


def disable_interactive_logging() -> None:
    """Send messages to the logger ``tinygrad_lr``, level INFO."""
    settings["interactive_logging"] = 0.0


def is_interactive_logging_enabled() -> bool:
    """Whether messages are printed to standard output."""
    return bool(settings.get("interactive_logging", 1.0))


def print_message(message: str, end: str = "\n") -> None:
    """Print a message, or log it."""
    if is_interactive_logging_enabled():
        sys.stdout.write(message + end)
        sys.stdout.flush()
    else:
        import logging  # slow to load, and rarely needed

        logging.getLogger("tinygrad_lr").info(message)
