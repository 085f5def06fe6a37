"""Intersection over union: how well predicted regions cover the true ones.

What is remembered is how often each true class was predicted as each class. For one
class, the intersection is where it is both true and predicted, and the union where it
is either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions, no_grad
from tinygrad_lr.config import epsilon
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.losses.loss import spread
from tinygrad_lr.metrics.metric import Metric
from tinygrad_lr.notices import warn


class IoU(Metric):
    """The mean of intersection / union over the classes ``target_class_ids``.

    Targets and predictions are class numbers from 0 to ``num_classes`` - 1, or, unless
    they are ``sparse_y_true`` (``sparse_y_pred``), rows over ``axis`` whose largest
    entry is the class. Entries of ``ignore_class``, and of no class at all, do not
    count; classes that never occur are left out of the mean. Counts are integers unless
    another ``dtype`` is given: weights that are no integers need dtype="float32".

    >>> metric = IoU(num_classes=2, target_class_ids=[0])
    >>> round(float(metric([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    _direction = "up"
    fixed: tuple[str, ...] = ()  # arguments that a subclass does not have

    def __init__(
        self, num_classes: int, target_class_ids: Sequence[int],
        name: str | None = None, dtype: Any = None, ignore_class: int | None = None,
        sparse_y_true: bool = True, sparse_y_pred: bool = True, axis: int = -1,
    ) -> None:  # fmt: skip
        super().__init__(dtype or "int", name)
        if max(target_class_ids) >= num_classes:
            raise ValueError(
                f"metric {self.name!r}: expected target_class_ids from 0 to "
                f"{num_classes - 1}, got {max(target_class_ids)}."
            )
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable(
            (num_classes, num_classes), dtype=self.dtype, name="total_confusion_matrix"
        )

    @no_grad()
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y = self.classes(y_true, self.sparse_y_true)
        p = self.classes(y_pred, self.sparse_y_pred)
        if y.shape != p.shape:
            raise ValueError(
                f"metric {self.name!r}: expected a predicted class for each true one, "
                f"got {y.size} true and {p.size} predicted. For one-hot targets give "
                "sparse_y_true=False, for probabilities sparse_y_pred=False."
            )
        weight = self.weights(sample_weight, y)
        counts = self.known(y) & self.known(p)
        if self.ignore_class is not None:
            counts = counts & (y != self.ignore_class)
        place = tuple(
            np.where(counts, classes, 0).astype(np.int64) for classes in (y, p)
        )
        counted = np.where(counts, weight, 0).astype(self.dtype)
        matrix = functions.scatter_add(counted, place, self.total_cm.shape)
        self.total_cm.assign(self.total_cm + matrix)

    def classes(self, x: Any, sparse: bool) -> Any:
        """Class numbers in a line."""
        x = as_tensor(x)
        if not sparse:
            x = np.argmax(x, axis=self.axis)
        return np.reshape(as_tensor(x, self.dtype), (-1,))

    def known(self, classes: Any) -> Any:
        return (classes >= 0) & (classes < self.num_classes)

    def weights(self, sample_weight: Any, y: Any) -> Any:
        """A weight for each entry, in the dtype of the counts."""
        weight = as_tensor(1 if sample_weight is None else sample_weight)
        if weight.dtype.kind == "f" and self.dtype.startswith("int"):
            warn(
                f"metric {self.name!r} counts in {self.dtype}, so weights of "
                f"{weight.dtype} lose their fractions; give dtype='float32'."
            )
        weight = as_tensor(weight, self.dtype)
        return spread(np.reshape(weight, (-1,)) if weight.ndim > 1 else weight, y)

    @no_grad()
    def result(self) -> Any:
        matrix = self.total_cm.astype(np.float32)
        both = np.diagonal(matrix)[self.target_class_ids]
        either = (np.sum(matrix, axis=0) + np.sum(matrix, axis=1))[
            self.target_class_ids
        ]
        either = either - both
        occurs = either > 1e-9
        share = np.where(occurs, both / (either + epsilon()), 0)
        return np.sum(share) / (np.sum(occurs.astype(np.float32)) + epsilon())

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "num_classes": self.num_classes}
        for name in (
            "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred",
            "axis",
        ):  # fmt: skip
            config[name] = getattr(self, name)
        return {name: config[name] for name in config if name not in self.fixed}


class BinaryIoU(IoU):
    """:class:`IoU` of classes 0 and 1: predictions from ``threshold`` on are 1.

    >>> round(float(BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 4)
    0.3333
    """

    fixed = ("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")

    def __init__(
        self, target_class_ids: Sequence[int] = (0, 1), threshold: float = 0.5,
        name: str | None = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        said = as_tensor(y_pred, "float32") >= self.threshold
        super().update_state(y_true, said, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "threshold": self.threshold}


class MeanIoU(IoU):
    """:class:`IoU` of all classes.

    >>> round(float(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 1, 1])), 4)
    0.5833
    """

    fixed: tuple[str, ...] = ("target_class_ids",)

    def __init__(
        self, num_classes: int, name: str | None = None, dtype: Any = None,
        ignore_class: int | None = None, sparse_y_true: bool = True,
        sparse_y_pred: bool = True, axis: int = -1,
    ) -> None:  # fmt: skip
        super().__init__(
            num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true,
            sparse_y_pred, axis,
        )  # fmt: skip


class OneHotIoU(IoU):
    """:class:`IoU` for targets that are one-hot rows.

    >>> metric = OneHotIoU(num_classes=2, target_class_ids=[0])
    >>> round(float(metric([[1, 0], [0, 1]], [[0.7, 0.3], [0.6, 0.4]])), 4)
    0.5
    """

    fixed = ("sparse_y_true",)

    def __init__(
        self, num_classes: int, target_class_ids: Sequence[int],
        name: str | None = None, dtype: Any = None, ignore_class: int | None = None,
        sparse_y_pred: bool = False, axis: int = -1,
    ) -> None:  # fmt: skip
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False,
            sparse_y_pred, axis,
        )  # fmt: skip


class OneHotMeanIoU(MeanIoU):
    """:class:`MeanIoU` for targets that are one-hot rows.

    >>> metric = OneHotMeanIoU(num_classes=2)
    >>> round(float(metric([[1, 0], [0, 1]], [[0.7, 0.3], [0.6, 0.4]])), 4)
    0.25
    """

    fixed = ("target_class_ids", "sparse_y_true")

    def __init__(
        self, num_classes: int, name: str | None = None, dtype: Any = None,
        ignore_class: int | None = None, sparse_y_pred: bool = False, axis: int = -1,
    ) -> None:  # fmt: skip
        super().__init__(
            num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis
        )
