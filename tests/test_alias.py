"""The facades under ``keras`` and ``tensorflow``: one class under many paths."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import tinygrad_lr
from tinygrad_lr import alias, arguments, legacy

ROOT = Path(__file__).resolve().parent.parent


pytestmark = pytest.mark.usefixtures("aliased")


def run(code, tmp_path, *options):
    return subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


# -- every path gives the same thing ---------------------------------------------------


@pytest.mark.parametrize("root", alias.ROOTS)
def test_dense_is_dense_under_every_root(root):
    keras = importlib.import_module(root)
    layers = importlib.import_module(f"{root}.layers")
    core = importlib.import_module(f"{root}.layers.core")
    assert layers.Dense is core.Dense is keras.layers.Dense is tinygrad_lr.layers.Dense
    assert keras.Sequential is keras.models.Sequential is tinygrad_lr.Sequential


@pytest.mark.parametrize("path", sorted(alias.PATHS))
def test_every_path_can_be_imported_and_star_imported(path):
    module = importlib.import_module(path)
    names = {}
    exec(f"from {path} import *", names)
    assert set(module.__all__) <= names.keys()
    assert not any(name.startswith("_") for name in module.__all__)
    assert all(hasattr(module, name) for name in dir(module))
    assert "tinygrad_lr" in repr(module)


@pytest.mark.parametrize("path", sorted(legacy.MODULES))
def test_old_paths_have_the_names_of_today(path):
    old = importlib.import_module(f"keras.{path}")
    for home in legacy.MODULES[path].split():
        module = importlib.import_module(f"tinygrad_lr.{home}")
        for name, value in alias.public(module).items():
            assert getattr(old, name) is value


def test_old_names_stand_for_the_names_of_today():
    import keras

    found = 0
    for module, names in legacy.NAMES.items():
        facade = importlib.import_module(f"keras.{module}")
        for old, new in names.items():
            if callable(new):
                assert getattr(facade, old) is new or old in dir(facade)
            elif hasattr(facade, new):
                assert getattr(facade, old) is getattr(facade, new)
                found += 1
    assert found >= 8
    assert keras.optimizers.adam is tinygrad_lr.optimizers.Adam


def test_merge_is_a_function_and_a_module():
    import keras.layers.merge  # Keras 2
    from keras.layers import merge  # Keras 1
    from keras.layers.merge import add

    assert add is tinygrad_lr.layers.add
    pair = [np.ones((2, 1)), 2 * np.ones((2, 1))]
    assert merge(pair, mode="sum").numpy().tolist() == [[3], [3]]
    with pytest.raises(TypeError, match=r"keras\.losses is a module"):
        keras.losses()


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("LSTM", "recurrent"), ("SimpleRNN", "recurrent"), ("Conv2D", "convolutional"),
        ("Bidirectional", "recurrent"), ("MaxPooling2D", "pooling"),
        ("MultiHeadAttention", "attention"),
    ],
)  # fmt: skip
def test_families_of_layers_that_are_not_there_yet(name, family):
    with pytest.raises(ImportError, match=f"{family} layers are not there yet"):
        exec(f"from keras.layers import {name}")


def test_attributes_without_importing_the_submodule():
    import tensorflow as tf

    assert tf.keras.utils.to_categorical is tinygrad_lr.utils.to_categorical
    assert tf.keras.layers.core.Dense is tinygrad_lr.layers.Dense
    assert tf.compat.v1.keras.Sequential is tinygrad_lr.Sequential


def test_forms_of_import():
    import keras.layers as c
    from keras import layers as a
    from keras.layers import core
    from tensorflow import keras
    from tensorflow.keras import layers as b

    assert a is c
    assert a.Dense is b.Dense is core.Dense is keras.layers.Dense


def test_star_import_of_keras_itself_brings_its_modules():
    names = {}
    exec("from tensorflow.keras import *", names)
    assert names["layers"].Dense is tinygrad_lr.layers.Dense
    assert "Tensor" not in names


def test_settings_are_shared_by_all_paths():
    import keras
    import tensorflow as tf

    keras.backend.set_epsilon(1e-5)
    try:
        assert tf.keras.backend.epsilon() == keras.config.epsilon() == 1e-5
    finally:
        keras.backend.set_epsilon(1e-7)


# -- a facade is a module like any -----------------------------------------------------


def test_new_attributes():
    import tensorflow as tf

    tf.model = tf.keras.Sequential()
    assert isinstance(tf.model, tinygrad_lr.Sequential)
    assert importlib.import_module("tensorflow").model is tf.model
    del tf.model
    assert not hasattr(tf, "model")


def test_dir_lists_names_and_modules():
    import keras

    assert {"Sequential", "layers", "models", "backend"} <= set(dir(keras))
    assert {"Dense", "core"} <= set(dir(keras.layers))
    assert not {"np", "annotations", "api", "src", "Tensor"} & set(dir(keras))


def test_classes_are_pickled_under_our_own_path():
    from keras.layers import Dense

    assert b"tinygrad_lr.layers" in pickle.dumps(Dense)
    assert pickle.loads(pickle.dumps(Dense)) is Dense


def test_a_pickled_facade_brings_the_alias_along(tmp_path):
    import tensorflow.keras

    data = pickle.dumps(tensorflow.keras)
    found = run(f"import pickle; print(pickle.loads({data!r}).Sequential)", tmp_path)
    assert found.stdout == f"{tinygrad_lr.Sequential}\n"


def test_versions():
    import keras
    import tensorflow as tf

    assert int(keras.__version__.split(".")[0]) == 3
    assert int(tf.__version__.split(".")[0]) == 2
    assert keras.version() == keras.__version__


def test_inspection_of_all_modules_is_harmless():
    import inspect

    import keras  # noqa: F401  # the import is what is tested

    inspect.getmodule(test_versions)
    assert importlib.util.find_spec("keras.layers.core").name == "keras.layers.core"


# -- what is not there -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "pattern"),
    [
        ("from keras.layers import Dens", r"^keras\.layers, .*'Dens'\. Did you mean"),
        ("from keras.layers import Zyx", r"no 'Zyx'\. It has Activation, ActivityReg"),
        ("from keras import Sequentail", r"no 'Sequentail'\. Did you mean 'Sequentia"),
        ("import keras.layer", r"no 'layer'\. Did you mean .*'layers'"),
        ("import keras.layers.cores", r"no 'cores'\. Did you mean 'core'"),
        ("import tensorflow.contrib.slim", r"tensorflow\.contrib, .*no 'slim'"),
        ("from tensorflow.keras.applications import VGG16", r"applications is a mod"),
        ("from keras import applications", r"applications is a module of Keras that"),
    ],
)  # fmt: skip
def test_import_errors(code, pattern):
    with pytest.raises(ImportError, match=pattern):
        exec(code)


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("keras.layers.Dens", r"^keras\.layers, .*no 'Dens'\. Did you mean 'Dense'"),
        ("tensorflow.nn.rellu", r"Did you mean 'relu'"),
        (
            "tensorflow.SparseTensor",
            r"^tensorflow, as tinygrad_lr answers it, has no 'SparseTensor'",
        ),
        (
            "keras.applications",
            r"^keras\.applications is a module of Keras that tinygrad_lr",
        ),
    ],
)
def test_attribute_errors(path, pattern):
    module, _, name = path.rpartition(".")
    with pytest.raises(AttributeError, match=pattern):
        getattr(importlib.import_module(module), name)


def test_optional_imports_can_be_caught():
    try:
        from keras.layers import NoSuchLayer
    except ImportError:
        NoSuchLayer = None
    assert NoSuchLayer is None


# -- real modules of the same name -----------------------------------------------------


REAL = """
__version__ = "real"
from keras.layers import REAL
"""


@pytest.fixture
def real_keras(tmp_path):
    (tmp_path / "keras" / "layers").mkdir(parents=True)
    (tmp_path / "keras" / "__init__.py").write_text(REAL)
    (tmp_path / "keras" / "layers" / "__init__.py").write_text(
        "REAL = True\nDense = 'real'\n"
    )
    (tmp_path / "keras" / "only_real.py").write_text("")
    return tmp_path


def test_a_real_keras_is_shadowed(real_keras):
    code = """
        import tinygrad_lr.alias
        import keras
        from keras.layers import Dense
        print(keras.__version__, Dense.__module__, hasattr(keras.layers, "REAL"))
        try:
            import keras.only_real
        except ImportError as error:
            print(error)
        """
    found = run(code, real_keras)
    assert found.stderr == ""
    assert found.stdout.startswith(
        f"{alias.KERAS_VERSION} tinygrad_lr.layers.core False\n"
    )
    assert "no 'only_real'" in found.stdout


def test_a_real_keras_imported_before_is_put_aside_with_a_warning(real_keras):
    code = """
        import sys, keras
        before = keras
        import tinygrad_lr.alias
        import keras
        print(before.__version__, keras.__version__, keras.layers.Dense.__module__)
        tinygrad_lr.alias.uninstall()
        print(sys.modules["keras"] is before, sys.modules["keras.layers"].Dense)
        """
    found = run(code, real_keras)
    assert found.stdout.splitlines() == [
        f"real {alias.KERAS_VERSION} tinygrad_lr.layers.core",
        "True real",
    ]
    assert (
        "UserWarning: keras was imported before tinygrad_lr.alias (from" in found.stderr
    )
    assert "Make `import tinygrad_lr.alias` the first line" in found.stderr


def test_without_the_alias_nothing_is_answered(real_keras):
    found = run("import tinygrad_lr, keras; print(keras.__version__)", real_keras)
    assert found.stdout == "real\n"


def test_uninstall_gives_the_names_back():
    import keras  # noqa: F401  # the import is what is tested

    alias.uninstall()
    assert "keras" not in sys.modules
    assert alias.finder not in sys.meta_path
    alias.uninstall()


# -- keras.backend ---------------------------------------------------------------------


def test_backend():
    from keras import backend as K

    x = np.array([[3.0, 4.0], [0.0, 2.0]])
    assert K.mean(x, axis=1).tolist() == [3.5, 1]
    assert K.argmax(x).tolist() == [1, 1]
    assert K.concatenate([x, x]).shape == (2, 4)
    assert K.expand_dims(x).shape == (2, 2, 1)
    np.testing.assert_allclose(K.l2_normalize(x, axis=1), [[0.6, 0.8], [0, 1]])
    v = K.variable(2)
    K.set_value(v, 5)
    assert K.get_value(v) == 5
    assert K.eval(K.square(v)) == 25
    assert K.constant(1, shape=(2,)).dtype == np.float32
    assert K.cast(v, "int32").dtype == np.int32
    assert K.cast_to_floatx([1, 2]).dtype == np.float32
    assert K.int_shape(v) == ()
    assert K.backend() == "numpy"
    with pytest.raises(AttributeError, match="Did you mean 'square'"):
        _ = K.squares


OPTIMIZERS_OF_OLD = (
    "keras.optimizers.legacy", "keras.optimizers.experimental",
    "keras.optimizer_v2.adam", "keras.optimizers.adam_v2",
    "tensorflow.keras.optimizers.legacy", "tensorflow.python.keras.optimizer_v2.adam",
)  # fmt: skip


@pytest.mark.parametrize("path", OPTIMIZERS_OF_OLD)
def test_paths_of_optimizers(path):
    assert importlib.import_module(path).Adam is tinygrad_lr.optimizers.Adam


def test_initializations_of_keras_1():
    arguments.warned.clear()
    from keras import initializations
    from keras.layers import Dense
    from keras.models import Sequential

    def small(shape, name=None):
        return initializations.normal(shape, scale=0.01, name=name)

    model = Sequential()
    with pytest.warns(DeprecationWarning, match="kernel_initializer"):
        model.add(Dense(300, input_dim=200, init=small))
    assert model.get_weights()[0].std() == pytest.approx(0.01, rel=0.05)
    assert initializations.get("he_normal")((2, 3)).shape == (2, 3)
