#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make rankers/: tiny models with random weights that score pairs of texts, as Hugging Face folders.

    make_rankers.py [-o FOLDER]

NAME.json has the pairs of NAME with the ids that its tokenizer (`tokenizers`) gives them, how many of these have the
second token type, and the scores that the class in `transformers` gives. qwen3 is a language model that is asked for yes
or no, as the authors of Qwen3-Reranker do it: its scores are the probabilities of the two answers. See README.md.
"""
import argparse
import json
import shutil
from pathlib import Path

import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from make_family_fixtures import randomize

PAIRS = [
    ("why is the sky blue?", "Sunlight is scattered by the air, and blue light more than red."),
    ("why is the sky blue?", "The capital of France is Paris."),
    ("天空", "天空是蓝色的 because of scattering [SEP] <|im_end|>"),
    ("", "an empty query"),
    ("an empty document", ""),
]
QUESTION = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct provided. "
    'Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n',
    "<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n<Query>: {query}\n"
    "<Document>: {document}",
    "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
)
TEXTS = [text for pair in PAIRS for text in pair] + ["".join(QUESTION)] * 2 + ["yes", "no"] * 40


def word_piece():
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    t.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=200, special_tokens=special))
    t.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    t.decoder = decoders.WordPiece()
    return t, {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}


def unigram():
    t = Tokenizer(models.Unigram())
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    t.train_from_iterator(TEXTS, trainers.UnigramTrainer(vocab_size=220, special_tokens=special, unk_token="<unk>"))
    t.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
                                                     special_tokens=[("<s>", 0), ("</s>", 2)])
    t.decoder = decoders.Metaspace()
    return t, {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>",
               "unk_token": "<unk>"}


def byte_level(special, template):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=420, special_tokens=special,
                                                     initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    if template:
        t.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]",
            special_tokens=[(name, t.token_to_id(name)) for name in ("[CLS]", "[SEP]")])
    t.decoder = decoders.ByteLevel()
    return t


SHAPE = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 48,
         "max_position_embeddings": 256}


def encoders():
    """name, class, tokenizer and what tokenizer_config.json says, configuration"""
    t, names = word_piece()
    yield "bert", hf.BertForSequenceClassification, t, names, hf.BertConfig(
        vocab_size=t.get_vocab_size(), num_labels=1, **SHAPE)
    t, names = unigram()
    yield "xlm-roberta", hf.XLMRobertaForSequenceClassification, t, names, hf.XLMRobertaConfig(
        vocab_size=t.get_vocab_size(), num_labels=1, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
        **(SHAPE | {"max_position_embeddings": 258}))
    for pooling in ("mean", "cls"):
        t = byte_level(["[PAD]", "[UNK]", "[CLS]", "[SEP]"], True)
        yield "modernbert-" + pooling, hf.ModernBertForSequenceClassification, t, {
            "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}, hf.ModernBertConfig(
                vocab_size=t.get_vocab_size(), num_labels=3, classifier_pooling=pooling, pad_token_id=0,
                id2label={0: "contradiction", 1: "entailment", 2: "neutral"}, local_attention=16, **SHAPE)


def save(folder, model, tokenizer, names):
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "tokenizer_config.json").write_text(json.dumps(names) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, default=Path(__file__).parent / "rankers")
    out = parser.parse_args().out
    out.mkdir(exist_ok=True)

    def write(name, rows):
        lines = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (out / f"{name}.json").write_text(f'{{"pairs": [\n  {lines}]}}\n', encoding="utf-8")

    for name, kind, tokenizer, names, config in encoders():
        model = randomize(kind._from_config(config, attn_implementation="eager").float())
        rows = []
        for first, second in PAIRS:
            # Texts of users never become special tokens here: what looks like one is encoded in pieces.
            bare = Tokenizer.from_str(tokenizer.to_str())
            bare.encode_special_tokens = True
            e = bare.encode(first, second)
            types = e.type_ids if config.model_type == "bert" else [0] * len(e.ids)
            inputs = {"input_ids": torch.tensor([e.ids])}
            if config.model_type == "bert":
                inputs["token_type_ids"] = torch.tensor([types])
            with torch.no_grad():
                scores = model(**inputs).logits[0].tolist()
            rows.append({"first": first, "second": second, "ids": e.ids, "n_second": sum(types), "scores": scores})
        save(out / name, model, tokenizer, names)
        write(name, rows)

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]
    tokenizer = byte_level(special, False)
    config = hf.Qwen3Config(vocab_size=tokenizer.get_vocab_size(), num_key_value_heads=1, head_dim=16,
                            tie_word_embeddings=True, **SHAPE)
    config.architectures = ["Qwen3ForCausalLM"]
    model = randomize(hf.Qwen3ForCausalLM._from_config(config, attn_implementation="eager").float())
    answers = [tokenizer.token_to_id(answer) for answer in ("yes", "no")]
    assert None not in answers
    rows = []
    for first, second in PAIRS:
        if any(token in first + second for token in special):
            continue  # it would become one here
        e = tokenizer.encode("".join(QUESTION).replace("{query}", first).replace("{document}", second)).ids
        with torch.no_grad():
            logits = model(torch.tensor([e])).logits[0, -1, answers]
        rows.append({"first": first, "second": second, "ids": e, "n_second": 0, "scores": torch.softmax(logits, 0).tolist()})
    save(out / "qwen3", model, tokenizer, {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"})
    (out / "qwen3" / "README.md").write_text("# Qwen3-Reranker with random weights\n")
    write("qwen3", rows)


if __name__ == "__main__":
    main()
