"""Every row of the table at the samples of the check; and the check can fail."""

import numpy as np
import pytest

from tinygrad_lr import check
from tinygrad_lr.autodiff import GradientError, Tensor, grad
from tinygrad_lr.autodiff.rules import COMPOSITIONS, CONSTANTS, RULES, Rule, rule

ROWS = check.rows()
SAMPLES = {row.function: row.samples for row in ROWS}


def name_of(value):
    return check.name_of(getattr(value, "function", value))


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_row(row):
    figures, failure = check.attempt(row)
    assert not failure
    assert figures.numbers > 0


def test_every_function_has_a_row_and_a_sample():
    slopes = {function for function in RULES if not check.is_cut(function)}
    assert {row.function for row in ROWS} >= {*slopes, *COMPOSITIONS, *CONSTANTS}
    assert not [name_of(row) for row in ROWS if not row.samples]


def test_no_function_stands_in_two_tables():
    assert not RULES.keys() & COMPOSITIONS.keys()
    assert not (RULES.keys() | COMPOSITIONS.keys()) & CONSTANTS


def test_the_table_covers_what_it_promises():
    promised = """
        add subtract multiply divide power float_power remainder negative positive
        absolute square sqrt cbrt reciprocal maximum minimum fmax fmin clip where hypot
        exp expm1 log log1p logaddexp exp2 log2 log10 sin cos tan arcsin arccos arctan
        arctan2 sinh cosh tanh arcsinh arccosh arctanh sum mean prod max min var std
        cumsum cumprod ptp reshape ravel transpose swapaxes moveaxis expand_dims squeeze
        broadcast_to concatenate stack vstack hstack split tile repeat roll flip rot90
        pad take take_along_axis diag diagonal trace tril triu sort matmul dot vdot
        inner outer tensordot einsum kron linalg.norm linalg.inv linalg.solve linalg.det
        linalg.slogdet linalg.cholesky
        """
    known = {name_of(f) for f in (*RULES, *COMPOSITIONS)}
    assert not {f"np.{name}" for name in promised.split()} - known
    assert len(RULES) + len(COMPOSITIONS) >= 120


# -- a wrong rule does not pass --------------------------------------------------------


def spoiled(vjp):
    """The same rule, a thousandth too large."""

    def wrong(*args, **options):
        g = vjp(*args, **options)
        return [part * 1.001 for part in g] if isinstance(g, list) else g * 1.001

    return wrong


ENTRIES = [
    pytest.param(function, position, id=f"{name_of(function)}-{position}")
    for function, known in RULES.items()
    for position, vjp in enumerate(known.vjps)
    if vjp is not None
]


@pytest.mark.parametrize(("function", "position"), ENTRIES)
def test_a_spoiled_rule_is_caught(function, position, monkeypatch):
    vjps = list(RULES[function].vjps)
    vjps[position] = spoiled(vjps[position])
    monkeypatch.setitem(RULES, function, Rule(tuple(vjps), None))
    with pytest.raises(GradientError), np.errstate(all="ignore"):
        check.check_row(function, SAMPLES[function])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda g, out, x: g * (1 + np.square(out)),  # a sign
        lambda g, out, x: g * (1 - out),  # a power
        lambda g, out, x: g * (1 - np.square(x)),  # an argument instead of the result
        lambda g, out, x: 1 - np.square(out),  # the chain
        lambda g, out, x: g * (1 - np.square(np.asarray(getattr(out, "data", out)))),
    ],
    ids=["sign", "power", "argument", "chain", "second order only"],
)
def test_a_plausible_mistake_is_caught(wrong):
    rule(np.tanh, wrong)
    with pytest.raises(GradientError, match=r"np\.tanh"):
        check.check_row(np.tanh, SAMPLES[np.tanh])


def test_a_rule_of_the_wrong_dtype_or_composition_is_caught(monkeypatch):
    monkeypatch.setitem(
        COMPOSITIONS, np.outer, lambda a, b: np.ravel(b)[:, None] * np.ravel(a)
    )
    with pytest.raises(GradientError, match="not what NumPy gives"):
        check.check_row(np.outer, SAMPLES[np.outer])


def test_a_constant_that_is_none_is_caught():
    CONSTANTS.add(np.nanmax)
    CONSTANTS.discard(np.sign)
    assert check.check_flat(np.nanmax, [check.Sample((np.arange(3.0),), {})])
    with pytest.raises(GradientError, match="no slope"):
        check.check_flat(np.sign, SAMPLES[np.sign])


# -- conventions where there is no derivative ------------------------------------------


@pytest.mark.parametrize(
    ("function", "point", "slope"),
    [
        (np.absolute, 0.0, 0.0),
        (lambda x: np.maximum(x, 0.0), 0.0, 0.5),
        (lambda x: np.minimum(0.0, x), 0.0, 0.5),
        (lambda x: np.clip(x, 0.0, 1.0), 0.0, 1.0),
        (lambda x: np.clip(x, 0.0, 1.0), 1.0, 1.0),
        (lambda x: np.hypot(x, 0.0), 0.0, 0.0),
        (lambda x: np.linalg.norm(np.stack([x, x])), 0.0, 0.0),
        (np.sign, 0.5, 0.0),
        (lambda x: np.floor(x) * x, 1.5, 1.0),
        (lambda x: x**0, 0.0, 0.0),
    ],
)
def test_conventions(function, point, slope):
    assert grad(function)(np.array(point)) == slope


def test_ties_share_the_gradient():
    x = np.array([1.0, 3.0, 3.0, 2.0])
    assert grad(np.max)(x).tolist() == [0, 0.5, 0.5, 0]
    both = np.stack([x, x])
    assert grad(lambda m: np.max(m, axis=0).sum())(both).tolist() == [[0.5] * 4] * 2
    assert grad(lambda m: np.min(m))(np.zeros((2, 2))).tolist() == [[0.25] * 2] * 2


def test_clip_with_bounds_as_arguments():
    x = np.array([-2.0, 0.0, 2.0])

    def clipped(x, low, high):
        return np.clip(x, low, high).sum()

    for low, high, slopes in [
        (-1.0, 1.0, ([0, 1, 0], 1, 1)),
        (
            1.0,
            -1.0,
            ([0, 0, 0], 0, 3),
        ),  # NumPy gives the upper bound if they are swapped
    ]:
        found = grad(clipped, (0, 1, 2))(x, np.array(low), np.array(high))
        assert [np.asarray(g).tolist() for g in found] == list(slopes)


def test_products_with_zeros_are_exact():
    for x, slopes in [([0.0, 2.0, 3.0], [6, 0, 0]), ([0.0, 0.0, 3.0], [0, 0, 0])]:
        assert grad(np.prod)(np.array(x)).tolist() == slopes


def test_variance_without_degrees_of_freedom_is_nan_as_in_numpy():
    x = Tensor([1.0], requires_grad=True)
    with pytest.warns(RuntimeWarning):
        np.var(x, ddof=1).backward()
    assert np.isnan(x.grad.numpy()).all()


# -- declaring rules -------------------------------------------------------------------


def test_a_rule_must_be_callable():
    with pytest.raises(TypeError, match="rule\\(sinc\\): expected a function or None"):
        rule(np.sinc, "cosine")


# -- the command -----------------------------------------------------------------------


def test_the_command_ends_with_one_line_of_figures(capsys):
    assert check.main(["tanh", "np.sum", "linalg.det"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("ok: 3 rows, 0 failed, ")
    assert "worst relative error" in lines[-1]
    assert lines[0].startswith("elementwise")


def test_the_command_shows_each_row_if_asked(capsys):
    assert check.main(["-v", "tanh"]) == 0
    assert "np.tanh" in capsys.readouterr().out


def test_the_command_fails_with_the_sentence_of_the_row(capsys):
    rule(np.tanh, lambda g, out, x: g * out)
    rule(np.i0, lambda g, out, x: g)
    assert check.main(["tanh", "i0"]) == 1
    out = capsys.readouterr().out
    assert "FAILED np.tanh: gradient with respect to argument 0 at index" in out
    assert "FAILED np.i0 has no sample" in out
    assert out.splitlines()[-1].startswith("FAILED: 2 rows, 2 failed")


def test_a_row_that_cannot_run_is_a_failure(capsys):
    rule(np.tanh, lambda g, out: g)
    assert check.main(["tanh"]) == 1
    assert "np.tanh raised TypeError" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--fast"], "check: unknown option --fast; see --help.\n"),
        (["tanhh"], "check: there is no row for 'tanhh'; did you mean np.tanh?\n"),
        (["?"], "check: there is no row for '?'.\n"),
    ],
)
def test_misuse_is_one_sentence_and_exit_code_2(words, sentence, capsys):
    assert check.main(words) == 2
    assert capsys.readouterr().err == sentence


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help(word, capsys):
    assert check.main([word]) == 0
    assert "usage: python -m tinygrad_lr check" in capsys.readouterr().out
