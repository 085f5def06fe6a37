# Keras 3: a layer written with keras.ops, mixed with a schedule and keras.random.
import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable()
class Gated(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.value = keras.layers.Dense(units)
        self.gate = keras.layers.Dense(units, activation="sigmoid")

    def build(self, input_shape):
        self.value.build(input_shape)
        self.gate.build(input_shape)

    def call(self, x):
        y = ops.multiply(self.value(x), self.gate(x))
        return y / ops.sqrt(ops.mean(ops.square(y), axis=-1, keepdims=True) + 1e-6)


keras.utils.set_random_seed(2)
x = ops.convert_to_numpy(keras.random.normal((200, 5), seed=1))
y = ops.convert_to_numpy(ops.one_hot(ops.argmax(x, axis=-1), 5))
schedule = keras.optimizers.schedules.CosineDecay(0.05, decay_steps=250)
inputs = keras.Input((5,))
outputs = keras.layers.Dense(5, activation="softmax")(Gated(12)(inputs))
model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.AdamW(schedule), loss="categorical_crossentropy",
              metrics=[keras.metrics.CategoricalAccuracy(name="acc")])
history = model.fit(x, y, batch_size=20, epochs=25, verbose=0)
print(history.history["loss"][0], "->", history.history["loss"][-1])
assert history.history["acc"][-1] > 0.85
assert keras.backend.backend() == "numpy"
