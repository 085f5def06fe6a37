# Keras 2: the autoencoder of the examples that samples in a Lambda and adds a loss of places.
from keras.layers import Lambda, Input, Dense
from keras.models import Model
from keras.losses import mse, binary_crossentropy
from keras import backend as K
import numpy as np


def sampling(args):
    z_mean, z_log_var = args
    batch = K.shape(z_mean)[0]
    dim = K.int_shape(z_mean)[1]
    epsilon = K.random_normal(shape=(batch, dim))
    return z_mean + K.exp(0.5 * z_log_var) * epsilon


original_dim = 12
x_train = (np.random.RandomState(0).rand(100, original_dim) > 0.8).astype('float32')
inputs = Input(shape=(original_dim,), name='encoder_input')
x = Dense(16, activation='relu')(inputs)
z_mean = Dense(2, name='z_mean')(x)
z_log_var = Dense(2, name='z_log_var')(x)
z = Lambda(sampling, output_shape=(2,), name='z')([z_mean, z_log_var])
encoder = Model(inputs, [z_mean, z_log_var, z], name='encoder')
encoder.summary()
latent_inputs = Input(shape=(2,), name='z_sampling')
x = Dense(16, activation='relu')(latent_inputs)
outputs = Dense(original_dim, activation='sigmoid')(x)
decoder = Model(latent_inputs, outputs, name='decoder')
outputs = decoder(encoder(inputs)[2])
vae = Model(inputs, outputs, name='vae_mlp')
reconstruction_loss = binary_crossentropy(inputs, outputs)
reconstruction_loss *= original_dim
kl_loss = 1 + z_log_var - K.square(z_mean) - K.exp(z_log_var)
kl_loss = K.sum(kl_loss, axis=-1)
kl_loss *= -0.5
vae.add_loss(K.mean(reconstruction_loss + kl_loss))
vae.compile(optimizer='adam')
history = vae.fit(x_train, epochs=20, batch_size=25, validation_data=(x_train[:20], None), verbose=0)
print(history.history['loss'][0], history.history['loss'][-1])
assert history.history['loss'][-1] < history.history['loss'][0] < 12
assert len(history.history['val_loss']) == 20
assert encoder.predict(x_train, batch_size=25)[0].shape == (100, 2)
assert decoder.predict(np.array([[0., 1.]])).shape == (1, 12)
