"""Seeds and generators."""

import random

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.random import SeedGenerator, new_seed, root, set_random_seed


def test_set_random_seed_repeats_everything():
    def draw():
        set_random_seed(7)
        return random.random(), np.random.rand(), new_seed(), SeedGenerator().seed

    assert draw() == draw()
    set_random_seed(8)
    assert new_seed() != draw()[2]


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1", True, None])
def test_bad_seeds(seed):
    with pytest.raises(ValueError, match="set_random_seed"):
        set_random_seed(seed)


def test_bad_generator_seed():
    with pytest.raises(ValueError, match="integer"):
        SeedGenerator("x")


def test_numpy_s_own_seed_is_heard_and_not_disturbed(monkeypatch):
    def draw(seed):
        monkeypatch.setattr("tinygrad_lr.random.root", {})
        np.random.seed(seed)
        return new_seed(), np.random.rand()

    assert draw(1) == draw(1)
    assert draw(1)[0] != draw(2)[0]
    np.random.seed(1)
    assert draw(1)[1] == np.random.RandomState(1).rand()


def test_generators():
    first, second = SeedGenerator(3), SeedGenerator.from_config({"seed": 3})
    states = [[s.next().tolist() for _ in range(3)] for s in (first, second)]
    assert states[0] == states[1] == [[3, 0], [3, 1], [3, 2]]
    assert first.get_config() == {"seed": 3, "name": "seed_generator"}
    assert isinstance(root, dict)


def test_a_generator_describes_itself_by_the_seed_it_was_given():
    assert SeedGenerator().get_config()["seed"] is None
    config = keras.saving.serialize_keras_object(SeedGenerator(3, name="mine"))
    assert config["module"] == "keras.random"
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == {"seed": 3, "name": "mine"}


def test_a_generator_refuses_unknown_arguments():
    with pytest.raises(ValueError, match="Did you mean 'seed'"):
        SeedGenerator(sed=3)
