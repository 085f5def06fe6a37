"""The jobs that are timed: each as a Keras-like program, and written by hand in NumPy.

A hand-written job does the same work as ``fit``: the same forward, the gradient derived
on paper, the same optimizer, a new shuffle in each epoch, and the mean loss of the
epoch. Both sides are functions that prepare everything and return the function to be
timed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Timed = Callable[[], Any]


class Job(NamedTuple):
    """One comparison: ours beside the hand-written one, over a number of steps."""

    name: str
    steps: int
    bar: float
    ours: Callable[[], Timed]
    by_hand: Callable[[], Timed]


# -- data ------------------------------------------------------------------------------


def or_gate_data() -> tuple[Any, Any]:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    return x, np.array([[0], [1], [1], [1]], "float32")


def logistic_data(rows: int, columns: int) -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    x = generator.standard_normal((rows, columns), "float32")
    w = generator.standard_normal((columns, 1), "float32")
    return x, (x @ w > 0).astype("float32")


def rings_data(rows: int = 1000) -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    x = generator.uniform(-1, 1, (rows, 2)).astype("float32")
    return x, (np.hypot(*x.T) < 0.7).astype("float32")[:, None]


def digits_data(rows: int = 60000) -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    x = generator.random((rows, 784), "float32")
    return x, generator.integers(0, 10, rows)


# -- ours ------------------------------------------------------------------------------


def dense_stack(*widths: int, hidden: str, last: str) -> Any:
    """A Sequential of Dense layers."""
    from tinygrad_lr import Sequential, layers

    model = Sequential([layers.Input((widths[0],))])
    for i, width in enumerate(widths[1:]):
        model.add(
            layers.Dense(width, activation=last if i == len(widths) - 2 else hidden)
        )
    return model


def fitting(model: Any, x: Any, y: Any, **options: Any) -> Timed:
    """The function that trains; a short fit before keeps compiling out of the time."""
    few = min(len(x), 3 * options["batch_size"])
    model.fit(x[:few], y[:few], **{**options, "epochs": 1})
    return lambda: model.fit(x, y, **options)


def ours_or_gate() -> Timed:
    from tinygrad_lr.optimizers import SGD

    model = dense_stack(2, 1, hidden="linear", last="sigmoid")
    model.compile(loss="binary_crossentropy", optimizer=SGD(0.1))
    return fitting(model, *or_gate_data(), epochs=300, batch_size=1, verbose=0)


def ours_logistic(
    rows: int, columns: int, batch: int, epochs: int, verbose: int = 0
) -> Timed:
    from tinygrad_lr.optimizers import SGD

    model = dense_stack(columns, 1, hidden="linear", last="sigmoid")
    model.compile(loss="binary_crossentropy", optimizer=SGD(0.1))
    x, y = logistic_data(rows, columns)
    return fitting(model, x, y, epochs=epochs, batch_size=batch, verbose=verbose)


def ours_mlp_small() -> Timed:
    from tinygrad_lr.optimizers import SGD

    model = dense_stack(2, 16, 16, 1, hidden="tanh", last="sigmoid")
    model.compile(loss="binary_crossentropy", optimizer=SGD(0.1))
    return fitting(model, *rings_data(), epochs=10, batch_size=10, verbose=0)


def ours_mlp_mnist(rows: int = 60000) -> Timed:
    model = dense_stack(784, 512, 512, 10, hidden="relu", last="softmax")
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
    return fitting(model, *digits_data(rows), epochs=1, batch_size=128, verbose=0)


def ours_predict_or_gate() -> Timed:
    model = dense_stack(2, 1, hidden="linear", last="sigmoid")
    x = or_gate_data()[0][:1]
    model.predict(x, verbose=0)
    return lambda: [model.predict(x, verbose=0) for _ in range(200)]


def ours_predict_mnist() -> Timed:
    model = dense_stack(784, 512, 512, 10, hidden="relu", last="softmax")
    x = digits_data(1)[0]
    model.predict(x, verbose=0)
    return lambda: [model.predict(x, verbose=0) for _ in range(200)]


# -- by hand ---------------------------------------------------------------------------


def glorot(generator: Any, rows: int, columns: int) -> Any:
    limit = np.sqrt(6 / (rows + columns))
    return generator.uniform(-limit, limit, (rows, columns)).astype("float32")


def hand_or_gate() -> Timed:
    x, y = or_gate_data()
    generator = np.random.default_rng(0)

    def train() -> list[float]:
        w, b = glorot(generator, 2, 1), np.zeros(1, "float32")
        rate, one, zero = np.array(0.1, "f"), np.array(1, "f"), np.array(0, "f")
        exp, negative, logaddexp = np.exp, np.negative, np.logaddexp
        history = []
        for _ in range(300):
            order = generator.permutation(4)
            total = 0.0
            for xb, yb in zip(
                x[order].reshape(4, 1, 2), y[order].reshape(4, 1, 1), strict=True
            ):
                z = xb.dot(w) + b
                p = one / (one + exp(negative(z)))
                total += (logaddexp(z, zero) - yb * z)[0, 0]
                d = p - yb
                w = w - rate * xb.T.dot(d)
                b = b - rate * d[0]
            history.append(float(total / 4))
        return history

    return train


def hand_logistic(rows: int, columns: int, batch: int, epochs: int) -> Timed:
    x, y = logistic_data(rows, columns)
    generator = np.random.default_rng(0)

    def train() -> list[float]:
        w, b = glorot(generator, columns, 1), np.zeros(1, "float32")
        rate, one, zero = np.array(0.1, "f"), np.array(1, "f"), np.array(0, "f")
        exp, negative, absolute, log1p = np.exp, np.negative, np.absolute, np.log1p
        maximum, add_reduce, logaddexp = np.maximum, np.add.reduce, np.logaddexp
        starts = range(0, rows, batch)
        history = []
        for _ in range(epochs):
            order = generator.permutation(rows)
            small = x.nbytes < 2**25
            xs, ys = (x.take(order, 0), y.take(order, 0)) if small else (x, y)
            total = 0.0
            for start in starts:
                if small:
                    xb, yb = xs[start : start + batch], ys[start : start + batch]
                else:
                    chosen = order[start : start + batch]
                    xb, yb = xs.take(chosen, 0), ys.take(chosen, 0)
                n = len(xb)
                z = xb.dot(w) + b
                p = one / (one + exp(negative(z)))
                if n < 128:
                    loss = logaddexp(z, zero) - yb * z
                else:
                    loss = maximum(z, zero) - yb * z + log1p(exp(negative(absolute(z))))
                total += float(add_reduce(loss, None))
                d = (p - yb) / n
                w = w - rate * xb.T.dot(d)
                b = b - rate * add_reduce(d, 0)
            history.append(total / rows)
        return history

    return train


def hand_mlp_small() -> Timed:
    x, y = rings_data()
    generator = np.random.default_rng(0)

    def train() -> list[float]:
        flat = np.zeros(337, "float32")
        grad = np.zeros(337, "float32")
        step = np.empty(337, "float32")
        cuts = [0, 32, 48, 304, 320, 336, 337]
        shapes = [(2, 16), (16,), (16, 16), (16,), (16, 1), (1,)]
        places = list(zip(cuts, cuts[1:], shapes, strict=False))
        w1, b1, w2, b2, w3, b3 = (flat[i:j].reshape(s) for i, j, s in places)
        g1, c1, g2, c2, g3, c3 = (grad[i:j].reshape(s) for i, j, s in places)
        for w in (w1, w2, w3):
            w[...] = glorot(generator, *w.shape)
        rate, one, zero = np.array(0.1, "f"), np.array(1, "f"), np.array(0, "f")
        share = np.array(0.1, "f")
        tanh, exp, negative, logaddexp = np.tanh, np.exp, np.negative, np.logaddexp
        add_reduce, multiply, subtract = np.add.reduce, np.multiply, np.subtract
        history = []
        for _ in range(10):
            order = generator.permutation(1000)
            xs, ys = x[order].reshape(100, 10, 2), y[order].reshape(100, 10, 1)
            total = 0.0
            for xb, yb in zip(xs, ys, strict=True):
                h1 = tanh(xb.dot(w1) + b1)
                h2 = tanh(h1.dot(w2) + b2)
                z = h2.dot(w3) + b3
                p = one / (one + exp(negative(z)))
                total += add_reduce(logaddexp(z, zero) - yb * z, None)
                d = (p - yb) * share
                h2.T.dot(d, g3)
                add_reduce(d, 0, None, c3)
                d = d.dot(w3.T) * (one - h2 * h2)
                h1.T.dot(d, g2)
                add_reduce(d, 0, None, c2)
                d = d.dot(w2.T) * (one - h1 * h1)
                xb.T.dot(d, g1)
                add_reduce(d, 0, None, c1)
                multiply(grad, rate, step)
                subtract(flat, step, flat)
            history.append(float(total / 1000))
        return history

    return train


def hand_mlp_mnist(rows: int = 60000) -> Timed:
    x, y = digits_data(rows)
    generator = np.random.default_rng(0)
    widths, batch, block = [784, 512, 512, 10], 128, 32768

    def train() -> list[float]:
        shapes = [s for a, b in itertools.pairwise(widths) for s in ((a, b), (b,))]
        sizes = [int(np.prod(s)) for s in shapes]
        flat, grad, m, v = (np.zeros(sum(sizes), "float32") for _ in range(4))
        starts = np.cumsum([0, *sizes])
        weights = [
            flat[i : i + n].reshape(s)
            for i, n, s in zip(starts, sizes, shapes, strict=False)
        ]
        slopes = [
            grad[i : i + n].reshape(s)
            for i, n, s in zip(starts, sizes, shapes, strict=False)
        ]
        for w in weights[::2]:
            w[...] = glorot(generator, *w.shape)
        w1, b1, w2, b2, w3, b3 = weights
        g1, c1, g2, c2, g3, c3 = slopes
        s, t = np.empty(block, "float32"), np.empty(block, "float32")
        blocks = [
            (flat[i : i + block], grad[i : i + block], m[i : i + block],
             v[i : i + block], s[: len(flat) - i], t[: len(flat) - i])
            for i in range(0, len(flat), block)
        ]  # fmt: skip
        zero = np.array(0, "f")
        one_m, one_v, tiny = (
            np.array(1 - 0.9, "f"),
            np.array(1 - 0.999, "f"),
            np.array(1e-7, "f"),
        )
        buffers: dict[int, Any] = {}
        total = 0.0
        order = generator.permutation(rows)
        for start in range(0, rows, batch):
            chosen = order[start : start + batch]
            n = len(chosen)
            if n not in buffers:
                buffers[n] = (
                    np.empty((n, 784), "f"), np.empty((n, 512), "f"),
                    np.empty((n, 512), "f"),
                    np.empty((n, 10), "f"), np.empty((n, 512), "f"), np.arange(n),
                )  # fmt: skip
            xb, h1, h2, z, d, at = buffers[n]
            x.take(chosen, 0, xb, "clip")
            yb = y.take(chosen)
            np.matmul(xb, w1, h1)
            np.add(h1, b1, h1)
            np.maximum(h1, zero, h1)
            np.matmul(h1, w2, h2)
            np.add(h2, b2, h2)
            np.maximum(h2, zero, h2)
            np.matmul(h2, w3, z)
            np.add(z, b3, z)
            z -= np.maximum.reduce(z, 1, None, None, True)
            e = np.exp(z)
            sums = np.add.reduce(e, 1, None, None, True)
            total += float(np.add.reduce(np.log(sums[:, 0]) - z[at, yb]))
            e /= sums
            e[at, yb] -= 1
            e /= n
            np.matmul(h2.T, e, g3)
            np.add.reduce(e, 0, None, c3)
            np.matmul(e, w3.T, d)
            np.multiply(d, h2 > 0, d)
            np.matmul(h1.T, d, g2)
            np.add.reduce(d, 0, None, c2)
            np.matmul(d, w2.T, h2)
            np.multiply(h2, h1 > 0, h2)
            np.matmul(xb.T, h2, g1)
            np.add.reduce(h2, 0, None, c1)
            step = start // batch + 1
            alpha = np.array(0.001 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step), "f")
            for w, g, mb, vb, sb, tb in blocks:
                np.subtract(g, mb, sb)
                np.multiply(sb, one_m, sb)
                np.add(mb, sb, mb)
                np.multiply(g, g, sb)
                np.subtract(sb, vb, sb)
                np.multiply(sb, one_v, sb)
                np.add(vb, sb, vb)
                np.sqrt(vb, sb)
                np.add(sb, tiny, sb)
                np.multiply(mb, alpha, tb)
                np.divide(tb, sb, tb)
                np.subtract(w, tb, w)
        return [total / rows]

    return train


def hand_predict(*widths: int, hidden: str) -> Timed:
    generator = np.random.default_rng(0)
    weights = [glorot(generator, a, b) for a, b in itertools.pairwise(widths)]
    biases = [np.zeros(b, "float32") for b in widths[1:]]
    x = generator.random((1, widths[0]), "float32")

    def predict(h: Any) -> Any:
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            h = np.maximum(h.dot(w) + b, 0)
        z = h.dot(weights[-1]) + biases[-1]
        if z.shape[1] == 1:
            return 1 / (1 + np.exp(-z))
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    return lambda: [predict(x) for _ in range(200)]


JOBS = [
    Job("or_gate", 1200, 1.3, ours_or_gate, hand_or_gate),
    Job("lr_small", 3125, 1.3, lambda: ours_logistic(100_000, 20, 32, 1),
        lambda: hand_logistic(100_000, 20, 32, 1)),
    Job("lr_big", 369, 1.15, lambda: ours_logistic(500_000, 50, 4096, 3),
        lambda: hand_logistic(500_000, 50, 4096, 3)),
    Job("mlp_small", 1000, 1.3, ours_mlp_small, hand_mlp_small),
    Job("mlp_mnist", 469, 1.05, ours_mlp_mnist, hand_mlp_mnist),
    Job("predict_or_gate", 200, float("nan"), ours_predict_or_gate,
        lambda: hand_predict(2, 1, hidden="linear")),
    Job("predict_mlp_mnist", 200, float("nan"), ours_predict_mnist,
        lambda: hand_predict(784, 512, 512, 10, hidden="relu")),
]  # fmt: skip
