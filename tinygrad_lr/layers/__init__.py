"""Layers: the building blocks of a model, each a few lines of NumPy on Tensors.

A layer is made with its settings, built when it first sees the shape of its input, and
then called. :class:`Layer` is the base of all, and of your own.
"""

from __future__ import annotations

from tinygrad_lr.layers.activations import (
    ELU,
    LeakyReLU,
    PReLU,
    ReLU,
    Softmax,
    ThresholdedReLU,
)
from tinygrad_lr.layers.batch_normalization import BatchNormalization
from tinygrad_lr.layers.core import Activation, Dense
from tinygrad_lr.layers.discretization import Discretization
from tinygrad_lr.layers.einsum_dense import EinsumDense
from tinygrad_lr.layers.embedding import Embedding
from tinygrad_lr.layers.function_operation import FunctionOperation
from tinygrad_lr.layers.hashing import HashedCrossing, Hashing
from tinygrad_lr.layers.input import Input, InputLayer
from tinygrad_lr.layers.keras_tensor import KerasTensor
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.lookup import IntegerLookup, StringLookup
from tinygrad_lr.layers.merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from tinygrad_lr.layers.noise import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from tinygrad_lr.layers.normalization import (
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
)
from tinygrad_lr.layers.operation import Operation
from tinygrad_lr.layers.padding import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from tinygrad_lr.layers.passing import Identity, Lambda, Masking
from tinygrad_lr.layers.pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
)
from tinygrad_lr.layers.preprocessing import (
    CategoryEncoding,
    Normalization,
    Rescaling,
)
from tinygrad_lr.layers.reshaping import Flatten, Permute, RepeatVector, Reshape
from tinygrad_lr.layers.spec import InputSpec
from tinygrad_lr.layers.text_vectorization import TextVectorization
from tinygrad_lr.layers.wrappers import (
    SpectralNormalization,
    TimeDistributed,
    Wrapper,
)
from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.registry import Registry

GlobalAvgPool1D, GlobalMaxPool1D = GlobalAveragePooling1D, GlobalMaxPooling1D
GlobalAvgPool2D, GlobalMaxPool2D = GlobalAveragePooling2D, GlobalMaxPooling2D
GlobalAvgPool3D, GlobalMaxPool3D = GlobalAveragePooling3D, GlobalMaxPooling3D

registry = Registry("layer", "keras.layers")
registry.add(
    Activation,
    ActivityRegularization,
    Add,
    AlphaDropout,
    Average,
    BatchNormalization,
    CategoryEncoding,
    Concatenate,
    Cropping1D,
    Cropping2D,
    Cropping3D,
    Dense,
    Discretization,
    Dot,
    Dropout,
    ELU,
    EinsumDense,
    Embedding,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    GroupNormalization,
    HashedCrossing,
    Hashing,
    Identity,
    InputLayer,
    IntegerLookup,
    Lambda,
    Layer,
    LayerNormalization,
    LeakyReLU,
    Masking,
    Maximum,
    Minimum,
    Multiply,
    Normalization,
    PReLU,
    Permute,
    RMSNormalization,
    ReLU,
    RepeatVector,
    Rescaling,
    Reshape,
    Softmax,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
    SpectralNormalization,
    StringLookup,
    Subtract,
    TextVectorization,
    ThresholdedReLU,
    TimeDistributed,
    UnitNormalization,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    Wrapper,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
serialize, deserialize, get = registry.serialize, registry.deserialize, registry.get

__all__ = [
    "ELU",
    "Activation",
    "ActivityRegularization",
    "Add",
    "AlphaDropout",
    "Average",
    "BatchNormalization",
    "CategoryEncoding",
    "Concatenate",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Dense",
    "Discretization",
    "Dot",
    "Dropout",
    "EinsumDense",
    "Embedding",
    "Flatten",
    "FunctionOperation",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "GroupNormalization",
    "HashedCrossing",
    "Hashing",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "IntegerLookup",
    "KerasTensor",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "Operation",
    "PReLU",
    "Permute",
    "RMSNormalization",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "SpectralNormalization",
    "StringLookup",
    "Subtract",
    "TextVectorization",
    "ThresholdedReLU",
    "TimeDistributed",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "Wrapper",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "get",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]

attach_getattr(__name__)
