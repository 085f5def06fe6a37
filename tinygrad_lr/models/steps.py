"""Steps: what happens to one batch when a model learns, is measured, or is asked.

``train_step``, ``test_step`` and ``predict_step`` say what is done with a batch;
``make_train_function`` and its siblings turn them into functions of a batch, which is
where a recorded and compiled step may take the place of the written one.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import GradientTape, Tensor, hint, label, no_grad
from tinygrad_lr.autodiff.trees import leaves, rebuild, transform
from tinygrad_lr.compiler import readable
from tinygrad_lr.compiler.names import is_automatic
from tinygrad_lr.layers import Layer
from tinygrad_lr.metrics.metric import Metric
from tinygrad_lr.models.compile_loss import CompileLoss
from tinygrad_lr.models.compile_metrics import CompileMetrics
from tinygrad_lr.models.replay import Replay
from tinygrad_lr.nesting import unique
from tinygrad_lr.utils.batches import unpack_x_y_sample_weight


class Steps(Layer):
    """A layer with an optimizer, a loss and metrics, and with steps that use them."""

    compiled = False
    _initial_epoch: int | None = None  # where fit begins, if a callback knows better
    _initial_batch: int | None = None
    _compile_arguments: dict[str, Any]
    _single_input = False  # whether a list of arrays is one input, row by row
    _single_output = False  # the same for targets
    optimizer: Any = None
    loss: Any = None
    run_eagerly = False
    jit_compile: bool | str = "auto"
    steps_per_execution = 1
    stop_training = False
    history: Any = None
    train_function: Replay | None = None
    test_function: Replay | None = None
    predict_function: Replay | None = None
    _compiled_loss: CompileLoss | None = None
    _compile_metrics: CompileMetrics | None = None
    _loss_tracker: Any = None
    _passing = Layer._passing | {
        "history", "stop_training", "train_function", "test_function",
        "predict_function", "_rehearsed", "_graph", "_drawn_layers", "_place",
        "_initial_epoch", "_initial_batch", "_compile_arguments",
    }  # fmt: skip
    _rehearsed: set[Any] = set()  # noqa: RUF012  # compile gives each model its own

    # -- what a step does --------------------------------------------------------------

    def train_step(self, data: Any) -> dict[str, Any]:
        """Learn from one batch and return the metrics so far; override it at will."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            label(y_pred, "p")
            loss = self._compute_loss(x, y, y_pred, sample_weight, training=True)
            label(loss, "loss")
            scaled = self.optimizer.scale_loss(loss)
        self._loss_tracker.update_state(loss, sample_weight=batch_length(x))
        variables = self.trainable_variables
        self.optimizer.take_over(variables)
        self.optimizer.apply(tape.gradient(scaled, variables), variables)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Measure loss and metrics on one batch and return them so far."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        label(y_pred, "p")
        loss = self._compute_loss(x, y, y_pred, sample_weight, training=False)
        label(loss, "loss")
        self._loss_tracker.update_state(loss, sample_weight=batch_length(x))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Return the outputs for one batch."""
        x, _, _ = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        label(y_pred, "p")
        return y_pred

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the loss of a batch: that of compile plus what layers add to it."""
        parts = list(self.losses)
        if self._compiled_loss is not None:
            parts.insert(0, self._compiled_loss(y, y_pred, sample_weight))
        if parts:
            return sum(parts[1:], parts[0])
        if training:
            raise ValueError(
                f"model {self.name!r} has no loss, so there is nothing to learn. Pass "
                "one: compile(loss='mse')."
            )
        return Tensor(0.0)

    def _compute_loss(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool
    ) -> Any:
        """Call :meth:`compute_loss`; one of the user's need not take ``training``."""
        if "training" in inspect.signature(self.compute_loss).parameters:
            return self.compute_loss(x, y, y_pred, sample_weight, training=training)
        return self.compute_loss(x, y, y_pred, sample_weight)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Let the metrics of compile take in a batch; return all metrics so far."""
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """All metrics of the model by name."""
        results: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            results.update(
                result if isinstance(result, dict) else {metric.name: result}
            )
        for name, result in results.items():
            hint(result, name)
        return results

    @property
    def metrics(self) -> list[Any]:
        """The running mean of the loss, the metrics of compile, those of layers.

        Models among the layers keep theirs: what they were compiled with tells nothing
        about this training.
        """
        own = [self._loss_tracker, self._compile_metrics]
        found = [metric for metric in own if metric is not None]
        if self._compiled_loss is not None:
            found += self._compiled_loss.metrics
        found += self._found(Metric)
        for layer in self._flatten_layers(include_self=False):
            if not isinstance(layer, Steps):
                found += layer._found(Metric)
        return unique(found)

    @property
    def metrics_names(self) -> list[str]:
        """The names of what ``evaluate`` returns, in its order."""
        names: list[str] = []
        for metric in self.metrics:
            parts = isinstance(metric, CompileMetrics)
            names.extend(metric.keys if parts else [metric.name])
        return names

    def _raw_metrics_names(self) -> list[str]:
        """Names of all metrics, those of compile without the names of outputs."""
        names: list[str] = []
        for metric in self.metrics:
            inner = metric.metrics if isinstance(metric, CompileMetrics) else [metric]
            names.extend(one.name for one in inner)
        return names

    def _result(self, logs: dict[str, Any], return_dict: bool) -> Any:
        """Logs as a dict, as a list in the order of compile, or as the only number."""
        if return_dict:
            return dict(logs)
        if len(logs) == 1:
            return next(iter(logs.values()))
        names = [name for name in self._raw_metrics_names() if name in logs]
        rest = sorted(logs)  # those of several outputs bear other names
        return [logs[name] for name in dict.fromkeys([*names, *rest])]

    def reset_metrics(self) -> None:
        """Let every metric begin anew."""
        for metric in self.metrics:
            metric.reset_state()

    # -- steps as functions of a batch -------------------------------------------------

    def make_train_function(self, force: bool = False) -> Replay:
        """Return the function that ``fit`` calls with each batch."""
        if force or self._outdated(self.train_function):
            if not self.optimizer.built:
                self.optimizer.build(self.trainable_variables)
            self.train_function = self._replay(self.train_step, "train_step")
        assert self.train_function is not None
        return self.train_function

    def make_test_function(self, force: bool = False) -> Replay:
        """Return the function that ``evaluate`` calls with each batch."""
        if force or self._outdated(self.test_function):
            step = no_grad()(self.test_step)
            self.test_function = self._replay(step, "test_step")
        assert self.test_function is not None
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Replay:
        """Return the function that ``predict`` calls with each batch."""
        if force or self._outdated(self.predict_function):
            step = no_grad()(self.predict_step)
            self.predict_function = self._replay(step, "predict_step")
        assert self.predict_function is not None
        return self.predict_function

    def train_step_source(self) -> str:
        """Return the training step that ``fit`` runs as a NumPy function, to be read.

        It takes the batch and all variables, and returns the new values of those that
        change, then the logs. Integers in the batch that are only ever used as floats
        (such as targets 0 and 1) are to be given as floats. Raises ``RuntimeError``
        before the first batch, and for a step that looks at values and so runs as it is
        written.
        """
        return program_source(self.train_function, "fit")

    def test_step_source(self) -> str:
        """Return the step that ``evaluate`` runs, like :meth:`train_step_source`."""
        return program_source(self.test_function, "evaluate")

    def predict_step_source(self) -> str:
        """Return the step that ``predict`` runs, like :meth:`train_step_source`."""
        return program_source(self.predict_function, "predict")

    def _outdated(self, function: Replay | None) -> bool:
        """Whether a function is to be made, or was made for another ``run_eagerly``."""
        return function is None or function.asked_eager is not self.run_eagerly

    def _replay(self, step: Any, name: str) -> Replay:
        return Replay(step, name, self._parts, self.run_eagerly, self._words)

    def _words(self, name: str) -> list[str] | None:
        """What programs call several inputs ("x"), or their targets ("y")."""
        if name == "x":
            names = getattr(self, "input_names", None) or ()
            return [f"x_{i}" if is_automatic(n) else n for i, n in enumerate(names)]
        return [
            f"{name}_{output}" for output in getattr(self, "output_names", None) or ()
        ]

    def __getstate__(self) -> dict[str, Any]:
        """All but the recorded steps: a copy has variables and programs of its own."""
        functions = ("train_function", "test_function", "predict_function")
        return {**self.__dict__, **dict.fromkeys(functions)}

    def _parts(self) -> list[Any]:
        """Everything with settings that a step depends on."""
        parts: list[Any] = [*self._flatten_layers(), *self.metrics]
        return [
            *parts,
            *(p for p in (self.optimizer, self._compiled_loss) if p is not None),
        ]


def program_source(step: Replay | None, method: str) -> str:
    """The source of the latest recording of a step."""
    if step is None or step.program is None:
        eager = step is not None and step.eager
        why = "it runs eagerly" if eager else "nothing has run"
        raise RuntimeError(
            f"there is no program to show, because {why}. Call {method}() on data "
            "first, on a model compiled without run_eagerly."
        )
    return readable(step.program, floats=True)


def batch_length(x: Any) -> int:
    """The number of rows of a batch."""
    return int(x.shape[0] if isinstance(x, Tensor) else leaves(x)[0].shape[0])


def arrays(outputs: Any) -> Any:
    """The arrays of outputs in the same nesting."""
    return transform(
        lambda out: np.asarray(out.data if isinstance(out, Tensor) else out), outputs
    )


def joined(outputs: list[Any]) -> Any:
    """The outputs of all batches, one after the other, as arrays that may be written
    to.
    """
    first = outputs[0]
    if len(outputs) == 1 and type(first) is np.ndarray and first.flags.owndata:
        return first  # a program made it for us alone
    columns = zip(*[leaves(arrays(output)) for output in outputs], strict=True)
    return rebuild(outputs[0], [np.concatenate(column) for column in columns])
