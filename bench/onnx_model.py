#!/usr/bin/python3
"""Writes a DistilBERT checkpoint as the ONNX graphs that ONNX Runtime runs fastest: its own fused
operators, in float32 and in int8 as its own tool quantises dynamically (weights by tensor,
activations by batch).

usage: onnx_model.py CHECKPOINT_DIR OUT_DIR     (needs numpy, onnx) -> OUT_DIR/f32.onnx,
OUT_DIR/int8.onnx

Inputs: input_ids and attention_mask, int32 [batch, sequence]. Output: logits, float32 [batch,
labels].
"""
import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MICROSOFT_OPERATORS = {"EmbedLayerNormalization", "Attention", "QAttention", "SkipLayerNormalization", "BiasGelu",
                       "DynamicQuantizeMatMul"}


def load_float32(path):
    """The tensors of a safetensors file, all of them float32."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, tensor in header.items():
        begin, end = tensor["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], np.float32).reshape(tensor["shape"])
    return tensors


class Graph:
    """Nodes and constants in the order they were added."""

    def __init__(self, weights, int8):
        self.weights = weights
        self.int8 = int8
        self.nodes, self.constants = [], []

    def constant(self, array, name):
        self.constants.append(numpy_helper.from_array(array.copy(), name))
        return name

    def weight(self, name):
        return self.constant(self.weights[name], name)

    def quantized(self, array, name):
        """The names of int8 weights, their scale and their zero point."""
        scale = np.abs(array).max() / 127
        return [self.constant(np.round(array / scale).astype(np.int8), name),
                self.constant(np.array(scale, np.float32), f"{name}.scale"),
                self.constant(np.array(0, np.int8), f"{name}.zero")]

    def multiply(self, x, name, output):
        """x W^T of a linear layer."""
        matrix = self.weights[name].T
        if self.int8:
            return self.add("DynamicQuantizeMatMul", [x, *self.quantized(matrix, name)], output)
        return self.add("MatMul", [x, self.constant(matrix, name)], output)

    def attention(self, x, weights, bias, name, heads):
        if not self.int8:
            inputs = [x, self.constant(weights, f"{name}.qkv"), bias, "attention_mask"]
            return self.add("Attention", inputs, f"{name}.attended", num_heads=heads)
        quantized, scale, zero = self.quantized(weights, f"{name}.qkv")
        self.add("DynamicQuantizeLinear", [x], f"{name}.x", [f"{name}.x.scale", f"{name}.x.zero"])
        inputs = [f"{name}.x", quantized, bias, f"{name}.x.scale", scale, "attention_mask", f"{name}.x.zero", zero]
        return self.add("QAttention", inputs, f"{name}.attended", num_heads=heads)

    def add(self, operator, inputs, output, extra_outputs=(), **attributes):
        domain = "com.microsoft" if operator in MICROSOFT_OPERATORS else ""
        self.nodes.append(helper.make_node(operator, inputs, [output, *extra_outputs], domain=domain, **attributes))
        return output

    def norm_of_sum(self, x, residual, norm, bias, output):
        return self.add("SkipLayerNormalization", [x, residual, self.weight(f"{norm}.weight"),
                        self.weight(f"{norm}.bias"), self.weight(bias)], output, epsilon=1e-12)


def embeddings(graph):
    name = "distilbert.embeddings"
    return graph.add("EmbedLayerNormalization", ["input_ids", "", graph.weight(f"{name}.word_embeddings.weight"),
                     graph.weight(f"{name}.position_embeddings.weight"), "", graph.weight(f"{name}.LayerNorm.weight"),
                     graph.weight(f"{name}.LayerNorm.bias")], "embedded", ["mask_index"], epsilon=1e-12)


def layer(graph, x, index, heads):
    name = f"distilbert.transformer.layer.{index}"
    parts = [f"{name}.attention.{part}_lin" for part in "qkv"]
    weights = np.concatenate([graph.weights[f"{p}.weight"].T for p in parts], 1)
    biases = graph.constant(np.concatenate([graph.weights[f"{p}.bias"] for p in parts]), f"{name}.qkv_bias")
    attended = graph.attention(x, weights, biases, name, heads)
    projected = graph.multiply(attended, f"{name}.attention.out_lin.weight", f"{name}.projected")
    x = graph.norm_of_sum(projected, x, f"{name}.sa_layer_norm", f"{name}.attention.out_lin.bias", f"{name}.middle")
    expanded = graph.multiply(x, f"{name}.ffn.lin1.weight", f"{name}.expanded")
    activated = graph.add("BiasGelu", [expanded, graph.weight(f"{name}.ffn.lin1.bias")], f"{name}.activated")
    reduced = graph.multiply(activated, f"{name}.ffn.lin2.weight", f"{name}.reduced")
    return graph.norm_of_sum(reduced, x, f"{name}.output_layer_norm", f"{name}.ffn.lin2.bias", f"{name}.output")


def head(graph, x):
    first = graph.add("Gather", [x, graph.constant(np.array(0, np.int64), "first")], "cls", axis=1)
    dense = graph.add("Gemm", [first, graph.weight("pre_classifier.weight"), graph.weight("pre_classifier.bias")],
                      "dense", transB=1)
    return graph.add("Gemm", [graph.add("Relu", [dense], "activated"), graph.weight("classifier.weight"),
                     graph.weight("classifier.bias")], "logits", transB=1)


def write(config, weights, int8, output):
    graph = Graph(weights, int8)
    x = embeddings(graph)
    for index in range(config["n_layers"]):
        x = layer(graph, x, index, config["n_heads"])
    head(graph, x)
    tensor = helper.make_tensor_value_info
    inputs = [tensor(name, TensorProto.INT32, ["batch", "sequence"]) for name in ("input_ids", "attention_mask")]
    outputs = [tensor("logits", TensorProto.FLOAT, ["batch", "labels"])]
    model = helper.make_model(helper.make_graph(graph.nodes, "distilbert", inputs, outputs, graph.constants),
                              opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)])
    model.ir_version = 8
    onnx.save(model, output)


def main(directory, out_dir):
    with open(f"{directory}/config.json", encoding="utf-8") as file:
        config = json.load(file)
    weights = load_float32(f"{directory}/model.safetensors")
    write(config, weights, False, f"{out_dir}/f32.onnx")
    write(config, weights, True, f"{out_dir}/int8.onnx")


if __name__ == "__main__":
    main(*sys.argv[1:])
