#!/usr/bin/env python3
"""Makes random classifiers of the BERT family as transformers saves them, with the logits it computes.

    make_checkpoints.py                       the small ones, into checkpoints/ beside this file
    make_checkpoints.py --only f64,silu       some of them
    make_checkpoints.py --full OUT_DIR --vocabulary vocab.txt --sentences dev.tsv
                                              full-size ones (2 GB), for a parity run by hand

Each directory is a model directory plus expected.json: texts, and for each the input_ids of the
fast tokenizer (of pairs also the token_type_ids, if the model has them) and the logits of the saved
checkpoint, loaded again and computed in float32.
tests/engine/logits_parity_test.cc reads both kinds; it runs the full-size ones when
VERDICT_FULL_CHECKPOINTS names OUT_DIR.

Needs torch, transformers and safetensors. The small ones are committed: made again, they are the
same up to the versions of these libraries, which expected.json notes.
"""
import argparse
import json
import pathlib
import shutil
import zlib
from dataclasses import dataclass

import safetensors.torch
import torch
import transformers

SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

SENTENCES = [
    "Wonderful.",
    "A quiet film about loud people.",
    "The plot wanders, the jokes limp, and nobody seems to mind.",
    "I laughed, I cried, I checked my watch twice.",
    "Never has so much money been spent on so little.",
    "It's not what I expected; it's better.",
    "Every scene is lit like a painting and acted like a school play.",
    "Two hours long - and it feels like four!",
    "The director's first film in ten years was worth the wait.",
    "Warm, funny and wise, with a heart as big as its budget is small.",
    "Who wrote this? A committee? A machine?",
    "The café scene alone (you'll know which one) deserves a prize.",
    "See it in Tokyo: 東京 has never looked so alive.",
    "Boring boring boring boring boring boring boring boring.",
    "She plays the villain with 100% conviction and no mercy.",
    (
        "After a slow start the story finds its feet, loses them again, and then, in a last act"
        " that nobody could have seen coming, turns everything that went before on its head, so"
        " that you leave the cinema wanting to walk straight back in and watch the whole of it once"
        " more."
    ),
    "Bad",
    "An honest mess.",
]


# RoBERTa's order, where the padding's id is 1; its words are WordPiece's, as in KLUE's RoBERTa.
ROBERTA_SPECIAL_TOKENS = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]

# transformers' classes by model type.
CLASS_STEMS = {
    "distilbert": "DistilBert",
    "bert": "Bert",
    "electra": "Electra",
    "roberta": "Roberta",
    "xlm-roberta": "XLMRoberta",
    "camembert": "Camembert",
}


@dataclass
class Checkpoint:
    """One random model: its dimensions, and what is particular about how it is saved."""

    name: str
    vocabulary: list[str]
    model_type: str = "distilbert"
    dim: int = 32
    n_heads: int = 4
    n_layers: int = 2
    hidden_dim: int = 64
    max_tokens: int = 48
    labels: list[str] | int = 2  # an int: that many unnamed
    problem_type: str | None = None
    activation: str = "gelu"
    dtype: torch.dtype = torch.float32
    max_shard_size: str = "1GB"
    lowercase: bool = True
    keeps_vocab_txt: bool = False  # vocab.txt instead of tokenizer.json
    has_body_prefix: bool = True
    name_prefix: str = ""  # of all tensors
    config_edit: tuple[
        tuple[str, str | None], ...
    ] = ()  # (name, its alias), or (name, None): left out


def make_config(checkpoint):
    labels = checkpoint.labels
    named = (
        {}
        if isinstance(labels, int)
        else {
            "id2label": dict(enumerate(labels)),
            "label2id": {label: i for i, label in enumerate(labels)},
        }
    )
    counted = {"num_labels": labels} if isinstance(labels, int) else {}
    common = {
        "vocab_size": len(checkpoint.vocabulary),
        "problem_type": checkpoint.problem_type,
        **named,
        **counted,
    }
    if checkpoint.model_type != "distilbert":
        return make_family_config(checkpoint, common)
    return transformers.DistilBertConfig(
        max_position_embeddings=checkpoint.max_tokens,
        dim=checkpoint.dim,
        n_heads=checkpoint.n_heads,
        n_layers=checkpoint.n_layers,
        hidden_dim=checkpoint.hidden_dim,
        activation=checkpoint.activation,
        **common,
    )


def is_roberta_kind(checkpoint):
    return checkpoint.model_type in ("roberta", "xlm-roberta", "camembert")


def make_family_config(checkpoint, common):
    more = {"type_vocab_size": 2}
    if checkpoint.model_type == "electra":
        more["embedding_size"] = checkpoint.dim // 2
    if is_roberta_kind(checkpoint):
        more = {"type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1}
    config_class = getattr(transformers, CLASS_STEMS[checkpoint.model_type] + "Config")
    return config_class(
        max_position_embeddings=checkpoint.max_tokens + 2 * is_roberta_kind(checkpoint),
        hidden_size=checkpoint.dim,
        num_attention_heads=checkpoint.n_heads,
        num_hidden_layers=checkpoint.n_layers,
        intermediate_size=checkpoint.hidden_dim,
        hidden_act=checkpoint.activation,
        **more,
        **common,
    )


def model_class(checkpoint):
    stem = CLASS_STEMS[checkpoint.model_type]
    return getattr(transformers, stem + "ForSequenceClassification")


def randomize(model):
    """Gives weights a trained model's spread: with the default initialisation all logits are ~0."""
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if "LayerNorm.weight" in name or "layer_norm.weight" in name:
                tensor.uniform_(0.5, 1.5)
            elif name.endswith(".bias"):
                tensor.normal_(0.0, 0.2)
            elif "embeddings" in name:
                tensor.normal_(0.0, 1.0 if "word" in name else 0.5)
            else:
                is_score = any(part in name for part in ("q_lin", "k_lin", "query", "key"))
                gain = 2.0 if is_score else 1.2
                tensor.normal_(0.0, gain / tensor.shape[1] ** 0.5)


def remove_body_prefix(path, prefix):
    """Names the body's tensors as a bare model without a head does."""
    tensors = safetensors.torch.load_file(path)
    renamed = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    safetensors.torch.save_file(renamed, path, metadata={"format": "pt"})


def add_name_prefix(path, prefix):
    """Names all tensors as a model in a wrapper does, such as torch.compile's."""
    tensors = safetensors.torch.load_file(path)
    renamed = {prefix + name: tensor for name, tensor in tensors.items()}
    safetensors.torch.save_file(renamed, path, metadata={"format": "pt"})


def edit_config(path, edit):
    """Leaves fields out, so that they have their defaults, or gives them their other name."""
    config = json.loads(path.read_text())
    for name, alias in edit:
        value = config.pop(name)
        if alias:
            config[alias] = value
    path.write_text(json.dumps(config, indent=2) + "\n")


def save(checkpoint, directory):
    torch.manual_seed(zlib.crc32(checkpoint.name.encode()))
    model = model_class(checkpoint)(make_config(checkpoint))
    randomize(model)
    model.to(checkpoint.dtype).save_pretrained(directory, max_shard_size=checkpoint.max_shard_size)
    edit_config(directory / "config.json", checkpoint.config_edit)
    is_distilbert = checkpoint.model_type == "distilbert"
    tokenizer_class = "DistilBertTokenizerFast" if is_distilbert else "BertTokenizerFast"
    tokenizer = getattr(transformers, tokenizer_class)(
        vocab={word: i for i, word in enumerate(checkpoint.vocabulary)},
        do_lower_case=checkpoint.lowercase,
        model_max_length=checkpoint.max_tokens,
    )
    tokenizer.save_pretrained(directory)
    if checkpoint.keeps_vocab_txt:
        (directory / "tokenizer.json").unlink()
        (directory / "vocab.txt").write_text("\n".join(checkpoint.vocabulary) + "\n")
    return tokenizer


def expected_cases(checkpoint, directory, tokenizer, inputs):
    model = model_class(checkpoint).from_pretrained(directory, dtype=torch.float32).eval()
    has_types = getattr(model.config, "type_vocab_size", 0) > 1
    cases = []
    for text, text_pair in inputs:
        encoding = tokenizer(
            text, text_pair, truncation="longest_first", max_length=checkpoint.max_tokens
        )
        input_ids = encoding["input_ids"]
        types = {"token_type_ids": encoding["token_type_ids"]} if has_types else {}
        with torch.no_grad():
            tensors = {name: torch.tensor([ids]) for name, ids in types.items()}
            logits = model(torch.tensor([input_ids]), **tensors).logits[0].tolist()
        pair = {} if text_pair is None else {"text_pair": text_pair, **types}
        cases.append({"text": text, **pair, "input_ids": input_ids, "logits": logits})
    return cases


def make(checkpoint, out_dir, inputs):
    directory = out_dir / checkpoint.name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    tokenizer = save(checkpoint, directory)
    cases = expected_cases(checkpoint, directory, tokenizer, inputs)
    if not checkpoint.has_body_prefix:
        prefix = model_class(checkpoint).base_model_prefix + "."
        remove_body_prefix(directory / "model.safetensors", prefix)
    if checkpoint.name_prefix:
        add_name_prefix(directory / "model.safetensors", checkpoint.name_prefix)
    expected = {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "cases": cases,
    }
    (directory / "expected.json").write_text(
        json.dumps(expected, ensure_ascii=False, indent=1) + "\n"
    )
    size = sum(path.stat().st_size for path in directory.iterdir())
    spread = [
        round(max(case["logits"][0] for case in cases), 2),
        round(min(case["logits"][0] for case in cases), 2),
    ]
    print(f"{checkpoint.name}: {len(cases)} cases, {size:,} bytes, first logit {spread}")


def small_vocabulary(lowercase, special_tokens=SPECIAL_TOKENS):
    """Letters, and the words of every other sentence: the rest is spelt in pieces."""
    text = " ".join(SENTENCES)
    words = " ".join(SENTENCES[::2])
    if lowercase:
        text, words = text.lower(), words.lower()
    characters = sorted({c for c in text if c.isascii() and not c.isspace()} | {"東"})
    letters = [f"##{c}" for c in characters if c.isalnum()]
    whole = sorted({word.strip(".,;:!?()-") for word in words.split()} - set(characters) - {""})
    return special_tokens + characters + letters + [word for word in whole if word.isalpha()]


def small_inputs():
    texts = [(sentence, None) for sentence in SENTENCES]
    pairs = [(SENTENCES[1], SENTENCES[0]), (SENTENCES[15], SENTENCES[3])]  # fits; cut to fit
    return texts + pairs


def family_inputs():
    """The same, and special tokens within a text: RoBERTa does not count the padding's position."""
    return small_inputs() + [("A [PAD] [PAD] quiet film.", None), ("Bad [SEP] mess", "A [PAD] film")]


def small_checkpoints():
    uncased = small_vocabulary(lowercase=True)
    stars = ["1 star", "2 stars", "3 stars"]
    moods = ["joy", "anger", "fear", "sadness", "surprise", "other"]
    tiny = dict(dim=16, hidden_dim=32, max_tokens=32, labels=3)
    return [
        Checkpoint("f32", uncased, labels=["NEGATIVE", "POSITIVE"]),
        Checkpoint("f16", uncased, labels=stars, dtype=torch.float16),
        Checkpoint("bf16", uncased, labels=stars, dtype=torch.bfloat16),
        Checkpoint("sharded", uncased, labels=3, max_shard_size="20KB"),
        Checkpoint("odd_sizes", uncased, dim=40, n_heads=5, n_layers=1, hidden_dim=96, labels=6),
        Checkpoint(
            "no_multiples", uncased, dim=21, n_heads=3, hidden_dim=37, max_tokens=23, labels=3
        ),
        Checkpoint("one_label", uncased, labels=1, n_layers=1),
        Checkpoint(
            "multi_label",
            uncased,
            labels=moods,
            n_layers=1,
            problem_type="multi_label_classification",
        ),
        Checkpoint("regression", uncased, labels=1, n_layers=1, problem_type="regression"),
        Checkpoint("no_body_prefix", uncased, n_layers=1, has_body_prefix=False),
        Checkpoint("relu", uncased, activation="relu"),
        Checkpoint(
            "cased", small_vocabulary(lowercase=False), lowercase=False, keeps_vocab_txt=True
        ),
        Checkpoint("gelu_new", uncased, **tiny, activation="gelu_new"),
        Checkpoint("quick_gelu", uncased, **tiny, activation="quick_gelu"),
        Checkpoint("silu", uncased, **tiny, activation="silu"),
        Checkpoint("f64", uncased, **tiny, dtype=torch.float64),
        Checkpoint("name_prefix", uncased, **tiny, name_prefix="_orig_mod."),
        Checkpoint(
            "aliases",
            uncased,
            **tiny,
            n_layers=3,
            config_edit=(
                ("dim", "hidden_size"),
                ("n_layers", "num_hidden_layers"),
                ("n_heads", "num_attention_heads"),
            ),
        ),
        Checkpoint(
            "defaults",
            uncased,
            dim=24,
            n_heads=12,
            n_layers=6,
            hidden_dim=16,
            max_tokens=512,
            dtype=torch.float16,
            config_edit=tuple(
                (name, None)
                for name in ("activation", "n_heads", "n_layers", "max_position_embeddings")
            ),
        ),
    ]


def family_checkpoints():
    uncased = small_vocabulary(lowercase=True)
    roberta = small_vocabulary(lowercase=True, special_tokens=ROBERTA_SPECIAL_TOKENS)
    tiny = dict(dim=16, hidden_dim=32, max_tokens=32, labels=3)
    return [
        Checkpoint("bert", uncased, "bert", **tiny),
        Checkpoint("bert_no_body_prefix", uncased, "bert", **tiny, has_body_prefix=False),
        Checkpoint("electra", uncased, "electra", **tiny, activation="gelu_new"),
        Checkpoint("roberta", roberta, "roberta", **tiny),
        Checkpoint("xlm_roberta", roberta, "xlm-roberta", **tiny),
        Checkpoint("camembert", roberta, "camembert", **tiny),
    ]


def full_inputs(sentences, token_counts, tokenizer, max_tokens):
    """Texts of exactly `token_counts` tokens (special tokens counted), made of `sentences`."""
    words = [
        token
        for sentence in sentences
        for token in tokenizer.tokenize(sentence)
        if not token.startswith("##")
    ]
    inputs = []
    for i, count in enumerate(token_counts):
        start = 997 * i
        inputs.append((" ".join(words[start : start + count - 2]), None))
    inputs += [(sentence, None) for sentence in sentences[:10]]
    inputs.append((" ".join(words[: 2 * max_tokens]), None))
    inputs.append((sentences[0], sentences[1]))
    return inputs


def full_checkpoints(vocabulary):
    moods = ["joy", "anger", "fear", "sadness", "surprise", "other"]
    base = dict(dim=768, n_heads=12, n_layers=6, hidden_dim=3072, max_tokens=512)
    capitals = [
        word.capitalize()
        for word in vocabulary
        if word.isascii() and word.isalpha() and word.capitalize() not in set(vocabulary)
    ]
    return [
        Checkpoint("f32", vocabulary, **base, labels=["NEGATIVE", "POSITIVE"]),
        Checkpoint("f16", vocabulary, **base, labels=3, dtype=torch.float16),
        Checkpoint(
            "bf16_multi_label",
            vocabulary,
            **base,
            labels=moods,
            dtype=torch.bfloat16,
            problem_type="multi_label_classification",
        ),
        Checkpoint("sharded_one_label", vocabulary, **base, labels=1, max_shard_size="50MB"),
        Checkpoint(
            "odd_sizes",
            vocabulary,
            dim=120,
            n_heads=5,
            n_layers=3,
            hidden_dim=480,
            max_tokens=512,
            labels=6,
        ),
        Checkpoint(
            "cased",
            vocabulary + capitals,
            dim=256,
            n_heads=4,
            n_layers=4,
            hidden_dim=1024,
            max_tokens=512,
            lowercase=False,
            keeps_vocab_txt=True,
        ),
    ]


def make_full(out_dir, vocabulary_path, sentences_path):
    vocabulary = vocabulary_path.read_text().split("\n")[:-1]
    rows = sentences_path.read_text().splitlines()[1:]  # the first names the columns
    sentences = [row.split("\t")[0].strip().capitalize() for row in rows]
    tokenizer = transformers.DistilBertTokenizerFast(
        vocab={word: i for i, word in enumerate(vocabulary)}
    )
    token_counts = [3, 4, 5, 8, 16, 17, 25, 32, 57, 64, 100, 128, 200, 256, 400, 511, 512]
    inputs = full_inputs(sentences, token_counts, tokenizer, max_tokens=512)
    for checkpoint in full_checkpoints(vocabulary):
        make(checkpoint, out_dir, inputs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--full", type=pathlib.Path, metavar="OUT_DIR")
    parser.add_argument("--only", type=lambda names: names.split(","))
    parser.add_argument("--vocabulary", type=pathlib.Path)
    parser.add_argument("--sentences", type=pathlib.Path)
    options = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    if options.full:
        make_full(options.full, options.vocabulary, options.sentences)
        return
    out_dir = pathlib.Path(__file__).parent / "checkpoints"
    for checkpoints, inputs in [
        (small_checkpoints(), small_inputs()),
        (family_checkpoints(), family_inputs()),
    ]:
        for checkpoint in checkpoints:
            if not options.only or checkpoint.name in options.only:
                make(checkpoint, out_dir, inputs)


if __name__ == "__main__":
    main()
