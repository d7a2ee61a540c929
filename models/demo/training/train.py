#!/usr/bin/env python3
"""Trains the demo model from its raw data: about 17 minutes on one free core.

    python3 train.py --data DATA --work SCRATCH --output MODEL_DIR

DATA holds sst2/{train_full,dev}.tsv and sentiment/ (see the model's README).
Every stage leaves its result in SCRATCH and is skipped when it is there already.
Step counts and seeds are fixed, so one kind of CPU always gives the same model.
Needs torch, transformers, tokenizers, safetensors and numpy.
"""

import argparse
from pathlib import Path

import numpy
import torch

import prepare
from distilbert import Classifier, Dimensions
from evaluate import evaluate
from export import export
from finetune import finetune
from optimization import cpu_has_bf16
from pretrain import pretrain
from running_text import running_text_rows
from word_vectors import make_word_vectors, print_neighbours
from wordpiece import learn_vocabulary, load_tokenizer


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--pretrain-steps", type=int, default=2536)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--pretrain-seed", type=int, default=1)
    parser.add_argument("--finetune-seed", type=int, default=11)
    parser.add_argument(
        "--precision",
        choices=("auto", "f32", "bf16"),
        default="auto",
        help="of the forward pass; auto: bf16 where the CPU has it",
    )
    return parser.parse_args()


def stage(path, make):
    """Runs `make(path)` unless its result is there; a result appears whole or not at all."""
    if not path.exists():
        print(f"{path.name}:", flush=True)
        partial = path.with_suffix(".partial")
        make(partial)
        partial.rename(path)
    return path


def main():
    arguments = parse_arguments()
    # More threads would only wait for each other on matrices this small.
    torch.set_num_threads(1)
    use_bf16 = arguments.precision == "bf16" or (arguments.precision == "auto" and cpu_has_bf16())
    work = arguments.work
    work.mkdir(parents=True, exist_ok=True)

    data = prepare.load(
        stage(work / "data.json", lambda path: prepare.prepare(arguments.data, path))
    )
    vocabulary_path = stage(work / "vocab.txt", lambda path: learn_vocabulary(data, path))
    tokenizer = load_tokenizer(vocabulary_path)
    vocabulary_size = tokenizer.get_vocab_size()
    rows = running_text_rows(data, tokenizer, numpy.random.default_rng(0))

    def make_vectors(path):
        vectors = make_word_vectors(rows, vocabulary_size, Dimensions.hidden)
        print_neighbours(vectors, tokenizer)
        torch.save(vectors, path)

    def make_pretrained(path):
        vectors = torch.load(work / "vectors.pt")
        model = pretrain(rows, vectors, arguments.pretrain_steps, arguments.pretrain_seed, use_bf16)
        torch.save(model.state_dict(), path)

    def make_finetuned(path):
        pretrained = Classifier(Dimensions(vocabulary=vocabulary_size))
        pretrained.load_state_dict(torch.load(work / "pretrained.pt"))
        torch.save(
            finetune(
                pretrained, data, tokenizer, arguments.epochs, arguments.finetune_seed, use_bf16
            ),
            path,
        )

    stage(work / "vectors.pt", make_vectors)
    stage(work / "pretrained.pt", make_pretrained)
    state = torch.load(stage(work / "finetuned.pt", make_finetuned))
    export(state, tokenizer, vocabulary_path, arguments.output)
    print("evaluation:")
    labels_path = Path(__file__).with_name("dev_labels.txt")
    evaluate(arguments.output, state, tokenizer, data, arguments.data / "sst2/dev.tsv", labels_path)


if __name__ == "__main__":
    main()
