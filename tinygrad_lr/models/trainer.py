"""Trainer: fit, evaluate, predict.

``fit`` is a loop over epochs around a loop over batches. What happens at a batch is a
*step*, a function of the batch; around it stands only what somebody has asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.callbacks import CallbackList, History
from tinygrad_lr.callbacks.callback_list import numbers
from tinygrad_lr.changes import changes
from tinygrad_lr.config import max_epochs
from tinygrad_lr.models.adapters import (
    rows_of,
    source_of,
    split_off,
    validation_parts,
    verbosity,
    warn_about,
)
from tinygrad_lr.models.compiling import compiled_attributes
from tinygrad_lr.models.data import (
    Single,
    all_finite,
    warn_if_not_finite,
    whole_number,
)
from tinygrad_lr.models.loop import Loop, is_due
from tinygrad_lr.models.observe import (
    LossWatch,
    unchanged_on_error,
    warn_if_frozen_since,
)
from tinygrad_lr.models.rehearsal import build_on, rehearse, rehearse_on
from tinygrad_lr.models.sources import Source, Stepped
from tinygrad_lr.models.steps import Steps, joined
from tinygrad_lr.notices import warn
from tinygrad_lr.utils.batches import unpack_x_y_sample_weight

# A number that overflows is reported in words by LossWatch, not by NumPy line by line.
quietly = np.errstate(all="ignore")


class Trainer(Steps):
    """What a model needs to be trained, measured and asked."""

    @checked
    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, loss_weights: Any = None,
        metrics: Any = None, weighted_metrics: Any = None, run_eagerly: bool = False,
        steps_per_execution: int = 1, jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:  # fmt: skip
        """Say how the model is to be trained.

        Args:
            optimizer: name, class or object of an optimizer.
            loss: name or object of a loss, or a function of targets and predictions.
                For several outputs a list in their order, or a dict by their names.
            loss_weights: number by which the loss is multiplied, or one per output. In
                this place Keras 2 had the metrics, so those are understood, too.
            metrics: name, function or object of a metric, or a list of them; for
                several outputs a list of lists, or a dict by their names.
            weighted_metrics: the same, for metrics that heed sample and class weights.
            run_eagerly: run the steps as they are written, without compiling them.
            steps_per_execution: number of batches between two calls of batch hooks.
            jit_compile: whether steps may become machine code.
            auto_scale_loss: accepted for Keras's sake; it matters in float16 only.

        Raises:
            ValueError: for unknown names, with the nearest known ones.

        Example:
            >>> from tinygrad_lr import Sequential, layers
            >>> model = Sequential([layers.Dense(1)])
            >>> model.compile(optimizer="adam", loss="mse", metrics=["mae"])
            >>> type(model.optimizer).__name__, model.loss
            ('Adam', 'mse')
        """
        given = {
            "optimizer": optimizer, "loss": loss, "loss_weights": loss_weights,
            "metrics": metrics, "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly, "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile, "auto_scale_loss": auto_scale_loss,
        }  # fmt: skip
        compiled = compiled_attributes(given, *self._known_outputs())
        self.__dict__.update(compiled)  # at once, and not as parts of the model
        self.__dict__["_trained"] = len(self.trainable_weights) if self.built else None

    # -- training ----------------------------------------------------------------------

    @checked
    @quietly
    def fit(
        self, x: Any = None, y: Any = None, batch_size: int | None = None,
        epochs: int = 1, verbose: Any = "auto", callbacks: Any = None,
        validation_split: float = 0.0, validation_data: Any = None,
        shuffle: bool | str = True, class_weight: Mapping[Any, float] | None = None,
        sample_weight: Any = None, initial_epoch: int = 0,
        steps_per_epoch: int | None = None, validation_steps: int | None = None,
        validation_batch_size: int | None = None, validation_freq: Any = 1,
    ) -> History:  # fmt: skip
        """Train the model and return the history of its metrics.

        Args:
            x: inputs: an array, list or data frame with one row per sample (or a list
                or dict of arrays for several inputs), or a generator, iterable or
                PyDataset of batches ``(x, y)`` or ``(x, y, sample_weight)``.
            y: targets, one row per sample.
            batch_size: samples per step, 32 if None.
            epochs: number at which to stop counting epochs.
            verbose: 0 silent, 1 or "auto" progress bar, 2 one line per epoch.
            callbacks: list of Callback objects.
            validation_split: part of the rows, from the end, kept for validation.
            validation_data: ``(x, y)`` or ``(x, y, sample_weight)``, or batches as for
                x.
            shuffle: a new order of rows in each epoch; "batch" keeps batches together.
            class_weight: dict from class number to the weight of its samples.
            sample_weight: weight of each sample.
            initial_epoch: epoch to begin with (to go on with a training).
            steps_per_epoch: batches in an epoch, if not all.
            validation_steps: batches in a validation, if not all.
            validation_batch_size: samples per step of a validation.
            validation_freq: validate every so many epochs, or after the epochs listed.

        Raises:
            ValueError: before ``compile``.
            ValueError, TypeError: for data or settings that do not fit; the model is
                then as it was.

        Example:
            >>> from tinygrad_lr import Sequential, layers
            >>> model = Sequential([layers.Dense(1, kernel_initializer="ones")])
            >>> model.compile(optimizer="sgd", loss="mse")
            >>> history = model.fit([[1.0], [2.0]], [[2.0], [4.0]], epochs=3, verbose=0)
            >>> [round(loss, 3) for loss in history.history["loss"]]
            [2.5, 2.172, 1.887]
        """
        self._check_compiled("fit")
        warn_if_frozen_since(self)
        epochs = whole_number(epochs, "epochs", 0)
        most = max_epochs()
        if most and most < epochs:
            warn(f"Limiting epochs to {most}")
            epochs = most
        initial_epoch = whole_number(initial_epoch, "initial_epoch", 0)
        verbose = verbosity(verbose)
        if validation_split and validation_data is None:
            data, validation_data = split_off(
                x, y, sample_weight, validation_split, self._single()
            )
            x, y, sample_weight = unpack_x_y_sample_weight(data)
        with unchanged_on_error(self):
            training = self._source(
                x, y, sample_weight, batch_size=batch_size, steps=steps_per_epoch,
                shuffle=shuffle, class_weight=class_weight,
            )  # fmt: skip
            rehearse(self, training, learning=True)
            validation = None
            if validation_data is not None:
                validation = self._source(
                    *validation_parts(validation_data), steps=validation_steps,
                    batch_size=validation_batch_size or batch_size,
                )  # fmt: skip
                rehearse(self, validation)
        callbacks = self._callbacks(
            callbacks, verbose, training, epochs=epochs, add_history=True
        )
        changes.doubt()
        loop = Loop(self, self.make_train_function(), training, callbacks, "train")
        loop.watch = LossWatch(self)
        try:
            self._run_epochs(loop, initial_epoch, epochs, validation, validation_freq)
        finally:
            changes.doubt()
        found: History = callbacks.history or self.history
        self.history = found
        return found

    def _run_epochs(
        self, loop: Loop, initial_epoch: int, epochs: int, validation: Source | None,
        validation_freq: Any,
    ) -> None:  # fmt: skip
        """Train from one epoch to another, and validate when it is due."""
        callbacks = loop.callbacks
        logs: dict[str, Any] = {}
        self.stop_training = False
        self._initial_epoch = self._initial_batch = None
        callbacks.on_train_begin()
        epoch = self._initial_epoch or initial_epoch  # a backup may say otherwise
        loop.skip = self._initial_batch or 0
        while epoch < epochs and not self.stop_training:
            done = 0 if validation else loop.run_epochs(range(epoch, epochs))
            epoch += done
            if done:
                continue
            loop.begin()
            callbacks.on_epoch_begin(epoch)
            if not loop.run_epoch(epoch):
                warn(f"the data ended before epoch {epoch + 1}; training ends here.")
                break
            logs = numbers(loop.results[-1] if loop.results else None)
            if validation is not None and is_due(epoch, validation_freq):
                results = self._test(validation, callbacks)
                logs.update({f"val_{name}": value for name, value in results.items()})
            callbacks.on_epoch_end(epoch, logs)
            epoch += 1
        self.optimizer.finalize_variable_values(self.trainable_variables)
        callbacks.on_train_end(logs)

    @checked
    @quietly
    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None,
        verbose: Any = "auto", sample_weight: Any = None, steps: int | None = None,
        callbacks: Any = None, return_dict: bool = False,
    ) -> Any:  # fmt: skip
        """Return the loss on some data, or the list of loss and metrics if there are
        any.

        The arguments are those of :meth:`fit`; ``steps`` limits the number of batches.
        With ``return_dict`` the result is a dict by name.

        >>> from tinygrad_lr import Sequential, layers
        >>> model = Sequential([layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile(loss="mse", metrics=["mae"])
        >>> model.evaluate([[1.0], [2.0]], [[2.0], [4.0]], verbose=0)
        [2.5, 1.5]
        """
        self._check_compiled("evaluate")
        with unchanged_on_error(self):
            source = self._source(
                x, y, sample_weight, batch_size=batch_size, steps=steps
            )
            rehearse(self, source)
        callbacks = self._callbacks(callbacks, verbosity(verbose), source)
        changes.doubt()
        return self._result(self._test(source, callbacks), return_dict)

    @checked
    @quietly
    def predict(
        self, x: Any, batch_size: int | None = None, verbose: Any = "auto",
        steps: int | None = None, callbacks: Any = None,
    ) -> Any:  # fmt: skip
        """Return the outputs for all rows of ``x`` as an array.

        The arguments are those of :meth:`fit`; ``steps`` limits the number of batches.

        >>> from tinygrad_lr import Sequential, layers
        >>> model = Sequential([layers.Dense(1, kernel_initializer="ones")])
        >>> model.predict([[1.0], [2.0]], verbose=0)
        array([[1.],
               [2.]], dtype=float32)
        """
        one = isinstance(x, np.ndarray) and x.ndim and 0 < len(x) <= (batch_size or 32)
        if one and callbacks is None and steps is None and not verbosity(verbose):
            return self._predict_one(x)  # one batch that nobody watches
        with unchanged_on_error(self):
            source = self._source(x, batch_size=batch_size, steps=steps)
            if not self.built:
                build_on(self, source.first())
        callbacks = self._callbacks(callbacks, verbosity(verbose), source)
        changes.doubt()
        loop = Loop(self, self.make_predict_function(), source, callbacks, "predict")
        callbacks.on_predict_begin()
        loop.run_epoch()
        callbacks.on_predict_end()
        return joined(loop.results)

    @checked
    @quietly
    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None,
        class_weight: Mapping[Any, float] | None = None, return_dict: bool = False,
    ) -> Any:  # fmt: skip
        """Train on one batch; return its loss, or the list of loss and metrics.

        >>> from tinygrad_lr import Sequential, layers
        >>> model = Sequential([layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile(optimizer="sgd", loss="mse")
        >>> float(model.train_on_batch([[1.0]], [[2.0]]))
        1.0
        """
        self._check_compiled("train_on_batch")
        warn_if_frozen_since(self)
        with unchanged_on_error(self):
            batch = self._one_batch(x, y, sample_weight, class_weight)
            rehearse_on(self, batch, learning=True)
        self.reset_metrics()
        return self._result(numbers(self.make_train_function()(batch)), return_dict)

    @checked
    @quietly
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:  # fmt: skip
        """Return the loss on one batch, or the list of loss and metrics."""
        self._check_compiled("test_on_batch")
        with unchanged_on_error(self):
            batch = self._one_batch(x, y, sample_weight)
            rehearse_on(self, batch)
        self.reset_metrics()
        return self._result(numbers(self.make_test_function()(batch)), return_dict)

    @checked
    @quietly
    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch as an array."""
        return self._predict_one(x)

    def _predict_one(self, x: Any) -> Any:
        step = self.predict_function
        program = step.ready(x) if step is not None else None
        if program is not None:  # data of this form were checked before
            if not all_finite(x):
                warn_if_not_finite(x, "x")
            return joined([program.run_one(x)])
        if self.built:
            batch = self._one_batch(x)
        else:
            with unchanged_on_error(self):
                batch = self._one_batch(x)
                build_on(self, batch)
        return joined(self.make_predict_function().run((batch,)))

    # -- what they share ---------------------------------------------------------------

    def _prepare_inputs(self, x: Any) -> Any:
        """Check and cast inputs, given as arrays, before they are cut into batches."""
        return x

    def _known_outputs(self) -> tuple[Any, Any]:
        """The names of the outputs and their nesting, if known before there are any."""
        return None, None

    def _single(self) -> Single:
        return Single(self._single_input, self._single_output)

    def _check_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"{method}: model {self.name!r} "
                "is not compiled. Call compile(optimizer=..., loss=...) first."
            )

    def _source(
        self, x: Any, y: Any = None, sample_weight: Any = None, **settings: Any
    ) -> Source:
        return source_of(
            x, y, sample_weight, prepare=self._prepare_inputs, single=self._single(),
            **settings,
        )  # fmt: skip

    def _one_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None
    ) -> tuple[Any, ...]:
        parts = rows_of(x, y, sample_weight, self._single(), class_weight)
        warn_about(parts)
        return (self._prepare_inputs(parts[0]), *parts[1:])

    def _callbacks(
        self, callbacks: Any, verbose: int, source: Source, epochs: int = 1,
        add_history: bool = False,
    ) -> CallbackList:  # fmt: skip
        if isinstance(callbacks, CallbackList):
            return callbacks
        return CallbackList(
            callbacks, add_history=add_history, add_progbar=verbose != 0, model=self,
            every=self.steps_per_execution, verbose=verbose, epochs=epochs,
            steps=source.steps,
        )  # fmt: skip

    def _test(self, source: Source, callbacks: CallbackList) -> dict[str, Any]:
        """Go through the data once without learning; return loss and metrics as
        numbers.
        """
        if isinstance(source, Stepped):
            source.restart()
        loop = Loop(self, self.make_test_function(), source, callbacks, "test")
        loop.begin()
        callbacks.on_test_begin()
        if not loop.run_epoch():
            warn("there are no data left to evaluate on; make the generator anew.")
        logs = numbers(loop.results[-1] if loop.results else None)
        callbacks.on_test_end(logs)
        return dict(logs)
