# SPDX-License-Identifier: Apache-2.0
"""A float ONNX graph in quantized forms.

Most follow the static quantization of ONNX Runtime: ranges hold zero, and a code is round(x/scale)
+ zero point. Weights are int8 between -127 and 127 with zero point 0, or uint8 with one. Biases are
int32 codes of scale s_x*s_w. A Relu or Clip goes, because the range of its output says where codes
end. Flatten stays on numbers. Pools keep the scale of their input where they stand between
quantizers. The form "partial" is that of training with simulated quantization for TensorRT: int8
with zero point 0 before matrix operators, weights in floats before a QuantizeLinear, no more.
"""
import dataclasses

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch.nn import functional


@dataclasses.dataclass(frozen=True)
class Form:
    operators: bool = False  # QLinearConv and its like; else QuantizeLinear and DequantizeLinear
    signed: bool = False  # activations are int8
    unsigned_weights: bool = False
    by_channel: bool = False
    partial: bool = False


FORMS = {
    "qdq": Form(),
    "qdq-channels": Form(by_channel=True),
    "qdq-signed": Form(signed=True),
    "qdq-unsigned": Form(unsigned_weights=True),
    "qlinear": Form(operators=True),
    "qlinear-channels": Form(operators=True, by_channel=True),
    "qlinear-signed": Form(operators=True, signed=True),
    "qlinear-unsigned": Form(operators=True, unsigned_weights=True),
    "partial": Form(signed=True, by_channel=True, partial=True),
}

MATRIX = ("Conv", "Gemm", "MatMul")
REMOVED = ("Relu", "Clip")
SAME_SCALE = ("MaxPool", "AveragePool")
MICROSOFT = "com.microsoft"
STANDARD_ON_CODES = ("QLinearConv", "QLinearMatMul", "QuantizeLinear")


def attributes(node):
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def constants(model):
    found = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant":
            found[node.output[0]] = numpy_helper.to_array(attributes(node)["value"])
    return found


def operators(model):
    return [node for node in model.graph.node if node.op_type != "Constant"]


def pool(function, x, a, **more):
    top, left, bottom, right = a.get("pads", (0, 0, 0, 0))
    assert (top, left) == (bottom, right)
    return function(x, a["kernel_shape"], a["strides"], (top, left), **more)


def conv(a, x, w, b):
    return functional.conv2d(x, w, b, a["strides"], a["pads"][:2], a["dilations"], a["group"])


COMPUTE = {
    "Add": lambda a, x, y: x + y,
    "AveragePool": lambda a, x: pool(functional.avg_pool2d, x, a, count_include_pad=False),
    "Clip": lambda a, x, low, high: x.clamp(low, high),
    "Concat": lambda a, *x: torch.cat(x, a["axis"]),
    "Conv": conv,
    "Flatten": lambda a, x: x.flatten(1),
    "Gemm": lambda a, x, w, b: x @ w.T + b,
    "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdim=True),
    "LeakyRelu": lambda a, x: functional.leaky_relu(x, a["alpha"]),
    "MatMul": lambda a, x, w: x @ w,
    "MaxPool": lambda a, x: pool(functional.max_pool2d, x, a),
    "Mul": lambda a, x, y: x * y,
    "Relu": lambda a, x: functional.relu(x),
    "Sigmoid": lambda a, x: torch.sigmoid(x),
}


def measure(model, images):
    """The least and the largest number of every value."""
    values = {name: torch.tensor(value) for name, value in constants(model).items()}
    values[model.graph.input[0].name] = torch.tensor(images)
    with torch.no_grad():
        for node in operators(model):
            inputs = [values[name] for name in node.input]
            values[node.output[0]] = COMPUTE[node.op_type](attributes(node), *inputs)
    numbers = {name: x for name, x in values.items() if x.is_floating_point()}
    return {name: (float(x.min()), float(x.max())) for name, x in numbers.items()}


def scale_and_zero(low, high, least, most, symmetric):
    low, high = min(low, 0.0), max(high, 0.0)
    if symmetric:
        high = max(-low, high)
        low = -high
    scale = np.float32((high - low) / (most - least))
    if scale == 0:
        return np.float32(1), 0
    return scale, int(np.rint(least - low / scale))


def to_codes(x, scale, zero, least, most, kind):
    return np.clip(np.rint(x / scale) + zero, least, most).astype(kind)


class Writer:
    """`codes`, `numbers`: the names of a value's codes, and of the numbers that they stand for."""

    def __init__(self, model, ranges, form):
        self.model, self.form = model, form
        self.constants = constants(model)
        self.ranges = dict(ranges)
        self.nodes, self.initializers = [], {}
        self.grids, self.codes, self.numbers = {}, {}, {}

    def constant(self, name, value):
        self.initializers[name] = np.asarray(value)
        return name

    def grid(self, value, scale, zero):
        self.grids[value] = (
            self.constant(f"{value}_scale", scale), self.constant(f"{value}_zero_point", zero))

    def add(self, op, inputs, output, **more):
        microsoft = op[0] == "Q" and op not in STANDARD_ON_CODES
        domain = MICROSOFT if microsoft else ""
        self.nodes.append(helper.make_node(op, inputs, [output], f"{op}_{output}", domain=domain,
                                           **more))
        return output

    def dequantize(self, value, **more):
        if value not in self.numbers:
            inputs = [self.codes[value], *self.grids[value]]
            name = f"{value}_dequantized"
            self.numbers[value] = self.add("DequantizeLinear", inputs, name, **more)
        return self.numbers[value]

    def activation_grid(self, value):
        if value not in self.grids:
            least, most, kind = (-128, 127, np.int8) if self.form.signed else (0, 255, np.uint8)
            least += 1 if self.form.partial else 0
            low, high = self.ranges[value]
            scale, zero = scale_and_zero(low, high, least, most, symmetric=self.form.partial)
            self.grid(value, scale, kind(zero))
        return self.grids[value]

    def quantize(self, value):
        """A constant counts as an activation where a sum or product reads it."""
        if value in self.codes:
            return
        grid = self.activation_grid(value)
        if value in self.constants:
            scale, zero = (self.initializers[name] for name in grid)
            limits = np.iinfo(zero.dtype)
            codes = to_codes(self.constants[value], scale, int(zero), limits.min, limits.max,
                             zero.dtype)
            self.codes[value] = self.constant(f"{value}_quantized", codes)
        else:
            self.codes[value] = self.add("QuantizeLinear", [value, *grid], f"{value}_quantized")

    def weight(self, value, axis):
        """A scale for each output, or one for all. Returns it."""
        w = self.constants[value]
        unsigned = self.form.unsigned_weights
        least, most, kind = (0, 255, np.uint8) if unsigned else (-127, 127, np.int8)
        if self.form.by_channel:
            slices = np.moveaxis(w, axis, 0).reshape(w.shape[axis], -1)
            pairs = [scale_and_zero(s.min(), s.max(), least, most, True) for s in slices]
            scale = np.array([one for one, _ in pairs])
            zero = np.zeros(len(scale), kind)
            codes = to_codes(w, scale.reshape([-1 if i == axis else 1 for i in range(w.ndim)]), 0,
                             least, most, kind)
        else:
            scale, zero = scale_and_zero(w.min(), w.max(), least, most, not unsigned)
            codes = to_codes(w, scale, zero, least, most, kind)
            zero = kind(zero)
        self.grid(value, scale, zero)
        if self.form.partial:
            inputs = [self.constant(value, w), *self.grids[value]]
            self.codes[value] = self.add("QuantizeLinear", inputs, f"{value}_quantized", axis=axis)
        else:
            self.codes[value] = self.constant(f"{value}_quantized", codes)
        return scale

    def bias(self, value, x, w_scale):
        scale = (self.initializers[self.grids[x][0]] * w_scale).astype(np.float32).reshape(-1)
        codes = np.rint(self.constants[value] / scale).astype(np.int32)
        self.codes[value] = self.constant(f"{value}_quantized", codes)
        self.grid(value, scale, np.zeros_like(scale, np.int32))

    def axes(self, axis):
        return {"axis": axis} if self.form.by_channel else {}

    def matrix(self, node):
        x, w, *biases = node.input
        output, more = node.output[0], attributes(node)
        axis = 0 if node.op_type == "Conv" or more.get("transB") else 1
        self.quantize(x)
        w_scale = self.weight(w, axis)
        if self.form.partial:
            biases = [self.constant(b, self.constants[b]) for b in biases]
        else:
            for b in biases:
                self.bias(b, x, w_scale)
        if not self.form.operators:
            values = [self.dequantize(x), self.dequantize(w, **self.axes(axis))]
            if not self.form.partial:
                biases = [self.dequantize(b, **self.axes(0)) for b in biases]
            values += biases
            self.add(node.op_type, values, output, **more)
            return
        inputs = [self.codes[x], *self.grids[x], self.codes[w], *self.grids[w]]
        result = list(self.activation_grid(output))
        bias = [self.codes[b] for b in biases]
        self.codes[output] = f"{output}_quantized"
        if node.op_type == "Gemm":
            more.pop("beta", None)
            self.add("QGemm", inputs + bias + result, self.codes[output], **more)
        else:
            op = f"QLinear{node.op_type}"
            self.add(op, inputs + result + bias, self.codes[output], **more)

    def on_codes(self, node):
        output, more = node.output[0], attributes(node)
        inputs = [n for x in node.input for n in (self.codes[x], *self.grids[x])]
        if node.op_type == "MaxPool":  # takes codes as they are
            self.grids[output] = self.grids[node.input[0]]
            self.codes[output] = self.add("MaxPool", inputs[:1], f"{output}_quantized", **more)
            return
        grid = self.activation_grid(output)
        inputs = [*grid, *inputs] if node.op_type == "Concat" else [*inputs, *grid]
        op = f"QLinear{node.op_type}"
        self.codes[output] = self.add(op, inputs, f"{output}_quantized", **more)

    def between_quantizers(self, node):
        if node.op_type in SAME_SCALE:
            self.grids[node.output[0]] = self.grids[node.input[0]]
        values = [self.dequantize(x) for x in node.input]
        self.add(node.op_type, values, node.output[0], **attributes(node))

    def node(self, node):
        if node.op_type in MATRIX:
            self.matrix(node)
            return
        if self.form.partial:
            for x in node.input:
                if x in self.constants:
                    self.constant(x, self.constants[x])
            self.add(node.op_type, node.input, node.output[0], **attributes(node))
            return
        values = node.input[:1] if node.op_type in REMOVED else node.input
        for x in values:
            self.quantize(x)
        if node.op_type in REMOVED:
            for names in (self.codes, self.grids, self.numbers):
                if values[0] in names:
                    names[node.output[0]] = names[values[0]]
        elif self.form.operators and node.op_type != "Flatten":
            self.on_codes(node)
        else:
            self.between_quantizers(node)

    def write(self):
        nodes = operators(self.model)
        read = [name for node in nodes for name in node.input]
        for node in reversed(nodes):
            if node.op_type in REMOVED and read.count(node.input[0]) == 1 and not self.form.partial:
                self.ranges[node.input[0]] = self.ranges[node.output[0]]
        for node in nodes:
            self.node(node)
        output = self.model.graph.output[0].name
        if not self.form.partial:
            self.quantize(output)
            output = self.dequantize(output)
        result = helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, ["n", 10])
        initializers = [numpy_helper.from_array(x, name) for name, x in self.initializers.items()]
        graph = helper.make_graph(
            self.nodes, "quantized", list(self.model.graph.input), [result], initializers)
        opsets = [helper.make_opsetid("", 13), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, producer_name="onnx.quantize", opset_imports=opsets)
        model.ir_version = 8
        return model


def write_form(model, ranges, form, file):
    onnx.save(Writer(model, ranges, FORMS[form]).write(), str(file))
