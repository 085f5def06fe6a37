"""Functions on nestings, policies, settings: the small modules of Keras 3."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import config, dtype_policies, mixed_precision, tree

NEST = {"b": [1, (2,)], "a": 3}


def test_leaves_come_in_the_order_of_sorted_keys():
    assert tree.flatten(NEST) == [3, 1, 2]
    assert tree.flatten_with_path(NEST) == [
        (("a",), 3),
        (("b", 0), 1),
        (("b", 1, 0), 2),
    ]
    assert tree.flatten(5) == [5]
    assert tree.is_nested(NEST)
    assert not tree.is_nested(np.ones(2))


def test_mapping_and_packing():
    assert tree.map_structure(lambda x: x + 1, NEST) == {"b": [2, (3,)], "a": 4}
    assert tree.map_structure(lambda x, y: x * y, [1, 2], [3, 4]) == [3, 8]
    assert tree.map_structure_up_to([0, 0], len, [[1, 2], [3]]) == [2, 1]
    assert tree.pack_sequence_as(NEST, [7, 8, 9]) == {"b": [8, (9,)], "a": 7}
    assert tree.lists_to_tuples([1, [2]]) == (1, (2,))
    assert tree.map_shape_structure(len, [(1, 2), (None,)]) == [2, 1]
    assert tree.traverse(lambda x: 0 if x == 2 else None, NEST) == {
        "b": [1, (0,)],
        "a": 3,
    }
    hide = lambda x: tree.MAP_TO_NONE if x == 1 else None
    assert tree.traverse(hide, [1, 2], top_down=False) == [None, 2]
    with pytest.raises(ValueError, match="differ"):
        tree.map_structure(lambda x, y: x, [1], (1,))
    with pytest.raises(ValueError, match="expected 3 leaves, got 1"):
        tree.pack_sequence_as(NEST, [1])
    tree.assert_same_paths({"a": 1}, {"a": 2})
    with pytest.raises(ValueError, match="paths differ"):
        tree.assert_same_paths([1], [1, 2])


def test_policies():
    policy = keras.DTypePolicy("float64")
    assert (policy.name, policy.compute_dtype, policy.variable_dtype) == (
        "float64", "float64", "float64",
    )  # fmt: skip
    assert dtype_policies.deserialize(dtype_policies.serialize(policy)) == policy
    assert dtype_policies.get("float16").compute_dtype == "float16"
    with pytest.raises(ValueError, match="expected float16, float32"):
        keras.DTypePolicy("float8")
    with pytest.raises(TypeError, match="must be a string"):
        keras.DTypePolicy(32)


def test_a_policy_casts_what_a_layer_is_given():
    policy = keras.DTypePolicy("float64")
    whole, part = np.arange(2), np.ones(2, "float32")
    assert policy.convert_input(part, True, "float64").dtype == "float64"
    assert policy.convert_input(part, False, "float64").dtype == "float32"
    assert policy.convert_input(whole, True, "float64").dtype == whole.dtype
    assert policy.convert_input(keras.Input((1,)), True, "float64").dtype == "float64"
    assert policy.convert_input(None, True, "float64") is None
    assert keras.DTypePolicy("uint8").compute_dtype == "uint8"


def test_mixed_precision_means_float32_and_says_so():
    with pytest.warns(UserWarning, match="mixed_float16 means float32 here"):
        mixed_precision.set_global_policy("mixed_float16")
    try:
        assert mixed_precision.global_policy().name == "mixed_float16"
        assert config.floatx() == "float32"
        assert keras.layers.Dense(1).compute_dtype == "float32"
    finally:
        config.set_dtype_policy("float32")
    assert config.dtype_policy().name == "float32"
    optimizer = keras.optimizers.SGD()
    assert mixed_precision.LossScaleOptimizer(optimizer).inner_optimizer is optimizer


def test_switches():
    config.disable_traceback_filtering()
    assert not config.is_traceback_filtering_enabled()
    config.enable_traceback_filtering()
    assert config.backend() == "numpy"
    with pytest.raises(ValueError, match="'numpy' alone"):
        config.set_backend("jax")
