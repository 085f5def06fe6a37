# Keras 3: the functional guide: three inputs, dicts of outputs, losses by name, features, `x += y`.
import io
import numpy as np
import keras
from keras import layers

keras.utils.set_random_seed(1)
rng = np.random.default_rng(0)
title = keras.Input(shape=(None,), name='title')
body = keras.Input(shape=(6,), name='body')
tags = keras.Input(shape=(4,), name='tags')
x = layers.GlobalAveragePooling1D()(layers.Embedding(20, 8)(title))
y = layers.Dense(8, activation='relu')(body)
y += x
x = layers.concatenate([x, y, tags])
model = keras.Model(
    inputs=[title, body, tags],
    outputs={'priority': layers.Dense(1, name='priority')(x), 'department': layers.Dense(3, name='department', activation='softmax')(x)},
)
model.compile(
    optimizer=keras.optimizers.RMSprop(1e-2),
    loss={'priority': keras.losses.BinaryCrossentropy(from_logits=True), 'department': keras.losses.CategoricalCrossentropy()},
    loss_weights={'priority': 1.0, 'department': 0.2},
    metrics={'department': ['accuracy']},
)
data = {'title': rng.integers(0, 20, (64, 5)), 'body': rng.random((64, 6)), 'tags': rng.integers(0, 2, (64, 4)).astype('float32')}
targets = {'priority': data['tags'][:, :1], 'department': np.eye(3)[rng.integers(0, 3, 64)]}
history = model.fit(data, targets, epochs=10, batch_size=32, verbose=2)
assert {'department_accuracy', 'department_loss', 'loss', 'priority_loss'} == set(history.history)
assert history.history['priority_loss'][-1] < history.history['priority_loss'][0]
features = keras.Model(model.inputs, [layer.output for layer in model.layers if isinstance(layer, layers.Dense)])
assert sorted(f.shape for f in features.predict(data, verbose=0)) == [(64, 1), (64, 3), (64, 8)]
text = io.StringIO()
model.summary(print_fn=lambda line: text.write(line + '\n'), line_length=96)
assert 'global_average_pooling1d  ' in text.getvalue()  # columns as wide as Keras's
