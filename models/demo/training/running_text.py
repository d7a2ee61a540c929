"""The running text behind the training data, without its labels: what the word
vectors and the pretraining learn from."""

from prepare import everyday_spelling
from wordpiece import encode

_SENTENCE_TOKENS = 126
_REVIEW_TOKENS = 4000
_REVIEW_WINDOW_TOKENS = 62


def running_text_rows(data, tokenizer, rng):
    """Rows of token ids. SST-2's short phrases are left out: they are parts of the
    longer ones. Reviews come as windows, so that no batch holds one long row."""
    texts = [
        everyday_spelling(row.text) if rng.random() < 0.5 else row.text
        for row in data["sst2"]
        if len(row.text.split()) >= 10
    ]
    texts += [row.text for name in ("mr", "uci", "customers") for row in data[name]]
    rows = [row for row in encode(tokenizer, texts, max_tokens=_SENTENCE_TOKENS) if len(row) >= 4]
    for row in encode(
        tokenizer, [review.whole() for review in data["reviews"]], max_tokens=_REVIEW_TOKENS
    ):
        windows = [
            row[i : i + _REVIEW_WINDOW_TOKENS] for i in range(0, len(row), _REVIEW_WINDOW_TOKENS)
        ]
        rows += [window for window in windows if len(window) > 8]
    return rows
