"""Moving, turning and colouring one image, in NumPy.

An affine transform looks up each pixel of the result in the image: at ``matrix @ place
+ offset``, between pixels by linear interpolation, beyond the edge as ``fill_mode``
says.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FILL_MODES = ("constant", "nearest", "reflect", "wrap")


def affine_matrix(
    theta: float, tx: float, ty: float, shear: float, zx: float, zy: float
) -> Any:
    """The matrix (3, 3) that turns, moves, shears and zooms, in this order."""
    t, s = np.deg2rad(theta), np.deg2rad(shear)
    turn = [[np.cos(t), -np.sin(t), 0], [np.sin(t), np.cos(t), 0], [0, 0, 1]]
    move = [[1, 0, tx], [0, 1, ty], [0, 0, 1]]
    lean = [[1, -np.sin(s), 0], [0, np.cos(s), 0], [0, 0, 1]]
    zoom = [[zx, 0, 0], [0, zy, 0], [0, 0, 1]]
    return np.linalg.multi_dot([np.array(m) for m in (turn, move, lean, zoom)])


def apply_affine_transform(
    x: Any,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> Any:
    """Turn an image of rank 3 by ``theta`` degrees, move it by ``tx`` rows and ``ty``
    columns, shear it by ``shear`` degrees, zoom it by ``zx`` and ``zy``.

    Raises ``ValueError`` for another rank, fill mode, or ``order`` than 0 (nearest
    pixel) and 1 (linear).
    """
    if x.ndim != 3 or {row_axis, col_axis, channel_axis} != {0, 1, 2}:
        raise ValueError(
            f"expected an image of rank 3 with axes 0, 1 and 2, got shape {x.shape} "
            f"and axes {row_axis}, {col_axis}, {channel_axis}."
        )
    if fill_mode not in FILL_MODES:
        raise ValueError(
            f"fill_mode: expected {', '.join(FILL_MODES)}, got {fill_mode!r}."
        )
    if order not in (0, 1):
        raise ValueError(f"interpolation_order: expected 0 or 1, got {order!r}.")
    if (theta, tx, ty, shear, zx, zy) == (0, 0, 0, 0, 1, 1):
        return x
    planes = np.transpose(x, (channel_axis, row_axis, col_axis))
    height, width = planes.shape[1:]
    middle = np.array([height / 2 - 0.5, width / 2 - 0.5])
    matrix = affine_matrix(theta, tx, ty, shear, zx, zy)
    # The matrix speaks of (rows, columns) around the middle of the image. Keras swaps
    # the two in the matrix before it is used, and so do we.
    centre, back = np.eye(3), np.eye(3)
    centre[:2, 2], back[:2, 2] = middle, -middle
    matrix = centre @ matrix @ back
    if col_axis > row_axis:
        matrix = matrix[[1, 0, 2]][:, [1, 0, 2]]
    places = np.indices((height, width)).reshape(2, -1)
    where = matrix[:2, :2] @ places + matrix[:2, 2:]
    found = looked_up(planes, where, fill_mode, cval, order)
    out = found.reshape(planes.shape).astype(x.dtype)
    return np.transpose(out, np.argsort((channel_axis, row_axis, col_axis)))


def looked_up(planes: Any, where: Any, fill_mode: str, cval: float, order: int) -> Any:
    """The values of all planes at ``where`` (rows and columns, may be fractions)."""
    shape = np.array(planes.shape[1:])[:, None]
    outside = ((where < 0) | (where > shape - 1)).any(0)
    where = brought_inside(where, shape, fill_mode)
    if order == 0:
        rows, columns = np.floor(where + 0.5).astype(int)
        values = planes[:, rows, columns]
    else:
        low = np.minimum(np.floor(where).astype(int), np.maximum(shape - 2, 0))
        high = np.minimum(low + 1, shape - 1)
        (a, b), (r0, c0), (r1, c1) = where - low, low, high
        values = (1 - a) * ((1 - b) * planes[:, r0, c0] + b * planes[:, r0, c1])
        values = values + a * ((1 - b) * planes[:, r1, c0] + b * planes[:, r1, c1])
    return np.where(outside, cval, values) if fill_mode == "constant" else values


def brought_inside(where: Any, shape: Any, fill_mode: str) -> Any:
    """Places beyond an edge, as places in the image."""
    if fill_mode == "reflect":  # d c b a | a b c d | d c b a
        where = np.mod(where + 0.5, 2 * shape)
        where = np.minimum(where, 2 * shape - where) - 0.5
    elif fill_mode == "wrap":  # the last pixel lies on the first, as in SciPy
        inside = (where >= 0) & (where <= shape - 1)
        where = np.where(inside, where, np.mod(where, np.maximum(shape - 1, 1)))
    return np.clip(where, 0, shape - 1)


def apply_channel_shift(x: Any, intensity: float, channel_axis: int = 0) -> Any:
    """Add ``intensity`` to all channels, within the least and largest value."""
    return np.clip(x + intensity, x.min(), x.max())


def apply_brightness_shift(x: Any, brightness: float, scale: bool = True) -> Any:
    """Multiply an image by ``brightness``, in whole steps from 0 to 255.

    With ``scale``, or if values lie outside 0 to 255, it is spread over that range
    first, and without ``scale`` brought back.
    """
    low, high = float(x.min()), float(x.max())
    odd = low < 0 or high > 255
    if odd or scale:
        x = (x - low) / ((high - low) or 1) * 255
    x = np.clip(np.floor(x) * brightness, 0, 255)
    x = np.floor(x).astype(np.float32)
    return x / 255 * (high - low) + low if odd and not scale else x
