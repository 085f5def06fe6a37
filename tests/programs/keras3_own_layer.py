# Keras 3: a layer and a callback of one's own, a model built by a loop, weights copied.
import keras
import numpy as np


class Linear(keras.layers.Layer):
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="glorot_uniform", trainable=True
        )
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return inputs @ self.w + self.b

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Keeper(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []
        self.seen = []

    def on_train_begin(self, logs=None):
        self.seen.append("train")

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs["loss"])

    def on_train_end(self, logs=None):
        self.seen.append("end")


keras.utils.set_random_seed(4)
x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
y = x**2

model = keras.models.Sequential()
for units in (8, 8):
    model.add(Linear(units))
    model.add(keras.layers.Activation("tanh"))
model.add(Linear(1))
model.compile(optimizer=keras.optimizers.RMSprop(0.01), loss="mse")
keeper = Keeper()
history = model.fit(x, y, epochs=300, batch_size=16, callbacks=[keeper], verbose=0)

print(keeper.losses[0], "->", keeper.losses[-1])
assert keeper.seen == ["train", "end"]
assert np.allclose(keeper.losses, history.history["loss"])
assert keeper.losses[-1] < 0.02
assert len(model.trainable_weights) == 6

twin = keras.models.Sequential([Linear(8), keras.layers.Activation("tanh"), Linear(8),
                                keras.layers.Activation("tanh"), Linear(1)])
twin.build((None, 1))
twin.set_weights(model.get_weights())
assert (twin.predict(x, verbose=0) == model.predict(x, verbose=0)).all()
assert Linear.from_config(model.layers[0].get_config()).units == 8
