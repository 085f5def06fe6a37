"""A model that is saved and loaded is the same model, and goes on as if never saved."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from making import WEIGHTS, WHOLE, X, Y, bits, saved, small, trained

import tinygrad_lr as keras
from tinygrad_lr import saving
from tinygrad_lr.models import load_model
from tinygrad_lr.optimizers import (
    SGD,
    Adam,
    LossScaleOptimizer,
    MultiOptimizer,
    OptimizerMap,
    RMSprop,
    ScheduleFreeAdamW,
    schedules,
)


@pytest.mark.parametrize("name", WHOLE)
def test_a_loaded_model_has_the_bits_of_the_saved_one(
    tmp_path: Path, name: str
) -> None:
    model = trained(metrics=["accuracy"])
    model.save(tmp_path / name)
    found = load_model(tmp_path / name)
    assert bits(found.get_weights()) == bits(model.get_weights())
    assert bits(v.numpy() for v in found.optimizer.variables) == bits(
        v.numpy() for v in model.optimizer.variables
    )
    assert found.name == model.name
    assert [layer.name for layer in found.layers] == [la.name for la in model.layers]
    assert found.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert (
        found.predict(X, verbose=0).tobytes() == model.predict(X, verbose=0).tobytes()
    )
    assert found.get_config() == model.get_config()


OPTIMIZERS = {
    "sgd": lambda: SGD(0.1, momentum=0.9, nesterov=True),
    "adam": lambda: Adam(0.05, amsgrad=True, weight_decay=0.01),
    "rmsprop": lambda: RMSprop(centered=True, momentum=0.5),
    "schedule": lambda: Adam(schedules.ExponentialDecay(0.1, 5, 0.7)),
    "ema": lambda: Adam(use_ema=True, ema_overwrite_frequency=4),
    "accumulation": lambda: SGD(0.1, gradient_accumulation_steps=4),
    "scaled": lambda: LossScaleOptimizer(Adam(0.05), dynamic_growth_steps=7),
    "several": lambda: MultiOptimizer(
        OptimizerMap(SGD(0.1, momentum=0.9), {".*kernel": Adam(0.05)})
    ),
    "free": lambda: ScheduleFreeAdamW(0.05, warmup_steps=40),
}


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.npz"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_five_and_five_epochs_are_ten(
    tmp_path: Path, optimizer: str, name: str, shuffle: bool
) -> None:
    options: Any = {"batch_size": 4, "verbose": 0, "shuffle": shuffle}
    whole = small(OPTIMIZERS[optimizer]())
    twice = optimizer == "ema"  # fit puts averages in place when it ends
    if twice:
        whole.fit(X, Y, epochs=5, **options)
    whole.fit(X, Y, epochs=10, initial_epoch=5 if twice else 0, **options)
    half = small(OPTIMIZERS[optimizer]())
    half.fit(X, Y, epochs=5, **options)
    half.save(tmp_path / name)
    rest = load_model(tmp_path / name)
    rest.fit(X, Y, epochs=10, initial_epoch=5, **options)
    assert bits(rest.get_weights()) == bits(whole.get_weights())


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_alone(tmp_path: Path, name: str) -> None:
    model = trained()
    model.save_weights(tmp_path / name)
    other = small(seed=4)
    assert bits(other.get_weights()) != bits(model.get_weights())
    other.load_weights(tmp_path / name)
    assert bits(other.get_weights()) == bits(model.get_weights())


@pytest.mark.parametrize("name", WHOLE)
def test_weights_out_of_a_whole_model(tmp_path: Path, name: str) -> None:
    model = trained()
    other = small(seed=4)
    other.load_weights(saved(tmp_path, name, model))
    assert bits(other.get_weights()) == bits(model.get_weights())


def test_weights_of_keras_3_bring_the_optimizer_along(tmp_path: Path) -> None:
    model = trained()
    model.save_weights(tmp_path / "m.weights.h5")
    other = small(seed=4)
    other.load_weights(tmp_path / "m.weights.h5")
    assert int(other.optimizer.iterations) == int(model.optimizer.iterations) == 12


def test_what_was_given_to_compile(tmp_path: Path) -> None:
    model = small(
        Adam(0.25, clipnorm=1.0),
        metrics=["accuracy", keras.metrics.MeanSquaredError(name="m")],
        weighted_metrics=["mae"],
        loss_weights=0.5,
        run_eagerly=True,
        steps_per_execution=3,
    )
    model.save(tmp_path / "m.keras")
    found = load_model(tmp_path / "m.keras")
    assert found.get_compile_config() == model.get_compile_config()
    assert found.optimizer.get_config() == model.optimizer.get_config()
    assert (
        found.metrics_names == model.metrics_names == ["loss", "accuracy", "m", "mae"]
    )
    assert found.run_eagerly
    assert found.steps_per_execution == 3
    assert not load_model(tmp_path / "m.keras", compile=False).compiled


def test_without_the_optimizer(tmp_path: Path) -> None:
    for name in ("m.keras", "m.h5", "m.npz"):
        model = trained()
        model.save(tmp_path / name, include_optimizer=False)
        with_warning = name == "m.h5"  # whose reader Keras 2 taught to say so
        if with_warning:
            with pytest.warns(UserWarning, match="how the model was compiled"):
                found = load_model(tmp_path / name)
        else:
            found = load_model(tmp_path / name)
        assert not found.compiled
        assert bits(found.get_weights()) == bits(model.get_weights())


def test_a_model_that_was_not_compiled_or_not_built(tmp_path: Path) -> None:
    model = keras.Sequential([keras.layers.Dense(2)])
    with pytest.warns(UserWarning, match="not built"):
        model.save(tmp_path / "m.keras")
    found = load_model(tmp_path / "m.keras")
    assert not found.built
    assert not found.compiled
    with pytest.raises(ValueError, match="not built"):
        model.save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ValueError, match="not built"):
        model.load_weights(tmp_path / "m.keras")
    model.build((None, 3))
    model.save(tmp_path / "m.keras")
    assert load_model(tmp_path / "m.keras").count_params() == 8


def test_a_model_compiled_but_not_trained_loads_quietly(tmp_path: Path) -> None:
    for name in ("m.keras", "m.h5", "m.npz"):
        found = load_model(saved(tmp_path, name, small()))
        found.fit(X, Y, verbose=0)


def test_the_file_s_bytes_say_what_it_is_not_its_name(tmp_path: Path) -> None:
    saved(tmp_path, "m.keras").rename(tmp_path / "m.h5")
    assert load_model(tmp_path / "m.h5").count_params() == 21
    saved(tmp_path, "n.h5").rename(tmp_path / "n.anything")
    assert load_model(str(tmp_path / "n.anything")).count_params() == 21


def test_open_files(tmp_path: Path) -> None:
    model, file = trained(), io.BytesIO()
    model.save(file)
    file.seek(0)
    assert bits(load_model(file).get_weights()) == bits(model.get_weights())


def test_keras_2_s_save_format(tmp_path: Path) -> None:
    model = trained()
    model.save(tmp_path / "a", save_format="h5")
    assert (tmp_path / "a").read_bytes().startswith(b"\x89HDF")
    with pytest.warns(UserWarning, match="SavedModel is not available"):
        model.save(tmp_path / "b", save_format="tf")
    assert load_model(tmp_path / "b").count_params() == 21
    with pytest.raises(saving.UnsupportedFileError, match="expected save_format"):
        model.save(tmp_path / "c", save_format="pickle")
    with pytest.raises(TypeError, match="unknown argument 'overwrit'"):
        model.save(tmp_path / "c", overwrit=True)


def test_not_without_asking(tmp_path: Path, monkeypatch: Any) -> None:
    path = saved(tmp_path, "m.keras")
    before = path.read_bytes()
    answers = iter(["n", "y"])
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    trained(epochs=3).save(path, overwrite=False)
    assert path.read_bytes() == before
    trained(epochs=3).save(path, overwrite=False)
    assert path.read_bytes() != before


@pytest.mark.parametrize("name", ["m.h5", "m.weights.h5", "m.npz"])
def test_weights_that_do_not_fit_change_nothing(tmp_path: Path, name: str) -> None:
    wide = keras.Sequential(
        [keras.layers.Dense(4, input_shape=(3,)), keras.layers.Dense(2)]
    )
    wide.save_weights(tmp_path / name)
    model = trained()
    before = bits(model.get_weights())
    with pytest.raises(saving.MismatchError, match="dense"):
        model.load_weights(tmp_path / name)
    assert bits(model.get_weights()) == before
    with pytest.warns(UserWarning, match="dense"):
        model.load_weights(tmp_path / name, skip_mismatch=True)
    first, second = model.layers
    assert bits(first.get_weights()) == bits(wide.layers[0].get_weights())
    assert bits(second.get_weights())[0] == before[2]


def test_by_name(tmp_path: Path) -> None:
    layer = keras.layers.Dense
    old = keras.Sequential([layer(4, input_shape=(3,), name="a"), layer(2, name="b")])
    old.save_weights(tmp_path / "m.h5")
    new = keras.Sequential([layer(5, input_shape=(4,), name="c"), layer(2, name="d")])
    new.add(layer(3, name="e"))
    with pytest.raises(saving.MismatchError, match="3 layers with weights"):
        new.load_weights(tmp_path / "m.h5")
    new = keras.Sequential([layer(4, input_shape=(3,), name="a"), layer(9, name="x")])
    new.load_weights(tmp_path / "m.h5", by_name=True)
    assert bits(new.layers[0].get_weights()) == bits(old.layers[0].get_weights())
    old.save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(saving.UnsupportedFileError, match="by_name"):
        new.load_weights(tmp_path / "m.weights.h5", by_name=True)


def test_missing_and_wrong_files(tmp_path: Path) -> None:
    saved(tmp_path, "model.keras")
    with pytest.raises(FileNotFoundError, match=r"There is model\.keras"):
        load_model(tmp_path / "model.h5")
    with pytest.raises(saving.ModelFileError, match="there is no file"):
        small().load_weights(tmp_path / "other.h5")
    with pytest.raises(saving.UnsupportedFileError, match="is a folder"):
        load_model(tmp_path)
    (tmp_path / "x.h5").write_text("hello there")
    with pytest.raises(saving.DamagedFileError, match="b'hello th'"):
        load_model(tmp_path / "x.h5")
    with pytest.raises(saving.DamagedFileError, match="holds no weights"):
        small().load_weights(tmp_path / "x.h5")
    for name in ("w.h5", "w.weights.h5", "w.npz"):
        trained().save_weights(tmp_path / name)
        with pytest.raises(saving.DamagedFileError, match=r"load_weights\(\)"):
            load_model(tmp_path / name)


def test_loading_leaves_the_root_generator_alone(tmp_path: Path) -> None:
    path = saved(tmp_path, "m.keras")
    keras.utils.set_random_seed(1)
    expected = keras.random.root_generator().random()
    keras.utils.set_random_seed(1)
    load_model(path)
    assert keras.random.root_generator().random() == expected


def test_npz_is_opened_by_numpy(tmp_path: Path) -> None:
    model = trained()
    with np.load(saved(tmp_path, "m.npz", model)) as file:
        found = file["layers/dense/vars/0"]
        assert found.tobytes() == model.layers[0].kernel.numpy().tobytes()
        assert json.loads(file["config.json"])["class_name"] == "Sequential"


def test_safetensors(tmp_path: Path) -> None:
    model = trained()
    model.save_weights(tmp_path / "m.safetensors")
    data = (tmp_path / "m.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    body = data[8 + length :]
    for layer in model.layers:
        for role in ("kernel", "bias"):
            entry = header[f"{layer.name}.{role}"]
            start, end = entry["data_offsets"]
            assert entry["dtype"] == "F32"
            found = np.frombuffer(body[start:end], "f4").reshape(entry["shape"])
            np.testing.assert_array_equal(found, getattr(layer, role).numpy())


def test_json_there_and_back() -> None:
    model = small()
    found = keras.models.model_from_json(model.to_json(indent=1))
    assert found.get_config() == model.get_config()
    found = keras.models.model_from_config(json.loads(model.to_json()))
    assert found.count_params() == 21
    with pytest.raises(saving.ModelFileError, match="no JSON"):
        keras.models.model_from_json("{")


def test_subclassed_models(tmp_path: Path) -> None:
    class Twins(keras.Model):
        def __init__(self, units: int = 2, **options: Any) -> None:
            super().__init__(**options)
            self.first = keras.layers.Dense(units)
            self.rest = [keras.layers.Dense(3), {"last": keras.layers.Dense(1)}]

        def call(self, x: Any) -> Any:
            return self.rest[1]["last"](self.rest[0](self.first(x)))

    model = Twins(4, name="twins")
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    for name in ("m.keras", "m.npz"):
        model.save(tmp_path / name)
        with pytest.raises(saving.UnknownObjectError, match=r"'Twins'.*custom_objects"):
            load_model(tmp_path / name)
        found = load_model(tmp_path / name, custom_objects={"Twins": Twins})
        assert found.predict(X, verbose=0).tobytes() == (
            model.predict(X, verbose=0).tobytes()
        )
        found.fit(X, Y, verbose=0)


def test_own_layers_losses_and_metrics(tmp_path: Path) -> None:
    class Scale(keras.layers.Layer):
        def __init__(self, start: float = 1.0, **options: Any) -> None:
            super().__init__(**options)
            self.start = start

        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(
                shape=input_shape[-1:],
                initializer=keras.initializers.Constant(self.start),
            )

        def call(self, x: Any) -> Any:
            return x * self.factor

        def get_config(self) -> Any:
            return {**super().get_config(), "start": self.start}

    def squared(y: Any, p: Any) -> Any:
        return (y - p) ** 2

    def near(y: Any, p: Any) -> Any:
        return abs(y - p) < 0.5

    model = keras.Sequential([keras.Input((3,)), Scale(2.0), keras.layers.Dense(1)])
    model.compile("sgd", squared, metrics=[near])
    model.fit(X, Y, verbose=0)
    known = {"Scale": Scale, "squared": squared, "near": near}
    for name in ("m.keras", "m.h5", "m.npz"):
        model.save(tmp_path / name)
        for missing in known:
            some = {key: value for key, value in known.items() if key != missing}
            with pytest.raises(saving.UnknownObjectError, match=missing):
                load_model(tmp_path / name, custom_objects=some)
        found = load_model(tmp_path / name, custom_objects=known)
        assert found.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
        with saving.custom_object_scope(known):
            assert load_model(tmp_path / name).layers[0].start == 2.0
    assert bits(found.get_weights()) == bits(model.get_weights())


def test_h5py_is_not_needed(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['h5py'] = None\n"
        "import numpy as np\n"
        "from keras.models import Sequential, load_model\n"
        "from keras.layers import Dense\n"
        "model = Sequential(); model.add(Dense(2, input_dim=3))\n"
        "model.compile(loss='mse', optimizer='sgd'); model.save('x.h5')\n"
        "print((load_model('x.h5').get_weights()[0] == model.get_weights()[0]).all())\n"
    )
    (tmp_path / "script.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad_lr", "run", "script.py"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "True"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_configuration_of_keras_1() -> None:
    dense = {
        "name": "dense_1", "trainable": True, "batch_input_shape": [None, 3],
        "input_dtype": "float32", "output_dim": 4, "init": "glorot_uniform",
        "activation": "relu", "W_regularizer": None, "b_regularizer": None,
        "activity_regularizer": None, "W_constraint": None, "b_constraint": None,
        "bias": True, "input_dim": 3,
    }  # fmt: skip
    last = {**dense, "name": "dense_2", "output_dim": 1}
    del last["batch_input_shape"]
    layers = [{"class_name": "Dense", "config": config} for config in (dense, last)]
    text = json.dumps({"class_name": "Sequential", "config": layers})
    model = keras.models.model_from_json(text)
    assert model.count_params() == 21


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.npz"])
def test_random_draws_go_on_where_they_stopped(tmp_path: Path, name: str) -> None:
    def dropping() -> Any:
        keras.utils.set_random_seed(5)
        model = keras.Sequential(
            [
                keras.layers.Dense(8, activation="tanh", input_shape=(3,)),
                keras.layers.Dropout(0.3),
                keras.layers.GaussianNoise(0.1),
                keras.layers.BatchNormalization(),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
        model.compile("adam", "binary_crossentropy")
        return model

    options: Any = {"batch_size": 4, "verbose": 0, "shuffle": False}
    whole, half = dropping(), dropping()
    whole.fit(X, Y, epochs=10, **options)
    half.fit(X, Y, epochs=5, **options)
    half.save(tmp_path / name)
    rest = load_model(tmp_path / name)
    rest.fit(X, Y, epochs=10, initial_epoch=5, **options)
    assert bits(rest.get_weights()) == bits(whole.get_weights())
    assert bits(v.numpy() for v in rest.variables) == bits(
        v.numpy() for v in whole.variables
    )
