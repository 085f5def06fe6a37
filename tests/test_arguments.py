"""Arguments of constructors and functions: known, old, unknown, kept."""

import inspect
from abc import ABC

import pytest

from tinygrad_lr import arguments
from tinygrad_lr.arguments import Checked, checked, register_old_names
from tinygrad_lr.layers import Activation, Dense, Layer
from tinygrad_lr.optimizers import SGD


@pytest.fixture(autouse=True)
def own_table(monkeypatch):
    monkeypatch.setattr(arguments, "OLD_NAMES", {})
    monkeypatch.setattr(arguments, "warned", set())


class Box(metaclass=Checked):
    def __init__(self, width, height=1, *, name=None):
        self.size = (width, height)
        self.name = name


def test_known_arguments_pass():
    assert Box(2, height=3).size == (2, 3)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Box(1, hieght=2), ["Box", "'hieght'", "'height'"]),
        (lambda: Box(1, hieght=2, name="b"), ["name 'b'"]),
        (lambda: Box(1, zzz=2), ["'zzz'", "It takes height, name, width"]),
        (lambda: Box(1, hieght=2, wdith=3), ["'hieght' (and 'wdith')"]),
        (lambda: Dense(1, imput_dim=2), ["Dense", "'imput_dim'", "'input_dim'"]),
        (
            lambda: Dense(1, activaton="relu", name="out"),
            ["name 'out'", "'activation'"],
        ),
        (lambda: SGD(learning_rte=1.0), ["SGD", "'learning_rate'"]),
        (lambda: Activation("relu", units=3), ["Activation", "'units'"]),
    ],
)
def test_unknown_arguments_are_refused_with_the_nearest(make, words):
    with pytest.raises(TypeError) as caught:
        make()
    for word in words:
        assert word in str(caught.value)


def test_unknown_arguments_that_pass_through_a_users_class_are_refused_by_the_base():
    class Mine(Layer):
        def __init__(self, depth, **kwargs):
            super().__init__(**kwargs)

    assert Mine(2, name="m").name == "m"
    with pytest.raises(
        TypeError, match=r"Mine \(name 'm'\): unknown argument 'dpth'.*'depth'"
    ):
        Mine(2, name="m", dpth=3)


def test_a_users_class_may_use_up_arguments_of_its_own():
    class Mine(Layer):
        def __init__(self, **kwargs):
            self.own = kwargs.pop("own")
            super().__init__(**kwargs)

    assert Mine(own=3).own == 3


def test_old_names_are_translated_with_one_warning():
    register_old_names("Box", {"breadth": "width"})
    with pytest.warns(
        DeprecationWarning, match=r"Box\(breadth=...\) is spelt width= today"
    ):
        assert Box(breadth=4).size == (4, 1)
    assert Box(breadth=5).size == (5, 1)  # pytest turns a second warning into an error


def test_old_names_are_inherited():
    class Crate(Box):
        pass

    register_old_names("Box", {"breadth": "width"})
    with pytest.warns(DeprecationWarning, match="Crate"):
        assert Crate(breadth=4).size == (4, 1)


def test_old_and_new_name_together_are_an_error():
    register_old_names("Box", {"breadth": "width"})
    with pytest.raises(TypeError, match="both 'breadth' and 'width'"):
        Box(breadth=4, width=4)


def test_an_old_name_may_stand_for_a_computation():
    def halves(name, arguments):
        half = arguments.pop(name) // 2
        arguments.update(width=half, height=half)

    register_old_names("Box", {"around": halves})
    assert Box(around=8).size == (4, 4)


def test_a_class_that_takes_the_old_name_itself_is_left_alone():
    class Mine(Box):
        def __init__(self, breadth):
            super().__init__(1)
            self.own = breadth

    register_old_names("Box", {"breadth": "width"})
    assert Mine(breadth=7).own == 7


def test_methods_are_checked():
    class Worker:
        name = "joe"

        @checked
        def work(self, hours, pause=0):
            return hours - pause

    register_old_names(Worker.work.__qualname__, {"rest": "pause"})
    assert Worker().work(8, pause=1) == 7
    with pytest.warns(DeprecationWarning, match="pause="):
        assert Worker().work(8, rest=1) == 7
    with pytest.raises(
        TypeError, match=r"work \(name 'joe'\): unknown argument 'huors'"
    ):
        Worker().work(huors=3)
    assert list(inspect.signature(Worker.work).parameters) == ["self", "hours", "pause"]


def test_signatures_show_the_parameters_of_init():
    parameters = inspect.signature(Dense).parameters
    assert list(parameters)[:2] == ["units", "activation"]
    assert parameters["use_bias"].default is True


def test_checked_classes_mix_with_abstract_ones():
    class Mine(Layer, ABC):
        pass

    assert Mine(name="m").name == "m"


def test_given_arguments_make_the_default_config():
    class Mine(Layer):
        def __init__(self, width, height=2, **kwargs):
            super().__init__(**kwargs)

    config = Mine(5, name="m").get_config()
    assert (config["width"], config["name"]) == (5, "m")
    assert "height" not in config
    assert Mine.from_config(config).get_config() == config


@pytest.mark.parametrize("error", [TypeError, ValueError])
def test_unknown_arguments_are_both_kinds_of_error(error):
    with pytest.raises(error, match="Did you mean 'units'"):
        Dense(unit=3)
