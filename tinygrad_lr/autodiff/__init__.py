"""Reverse-mode automatic differentiation on NumPy: Tensor, the rule table, derivatives.

Read it in this order: ``engine`` (the reverse pass), ``rules`` (what a row of the table
says) and ``calculus`` (the rows: skim them), ``history`` (the array that remembers),
``calls`` (functions on it), ``tensor`` (its face), ``variable``, ``transforms``
(derivatives to call), ``gradcheck`` (the proof).

The rest can wait until you need it: ``mode`` (no_grad, recorders, default dtype),
``dispatch``, ``forms`` and ``methods`` (all the ways to call NumPy), ``functions``
(what NumPy lacks), ``tape`` (the interface of TensorFlow), ``trees`` (nested
arguments). What needs no rule stands in ``compositions``, ``arrangements``,
``statistics``, ``signals`` and ``matrices``; matrices are taken apart in
``decompositions``, spectra in ``fourier``, complex numbers in ``complexes``.
"""

from tinygrad_lr.autodiff import (  # they fill the table
    arrangements,  # noqa: F401
    compositions,  # noqa: F401
    decompositions,  # noqa: F401
    fourier,  # noqa: F401
    matrices,  # noqa: F401
    signals,  # noqa: F401
    statistics,  # noqa: F401
)
from tinygrad_lr.autodiff.functions import (
    erf,
    erfc,
    getitem,
    log_sigmoid,
    log_softmax,
    logsumexp,
    relu,
    scatter_add,
    sigmoid,
    softmax,
    softplus,
)
from tinygrad_lr.autodiff.gradcheck import GradientError, gradcheck
from tinygrad_lr.autodiff.mode import hint
from tinygrad_lr.autodiff.rules import composition, primitive, reduction, rule
from tinygrad_lr.autodiff.scopes import name_scope
from tinygrad_lr.autodiff.tape import GradientTape
from tinygrad_lr.autodiff.tensor import (
    Tensor,
    apply,
    default_dtype,
    enable_grad,
    label,
    no_grad,
    pull_back,
    set_default_dtype,
)
from tinygrad_lr.autodiff.transforms import (
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)
from tinygrad_lr.autodiff.variable import Variable

__all__ = [
    "GradientError",
    "GradientTape",
    "Tensor",
    "Variable",
    "apply",
    "composition",
    "default_dtype",
    "enable_grad",
    "erf",
    "erfc",
    "getitem",
    "grad",
    "gradcheck",
    "hessian",
    "hint",
    "hvp",
    "jacobian",
    "jvp",
    "label",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "name_scope",
    "no_grad",
    "primitive",
    "pull_back",
    "reduction",
    "relu",
    "rule",
    "scatter_add",
    "set_default_dtype",
    "sigmoid",
    "softmax",
    "softplus",
    "value_and_grad",
    "vjp",
]
