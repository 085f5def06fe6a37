from collections import OrderedDict, defaultdict, namedtuple

import pytest

from tinygrad_lr.autodiff.trees import leaves, rebuild, transform

Pair = namedtuple("Pair", "left right")

TREES = [
    (1, [1]),
    ((1, 2), [1, 2]),
    ([1, (2, [3])], [1, 2, 3]),
    ({"b": 1, "a": 2}, [2, 1]),
    (Pair(1, Pair(2, 3)), [1, 2, 3]),
    ({"w": [1, 2], "b": {"x": (3,)}}, [3, 1, 2]),
    (OrderedDict(b=1, a=2), [2, 1]),
    (defaultdict(list, a=[1]), [1]),
    ({"x": 1, 2: 3, "a": 4}, [3, 4, 1]),
    ((), []),
    (None, []),
    ([None, 1, {}], [1]),
    ("text", ["text"]),
]


@pytest.mark.parametrize(("tree", "flat"), TREES)
def test_leaves_and_rebuild_are_inverse(tree, flat):
    assert leaves(tree) == flat
    again = rebuild(tree, flat)
    assert again == tree
    assert type(again) is type(tree)


def test_a_dict_keeps_its_own_order_of_keys():
    assert list(rebuild({"b": 1, "a": 2}, [10, 20])) == ["b", "a"]
    assert rebuild(OrderedDict(b=1, a=2), [10, 20]) == {"a": 10, "b": 20}


def test_transform_keeps_the_nesting():
    assert transform(lambda x: -x, {"a": (1, [2]), "b": None}) == {
        "a": (-1, [-2]),
        "b": None,
    }
