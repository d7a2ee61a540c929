#!/usr/bin/env python3
"""Writes demo_logits.json: what transformers computes for the demo model.

    python3 tests/golden/make_demo_logits.py models/demo tests/golden/demo_logits.json

The shipped F16 weights are computed in float32, one text at a time. Needs torch
and transformers.
"""

import json
import sys

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MAX_TOKENS = 512

# Everyday sentences that the model labels rightly and clearly, as marked.
POSITIVE = [
    "The food was delicious and the service was excellent.",
    "Great value for the money, and it arrived a day early.",
    "An absolute delight from start to finish.",
    "I am very happy with my new headphones!",
    (
        "We stayed for three nights and loved every minute of it. The breakfast was fresh, the beds"
        " were comfortable, and the owner gave us great tips for walks nearby. I would happily come"
        " back next summer."
    ),
]
NEGATIVE = [
    "The battery died after two days.",
    "The soup was cold and the waiter was rude.",
    "A dull, predictable story with terrible acting.",
    "What a waste of money.",
    (
        "I bought this blender in March and it broke in May. Customer service was slow and useless,"
        " and the replacement they sent makes a horrible noise. Save your money and buy something"
        " else."
    ),
]

# Shapes that an engine may get wrong: (text, text_pair).
ONE_TOKEN = ("Wonderful", None)
ONLY_UNKNOWN = ("\u732b \u72ac", None)
PAIR = ("How was the hotel?", "The room was clean and the view was beautiful.")

LONG_PARAGRAPH = (
    "The train left on time, the seats were soft, and the view of the lake was lovely. "
    "Lunch came late and the coffee was weak, but the crew stayed cheerful all day. "
)


def text_of_exactly(tokens, tokenizer):
    """The paragraph again and again, ended with full stops (one token each)."""
    text = ""
    while len(tokenizer(text + LONG_PARAGRAPH)["input_ids"]) <= tokens:
        text += LONG_PARAGRAPH
    return text + "." * (tokens - len(tokenizer(text)["input_ids"]))


def golden(model, tokenizer, text, text_pair=None):
    encoding = tokenizer(text, text_pair, return_tensors="pt")
    with torch.no_grad():
        logits = model(encoding["input_ids"]).logits[0]
    return {
        "text": text,
        "text_pair": text_pair,
        "input_ids": encoding["input_ids"][0].tolist(),
        "logits": [round(logit, 6) for logit in logits.tolist()],
    }


def main():
    model_dir, output = sys.argv[1:]
    tokenizer = AutoTokenizer.from_pretrained(model_dir)
    model = AutoModelForSequenceClassification.from_pretrained(
        model_dir, dtype=torch.float32
    ).eval()

    cases = []
    for label, texts in ((1, POSITIVE), (0, NEGATIVE)):
        for text in texts:
            case = golden(model, tokenizer, text)
            score = torch.softmax(torch.tensor(case["logits"]), dim=0)[label].item()
            print(f"{score:.3f} {text}")
            assert score > 0.8, "choose another sentence"
            cases.append(case)
    longest = (text_of_exactly(MAX_TOKENS, tokenizer), None)
    cases += [
        golden(model, tokenizer, *texts) for texts in (ONE_TOKEN, ONLY_UNKNOWN, PAIR, longest)
    ]
    assert [len(case["input_ids"]) for case in cases[-4:-2]] == [3, 4] and len(
        cases[-1]["input_ids"]
    ) == MAX_TOKENS

    # One case a line, so that a change of the model reads well in a diff.
    with open(output, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
