# Keras 2: a GAN on points of a parabola, both parts compiled, the discriminator frozen in the whole.
from numpy import hstack, ones, zeros
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, LeakyReLU, BatchNormalization
from keras.optimizers import Adam

rng = np.random.RandomState(2)
discriminator = Sequential()
discriminator.add(Dense(25, activation='relu', kernel_initializer='he_uniform', input_dim=2))
discriminator.add(Dense(1, activation='sigmoid'))
discriminator.compile(loss='binary_crossentropy', optimizer=Adam(0.001, 0.5), metrics=['accuracy'])
generator = Sequential()
generator.add(Dense(15, kernel_initializer='he_uniform', input_dim=5))
generator.add(LeakyReLU(alpha=0.2))
generator.add(BatchNormalization(momentum=0.8))
generator.add(Dense(2, activation='linear'))
gan = Sequential()
gan.add(generator)
gan.add(discriminator)

for i in range(20):
    x1 = rng.rand(16, 1) - .5
    x_real, x_fake = hstack((x1, x1 * x1)), generator.predict(rng.randn(16, 5), verbose=0)
    discriminator.trainable = True
    if i == 0:
        discriminator.compile(loss='binary_crossentropy', optimizer=Adam(0.001, 0.5), metrics=['accuracy'])
    loss_real, acc_real = discriminator.train_on_batch(x_real, ones((16, 1)))
    loss_fake, acc_fake = discriminator.train_on_batch(x_fake, zeros((16, 1)))
    discriminator.trainable = False
    if i == 0:
        gan.compile(loss='binary_crossentropy', optimizer='adam')
    before = discriminator.get_weights()
    g_loss = gan.train_on_batch(rng.randn(16, 5), ones((16, 1)))
    assert all(np.array_equal(a, b) for a, b in zip(before, discriminator.get_weights()))
    print('>%d, d %.3f %.3f, g %.3f' % (i, loss_real, loss_fake, g_loss))
    assert 0.1 < g_loss < 5  # its own, not the discriminator's
assert gan.metrics_names == ['loss']
