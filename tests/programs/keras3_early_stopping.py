# Keras 3: Input, objects for loss, metric and optimizer, early stopping, a dict of results.
import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(812)
rng = np.random.default_rng(0)
x = rng.normal(size=(500, 2)).astype("float32")
y = (x[:, 0] * x[:, 1] > 0).astype("float32")
x_train, y_train, x_val, y_val = x[:400], y[:400], x[400:], y[400:]

model = keras.Sequential(
    [
        keras.Input(shape=(2,)),
        layers.Dense(16, activation="tanh", kernel_initializer="he_uniform"),
        layers.Dense(16, activation="tanh"),
        layers.Dense(1),
    ],
    name="quadrants",
)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.02),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy(threshold=0.0, name="acc")],
)
stop = keras.callbacks.EarlyStopping(
    monitor="val_loss", patience=5, restore_best_weights=True
)
history = model.fit(
    x_train,
    y_train,
    batch_size=32,
    epochs=100,
    validation_data=(x_val, y_val),
    callbacks=[stop],
    verbose=0,
)
results = model.evaluate(x_val, y_val, return_dict=True, verbose=0)
print(len(history.epoch), "epochs,", results)
assert model.name == "quadrants"
assert model.count_params() == 3 * 16 + 17 * 16 + 17
assert sorted(history.history) == ["acc", "loss", "val_acc", "val_loss"]
assert len(history.epoch) < 100
assert results["acc"] > 0.93
assert np.isclose(results["loss"], min(history.history["val_loss"]), rtol=1e-5)
