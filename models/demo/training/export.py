"""Writes the model directory as Hugging Face transformers would."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from distilbert import Dimensions


def _config(dims):
    return {
        "activation": "gelu",
        "architectures": ["DistilBertForSequenceClassification"],
        "attention_dropout": 0.1,
        "dim": dims.hidden,
        "dropout": 0.1,
        "hidden_dim": dims.feed_forward,
        "id2label": {"0": "NEGATIVE", "1": "POSITIVE"},
        "initializer_range": 0.02,
        "label2id": {"NEGATIVE": 0, "POSITIVE": 1},
        "max_position_embeddings": dims.positions,
        "model_type": "distilbert",
        "n_heads": dims.heads,
        "n_layers": dims.layers,
        "pad_token_id": 0,
        "problem_type": "single_label_classification",
        "qa_dropout": 0.1,
        "seq_classif_dropout": 0.2,
        "sinusoidal_pos_embds": False,
        "tie_weights_": True,
        "torch_dtype": "float16",
        "vocab_size": dims.vocabulary,
    }


_TOKENIZER_CONFIG = {
    "cls_token": "[CLS]",
    "do_lower_case": True,
    "mask_token": "[MASK]",
    "model_input_names": ["input_ids", "attention_mask"],
    "model_max_length": 512,
    "pad_token": "[PAD]",
    "sep_token": "[SEP]",
    "strip_accents": None,
    "tokenize_chinese_chars": True,
    "tokenizer_class": "DistilBertTokenizer",
    "unk_token": "[UNK]",
}


def _write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def export(state, tokenizer, vocabulary_path, output):
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    half = {name: tensor.to(torch.float16).contiguous() for name, tensor in state.items()}
    save_file(half, output / "model.safetensors", metadata={"format": "pt"})
    _write_json(output / "config.json", _config(Dimensions(vocabulary=tokenizer.get_vocab_size())))
    _write_json(output / "tokenizer_config.json", _TOKENIZER_CONFIG)
    tokenizer.save(str(output / "tokenizer.json"), pretty=False)
    shutil.copyfile(vocabulary_path, output / "vocab.txt")
