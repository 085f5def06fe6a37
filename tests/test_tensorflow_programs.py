"""What programs of TensorFlow 2 call beside tf.keras."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_lr import alias


@pytest.fixture
def tf():
    alias.install()
    import tensorflow

    return tensorflow


LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 1.0, 3.0]], "float32")


def test_crossentropies_from_logits(tf):
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
    hot = np.eye(3, dtype="float32")[[2, 1]]
    expected = -np.log(p[[0, 1], [2, 1]])
    nn = tf.nn
    for out in (
        nn.sparse_softmax_cross_entropy_with_logits(labels=[2, 1], logits=LOGITS),
        nn.softmax_cross_entropy_with_logits(labels=hot, logits=LOGITS, name="any"),
    ):
        np.testing.assert_allclose(out.numpy(), expected, rtol=1e-6)
    out = nn.sigmoid_cross_entropy_with_logits(labels=hot, logits=LOGITS)
    expected = np.log1p(np.exp(LOGITS)) - hot * LOGITS
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-5)
    np.testing.assert_allclose(
        np.linalg.norm(nn.l2_normalize(LOGITS, 1).numpy(), axis=1), 1, rtol=1e-6
    )
    assert nn.l2_loss(np.array([1.0, 2.0])).numpy() == 2.5


def test_random_numbers(tf):
    tf.random.set_seed(1)
    first = tf.random.normal([3, 2], stddev=2.0)
    tf.random.set_seed(1)
    np.testing.assert_array_equal(first, tf.random.normal([3, 2], stddev=2.0))
    assert tf.random.uniform((4,), 0, 5, dtype=tf.int32).dtype == tf.int32
    assert tf.random.uniform((4,), maxval=0.5).numpy().max() < 0.5
    assert sorted(tf.random.shuffle(tf.range(5)).numpy()) == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="integers need maxval"):
        tf.random.uniform((4,), dtype=tf.int32)


def test_arrays(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert tf.matmul(x, x, transpose_b=True).numpy().tolist() == [[5, 11], [11, 25]]
    assert tf.gather(x, [1]).numpy().tolist() == [[3, 4]]
    parts = tf.split(tf.range(6), [1, 2, 3])
    assert [part.shape for part in parts] == [(1,), (2,), (3,)]
    assert len(tf.split(x, 2, axis=1)) == 2
    assert tf.fill([2], 7).dtype == tf.int32
    assert tf.one_hot([1], 3, on_value=5.0).numpy().tolist() == [[0, 5, 0]]
    counts = tf.math.confusion_matrix([0, 1, 1], [0, 1, 0])
    assert counts.numpy().tolist() == [[1, 0], [1, 1]]
    assert tf.tile(x, [1, 2], name="any").shape == (2, 4)
    assert tf.linalg.det(x).numpy() == pytest.approx(-2)
    assert tf.reduce_logsumexp(x, axis=1).shape == (2,)
    with tf.device("/CPU:0"), tf.name_scope("any"):
        pass


def test_files_and_data(tf, tmp_path):
    folder = tmp_path / "a" / "b"
    tf.io.gfile.makedirs(str(folder))
    with tf.io.gfile.GFile(str(folder / "x.txt"), "w") as file:
        file.write("text")
    assert tf.io.gfile.exists(str(folder / "x.txt"))
    assert tf.io.gfile.glob(str(folder / "*")) == [str(folder / "x.txt")]
    rows = tf.data.Dataset.from_tensor_slices(np.arange(5)).batch(2)
    assert [len(np.asarray(batch)) for batch in rows] == [2, 2, 1]
    tf.autograph.set_verbosity(0)


def test_names_of_keras_beside_tf_keras(tf):
    assert tf.losses.MeanSquaredError is tf.keras.losses.MeanSquaredError
    assert tf.optimizers.Adam is tf.train.AdamOptimizer is tf.keras.optimizers.Adam
    assert tf.metrics.Mean is tf.keras.metrics.Mean
    assert tf.initializers.Zeros is tf.zeros_initializer


def test_small_operations_of_tensorflow(tf):
    a = tf.constant([3.0, 4.0])
    assert tf.add_n([a, a, [1.0, 1.0]]).numpy().tolist() == [7, 9]
    assert tf.boolean_mask([1, 2, 3], [True, False, True]).numpy().tolist() == [1, 3]
    np.testing.assert_allclose(tf.clip_by_norm(a, 1.0).numpy(), [0.6, 0.8], rtol=1e-6)
    assert tf.clip_by_norm(a, 10.0).numpy().tolist() == [3, 4]
    assert tf.math.divide_no_nan([1.0, 2.0], [0.0, 4.0]).numpy().tolist() == [0, 0.5]
    assert tf.pad([[1, 2]], [[1, 0], [0, 1]]).numpy().tolist() == [[0, 0, 0], [1, 2, 0]]
    assert tf.pad([1, 2], [[1, 0]], "REFLECT").numpy().tolist() == [2, 1, 2]
    assert tf.rank([[1]]).numpy() == 2
    assert tf.map_fn(lambda v: v * 2, a).numpy().tolist() == [6, 8]
    assert tf.nn.embedding_lookup(tf.eye(3), [2]).numpy().tolist() == [[0, 0, 1]]
    data = tf.data.Dataset.range(7)
    assert tf.data.experimental.cardinality(data).numpy() == 7
    metric = tf.keras.metrics.Mean()
    metric.update_state(3.0)
    metric.reset_states()
    assert metric.result().numpy() == 0


def test_sessions_are_accepted_and_hold_nothing(tf):
    config = tf.ConfigProto(intra_op_parallelism_threads=1)
    config.gpu_options.allow_growth = True
    with tf.compat.v1.Session(graph=tf.get_default_graph(), config=config) as session:
        tf.keras.backend.set_session(session)
        assert session.config.gpu_options.allow_growth is True
        assert session.config.intra_op_parallelism_threads == 1
        with session.graph.as_default(), tf.Graph().as_default():
            assert session.run() is None
        with pytest.raises(NotImplementedError, match="no graphs here"):
            session.run(tf.constant(1))


@pytest.mark.parametrize("name", ["placeholder", "gradients"])
def test_graphs_are_refused(tf, name):
    with pytest.raises(NotImplementedError, match=f"tf.{name}: there are no graphs"):
        getattr(tf, name)()
    with pytest.raises(NotImplementedError, match="values are computed at once"):
        getattr(tf.compat.v1, name)()


def test_texts(tf):
    texts = tf.constant(["A É b, c!", b" x  "])
    s = tf.strings
    assert s.lower(texts).tolist() == ["a É b, c!", " x  "]
    assert s.lower(texts, encoding="utf-8")[0] == "a é b, c!"
    assert s.upper(texts)[0] == "A É B, C!"
    assert s.strip(texts)[1] == "x"
    assert s.length(texts).tolist() == [10, 4]
    assert s.length(texts, unit="UTF8_CHAR").tolist() == [9, 4]
    assert s.regex_replace(texts, "[b-d ]+", "-")[0] == "A-É-,-!"
    assert s.regex_full_match(texts, ".*x.*").tolist() == [False, True]
    assert s.split(texts) == [["A", "É", "b,", "c!"], ["x"]]
    assert s.split("a,b", ",") == ["a", "b"]
    assert s.unicode_split("é!", "UTF-8") == ["é", "!"]
    assert s.join([["a", "b"], "c"], separator="-").tolist() == ["a-c", "b-c"]
    assert s.as_string([1, 2]).tolist() == ["1", "2"]
    assert s.to_number(["1", "2.5"]).tolist() == [1.0, 2.5]
    assert s.to_hash_bucket_fast(["A É b, c!", ""], 7).tolist() == [3, 6]


def test_texts_are_standardized_by_a_function(tf):
    def standardize(text):
        return tf.strings.regex_replace(tf.strings.lower(text), "<br />|[.!]", "")

    words = tf.keras.layers.TextVectorization(
        standardize=standardize, split=tf.strings.split, output_sequence_length=3
    )
    data = tf.data.Dataset.from_tensor_slices(["Good <br />film!", "A film."])
    words.adapt(data.batch(2))
    assert words.get_vocabulary() == ["", "[UNK]", "film", "good", "a"]
    assert words(tf.constant(["a good one"])).tolist() == [[4, 3, 1]]
    with pytest.raises(NotImplementedError, match="places for texts"):
        tf.keras.Input((1,), dtype=tf.string)
