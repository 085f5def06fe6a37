# Logistic regression on the OR gate, as a tutorial of the Keras 2 years writes it.
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Activation
from keras.optimizers import SGD

M = 2  # dimension of the input
K = 1  # number of outputs

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
t = np.array([[0], [1], [1], [1]])

model = Sequential([
    Dense(input_dim=M, units=K),
    Activation('sigmoid')
])

model.compile(loss='binary_crossentropy', optimizer=SGD(lr=0.1))

model.fit(X, t, epochs=300, batch_size=1)

classes = (model.predict(X, batch_size=1) > 0.5).astype("int32")
prob = model.predict(X, batch_size=1)

print('classified:')
print(classes == t)
print()
print('output probability:')
print(prob)
