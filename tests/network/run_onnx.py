#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks network files with the onnx package and runs them by the ONNX operators' definitions.

usage: run_onnx.py FOLDER
For every FOLDER/*.onnx: the full check of onnx.checker, then, on the images of *.images (fp32,
NCHW), the logits, compared with *.logits (fp64). Exit 77 where onnx or numpy are missing.
"""
import pathlib
import sys

try:
    import numpy as np
    import onnx
    from onnx import numpy_helper
except ImportError as error:
    print(f"{error}: install python3-onnx and python3-numpy")
    sys.exit(77)


def windows(x, kernel, stride, pads, fill, dilations=(1, 1)):
    """(N, C, kh·kw, OH, OW): the pixels under every kernel position."""
    top, left, bottom, right = pads
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
    rows, columns = ([k * d for k in range(n)] for n, d in zip(kernel, dilations))
    height = (x.shape[2] - rows[-1] - 1) // stride[0] + 1
    width = (x.shape[3] - columns[-1] - 1) // stride[1] + 1
    return np.stack(
        [x[:, :, i:i + (height - 1) * stride[0] + 1:stride[0], j:j + (width - 1) * stride[1] + 1:stride[1]]
         for i in rows for j in columns], axis=2)


def conv(x, w, b=None, group=1, kernel_shape=None, strides=(1, 1), pads=(0, 0, 0, 0),
         dilations=(1, 1)):
    patches = windows(x, kernel_shape, strides, pads, 0.0, dilations)
    n, c, k, height, width = patches.shape
    patches = patches.reshape(n, group, c // group * k, height, width)
    w = w.reshape(group, w.shape[0] // group, -1)
    y = np.einsum("ngkhw,gok->ngohw", patches, w).reshape(n, -1, height, width)
    return y if b is None else y + b.reshape(1, -1, 1, 1)


def average_pool(x, kernel_shape, strides, pads, count_include_pad=0):
    total = windows(x, kernel_shape, strides, pads, 0.0).sum(axis=2)
    ones = np.ones_like(x) if not count_include_pad else None
    count = len(kernel_shape) and kernel_shape[0] * kernel_shape[1]
    if ones is not None:
        count = windows(ones, kernel_shape, strides, pads, 0.0).sum(axis=2)
    return total / count


def per_channel(v, x):
    return v.reshape(1, -1, *([1] * (x.ndim - 2)))


def batch_norm(x, scale, shift, mean, var, epsilon=1e-5):
    x = (x - per_channel(mean, x)) / np.sqrt(per_channel(var, x).astype(float) + epsilon)
    return x * per_channel(scale, x) + per_channel(shift, x)


def instance_norm(x, scale, shift, epsilon=1e-5):
    axes = tuple(range(2, x.ndim))
    mean = x.mean(axis=axes, keepdims=True)
    x = (x - mean) / np.sqrt(((x - mean) ** 2).mean(axis=axes, keepdims=True) + epsilon)
    return x * per_channel(scale, x) + per_channel(shift, x)


def response_norm(x, size, alpha, beta, bias):
    squares = np.zeros_like(x)
    for c in range(x.shape[1]):
        first = c - (size - 1) // 2
        squares[:, c] = (x[:, max(first, 0):first + size] ** 2).sum(axis=1)
    return x / (bias + alpha / size * squares) ** beta


def reshape(x, shape):
    return x.reshape([x.shape[i] if extent == 0 else extent for i, extent in enumerate(shape)])


def dequantize(q, scale, zero=0, axis=1):
    if scale.ndim > 0:  # one for each slice of an axis
        scale = scale.reshape([-1 if i == axis else 1 for i in range(q.ndim)])
    return (q.astype(np.int32) - np.int32(zero)).astype(np.float32) * scale.astype(np.float32)


def unsqueeze(x, axes):
    for axis in sorted(axes):
        x = np.expand_dims(x, axis)
    return x


def add(a, b):
    # Parameters are decoded in fp32; activations are computed in fp64, free of rounding questions.
    return a + b


OPERATORS = {
    "Add": add,
    "AveragePool": average_pool,
    "BatchNormalization": batch_norm,
    "Cast": lambda x, to: x.astype(onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[to]),
    "Clip": np.clip,
    "Concat": lambda *x, axis: np.concatenate(x, axis),
    "Conv": conv,
    "DequantizeLinear": dequantize,
    "Flatten": lambda x: x.reshape(x.shape[0], -1),
    "Gather": lambda x, i, axis=0: np.take(x, i, axis),
    "Gemm": lambda x, w, b=0.0, transB=0: x @ (w.T if transB else w) + b,
    "Greater": np.greater,
    "Identity": lambda x: x,
    "InstanceNormalization": instance_norm,
    "LRN": response_norm,
    "MaxPool": lambda x, kernel_shape, strides, pads: windows(
        x, kernel_shape, strides, pads, -np.inf).max(axis=2),
    "Mul": np.multiply,
    "PRelu": lambda x, slope: np.where(x > 0, x, x * slope),
    "QuantizeLinear": lambda x, s, z: np.clip(
        np.rint(x.astype(float) / float(s)) + int(z), 0, 255).astype(np.uint8),
    "Relu": lambda x: np.maximum(x, 0.0),
    "Reshape": reshape,
    "Transpose": lambda x, perm: x.transpose(perm),
    "Unsqueeze": unsqueeze,
    "Where": np.where,
}


def run(model, image):
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    parameters = set(values)  # and what is computed from them alone
    values[model.graph.input[0].name] = image
    for node in model.graph.node:
        inputs = [values[name] for name in node.input]
        if parameters.issuperset(node.input):
            parameters.add(node.output[0])
        else:
            inputs = [v.astype(float) if v.dtype == np.float32 and v.ndim else v for v in inputs]
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        values[node.output[0]] = OPERATORS[node.op_type](*inputs, **attributes)
    return values[model.graph.output[0].name]


def main():
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
    for file in files:
        model = onnx.load(str(file))
        onnx.checker.check_model(model, full_check=True)
        shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim][1:]
        images = np.fromfile(file.with_suffix(".images"), np.float32).reshape(-1, *shape)
        found = run(model, images).reshape(len(images), -1)
        expected = np.fromfile(file.with_suffix(".logits"), np.float64).reshape(len(images), -1)
        if found.shape != expected.shape:
            sys.exit(f"{file.name}: found logits of shape {found.shape}, expected {expected.shape}")
        error = np.max(np.abs(found - expected) / (1.0 + np.abs(expected)))
        if not error < 1e-5:
            sys.exit(f"{file.name}: logits differ by {error}: found {found}, expected {expected}")
    print(f"{len(files)} files checked and run")


main()
