"""The settings that hold everywhere."""

import numpy as np
import pytest

from tinygrad_lr import config, initializers
from tinygrad_lr.layers import Dense
from tinygrad_lr.optimizers import Adam


def test_floatx_rules_new_weights():
    assert config.floatx() == "float32"
    config.set_floatx("float64")
    try:
        layer = Dense(2)
        out = layer(np.ones((3, 2), "float32"))
        assert out.dtype == layer.kernel.dtype == "float64"
        optimizer = Adam()
        optimizer.apply([np.ones((2, 2)), np.ones(2)], layer.weights)
        assert {str(v.dtype) for v in optimizer.variables} == {"int64", "float64"}
        assert initializers.Ones()((1,)).dtype == "float64"
    finally:
        config.set_floatx("float32")


def test_settings():
    assert config.epsilon() == 1e-7
    config.set_epsilon(1e-5)
    assert config.epsilon() == 1e-5
    config.set_epsilon(1e-7)
    assert config.image_data_format() == "channels_last"
    config.set_image_data_format("channels_first")
    assert config.image_data_format() == "channels_first"
    config.set_image_data_format("channels_last")


def test_bad_settings():
    with pytest.raises(ValueError, match="float16"):
        config.set_floatx("int32")
    with pytest.raises(ValueError, match="channels_last"):
        config.set_image_data_format("rgb")


def test_limits_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "3")
    monkeypatch.delitem(config.settings, "max_epochs", raising=False)
    assert config.max_epochs() == 3
    config.set_max_epochs(None)
    assert config.max_epochs() is None
    assert config.max_steps_per_epoch() is None
    del config.settings["max_epochs"]
