"""SwapEMAWeights: testing a model with the moving averages of its weights."""

from __future__ import annotations

from typing import Any

from tinygrad_lr.autodiff.lending import undone_on_error
from tinygrad_lr.callbacks.callback import Callback


class SwapEMAWeights(Callback):
    """Puts the averages of an optimizer with ``use_ema=True`` in place of the weights
    while the model is evaluated or predicts.

    With ``swap_on_epoch=True`` the averages are also there when an epoch ends, so that
    a checkpoint after this callback stores them.

    Raises:
        ValueError: for an optimizer without ``use_ema=True``.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self.swapped = False

    def pairs(self) -> list[tuple[Any, Any]]:
        """Each weight with its average."""
        optimizer = self.model.optimizer
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        parts = getattr(inner, "optimizers", [inner])
        averaging = [part for part in parts if getattr(part, "use_ema", False)]
        if not averaging:
            raise ValueError(
                "SwapEMAWeights: expected an optimizer with use_ema=True, got "
                f"{type(inner).__name__}(use_ema=False)."
            )
        return [
            pair
            for part in averaging
            if part.built
            for pair in zip(part._trainable_variables, part._averages, strict=True)
        ]

    @undone_on_error()
    def swap(self, wanted: bool) -> None:
        """Let the averages be in the model, or not."""
        if self.swapped == wanted:
            return
        for variable, average in self.pairs():
            values = variable.numpy()
            variable.assign(average)
            average.assign(values)
        self.swapped = wanted

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.swap_on_epoch:
            self.swap(False)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.swap_on_epoch:
            self.swap(True)
            if epoch == self.params["epochs"] - 1:
                # When a training ends the weights become their averages: these ones.
                for variable, average in self.pairs():
                    average.assign(variable)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.swap(True)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        self.swap(False)

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.swap(True)

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        self.swap(False)
