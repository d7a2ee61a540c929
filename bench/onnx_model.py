#!/usr/bin/env python3
"""Writes a DistilBERT checkpoint as the ONNX graph that ONNX Runtime runs fastest: its own fused operators.

usage: onnx_model.py CHECKPOINT_DIR OUT.onnx     (needs numpy, onnx, safetensors)

Inputs: input_ids and attention_mask, int32 [batch, sequence]. Output: logits, float32 [batch, labels].
"""
import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

MICROSOFT_OPERATORS = {"EmbedLayerNormalization", "Attention", "SkipLayerNormalization", "BiasGelu"}


class Graph:
    """Nodes and constants in the order they were added."""

    def __init__(self, weights):
        self.weights = weights
        self.nodes, self.constants = [], []

    def constant(self, array, name):
        self.constants.append(numpy_helper.from_array(array.copy(), name))
        return name

    def weight(self, name):
        return self.constant(self.weights[name], name)

    def matrix(self, name):
        """A linear layer's weights the way MatMul multiplies: [in, out]."""
        return self.constant(self.weights[name].T, name)

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
    weights = graph.constant(np.concatenate([graph.weights[f"{p}.weight"].T for p in parts], 1), f"{name}.qkv")
    biases = graph.constant(np.concatenate([graph.weights[f"{p}.bias"] for p in parts]), f"{name}.qkv_bias")
    attended = graph.add("Attention", [x, weights, biases, "attention_mask"], f"{name}.attended", num_heads=heads)
    projected = graph.add("MatMul", [attended, graph.matrix(f"{name}.attention.out_lin.weight")], f"{name}.projected")
    x = graph.norm_of_sum(projected, x, f"{name}.sa_layer_norm", f"{name}.attention.out_lin.bias", f"{name}.middle")
    expanded = graph.add("MatMul", [x, graph.matrix(f"{name}.ffn.lin1.weight")], f"{name}.expanded")
    activated = graph.add("BiasGelu", [expanded, graph.weight(f"{name}.ffn.lin1.bias")], f"{name}.activated")
    reduced = graph.add("MatMul", [activated, graph.matrix(f"{name}.ffn.lin2.weight")], f"{name}.reduced")
    return graph.norm_of_sum(reduced, x, f"{name}.output_layer_norm", f"{name}.ffn.lin2.bias", f"{name}.output")


def head(graph, x):
    first = graph.add("Gather", [x, graph.constant(np.array(0, np.int64), "first")], "cls", axis=1)
    dense = graph.add("Gemm", [first, graph.weight("pre_classifier.weight"), graph.weight("pre_classifier.bias")],
                      "dense", transB=1)
    return graph.add("Gemm", [graph.add("Relu", [dense], "activated"), graph.weight("classifier.weight"),
                     graph.weight("classifier.bias")], "logits", transB=1)


def main(directory, output):
    with open(f"{directory}/config.json", encoding="utf-8") as file:
        config = json.load(file)
    graph = Graph(load_file(f"{directory}/model.safetensors"))
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


if __name__ == "__main__":
    main(*sys.argv[1:])
