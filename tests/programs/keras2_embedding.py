# Keras 2: words as numbers, an embedding averaged over the sentence.
import numpy as np
from keras.layers import Dense, Embedding, Flatten, GlobalAveragePooling1D
from keras.models import Sequential
from keras.preprocessing.sequence import pad_sequences
from keras.preprocessing.text import Tokenizer

np.random.seed(11)
good, bad = ['good', 'great', 'fine', 'nice'], ['bad', 'poor', 'awful', 'weak']
filler = 'the film was a very long and quiet story about some people'.split()
texts, labels = [], []
for i in range(120):
    words = list(np.random.choice(filler, 5)) + [np.random.choice((good, bad)[i % 2])]
    np.random.shuffle(words)
    texts.append(' '.join(words))
    labels.append(1 - i % 2)

tokenizer = Tokenizer(num_words=50)
tokenizer.fit_on_texts(texts)
data = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=8)
print('Found %s unique tokens.' % len(tokenizer.word_index))
labels = np.array(labels)

for middle in (Flatten(), GlobalAveragePooling1D()):
    model = Sequential()
    model.add(Embedding(50, 8, input_length=8))
    model.add(middle)
    model.add(Dense(1, activation='sigmoid'))
    model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['acc'])
    model.fit(data, labels, epochs=60, batch_size=20, verbose=0)
    accuracy = model.evaluate(data, labels, verbose=0)[1]
    print(type(middle).__name__, accuracy)
    assert accuracy > 0.9
