# Keras 1 and 2: two inputs and outputs, fed by lists, then by dicts; losses by output in the history.
import numpy as np
from keras.layers import Dense, Input, concatenate
from keras.models import Model

rng = np.random.RandomState(0)
a, b = rng.rand(64, 3), rng.rand(64, 3)
reg, cls = rng.rand(64, 1), rng.randint(0, 2, (64, 1))


def build():
    np.random.seed(0)
    in_a, in_b = Input(shape=(3,), name='b'), Input(shape=(3,), name='a')
    h = Dense(8, activation='relu', name='h')(concatenate([in_a, in_b]))
    out = [Dense(1, name='reg')(h), Dense(1, activation='sigmoid', name='cls')(h)]
    model = Model(input=[in_a, in_b], output=out)
    model.compile(optimizer='rmsprop', loss={'reg': 'mse', 'cls': 'binary_crossentropy'}, loss_weights={'reg': 1., 'cls': 0.2})
    return model


model, other = build(), build()
other.set_weights(model.get_weights())
lists, dicts = ([a, b], [reg, cls]), ({'b': a, 'a': b}, {'reg': reg, 'cls': cls})
for first, second in ((lists, dicts), (dicts, lists)):
    h1 = model.fit(*first, nb_epoch=3, batch_size=16, verbose=2, shuffle=False)
    h2 = other.fit(*second, nb_epoch=3, batch_size=16, verbose=0, shuffle=False)
    assert h1.history == h2.history
print(h1.history)
assert {'loss', 'reg_loss', 'cls_loss'} <= set(h1.history)
loss, reg_loss, cls_loss = model.evaluate(*lists, verbose=0)
assert abs(loss - reg_loss - 0.2 * cls_loss) < 1e-5
