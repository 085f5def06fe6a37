"""What Keras has and this package has not, and why: said when a program asks for it."""

from __future__ import annotations

CONVOLUTION = "convolution and pooling are not available"

# What Keras has and this package has not: path under keras -> why.
MISSING: dict[str, str] = {
    f"{home}.{name}": why
    for home, why, names in (
        (
            "ops",
            CONVOLUTION,
            "adaptive_average_pool adaptive_max_pool average_pool conv conv_transpose "
            "depthwise_conv fold max_pool separable_conv unfold",
        ),
        ("models", "a YAML file can run code; use model_from_json", "model_from_yaml"),
        ("ops", "the CTC loss is not available", "ctc_decode ctc_loss"),
        ("ops", "short-time Fourier transforms are not available", "istft stft"),
        ("ops", "write reshape, transpose and reduce instead", "rearrange"),
        ("ops", "image transformations are not available", "image"),
    )
    for name in names.split()
}
