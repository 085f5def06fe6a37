from keras.preprocessing.text import Tokenizer
from keras.preprocessing.sequence import pad_sequences
from keras.models import Sequential
from keras.layers import Dense
from keras.callbacks import EarlyStopping, ReduceLROnPlateau
from keras.utils import np_utils
import numpy as np

np.random.seed(7)
good = ['what a great film', 'a great story, great actors', 'i love this film',
        'love the actors', 'a wonderful story', 'great fun']
bad = ['what a boring film', 'a bad story, bad actors', 'i hate this film',
       'hate the actors', 'a terrible story', 'no fun at all']
docs = good + bad
labels = np_utils.to_categorical([1] * len(good) + [0] * len(bad), 2)

tokenizer = Tokenizer(num_words=30)
tokenizer.fit_on_texts(docs)
print('words:', len(tokenizer.word_index))
print(tokenizer.texts_to_sequences(['a great film', 'unknown words']))
print(pad_sequences(tokenizer.texts_to_sequences(docs), maxlen=4)[:2])
X = tokenizer.texts_to_matrix(docs, mode='tfidf')
print(X.shape)

model = Sequential()
model.add(Dense(8, input_dim=30, activation='relu'))
model.add(Dense(2, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
history = model.fit(X, labels, epochs=200, batch_size=4, verbose=0,
                    callbacks=[EarlyStopping(monitor='acc', patience=60, mode='max'),
                               ReduceLROnPlateau(monitor='loss', patience=5, epsilon=1e-3)])
print('lr' in history.history, round(model.evaluate(X, labels, verbose=0)[1], 2))
print(model.predict(tokenizer.texts_to_matrix(['great great fun'], mode='tfidf')).argmax())
assert len(tokenizer.word_index) == 19
assert X.shape == (12, 30)
assert model.evaluate(X, labels, verbose=0)[1] > 0.8
