"""
A line fitted batch by batch, in the manner of the Keras 1 tutorials: train_on_batch in a loop,
then the weights of the first layer.
"""
import numpy as np
np.random.seed(1337)  # for reproducibility
from keras.models import Sequential
from keras.layers import Dense

X = np.linspace(-1, 1, 200)
np.random.shuffle(X)
Y = 0.5 * X + 2 + np.random.normal(0, 0.05, (200, ))
X_train, Y_train = X[:160], Y[:160]
X_test, Y_test = X[160:], Y[160:]

model = Sequential()
model.add(Dense(output_dim=1, input_dim=1))
model.compile(loss='mse', optimizer='sgd')

print('Training -----------')
costs = []
for step in range(301):
    cost = model.train_on_batch(X_train, Y_train)
    costs.append(cost)
    if step % 100 == 0:
        print('train cost: ', cost)

print('\nTesting ------------')
cost = model.evaluate(X_test, Y_test, batch_size=40)
print('test cost:', cost)
W, b = model.layers[0].get_weights()
print('Weights=', W, '\nbiases=', b)

Y_pred = model.predict(X_test)
assert Y_pred.shape == (40, 1)
assert np.ndim(cost) == 0
assert cost < 0.05
assert costs[-1] < costs[0]
assert W.shape == (1, 1)
assert abs(W[0, 0] - 0.5) < 0.4
assert abs(b[0] - 2) < 0.1
