"""Judges an exported model directory with transformers, not with our own network."""

import hashlib
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from wordpiece import encode


@torch.no_grad()
def classify(model, tokenizer, texts):
    """Logits, [texts, labels]. One text at a time: padding moves the last bits."""
    encodings = (tokenizer(text, truncation=True, return_tensors="pt") for text in texts)
    return torch.cat([model(encoding["input_ids"]).logits for encoding in encodings])


def load(model_dir):
    """The model as exported, computed in float32, and its tokenizer."""
    model = AutoModelForSequenceClassification.from_pretrained(
        model_dir, dtype=torch.float32
    ).eval()
    return model, AutoTokenizer.from_pretrained(model_dir)


def _write_dev_labels(path, dev_path, labels):
    digest = hashlib.sha256(Path(dev_path).read_bytes()).hexdigest()
    lines = [f"# dev.tsv sha256 {digest}", *map(str, labels)]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def evaluate(model_dir, full_precision_state, training_tokenizer, data, dev_path, labels_path):
    """Prints the counts that the model's README states, and writes the labels of
    the dev rows. Fails where the exported model is not the trained one."""
    model, tokenizer = load(model_dir)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"  {type(model).__name__}, {parameters} parameters")
    logits = {}
    for name in ("dev", "held_out"):
        texts, labels = zip(*data[name])
        ids = [tokenizer(text)["input_ids"][1:-1] for text in texts]
        assert ids == encode(
            training_tokenizer, texts
        ), "the exported tokenizer differs from the one trained with"
        logits[name] = classify(model, tokenizer, texts)
        correct = int((logits[name].argmax(dim=1) == torch.tensor(labels)).sum())
        print(f"  {name}: {correct}/{len(labels)} correct ({correct / len(labels):.2%})")

    model.load_state_dict(full_precision_state)
    full = classify(model, tokenizer, [row.text for row in data["dev"]])
    assert torch.equal(full.argmax(dim=1), logits["dev"].argmax(dim=1)), "F16 changed a label"
    print(
        "  dev labels of F16 equal F32's; largest difference of a logit"
        f" {(full - logits['dev']).abs().max():.4f}"
    )
    _write_dev_labels(labels_path, dev_path, logits["dev"].argmax(dim=1).tolist())
