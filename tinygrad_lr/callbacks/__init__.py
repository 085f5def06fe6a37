"""Callbacks: what may happen around a training, from the progress bar to early
stopping.
"""

from tinygrad_lr.callbacks.averages import SwapEMAWeights
from tinygrad_lr.callbacks.callback import Callback
from tinygrad_lr.callbacks.callback_list import CallbackList
from tinygrad_lr.callbacks.checkpoint import BackupAndRestore, ModelCheckpoint
from tinygrad_lr.callbacks.csv_logger import CSVLogger
from tinygrad_lr.callbacks.functions import LambdaCallback, LearningRateScheduler
from tinygrad_lr.callbacks.history import History
from tinygrad_lr.callbacks.monitor import MonitorCallback
from tinygrad_lr.callbacks.plateau import ReduceLROnPlateau
from tinygrad_lr.callbacks.progbar_logger import ProgbarLogger
from tinygrad_lr.callbacks.remote_monitor import RemoteMonitor
from tinygrad_lr.callbacks.stopping import EarlyStopping, TerminateOnNaN
from tinygrad_lr.callbacks.tensorboard import TensorBoard
from tinygrad_lr.lazy import attach_getattr

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "MonitorCallback",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]

attach_getattr(__name__)
