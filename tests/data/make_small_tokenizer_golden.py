# SPDX-License-Identifier: MIT
"""Writes tokenizer/small.json: what Hugging Face `tokenizers` makes of some texts with each of tokenizer/json/*.json.

Those were made by hand, one for each model, so that every component is in one of them. Needs the package tokenizers.
"""
import json
import pathlib
import sys

from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent / "tokenizer"
sys.path.insert(0, str(HERE.parents[1] / "golden"))
from check_tokenizers import texts  # noqa: E402

cases = []
for path in sorted((HERE / "json").glob("*.json")):
    tokenizer = Tokenizer.from_file(str(path))
    specials = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    extra = [" the cafe the", "12 the\u0301 12", "thethe <m> a<m> the <m>", "\u2581\u2581 the  the", "caf\u00e9s don't."]
    for text in extra + list(texts(5, 40, specials)):
        cases.append([path.name, text, tokenizer.encode(text).ids])
lines = ",\n".join(json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in cases)
(HERE / "small.json").write_text("[\n" + lines + "\n]\n")
