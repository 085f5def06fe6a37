"""One neuron learns the OR gate: p = sigmoid(x @ w + b), fitted by gradient descent."""

import numpy as np

import tinygrad_lr as keras

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [1]])

keras.utils.set_random_seed(1)
model = keras.Sequential(
    [keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")]
)
model.compile(
    loss="binary_crossentropy", optimizer=keras.optimizers.SGD(learning_rate=0.1)
)
history = model.fit(X, y, epochs=300, batch_size=1, verbose=0)

print("a  b   a or b   probability")
for (a, b), [target], [p] in zip(X, y, model.predict(X, verbose=0), strict=True):
    verdict = "ok" if (p > 0.5) == target else "wrong"
    print(f"{a}  {b}     {target}      {p:.3f}   {verdict}")
print(f"loss: {history.history['loss'][0]:.3f} -> {history.history['loss'][-1]:.3f}")
