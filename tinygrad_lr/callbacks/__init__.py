"""Callbacks: what may happen around a training, from the progress bar to early
stopping.
"""

from tinygrad_lr.callbacks.callback import Callback
from tinygrad_lr.callbacks.callback_list import CallbackList
from tinygrad_lr.callbacks.functions import LambdaCallback, LearningRateScheduler
from tinygrad_lr.callbacks.history import History
from tinygrad_lr.callbacks.progbar_logger import ProgbarLogger
from tinygrad_lr.callbacks.stopping import (
    EarlyStopping,
    MonitorCallback,
    TerminateOnNaN,
)

__all__ = [
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "MonitorCallback",
    "ProgbarLogger",
    "TerminateOnNaN",
]
