#!/usr/bin/python3
"""Writes a DistilBERT checkpoint of the size of distilbert-base with random weights, for timing:
speed does not depend on what the weights are.

usage: random_checkpoint.py TOKENIZER.json OUT_DIR
"""
import array
import json
import math
import pathlib
import random
import shutil
import sys

CONFIG = {
    "model_type": "distilbert", "architectures": ["DistilBertForSequenceClassification"], "activation": "gelu",
    "dim": 768, "hidden_dim": 3072, "n_layers": 6, "n_heads": 12, "max_position_embeddings": 512,
    "vocab_size": 30522, "sinusoidal_pos_embds": False, "id2label": {"0": "NEGATIVE", "1": "POSITIVE"},
}
# Drawn once and then repeated; a prime, so that no two rows of a matrix are alike.
DISTINCT_WEIGHTS = 1_000_003


def weights(mean):
    """Normally distributed as transformers starts them, so that activations have the size of a
    model's."""
    draw = random.Random(1)
    return array.array("f", (draw.gauss(mean, 0.02) for _ in range(DISTINCT_WEIGHTS)))


def shapes():
    dim, hidden = CONFIG["dim"], CONFIG["hidden_dim"]
    yield "distilbert.embeddings.word_embeddings.weight", (CONFIG["vocab_size"], dim)
    yield "distilbert.embeddings.position_embeddings.weight", (CONFIG["max_position_embeddings"], dim)
    norms = ["distilbert.embeddings.LayerNorm"]
    linears = []
    for index in range(CONFIG["n_layers"]):
        layer = f"distilbert.transformer.layer.{index}"
        linears += [(f"{layer}.attention.{part}_lin", dim, dim) for part in ("q", "k", "v", "out")]
        linears += [(f"{layer}.ffn.lin1", dim, hidden), (f"{layer}.ffn.lin2", hidden, dim)]
        norms += [f"{layer}.sa_layer_norm", f"{layer}.output_layer_norm"]
    linears += [("pre_classifier", dim, dim), ("classifier", dim, len(CONFIG["id2label"]))]
    for name, inputs, outputs in linears:
        yield f"{name}.weight", (outputs, inputs)
        yield f"{name}.bias", (outputs,)
    for name in norms:
        yield f"{name}.weight", (dim,)
        yield f"{name}.bias", (dim,)


def main(tokenizer, out_dir):
    out_dir = pathlib.Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    header, offset = {}, 0
    for name, shape in shapes():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    around_zero, around_one = weights(0), weights(1)
    with open(out_dir / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes():
            drawn = around_one if "norm.weight" in name.lower() else around_zero
            left = math.prod(shape)
            while left > 0:
                drawn[:left].tofile(file)
                left -= len(drawn)
    (out_dir / "config.json").write_text(json.dumps(CONFIG))
    shutil.copy(tokenizer, out_dir / "tokenizer.json")
    (out_dir / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 512, "do_lower_case": True}))


if __name__ == "__main__":
    main(*sys.argv[1:])
