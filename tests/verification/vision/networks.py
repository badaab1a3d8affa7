"""Small networks with the inputs and outputs of the real ones, to stand where a release can't be had."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def make_mean_network(input_shape: list[int | str], output_count: int) -> bytes:
    """A network whose outputs are the mean of its input times 1, 2, 3, ..., as ONNX."""
    factors = np.arange(1, output_count + 1, dtype=np.float32)[np.newaxis]
    axes = numpy_helper.from_array(np.arange(1, len(input_shape), dtype=np.int64), "axes")
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=0),
        helper.make_node("Reshape", ["mean", "column"], ["means"]),
        helper.make_node("Mul", ["means", "factors"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "mean",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, input_shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [input_shape[0], output_count])],
        [
            axes,
            numpy_helper.from_array(np.array([-1, 1], dtype=np.int64), "column"),
            numpy_helper.from_array(factors, "factors"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
