# SPDX-License-Identifier: MIT
"""Every object and function of the library. Generated from libllm.h by ./dev gen; do not edit.

This layer adds nothing to libllm.h; `libllm` itself is what programs begin with.
"""
from __future__ import annotations

import ctypes
import enum
from typing import Any, Callable, Iterable, List, Optional, Sequence, Tuple

from . import _ffi
from ._core import (ANY, EXCLUSIVE, SHARED, Call, ClosedError, Handle, Path, Text, borrowed,
                    elements, named, read_c_text, read_text, view)
from ._errors import *  # noqa: F403
from ._load import lib

# Turn the text of special tokens, such as <|im_end|>, into these tokens. Never set it for text of users.
TOKENIZE_PARSE_SPECIAL = 1
# Put the beginning-of-sequence token in front if, and only if, the model file asks for it.
TOKENIZE_ADD_BOS = 2
# Write special tokens as their text instead of leaving them out.
DETOKENIZE_SPECIAL = 1


class LogLevel(enum.IntEnum):
    """How much a log line matters."""

    #: Something is wrong, and the call that met it also returns an error.
    ERROR = 1
    #: Something is odd but was handled.
    WARNING = 2
    #: Worth knowing once.
    INFO = 3
    #: For developers of the library.
    DEBUG = 4


class LoadMode(enum.IntEnum):
    """How the bytes of a model file are reached."""

    #: The file is mapped; it must not be truncated while the model is open. The default.
    MAP = 0
    #: The file is read into memory, for files that may change or lie on a network; in huge pages where the
    #: system grants them, which large models gain speed from.
    READ = 1


class SpecialToken(enum.IntEnum):
    """A token with a meaning of its own."""

    #: Beginning of sequence.
    BOS = 0
    #: End of sequence.
    EOS = 1
    #: End of a turn, where the model has one besides EOS.
    EOT = 2
    #: Stands for what is not in the vocabulary.
    UNKNOWN = 3
    #: Fills up batches; never generated.
    PADDING = 4
    #: What the decoder of a model with an encoder begins with.
    DECODER_START = 5


class KvType(enum.IntEnum):
    """Number format of the KV memory."""

    #: F32 for models whose matrices are F32, F16 for all others.
    AUTO = 0
    #: 32-bit floats.
    F32 = 1
    #: 16-bit floats.
    F16 = 2
    #: 8-bit integers with a 16-bit scale for each 32: little more than half the memory of F16. For models whose
    #: heads have a multiple of 32 values.
    Q8_0 = 3
    #: 4-bit integers with a 16-bit scale for each 32: little more than a quarter of the memory of F16, at a
    #: price in what the model says. For models whose heads have a multiple of 32 values.
    Q4_0 = 4


class Pooling(enum.IntEnum):
    """How the hidden states of a text become one vector."""

    #: As the file says; without a word of it the mean for an encoder and the last token otherwise.
    AUTO = 0
    #: The mean of all tokens.
    MEAN = 1
    #: The first token, [CLS].
    CLS = 2
    #: The last token.
    LAST = 3


class ConstraintKind(enum.IntEnum):
    """In which language a constraint is written."""

    #: A regular expression in the syntax of ECMAScript, which the whole text matches.
    REGEX = 0
    #: A JSON array of texts, one of which is the text.
    CHOICE = 1
    #: A grammar in llama.cpp's GBNF; the text is its rule "root".
    GBNF = 2
    #: A JSON Schema, draft 2020-12; the text is JSON that is valid under it, with named members in its order.
    JSON_SCHEMA = 3


class FinishReason(enum.IntEnum):
    """Why a generation ended."""

    #: It has not ended.
    NONE = 0
    #: The model ended it, or a stop text appeared.
    STOP = 1
    #: max_tokens was reached.
    LENGTH = 2
    #: The context is full.
    CONTEXT = 3
    #: The model ended it, and has called tools.
    TOOL_CALLS = 4


class StreamKind(enum.IntEnum):
    """What a piece of a stream is."""

    #: Text; streams that do not come from a chat have nothing else.
    TEXT = 0
    #: What the model thinks aloud before it answers.
    REASONING = 1
    #: A call of a tool: a piece of its arguments, which are a JSON object.
    TOOL_CALL = 2


class FitPolicy(enum.IntEnum):
    """What happens to a conversation that is too long."""

    #: It is the error CONTEXT_FULL. The default.
    ERROR = 0
    #: The oldest turns go, whole, and as few as possible.
    DROP_OLDEST = 1


class Limits:
    """Bounds on what input may ask for; an error about one of them names it. 0 means the default."""

    def __init__(self, *,
                 gguf_entries: Optional[int] = None,
                 tensors: Optional[int] = None,
                 key_bytes: Optional[int] = None,
                 string_bytes: Optional[int] = None,
                 array_elements: Optional[int] = None,
                 json_depth: Optional[int] = None,
                 template_depth: Optional[int] = None,
                 template_steps: Optional[int] = None,
                 template_bytes: Optional[int] = None,
                 template_output_bytes: Optional[int] = None,
                 text_bytes: Optional[int] = None) -> None:
        #: Metadata entries in a GGUF file. Default 65536.
        self.gguf_entries = gguf_entries
        #: Tensors in a model file. Default 262144.
        self.tensors = tensors
        #: Length of a metadata key in bytes. Default 65535.
        self.key_bytes = key_bytes
        #: Length of a metadata string in bytes. Default 64 MiB.
        self.string_bytes = string_bytes
        #: Elements of a metadata array. Default 2^27.
        self.array_elements = array_elements
        #: Nesting of JSON text. Default 64.
        self.json_depth = json_depth
        #: Nesting of a template's source. Default 128.
        self.template_depth = template_depth
        #: Steps that the rendering of a template may take. Default 10 million.
        self.template_steps = template_steps
        #: Bytes of template source. Default 1 MiB.
        self.template_bytes = template_bytes
        #: Bytes that the rendering of a template may produce. Default 16 MiB.
        self.template_output_bytes = template_output_bytes
        #: Bytes of text that one call may tokenize. Default 64 MiB.
        self.text_bytes = text_bytes

    def _fill(self, call: Call, raw: _ffi.Limits, mode: int) -> None:
        if self.gguf_entries is not None:
            call.put(raw, 'gguf_entries', self.gguf_entries)
        if self.tensors is not None:
            call.put(raw, 'tensors', self.tensors)
        if self.key_bytes is not None:
            call.put(raw, 'key_bytes', self.key_bytes)
        if self.string_bytes is not None:
            call.put(raw, 'string_bytes', self.string_bytes)
        if self.array_elements is not None:
            call.put(raw, 'array_elements', self.array_elements)
        if self.json_depth is not None:
            call.put(raw, 'json_depth', self.json_depth)
        if self.template_depth is not None:
            call.put(raw, 'template_depth', self.template_depth)
        if self.template_steps is not None:
            call.put(raw, 'template_steps', self.template_steps)
        if self.template_bytes is not None:
            call.put(raw, 'template_bytes', self.template_bytes)
        if self.template_output_bytes is not None:
            call.put(raw, 'template_output_bytes', self.template_output_bytes)
        if self.text_bytes is not None:
            call.put(raw, 'text_bytes', self.text_bytes)

    def _build(self, call: Call) -> _ffi.Limits:
        raw = _ffi.Limits()
        lib.libllm_limits_init(ctypes.byref(raw), ctypes.sizeof(raw))
        self._fill(call, raw, SHARED)
        return raw


class RuntimeOptions:
    """How a runtime is made."""

    def __init__(self, *,
                 n_threads: Optional[int] = None,
                 cpu_mask: Optional[Path] = None,
                 log: Optional[Callable[[LogLevel, str], None]] = None,
                 limits: Optional[Limits] = None,
                 fixed_threads: Optional[int] = None,
                 blas_library: Optional[Path] = None,
                 vulkan_library: Optional[Path] = None,
                 cache_dir: Optional[Path] = None) -> None:
        #: Threads that compute, 1 to 1024, at most: fewer do while the process has fewer processors, or other
        #: programs take some of them. 0: the physical cores that affinity and cgroup leave to the process.
        self.n_threads = n_threads
        #: Highest instruction set to use, NUL-terminated: "ref"; on x86-64 "avx2", "avx_vnni", "avx512",
        #: "avx512_vnni", "avx512_bf16" or "amx"; on aarch64 "neon", "dotprod" or "i8mm"; NULL or "native": all
        #: that the processor has.
        self.cpu_mask = cpu_mask
        #: Receives log lines; NULL: silent.
        self.log = log
        #: Bounds on input; NULL: the defaults. Copied.
        self.limits = limits
        #: 1: n_threads always, also where fewer would be faster. 0 or 1.
        self.fixed_threads = fixed_threads
        #: File of the library that the device "blas" calls, NUL-terminated; it has the CBLAS interface with
        #: 32-bit integers. NULL: the first of libopenblas.so.0, libcblas.so.3 and libblas.so.3 that is
        #: installed. Copied.
        self.blas_library = blas_library
        #: File of the Vulkan loader, NUL-terminated. NULL: libvulkan.so.1. Copied.
        self.vulkan_library = vulkan_library
        #: Folder in which what drivers have compiled is kept for the next process, NUL-terminated; it has to
        #: exist. NULL: nothing is kept. Copied.
        self.cache_dir = cache_dir

    def _fill(self, call: Call, raw: _ffi.RuntimeOptions, mode: int) -> None:
        if self.n_threads is not None:
            call.put(raw, 'n_threads', self.n_threads)
        if self.cpu_mask is not None:
            raw.cpu_mask = call.address(call.c_text(self.cpu_mask))
        if self.log is not None:
            function = self.log
            
            def log(user_data: Any, level: Any, text: Any, n_bytes: Any) -> Any:
                return function(named(LogLevel, level), read_text(text, n_bytes))
            
            raw.log = call.callback(_ffi.LogFn, log, None)
        if self.limits is not None:
            raw.limits = call.options(self.limits)
        if self.fixed_threads is not None:
            call.put(raw, 'fixed_threads', self.fixed_threads)
        if self.blas_library is not None:
            raw.blas_library = call.address(call.c_text(self.blas_library))
        if self.vulkan_library is not None:
            raw.vulkan_library = call.address(call.c_text(self.vulkan_library))
        if self.cache_dir is not None:
            raw.cache_dir = call.address(call.c_text(self.cache_dir))

    def _build(self, call: Call) -> _ffi.RuntimeOptions:
        raw = _ffi.RuntimeOptions()
        lib.libllm_runtime_options_init(ctypes.byref(raw), ctypes.sizeof(raw))
        self._fill(call, raw, SHARED)
        return raw


class CalibrationOptions:
    """What is calibrated."""

    def __init__(self, *,
                 types: Optional[Sequence[Path]] = None,
                 device: Optional[Path] = None,
                 progress: Optional[Callable[[str, int, int], Any]] = None) -> None:
        #: Types of weights, NUL-terminated, as libllm_model_info() has them: "Q4_K".
        self.types = types
        #: Device that computes, NUL-terminated. NULL: "cpu".
        self.device = device
        #: Receives how far it is; NULL: nobody does.
        self.progress = progress

    def _fill(self, call: Call, raw: _ffi.CalibrationOptions, mode: int) -> None:
        if self.types is not None:
            types = call.c_texts(self.types)
            raw.types, raw.n_types = call.address(types), len(types or b'')
        if self.device is not None:
            raw.device = call.address(call.c_text(self.device))
        if self.progress is not None:
            function = self.progress
            
            def progress(user_data: Any, part: Any, index: Any, n_parts: Any) -> Any:
                return int(function(read_c_text(part) or '', index, n_parts) or 0)
            
            raw.progress = call.callback(_ffi.CalibrateFn, progress, 1)

    def _build(self, call: Call) -> _ffi.CalibrationOptions:
        raw = _ffi.CalibrationOptions()
        lib.libllm_calibration_options_init(ctypes.byref(raw), ctypes.sizeof(raw))
        self._fill(call, raw, SHARED)
        return raw


class ModelOptions:
    """How a model is opened."""

    def __init__(self, *,
                 load_mode: Optional[LoadMode] = None) -> None:
        #: A libllm_load_mode.
        self.load_mode = load_mode

    def _fill(self, call: Call, raw: _ffi.ModelOptions, mode: int) -> None:
        if self.load_mode is not None:
            raw.load_mode = self.load_mode

    def _build(self, call: Call) -> _ffi.ModelOptions:
        raw = _ffi.ModelOptions()
        lib.libllm_model_options_init(ctypes.byref(raw), ctypes.sizeof(raw))
        self._fill(call, raw, SHARED)
        return raw


class ModelInfo:
    """What an opened model is, in numbers."""

    __slots__ = ('_raw',)
    _names = ('runnable', 'n_vocab', 'n_embd', 'n_layers', 'n_heads', 'n_kv_heads', 'n_context_train', 'has_tokenizer', 'has_chat_template', 'adds_bos', 'is_encoder', 'n_parameters', 'file_bytes', 'bytes_per_token', 'flops_per_token', 'kv_bytes_per_token', 'has_encoder', 'n_labels',)

    def __init__(self, raw: _ffi.ModelInfo):
        self._raw = raw

    @property
    def runnable(self) -> int:
        """1 when the model can compute; 0 for a file with only a vocabulary, or of an unknown architecture."""
        return self._raw.runnable

    @property
    def n_vocab(self) -> int:
        """Tokens in the vocabulary; the length of a row of logits."""
        return self._raw.n_vocab

    @property
    def n_embd(self) -> int:
        """Width of the hidden state."""
        return self._raw.n_embd

    @property
    def n_layers(self) -> int:
        """Transformer layers."""
        return self._raw.n_layers

    @property
    def n_heads(self) -> int:
        """Attention heads of the first layer that has attention; 0 when none has."""
        return self._raw.n_heads

    @property
    def n_kv_heads(self) -> int:
        """Key/value heads of that layer."""
        return self._raw.n_kv_heads

    @property
    def n_context_train(self) -> int:
        """Context length that the model was trained for, in tokens."""
        return self._raw.n_context_train

    @property
    def has_tokenizer(self) -> int:
        """1 when the file carries a tokenizer that the library knows."""
        return self._raw.has_tokenizer

    @property
    def has_chat_template(self) -> int:
        """1 when the file carries a chat template."""
        return self._raw.has_chat_template

    @property
    def adds_bos(self) -> int:
        """1 when text is to be preceded by the beginning-of-sequence token."""
        return self._raw.adds_bos

    @property
    def is_encoder(self) -> int:
        """1 for an encoder: it reads a text at once and makes hidden states, no logits."""
        return self._raw.is_encoder

    @property
    def n_parameters(self) -> int:
        """Parameters."""
        return self._raw.n_parameters

    @property
    def file_bytes(self) -> int:
        """Size of the file, or of all files, in bytes."""
        return self._raw.file_bytes

    @property
    def bytes_per_token(self) -> int:
        """Weight bytes that one decoded token reads."""
        return self._raw.bytes_per_token

    @property
    def flops_per_token(self) -> int:
        """Multiply-adds counted as two operations that one decoded token needs, attention left out."""
        return self._raw.flops_per_token

    @property
    def kv_bytes_per_token(self) -> int:
        """KV memory of one position in bytes, for the default KV type."""
        return self._raw.kv_bytes_per_token

    @property
    def has_encoder(self) -> int:
        """1 for a model of an encoder and a decoder (T5): sessions answer a text, which libllm_session_encode() gives
        them; n_layers counts the layers of both.
        """
        return self._raw.has_encoder

    @property
    def n_labels(self) -> int:
        """Scores that libllm_session_rank() gives, one for each label of the model's classifier; 0 when it has none."""
        return self._raw.n_labels

    def __repr__(self) -> str:
        return "ModelInfo(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names) + ")"


class ConvertEvent:
    """How far a conversion is, and what becomes of the tensor in hand."""

    __slots__ = ('_raw', 'name', 'from_type', 'to_type', 'note',)
    _names = ('done', 'tensor', 'n_tensors', 'name', 'from_type', 'to_type', 'note', 'n_bytes', 'n_bytes_done',)

    def __init__(self, raw: _ffi.ConvertEvent):
        self._raw = raw
        #: Its name.
        self.name: str = read_text(raw.name, raw.n_name_bytes)
        #: Type in the source, such as "BF16", NUL-terminated.
        self.from_type: str = read_c_text(raw.from_type) or ""
        #: Type in the file that is written, NUL-terminated.
        self.to_type: str = read_c_text(raw.to_type) or ""
        #: Where that is another than was asked for, why; or what else is worth knowing, NUL-terminated. NULL:
        #: nothing.
        self.note: Optional[str] = read_c_text(raw.note)

    @property
    def done(self) -> int:
        """1: the tensor is done; 0: it is being worked on."""
        return self._raw.done

    @property
    def tensor(self) -> int:
        """Its number, from 0 on."""
        return self._raw.tensor

    @property
    def n_tensors(self) -> int:
        """Tensors of the model."""
        return self._raw.n_tensors

    @property
    def n_bytes(self) -> int:
        """Bytes of all tensors of the source."""
        return self._raw.n_bytes

    @property
    def n_bytes_done(self) -> int:
        """How many of them are read."""
        return self._raw.n_bytes_done

    def __repr__(self) -> str:
        return "ConvertEvent(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names) + ")"


class ConvertOptions:
    """What a conversion makes of a model."""

    def __init__(self, *,
                 overwrite: Optional[int] = None,
                 type: Optional[Path] = None,
                 importance: Optional[Path] = None,
                 tensor_types: Optional[Sequence[Path]] = None,
                 progress: Optional[Callable[[ConvertEvent], Any]] = None) -> None:
        #: 1: a file that exists is replaced; 0: it is an error.
        self.overwrite = overwrite
        #: Type of the weights, NUL-terminated, in letters of any size: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1,
        #: Q8_0, IQ4_NL, IQ4_XS, MXFP4, Q6_K, or a mixture of types, which has more bits for the tensors that
        #: need them: Q2_K, Q2_K_S, Q3_K_S, Q3_K_M, Q3_K_L, Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M. NULL: as they are
        #: stored.
        self.type = type
        #: File of an importance matrix, NUL-terminated; NULL: all errors of a tensor's weights count the same.
        self.importance = importance
        #: Types of certain tensors, each as "PATTERN=TYPE", NUL-terminated. The pattern is a part of the name,
        #: in which * stands for any characters and ? for any one; ^ in front and $ behind are its ends. The
        #: last one that fits counts.
        self.tensor_types = tensor_types
        #: Receives how far it is; NULL: nobody does.
        self.progress = progress

    def _fill(self, call: Call, raw: _ffi.ConvertOptions, mode: int) -> None:
        if self.overwrite is not None:
            call.put(raw, 'overwrite', self.overwrite)
        if self.type is not None:
            raw.type = call.address(call.c_text(self.type))
        if self.importance is not None:
            raw.importance = call.address(call.c_text(self.importance))
        if self.tensor_types is not None:
            tensor_types = call.c_texts(self.tensor_types)
            raw.tensor_types, raw.n_tensor_types = call.address(tensor_types), len(tensor_types or b'')
        if self.progress is not None:
            function = self.progress
            
            def progress(user_data: Any, event: Any) -> Any:
                return int(function(ConvertEvent(ctypes.cast(event, ctypes.POINTER(_ffi.ConvertEvent)).contents)) or 0)
            
            raw.progress = call.callback(_ffi.ConvertFn, progress, 1)

    def _build(self, call: Call) -> _ffi.ConvertOptions:
        raw = _ffi.ConvertOptions()
        lib.libllm_convert_options_init(ctypes.byref(raw), ctypes.sizeof(raw))
        self._fill(call, raw, SHARED)
        return raw


class EngineOptions:
    """How an engine is made."""

    def __init__(self, *,
                 kv_type: Optional[KvType] = None,
                 n_positions: Optional[int] = None,
                 n_batch: Optional[int] = None,
                 deterministic: Optional[int] = None,
                 profile: Optional[int] = None,
                 hidden_states: Optional[int] = None,
                 device: Optional[Path] = None,
                 importance: Optional[int] = None,
                 no_reuse: Optional[int] = None,
                 n_sessions: Optional[int] = None,
                 n_device_layers: Optional[int] = None) -> None:
        #: A libllm_kv_type.
        self.kv_type = kv_type
        #: Positions that all sessions of the engine hold together; each takes whole pages of 64. With an
        #: encoder and a decoder, a position is one of the text and one of the timeline. 0: the model's training
        #: context, at most 8192.
        self.n_positions = n_positions
        #: Tokens that one step evaluates at most, 1 to 8192. An encoder reads a text in one step. 0: 256, for a
        #: model with an encoder n_positions, at most 8192.
        self.n_batch = n_batch
        #: 1: results do not depend on how tokens are split into batches, at some cost of speed.
        self.deterministic = deterministic
        #: 1: the time of every phase is measured, for libllm_session_profile().
        self.profile = profile
        #: 1: rows are the normalized hidden states behind the last layer, n_embd wide, instead of logits. Those
        #: of an encoder always are; of a model with an encoder and a decoder they are the encoder's, whose text
        #: is evaluated as that of an encoder alone.
        self.hidden_states = hidden_states
        #: What computes, an id of libllm_runtime_devices(), NUL-terminated: "cpu", or "blas", which multiplies
        #: prompts in 32-bit floats with a BLAS library; that one's number of threads, OpenBLAS being meant, is
        #: 1 while an engine computes with it and is put back then; or "vulkan:0" and so on, a device that a
        #: Vulkan driver has, and "vulkan" the best of these; or "auto": a GPU that is expected to be faster for
        #: the model, where there is one, for all that a GPU can do, otherwise "cpu". It knows nothing of
        #: adapters, which sessions on a GPU cannot have. NULL: "cpu", so that results are the same on every
        #: machine unless the program asks for another device.
        self.device = device
        #: 1: the squares of what matrices are multiplied with are summed up, for
        #: libllm_session_save_importance().
        self.importance = importance
        #: 1: sessions compute all their tokens. Otherwise they share, in pages of 64, what others of the
        #: engine, or they themselves before, have computed of the same tokens with the same adapters, as long
        #: as no session needs the memory. With `deterministic` that changes no bit of a result; without, no
        #: more than other batches do. Models with states of constant size, encoders, and engines with
        #: `importance` share nothing.
        self.no_reuse = no_reuse
        #: Sessions that the engine has at a time, at most. Then a layer that attends to a window keeps no more
        #: of each than the window and a batch, with which it could go on, which for long contexts is a small
        #: part; the sessions share what there is to spare. A session that goes back further than what is left
        #: evaluates what it needs again. 0: any number, and every layer keeps all positions;
        #: libllm_session_open() takes it for 1.
        self.n_sessions = n_sessions
        #: Layers that a device with memory of its own computes, the last ones, with what makes logits of them;
        #: the processor computes the others, and keeps their keys and values. 0: as many as the device can
        #: compute and has memory for, none included; libllm_session_device_layers() says how many. More than
        #: the model has are all. Where there is not the memory for a number that is given, that is an error.
        #: The devices cpu and blas compute all.
        self.n_device_layers = n_device_layers

    def _fill(self, call: Call, raw: _ffi.EngineOptions, mode: int) -> None:
        if self.kv_type is not None:
            raw.kv_type = self.kv_type
        if self.n_positions is not None:
            call.put(raw, 'n_positions', self.n_positions)
        if self.n_batch is not None:
            call.put(raw, 'n_batch', self.n_batch)
        if self.deterministic is not None:
            call.put(raw, 'deterministic', self.deterministic)
        if self.profile is not None:
            call.put(raw, 'profile', self.profile)
        if self.hidden_states is not None:
            call.put(raw, 'hidden_states', self.hidden_states)
        if self.device is not None:
            raw.device = call.address(call.c_text(self.device))
        if self.importance is not None:
            call.put(raw, 'importance', self.importance)
        if self.no_reuse is not None:
            call.put(raw, 'no_reuse', self.no_reuse)
        if self.n_sessions is not None:
            call.put(raw, 'n_sessions', self.n_sessions)
        if self.n_device_layers is not None:
            call.put(raw, 'n_device_layers', self.n_device_layers)

    def _build(self, call: Call) -> _ffi.EngineOptions:
        raw = _ffi.EngineOptions()
        lib.libllm_engine_options_init(ctypes.byref(raw), ctypes.sizeof(raw))
        self._fill(call, raw, SHARED)
        return raw


class BatchEntry:
    """Tokens for one session in a batch."""

    def __init__(self,
                 session: Session,
                 tokens: Iterable[int]) -> None:
        #: A session of the engine; each at most once in a batch.
        self.session = session
        #: Its next tokens.
        self.tokens = tokens
        #: Receives this entry's own outcome.
        self.status = 0

    def _fill(self, call: Call, raw: _ffi.BatchEntry, mode: int) -> None:
        call.kept.append(self.session)
        raw.session = call.use(self.session, mode)
        tokens = call.numbers(ctypes.c_int32, self.tokens)
        raw.tokens, raw.n_tokens = call.address(tokens), len(tokens or b'')

    def _read(self, raw: _ffi.BatchEntry) -> None:
        self.status = raw.status


class SessionOptions:
    """How a session is made."""

    def __init__(self, *,
                 n_positions: Optional[int] = None) -> None:
        #: Positions that the session can hold. 0: the model's training context, at most 8192 and at most what
        #: the engine still has.
        self.n_positions = n_positions

    def _fill(self, call: Call, raw: _ffi.SessionOptions, mode: int) -> None:
        if self.n_positions is not None:
            call.put(raw, 'n_positions', self.n_positions)

    def _build(self, call: Call) -> _ffi.SessionOptions:
        raw = _ffi.SessionOptions()
        lib.libllm_session_options_init(ctypes.byref(raw), ctypes.sizeof(raw))
        self._fill(call, raw, SHARED)
        return raw


class AdapterInfo:
    """What an adapter is, in numbers."""

    __slots__ = ('_raw',)
    _names = ('rank', 'n_matrices', 'n_parameters', 'file_bytes',)

    def __init__(self, raw: _ffi.AdapterInfo):
        self._raw = raw

    @property
    def rank(self) -> int:
        """The largest rank."""
        return self._raw.rank

    @property
    def n_matrices(self) -> int:
        """Weights of the model that it changes."""
        return self._raw.n_matrices

    @property
    def n_parameters(self) -> int:
        """Parameters."""
        return self._raw.n_parameters

    @property
    def file_bytes(self) -> int:
        """Size of the file in bytes."""
        return self._raw.file_bytes

    def __repr__(self) -> str:
        return "AdapterInfo(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names) + ")"


class ScaledAdapter:
    """An adapter and how much of it is wanted."""

    def __init__(self,
                 adapter: Adapter,
                 scale: float) -> None:
        #: The adapter.
        self.adapter = adapter
        #: What it adds is multiplied with this, beside the scale that its file says. 1: as it was trained.
        self.scale = scale

    def _fill(self, call: Call, raw: _ffi.ScaledAdapter, mode: int) -> None:
        call.kept.append(self.adapter)
        raw.adapter = call.use(self.adapter, mode)
        raw.scale = self.scale


class LogitBias:
    """A number added to one token's logit."""

    def __init__(self,
                 token: int,
                 bias: float) -> None:
        #: Token id.
        self.token = token
        #: Added to its logit; -INFINITY forbids the token.
        self.bias = bias

    def _fill(self, call: Call, raw: _ffi.LogitBias, mode: int) -> None:
        call.put(raw, 'token', self.token)
        raw.bias = self.bias


class SamplingOptions:
    """How a token is chosen. The samplers apply in the order of the fields. What is left as the _init function sets it is
    as the makers of the model recommend ("recommended_sampling" of libllm_model_describe()), and where they say nothing
    the library's default.
    """

    def __init__(self, *,
                 logit_bias: Optional[Sequence[LogitBias]] = None,
                 penalty_window: Optional[int] = None,
                 repetition_penalty: Optional[float] = None,
                 frequency_penalty: Optional[float] = None,
                 presence_penalty: Optional[float] = None,
                 top_k: Optional[int] = None,
                 typical_p: Optional[float] = None,
                 top_p: Optional[float] = None,
                 min_p: Optional[float] = None,
                 temperature: Optional[float] = None,
                 seed: Optional[int] = None) -> None:
        #: Added to the logits first; NULL when there are none.
        self.logit_bias = logit_bias
        #: Last tokens that the three penalties look at. 0: as recommended, or 64.
        self.penalty_window = penalty_window
        #: Divides positive and multiplies negative logits of tokens seen; 0 or 1: none. -1: as recommended, or
        #: none.
        self.repetition_penalty = repetition_penalty
        #: Subtracted once per occurrence.
        self.frequency_penalty = frequency_penalty
        #: Subtracted once when the token occurred.
        self.presence_penalty = presence_penalty
        #: Keep the k most probable tokens; 0: all. 4294967295: as recommended, or 40.
        self.top_k = top_k
        #: Keep tokens of locally typical information content up to this probability mass; 0 or 1: all.
        self.typical_p = typical_p
        #: Keep the most probable tokens up to this probability mass; 0 or 1: all. -1: as recommended, or 0.95.
        self.top_p = top_p
        #: Keep tokens at least this probable relative to the most probable one; 0: all. -1: as recommended, or
        #: 0.05.
        self.min_p = min_p
        #: Divides the logits before the draw; 0: always the most probable token (greedy). -1: as recommended,
        #: or 0.8.
        self.temperature = temperature
        #: Seed of the draw; the same seed gives the same tokens. 0 is a seed like any other.
        self.seed = seed

    def _fill(self, call: Call, raw: _ffi.SamplingOptions, mode: int) -> None:
        if self.logit_bias is not None:
            logit_bias = call.structs(_ffi.LogitBias, self.logit_bias)
            raw.logit_bias, raw.n_logit_bias = call.address(logit_bias), len(logit_bias or b'')
        if self.penalty_window is not None:
            call.put(raw, 'penalty_window', self.penalty_window)
        if self.repetition_penalty is not None:
            raw.repetition_penalty = self.repetition_penalty
        if self.frequency_penalty is not None:
            raw.frequency_penalty = self.frequency_penalty
        if self.presence_penalty is not None:
            raw.presence_penalty = self.presence_penalty
        if self.top_k is not None:
            call.put(raw, 'top_k', self.top_k)
        if self.typical_p is not None:
            raw.typical_p = self.typical_p
        if self.top_p is not None:
            raw.top_p = self.top_p
        if self.min_p is not None:
            raw.min_p = self.min_p
        if self.temperature is not None:
            raw.temperature = self.temperature
        if self.seed is not None:
            call.put(raw, 'seed', self.seed)

    def _build(self, call: Call) -> _ffi.SamplingOptions:
        raw = _ffi.SamplingOptions()
        lib.libllm_sampling_options_init(ctypes.byref(raw), ctypes.sizeof(raw))
        self._fill(call, raw, SHARED)
        return raw


class TokenLogprob:
    """A token and how probable it is."""

    __slots__ = ('_raw',)
    _names = ('token', 'logprob',)

    def __init__(self, raw: _ffi.TokenLogprob):
        self._raw = raw

    @property
    def token(self) -> int:
        """Token id."""
        return self._raw.token

    @property
    def logprob(self) -> float:
        """The natural logarithm of its probability in the model's own distribution: before bias, penalties, temperature,
        the filters of sampling and any constraint.
        """
        return self._raw.logprob

    def __repr__(self) -> str:
        return "TokenLogprob(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names) + ")"


class StreamOptions:
    """How text is generated."""

    def __init__(self, *,
                 max_tokens: Optional[int] = None,
                 sampling: Optional[SamplingOptions] = None,
                 stops: Optional[Sequence[Path]] = None,
                 ignore_end: Optional[int] = None,
                 n_guesses: Optional[int] = None,
                 constraint: Optional[Constraint] = None,
                 draft: Optional[Session] = None,
                 logprobs: Optional[int] = None,
                 n_top_logprobs: Optional[int] = None) -> None:
        #: Tokens to generate at most; 0: until the model ends or the context is full.
        self.max_tokens = max_tokens
        #: How tokens are chosen; NULL for the defaults. Copied.
        self.sampling = sampling
        #: Texts that end the generation and are not part of it, NUL-terminated. Copied.
        self.stops = stops
        #: 1: the model's end tokens do not end the generation.
        self.ignore_end = ignore_end
        #: Tokens to guess for a step at most, up to 7: what followed the same tokens earlier in the timeline is
        #: evaluated along with the token that is due, and taken where it is what is drawn anyway. Text that
        #: repeats what is there (code, quotations, corrections) comes faster, and is the same. While guessing
        #: does not pay it rests. 0: none.
        self.n_guesses = n_guesses
        #: What the text must look like, made for the session's model; NULL: anything goes. Used until the
        #: stream is freed, also when the caller frees it before.
        self.constraint = constraint
        #: A session of a smaller model with the same vocabulary, up to tokens that only the larger of them has,
        #: of this or another engine: it follows the timeline and guesses up to 7 tokens for a step, where
        #: n_guesses finds none; as many as pay. The text comes faster where the models agree, and is the same.
        #: It is in use by the stream until that is freed, which keeps it alive; what it has computed then
        #: serves the next stream. Where its capacity ends, so do its guesses. NULL: none.
        self.draft = draft
        #: 1: say with each token how probable it was. What a constraint leaves no choice about is then
        #: evaluated like everything else.
        self.logprobs = logprobs
        #: With logprobs: how many of the likeliest tokens to list with each token, at most 100.
        self.n_top_logprobs = n_top_logprobs

    def _fill(self, call: Call, raw: _ffi.StreamOptions, mode: int) -> None:
        if self.max_tokens is not None:
            call.put(raw, 'max_tokens', self.max_tokens)
        if self.sampling is not None:
            raw.sampling = call.options(self.sampling)
        if self.stops is not None:
            stops = call.c_texts(self.stops)
            raw.stops, raw.n_stops = call.address(stops), len(stops or b'')
        if self.ignore_end is not None:
            call.put(raw, 'ignore_end', self.ignore_end)
        if self.n_guesses is not None:
            call.put(raw, 'n_guesses', self.n_guesses)
        if self.constraint is not None:
            call.kept.append(self.constraint)
            raw.constraint = call.use(self.constraint, mode)
        if self.draft is not None:
            call.kept.append(self.draft)
            raw.draft = call.use(self.draft, mode)
        if self.logprobs is not None:
            call.put(raw, 'logprobs', self.logprobs)
        if self.n_top_logprobs is not None:
            call.put(raw, 'n_top_logprobs', self.n_top_logprobs)

    def _build(self, call: Call) -> _ffi.StreamOptions:
        raw = _ffi.StreamOptions()
        lib.libllm_stream_options_init(ctypes.byref(raw), ctypes.sizeof(raw))
        self._fill(call, raw, SHARED)
        return raw


class StreamEvent:
    """One item of a stream."""

    __slots__ = ('_raw', 'text', 'call_id', 'call_name', 'remark', 'top_logprobs',)
    _names = ('token', 'text', 'n_tokens', 'n_prompt_tokens', 'n_cached_tokens', 'prompt_seconds', 'decode_seconds', 'finish_reason', 'kind', 'call_index', 'call_id', 'call_name', 'remark', 'n_guessed_tokens', 'n_accepted_tokens', 'logprob', 'top_logprobs',)

    def __init__(self, raw: _ffi.StreamEvent):
        self._raw = raw
        #: New text, whole UTF-8 characters; may be empty. Valid until the next call on the stream.
        self.text: str = read_text(raw.text, raw.n_bytes)
        #: Its id, NUL-terminated, in its first item; NULL otherwise. Valid until the next call on the stream,
        #: as the two below.
        self.call_id: Optional[str] = read_c_text(raw.call_id)
        #: The name of the tool, NUL-terminated, in the same item; NULL otherwise.
        self.call_name: Optional[str] = read_c_text(raw.call_name)
        #: What is wrong with a call that the model wrote, in English, NUL-terminated: it broke off, or it came
        #: out as text because it could not be read. NULL when nothing is.
        self.remark: Optional[str] = read_c_text(raw.remark)
        #: The likeliest tokens at its place, the likeliest first. Valid until the next call on the stream.
        self.top_logprobs: List[TokenLogprob] = [TokenLogprob(item) for item in elements(_ffi.TokenLogprob, raw.top_logprobs, raw.n_top_logprobs)]

    @property
    def token(self) -> int:
        """The token that this item comes from, or -1."""
        return self._raw.token

    @property
    def n_tokens(self) -> int:
        """Tokens generated so far."""
        return self._raw.n_tokens

    @property
    def n_prompt_tokens(self) -> int:
        """Tokens of the prompt."""
        return self._raw.n_prompt_tokens

    @property
    def n_cached_tokens(self) -> int:
        """Tokens of the prompt that were not computed again: they were in the timeline, or the engine had computed them
        for this session or another. Known with the first token.
        """
        return self._raw.n_cached_tokens

    @property
    def prompt_seconds(self) -> float:
        """Seconds spent on the prompt."""
        return self._raw.prompt_seconds

    @property
    def decode_seconds(self) -> float:
        """Seconds spent on the tokens after the first."""
        return self._raw.decode_seconds

    @property
    def finish_reason(self) -> FinishReason:
        """A libllm_finish_reason; other than NONE in the item that comes with LIBLLM_DONE."""
        return named(FinishReason, self._raw.finish_reason)

    @property
    def kind(self) -> StreamKind:
        """A libllm_stream_kind: what the text is."""
        return named(StreamKind, self._raw.kind)

    @property
    def call_index(self) -> int:
        """Of a tool call: which one in the answer, counted from 0."""
        return self._raw.call_index

    @property
    def n_guessed_tokens(self) -> int:
        """Tokens that were guessed, and how many of them were taken."""
        return self._raw.n_guessed_tokens

    @property
    def n_accepted_tokens(self) -> int:
        """See there."""
        return self._raw.n_accepted_tokens

    @property
    def logprob(self) -> float:
        """Of the token, in an item that has one, when the options ask for it: see libllm_token_logprob. 0 otherwise."""
        return self._raw.logprob

    def __repr__(self) -> str:
        return "StreamEvent(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names) + ")"


class ChatOptions:
    """How a chat template is chosen."""

    def __init__(self, *,
                 template_text: Optional[Text] = None) -> None:
        #: Template source to use instead of the model's; NULL: the model's. Copied.
        self.template_text = template_text

    def _fill(self, call: Call, raw: _ffi.ChatOptions, mode: int) -> None:
        if self.template_text is not None:
            template_text = call.text(self.template_text)
            raw.template_text, raw.template_bytes = call.address(template_text), len(template_text or b'')

    def _build(self, call: Call) -> _ffi.ChatOptions:
        raw = _ffi.ChatOptions()
        lib.libllm_chat_options_init(ctypes.byref(raw), ctypes.sizeof(raw))
        self._fill(call, raw, SHARED)
        return raw


class FitOptions:
    """How a conversation is made to fit."""

    def __init__(self, *,
                 policy: Optional[FitPolicy] = None,
                 n_positions: Optional[int] = None,
                 n_reserved: Optional[int] = None,
                 n_dropped_turns: Optional[int] = None,
                 summary: Optional[Text] = None) -> None:
        #: A libllm_fit_policy.
        self.policy = policy
        #: Tokens of the conversation and its answer together, such as libllm_session_capacity(). Must be set.
        self.n_positions = n_positions
        #: Of these, tokens that are kept for the answer.
        self.n_reserved = n_reserved
        #: Turns, the oldest, that are left out in any case, such as those that an earlier call has dropped.
        self.n_dropped_turns = n_dropped_turns
        #: Text that stands for these turns, UTF-8; NULL: none.
        self.summary = summary

    def _fill(self, call: Call, raw: _ffi.FitOptions, mode: int) -> None:
        if self.policy is not None:
            raw.policy = self.policy
        if self.n_positions is not None:
            call.put(raw, 'n_positions', self.n_positions)
        if self.n_reserved is not None:
            call.put(raw, 'n_reserved', self.n_reserved)
        if self.n_dropped_turns is not None:
            call.put(raw, 'n_dropped_turns', self.n_dropped_turns)
        if self.summary is not None:
            summary = call.text(self.summary)
            raw.summary, raw.summary_bytes = call.address(summary), len(summary or b'')

    def _build(self, call: Call) -> _ffi.FitOptions:
        raw = _ffi.FitOptions()
        lib.libllm_fit_options_init(ctypes.byref(raw), ctypes.sizeof(raw))
        self._fill(call, raw, SHARED)
        return raw


class Runtime(Handle):
    """Threads, log, allocator and limits that everything else is made from; there is no global state."""

    _destroy = lib.libllm_runtime_free

    @staticmethod
    def create(options: Optional[RuntimeOptions] = None) -> Runtime:
        """Make a runtime. Threads are started with the first computation.

        Args:
            options: NULL for the defaults

        Threads:
            any thread.

        Raises:
            INVALID_ARGUMENT, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_options = call.options(options)
            runtime = ctypes.c_void_p()
            call.check(lib.libllm_runtime_create(c_options, ctypes.byref(runtime), call.error))
            return Runtime(runtime.value, (*call.handles(), *call.kept))

    def devices(self) -> str:
        """Describe the devices that this runtime can compute on, as JSON:
        {"devices":[{"id","kind","name","threads","instruction_set","memory_bytes","available_bytes","features",
        "available","reason"}]}. One that is not available has a reason and no name.

        Threads:
            concurrent(runtime).

        Raises:
            INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_runtime = call.use(self, SHARED)
            buffer = call.text_out(
                lambda out, capacity, needed, error: lib.libllm_runtime_devices(c_runtime, out, capacity, needed, error),
                4096)
            return buffer.decode("utf-8", "replace")

    def measure_limits(self) -> str:
        """Measure what this machine can do at best with as many threads as the runtime has and the process has processors, as
        JSON: reading memory that no cache holds, each thread in so many sequential streams; multiplying (a multiplication
        and an addition count as two operations) in each unit that the processor has and cpu_mask allows: mul_add and fma of
        32-bit floats, maddubs and vnni of bytes, bf16, amx: tiles of BF16; and meeting of all threads:
        {"threads","read_bytes","read":[{"streams","one_thread_gb_per_second","gb_per_second"}],
        "units":[{"unit","one_thread_gop_per_second","gop_per_second"}],"barrier_ns"}. Each figure is the best of many short
        rounds. Takes one to three seconds and up to 1 GiB of memory meanwhile; whatever else computes at the time spoils
        the figures.

        Threads:
            concurrent(runtime).

        Raises:
            INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_runtime = call.use(self, SHARED)
            buffer = call.text_out(
                lambda out, capacity, needed, error: lib.libllm_runtime_measure_limits(c_runtime, out, capacity, needed, error),
                4096)
            return buffer.decode("utf-8", "replace")

    def measure_device(self, device: Path) -> str:
        """Measure what a device other than the processor can do at best, as JSON: reading its memory, copying within it (bytes
        that are read and written count once), and multiplying and adding 32-bit floats (two operations):
        {"device","name","bytes","read_gb_per_second","copy_gb_per_second","gflop_per_second"}. Takes a second or two and up
        to 512 MiB of the device's memory meanwhile. For the processor there is libllm_runtime_measure_limits().

        Args:
            device: an id of libllm_runtime_devices(), NUL-terminated

        Threads:
            concurrent(runtime).

        Raises:
            INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available, or the processor),
                BUFFER_TOO_SMALL, OUT_OF_MEMORY, DEVICE_LOST.
        """
        with Call() as call:
            c_runtime = call.use(self, SHARED)
            c_device = call.c_text(device)
            buffer = call.text_out(
                lambda out, capacity, needed, error: lib.libllm_runtime_measure_device(c_runtime, c_device, out, capacity, needed, error),
                4096)
            return buffer.decode("utf-8", "replace")

    def calibrate(self, options: Optional[CalibrationOptions] = None) -> str:
        """Measure how fast a device computes models, by running layers of synthetic ones: what the estimator predicts the
        speed of other models from (the member "machine.calibration" of the task "fit"). As JSON: {"device","name",
        "instruction_set" (of processors),"version" (libllm_version()),"time" (of measuring, seconds since 1970),"threads",
        "types":[{"type","decode_gb_per_second","prefill_gflop_per_second"}],"step_ns","layer_ns","prefill_value_ns",
        "attention_gb_per_second","attention_gflop_per_second"}. Figures are medians over the whole time, in which
        everything is measured in turn, for a machine that is as busy later as it is meanwhile. Takes about a second for
        each type and up to 1.2 GiB of memory.

        Args:
            options: NULL for all types on the CPU

        Threads:
            concurrent(runtime).

        Raises:
            INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
                OUT_OF_MEMORY, CANCELLED, FORKED.
        """
        with Call() as call:
            c_runtime = call.use(self, SHARED)
            c_options = call.options(options)
            buffer = call.text_out(
                lambda out, capacity, needed, error: lib.libllm_runtime_calibrate(c_runtime, c_options, out, capacity, needed, error),
                4096)
            return buffer.decode("utf-8", "replace")

    def self_test(self, device: Optional[Path] = None) -> str:
        """Compare what a device computes with the reference kernels: a small synthetic layer of each type of weights and of
        each kind of layer. As JSON: {"device","name","instruction_set" (of the
        processor),"parts":[{"part","error","allowed", "passed","reason"}],"passed","seconds"}. "error" is the relative
        error of what comes out of a layer. A part that the device does not compute, or fails to, has a reason and no error;
        only those that it computes wrongly, or fails to compute, have not passed. Takes about 2 seconds on a processor and
        20 MiB of memory.

        Args:
            device: an id of libllm_runtime_devices(), NUL-terminated; NULL: "cpu"

        Threads:
            concurrent(runtime).

        Raises:
            INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
                OUT_OF_MEMORY, FORKED.
        """
        with Call() as call:
            c_runtime = call.use(self, SHARED)
            c_device = call.c_text(device)
            buffer = call.text_out(
                lambda out, capacity, needed, error: lib.libllm_runtime_self_test(c_runtime, c_device, out, capacity, needed, error),
                4096)
            return buffer.decode("utf-8", "replace")


class Model(Handle):
    """A model file, opened: weights, tokenizer, template. Immutable, shared by threads."""

    _destroy = lib.libllm_model_free

    @staticmethod
    def locate(name: Path, data_home: Optional[Path] = None) -> str:
        """Find the file that a model name stands for: a path to a file or folder that exists, or a name such as "default" or
        "SmolLM2-135M-Instruct" under <data_home>/libllm/models.

        Args:
            name: path or name, NUL-terminated
            data_home: the user's data folder ($XDG_DATA_HOME or ~/.local/share), NUL-terminated; NULL: paths only

        Threads:
            any thread.

        Raises:
            INVALID_ARGUMENT, NOT_FOUND (the message says where it looked and how to get the model), BUFFER_TOO_SMALL.
        """
        with Call() as call:
            c_name = call.c_text(name)
            c_data_home = call.c_text(data_home)
            buffer = call.text_out(
                lambda out, capacity, needed, error: lib.libllm_model_locate(c_name, c_data_home, out, capacity, needed, error),
                4096)
            return buffer.decode("utf-8", "replace")

    @staticmethod
    def open(runtime: Runtime, path: Path, options: Optional[ModelOptions] = None) -> Model:
        """Open a model: a GGUF file (version 2 or 3; of a split model any part, and the others lie beside it), the one such
        file in a folder, or a folder as Hugging Face has them, with config.json and safetensors files. Weights stay in the
        files; the few of such a folder that cannot be read as they are stored are converted, and libllm_model_describe()
        lists them. A file that only has a vocabulary, or whose architecture is not known, opens too: it tokenizes, and
        making a session from it is the error.

        Args:
            runtime: shared with everything made from the model
            path: of a file or folder, NUL-terminated
            options: NULL for the defaults

        Threads:
            concurrent(runtime).

        Raises:
            INVALID_ARGUMENT, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_runtime = call.use(runtime, SHARED)
            c_path = call.c_text(path)
            c_options = call.options(options)
            model = ctypes.c_void_p()
            call.check(lib.libllm_model_open(c_runtime, c_path, c_options, ctypes.byref(model), call.error))
            return Model(model.value, (*call.handles(), *call.kept))

    def get_info(self) -> ModelInfo:
        """Read the numbers of a model.

        Threads:
            concurrent(model).

        Raises:
            INVALID_ARGUMENT.
        """
        with Call() as call:
            c_model = call.use(self, SHARED)
            info = _ffi.ModelInfo()
            info.struct_size = ctypes.sizeof(info)
            call.check(lib.libllm_model_get_info(c_model, ctypes.byref(info), call.error))
            return ModelInfo(info)

    def describe(self) -> str:
        """Describe a model as JSON: file, architecture, hyper-parameters, parameters, bytes per tensor type, KV bytes per
        token, tokenizer, template, how its makers recommend to sample ("recommended_sampling", under the names of
        libllm_sampling_options; only where the file says something), and all metadata of the file (long arrays shortened to
        their length).

        Threads:
            concurrent(model).

        Raises:
            INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_model = call.use(self, SHARED)
            buffer = call.text_out(
                lambda out, capacity, needed, error: lib.libllm_model_describe(c_model, out, capacity, needed, error),
                4096)
            return buffer.decode("utf-8", "replace")

    @staticmethod
    def convert(runtime: Runtime, source: Path, destination: Path, options: Optional[ConvertOptions] = None) -> None:
        """Write a model as one GGUF file that other programs read as well. Whatever libllm_model_open() takes may be the
        source: a file, also a split one, or a folder of Hugging Face, whose configuration and tokenizer are put into the
        file in GGUF's terms. Norms, biases and other small tensors are F32; a matrix whose rows are no multiple of a type's
        blocks gets one near it, and the event of the tensor says so. The result is the same for any number of threads.
        While it is written the file has another name beside its own; whatever goes wrong, nothing is left behind.

        Args:
            runtime: its threads compute
            source: path of a file or folder, NUL-terminated
            destination: path of the file to write, NUL-terminated
            options: NULL for the defaults

        Threads:
            concurrent(runtime).

        Raises:
            those of libllm_model_open(); INVALID_ARGUMENT (no such type, or the file exists), IO (no room on the disk,
                say), UNSUPPORTED (GGUF cannot express the model or its tokenizer), CANCELLED, FORKED.
        """
        with Call() as call:
            c_runtime = call.use(runtime, SHARED)
            c_source = call.c_text(source)
            c_destination = call.c_text(destination)
            c_options = call.options(options)
            call.check(lib.libllm_model_convert(c_runtime, c_source, c_destination, c_options, call.error))

    def tokenize(self, text: Text, flags: int = 0) -> List[int]:
        """Turn text into token ids. Bytes that are not valid UTF-8 count as U+FFFD each (one replacement per maximal invalid
        sequence, as the Unicode standard recommends). A byte that the vocabulary has no token for is left out, as by
        Hugging Face's tokenizers. Linear in the length of the text.

        Args:
            text: UTF-8; may be NULL when n_bytes is 0
            flags: LIBLLM_TOKENIZE_* or 0

        Threads:
            concurrent(model).

        Raises:
            INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file), LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_model = call.use(self, SHARED)
            c_text = call.text(text)
            tokens = call.numbers_out(
                lambda out, capacity, needed, error: lib.libllm_model_tokenize(c_model, c_text, len(c_text or b''), call.number(ctypes.c_uint32, flags, 'flags'), out, capacity, needed, error),
                ctypes.c_int32, 256 + len(c_text or b''))
            return tokens

    def tokenize_pair(self, first: Text, second: Text) -> Tuple[List[int], int]:
        """Turn a pair of texts, such as a question and a document, into the ids that the model wants to read them as: with its
        template for rerankers, or with the special tokens around and between them.

        Args:
            first: UTF-8; may be NULL when n_first_bytes is 0
            second: UTF-8; may be NULL when n_second_bytes is 0

        Threads:
            concurrent(model).

        Raises:
            INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file, or it has no way to write pairs), LIMIT,
                BUFFER_TOO_SMALL, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_model = call.use(self, SHARED)
            c_first = call.text(first)
            c_second = call.text(second)
            n_second = ctypes.c_size_t()
            tokens = call.numbers_out(
                lambda out, capacity, needed, error: lib.libllm_model_tokenize_pair(c_model, c_first, len(c_first or b''), c_second, len(c_second or b''), out, capacity, needed, ctypes.byref(n_second), error),
                ctypes.c_int32, 256 + len(c_first or b'') + len(c_second or b''))
            return tokens, n_second.value

    def detokenize(self, tokens: Iterable[int], flags: int = 0) -> str:
        """Turn token ids into text. The bytes are those of the tokens; they are valid UTF-8 when the tokens came from valid
        text, and may start or end within a character otherwise.

        Args:
            tokens: ids; may be NULL when n_tokens is 0
            flags: LIBLLM_DETOKENIZE_* or 0

        Threads:
            concurrent(model).

        Raises:
            INVALID_ARGUMENT, OUT_OF_RANGE, UNSUPPORTED, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_model = call.use(self, SHARED)
            c_tokens = call.numbers(ctypes.c_int32, tokens)
            buffer = call.text_out(
                lambda out, capacity, needed, error: lib.libllm_model_detokenize(c_model, c_tokens, len(c_tokens or b''), call.number(ctypes.c_uint32, flags, 'flags'), out, capacity, needed, error),
                4096 + len(c_tokens or b''))
            return buffer.decode("utf-8", "replace")

    def special_token(self, kind: SpecialToken) -> int:
        """Id of a special token.

        Args:
            kind: which one

        Threads:
            concurrent(model).
        """
        with Call() as call:
            c_model = call.use(self, SHARED)
            result = lib.libllm_model_special_token(c_model, kind)
            return int(result)

    def token_ends(self, token: int) -> int:
        """Whether a token ends a generation (end of sequence, of turn, of message).

        Args:
            token: any id

        Threads:
            concurrent(model).
        """
        with Call() as call:
            c_model = call.use(self, SHARED)
            result = lib.libllm_model_token_ends(c_model, call.number(ctypes.c_int32, token, 'token'))
            return int(result)


class Adapter(Handle):
    """Low-rank changes to the weights of one model (LoRA). Immutable, shared by threads."""

    _destroy = lib.libllm_adapter_free

    @staticmethod
    def open(model: Model, path: Path, options: Optional[ModelOptions] = None) -> Adapter:
        """Open an adapter: a GGUF file whose general.type is "adapter", or what PEFT writes, by its folder or by the path of
        adapter_model.safetensors, beside which adapter_config.json lies. Either may be for a model opened in either format.
        Names, shapes and the architecture are checked against the model. What an adapter may have besides pairs of low rank
        (DoRA, whole modules, biases) is an error that names the key or tensor.

        Args:
            model: the model that it is for
            path: of the file or folder, NUL-terminated
            options: how its bytes are reached; NULL for the defaults

        Threads:
            concurrent(model).

        Raises:
            INVALID_ARGUMENT (it is for another model, among others), NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT,
                OUT_OF_MEMORY.
        """
        with Call() as call:
            c_model = call.use(model, SHARED)
            c_path = call.c_text(path)
            c_options = call.options(options)
            adapter = ctypes.c_void_p()
            call.check(lib.libllm_adapter_open(c_model, c_path, c_options, ctypes.byref(adapter), call.error))
            return Adapter(adapter.value, (*call.handles(), *call.kept))

    def get_info(self) -> AdapterInfo:
        """Read the numbers of an adapter.

        Threads:
            concurrent(adapter).

        Raises:
            INVALID_ARGUMENT.
        """
        with Call() as call:
            c_adapter = call.use(self, SHARED)
            info = _ffi.AdapterInfo()
            info.struct_size = ctypes.sizeof(info)
            call.check(lib.libllm_adapter_get_info(c_adapter, ctypes.byref(info), call.error))
            return AdapterInfo(info)


class Constraint(Handle):
    """What generated text must look like, for one model. Immutable, shared by threads."""

    _destroy = lib.libllm_constraint_free

    @staticmethod
    def create(model: Model, kind: ConstraintKind, text: Text) -> Constraint:
        """Compile a constraint for the vocabulary of a model. With it in its options a stream yields text that satisfies the
        constraint when it ends with LIBLLM_FINISH_STOP, and the beginning of such a text otherwise. A constraint that
        cannot be kept in full is an error; it is never kept in part. The last four of a model stay compiled, also those
        that chats have made of their requests: the same text again costs nothing.

        Args:
            model: the model; it must have a tokenizer
            kind: the language of the text
            text: UTF-8, at most 1 MiB

        Threads:
            concurrent(model).

        Raises:
            INVALID_ARGUMENT, CONSTRAINT (the text is wrong, or nothing satisfies it), JSON, UNSUPPORTED (what no
                automaton can keep, or the model has no tokenizer), LIMIT (too long, deep or large), OUT_OF_MEMORY.
        """
        with Call() as call:
            c_model = call.use(model, SHARED)
            c_text = call.text(text)
            constraint = ctypes.c_void_p()
            call.check(lib.libllm_constraint_create(c_model, kind, c_text, len(c_text or b''), ctypes.byref(constraint), call.error))
            return Constraint(constraint.value, (*call.handles(), *call.kept))


class Engine(Handle):
    """KV memory and one batched step over the sessions that live in it."""

    _destroy = lib.libllm_engine_free

    @staticmethod
    def create(model: Model, options: Optional[EngineOptions] = None) -> Engine:
        """Make an engine. All memory that a token needs is allocated here and in libllm_session_create().

        Args:
            model: the model
            options: NULL for the defaults

        Threads:
            concurrent(model).

        Raises:
            INVALID_ARGUMENT, NOT_FOUND (the device), UNSUPPORTED (the model cannot compute, or the device is not
                available), OUT_OF_MEMORY.
        """
        with Call() as call:
            c_model = call.use(model, SHARED)
            c_options = call.options(options)
            engine = ctypes.c_void_p()
            call.check(lib.libllm_engine_create(c_model, c_options, ctypes.byref(engine), call.error))
            return Engine(engine.value, (*call.handles(), *call.kept))

    def eval(self, entries: Sequence[BatchEntry]) -> None:
        """Append tokens to several sessions at once; weights are read once for all of them. Threads that call
        libllm_session_eval() on sessions of one engine at the same time are batched alike.

        Args:
            entries: what to append to which session; each gets its own status

        Threads:
            exclusive(each session); concurrent(engine).

        Raises:
            INVALID_ARGUMENT, OUT_OF_MEMORY, and per entry those of libllm_session_eval().
        """
        with Call() as call:
            c_engine = call.use(self, SHARED)
            c_entries = call.structs(_ffi.BatchEntry, entries, EXCLUSIVE)
            status = lib.libllm_engine_eval(c_engine, c_entries, len(c_entries or b''), call.error)
            for item, raw in zip(entries, c_entries):
                item._read(raw)
            call.check(status)


class Session(Handle):
    """One timeline of tokens, used by one thread at a time."""

    _destroy = lib.libllm_session_free

    @staticmethod
    def open(model: Model, engine_options: Optional[EngineOptions] = None) -> Session:
        """Make a session with an engine of its own: the simple way for one conversation.

        Args:
            model: the model
            engine_options: NULL for the defaults; n_positions is the session's context

        Threads:
            concurrent(model).

        Raises:
            those of libllm_engine_create() and libllm_session_create().
        """
        with Call() as call:
            c_model = call.use(model, SHARED)
            c_engine_options = call.options(engine_options)
            session = ctypes.c_void_p()
            call.check(lib.libllm_session_open(c_model, c_engine_options, ctypes.byref(session), call.error))
            return Session(session.value, (*call.handles(), *call.kept))

    @staticmethod
    def create(engine: Engine, options: Optional[SessionOptions] = None) -> Session:
        """Make a session that shares an engine with others.

        Args:
            engine: the engine
            options: NULL for the defaults

        Threads:
            concurrent(engine).

        Raises:
            INVALID_ARGUMENT, CONTEXT_FULL (the engine has fewer free positions), FORKED, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_engine = call.use(engine, SHARED)
            c_options = call.options(options)
            session = ctypes.c_void_p()
            call.check(lib.libllm_session_create(c_engine, c_options, ctypes.byref(session), call.error))
            return Session(session.value, (*call.handles(), *call.kept))

    def encode(self, tokens: Iterable[int]) -> None:
        """Have the encoder of a model with an encoder and a decoder (T5) read the text that the session answers. It is read
        once: the decoder's layers keep what they attend to. The timeline begins anew and is that of the decoder, whose
        first token is LIBLLM_TOKEN_DECODER_START; from there on the session is like any other. When the text cannot be
        read, the session is left without one, unless it is the arguments that are wrong.

        Args:
            tokens: ids of the text, with the special tokens that the model wants around it

        Threads:
            exclusive(session); libllm_session_cancel() may run concurrently.

        Raises:
            INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, UNSUPPORTED (the model has no encoder, or its engine makes
                hidden states), CANCELLED, BUSY, FORKED, INTERNAL.
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            c_tokens = call.numbers(ctypes.c_int32, tokens)
            call.check(lib.libllm_session_encode(c_session, c_tokens, len(c_tokens or b''), call.error))

    def eval(self, tokens: Iterable[int]) -> None:
        """Append tokens to the timeline and compute what follows them. On an error the position is unchanged. Of the tokens
        before the last, those that the engine has computed before are not computed again, see libllm_session_reused().

        Args:
            tokens: ids; may be NULL when n_tokens is 0

        Threads:
            exclusive(session); libllm_session_cancel() may run concurrently.

        Raises:
            INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, CANCELLED, BUSY, FORKED, INTERNAL.
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            c_tokens = call.numbers(ctypes.c_int32, tokens)
            call.check(lib.libllm_session_eval(c_session, c_tokens, len(c_tokens or b''), call.error))

    def eval_logits(self, tokens: Iterable[int], capacity: int) -> memoryview:
        """As libllm_session_eval(), and store the logits that follow every one of the tokens, or with hidden_states these.

        Args:
            tokens: ids
            capacity: floats in logits, at least n_tokens times the length of a row

        Threads:
            exclusive(session); libllm_session_cancel() may run concurrently.

        Raises:
            those of libllm_session_eval(), BUFFER_TOO_SMALL.
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            c_tokens = call.numbers(ctypes.c_int32, tokens)
            c_logits = (ctypes.c_float * capacity)()
            call.check(lib.libllm_session_eval_logits(c_session, c_tokens, len(c_tokens or b''), c_logits, capacity, call.error))
            logits = view(c_logits, 'f')
            return logits

    def embed(self, tokens: Iterable[int], pooling: Pooling, capacity: int) -> memoryview:
        """The embedding of a text: its hidden states, pooled, of length 1. The session begins afresh; its engine was made with
        hidden_states, or its model is an encoder.

        Args:
            tokens: ids of the text, with the special tokens that the model wants around it
            pooling: a libllm_pooling
            capacity: floats in embedding, at least n_embd

        Threads:
            exclusive(session); libllm_session_cancel() may run concurrently.

        Raises:
            those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            c_tokens = call.numbers(ctypes.c_int32, tokens)
            c_embedding = (ctypes.c_float * capacity)()
            call.check(lib.libllm_session_embed(c_session, c_tokens, len(c_tokens or b''), pooling, c_embedding, capacity, call.error))
            embedding = view(c_embedding, 'f')
            return embedding

    def rank(self, tokens: Iterable[int], n_second: int, capacity: int) -> memoryview:
        """The scores that a model with a classifier, such as a reranker, gives a text or a pair of texts; the first is what
        pairs are ranked by. They are logits as the classifier makes them, or of a language model that answers yes or no the
        probabilities of these. The session begins afresh; its engine was made with hidden_states, or its model is an
        encoder.

        Args:
            tokens: ids as libllm_model_tokenize_pair() gives them
            n_second: how many of them, at the end, have the second token type
            capacity: floats in scores, at least n_labels

        Threads:
            exclusive(session); libllm_session_cancel() may run concurrently.

        Raises:
            those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            c_tokens = call.numbers(ctypes.c_int32, tokens)
            c_scores = (ctypes.c_float * capacity)()
            call.check(lib.libllm_session_rank(c_session, c_tokens, len(c_tokens or b''), call.number(ctypes.c_size_t, n_second, 'n_second'), c_scores, capacity, call.error))
            scores = view(c_scores, 'f')
            return scores

    def logits(self) -> memoryview:
        """Logits after the last token that was evaluated.

        Threads:
            exclusive(session).

        Raises:
            INVALID_ARGUMENT (nothing was evaluated since the session was made or rewound).
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            c_logits = ctypes.c_void_p()
            c_n_logits = ctypes.c_size_t()
            call.check(lib.libllm_session_logits(c_session, ctypes.byref(c_logits), ctypes.byref(c_n_logits), call.error))
            logits = borrowed(self, ctypes.c_float, c_logits.value, c_n_logits.value, 'f')
            return logits

    def rewind(self, n_positions: int) -> None:
        """Go back to an earlier position; the tokens behind it are forgotten. The logits are those of nothing until further
        tokens are evaluated. This costs nothing where all layers have attention. Others (Mamba, LFM2) know the tokens only
        in sum, which nothing can be taken out of: the next evaluation first evaluates all tokens that were kept once more,
        and takes that much longer.

        Args:
            n_positions: how many tokens to keep, at most the present position

        Threads:
            exclusive(session).

        Raises:
            INVALID_ARGUMENT, OUT_OF_RANGE, BUSY.
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            call.check(lib.libllm_session_rewind(c_session, call.number(ctypes.c_size_t, n_positions, 'n_positions'), call.error))

    def save(self, path: Path) -> None:
        """Write what the session knows to a file: its tokens, keys and values, and logits. What the model is not: the file can
        be read with the model that it was made with, an engine with the same kv_type, and where the model has two lists of
        frequencies (longrope) one that takes the same.

        Args:
            path: NUL-terminated; a file that is there is replaced once the other is complete

        Threads:
            exclusive(session).

        Raises:
            INVALID_ARGUMENT, UNSUPPORTED (adapters, a text for an encoder), BUSY, IO, NOT_FOUND, OUT_OF_MEMORY,
                DEVICE_LOST.
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            c_path = call.c_text(path)
            call.check(lib.libllm_session_save(c_session, c_path, call.error))

    def load(self, path: Path) -> None:
        """Make the timeline that of a file, which libllm_session_save() has written. The file is checked as a whole
        beforehand; on an error the session stays as it is. What was loaded is not shared with other sessions of the engine.

        Args:
            path: NUL-terminated

        Threads:
            exclusive(session).

        Raises:
            INVALID_ARGUMENT, CORRUPT_FILE, UNSUPPORTED (another model, kv_type or version), CONTEXT_FULL, OUT_OF_RANGE,
                BUSY, IO, NOT_FOUND, FORKED, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            c_path = call.c_text(path)
            call.check(lib.libllm_session_load(c_session, c_path, call.error))

    def position(self) -> int:
        """Tokens in the timeline.

        Threads:
            concurrent(session).
        """
        with Call() as call:
            c_session = call.use(self, SHARED)
            result = lib.libllm_session_position(c_session)
            return int(result)

    def capacity(self) -> int:
        """Positions that the session can hold.

        Threads:
            concurrent(session).
        """
        with Call() as call:
            c_session = call.use(self, SHARED)
            result = lib.libllm_session_capacity(c_session)
            return int(result)

    def device(self) -> str:
        """The device of the session's engine, as it was named in its options, or what "auto" stands for.

        Threads:
            concurrent(session).
        """
        with Call() as call:
            c_session = call.use(self, SHARED)
            result = lib.libllm_session_device(c_session)
            return str(result, 'utf-8')

    def device_layers(self) -> int:
        """Layers of the model that the device of the session's engine computes; the processor computes the others. See
        n_device_layers of libllm_engine_options.

        Threads:
            concurrent(session).
        """
        with Call() as call:
            c_session = call.use(self, SHARED)
            result = lib.libllm_session_device_layers(c_session)
            return int(result)

    def reused(self) -> int:
        """How many tokens of the last call that appended some were not computed, as the engine had done so before.

        Threads:
            exclusive(session).
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            result = lib.libllm_session_reused(c_session)
            return int(result)

    def tokens(self) -> List[int]:
        """Copy the tokens of the timeline.

        Threads:
            concurrent(session).

        Raises:
            INVALID_ARGUMENT, BUFFER_TOO_SMALL.
        """
        with Call() as call:
            c_session = call.use(self, SHARED)
            tokens = call.numbers_out(
                lambda out, capacity, needed, error: lib.libllm_session_tokens(c_session, out, capacity, needed, error),
                ctypes.c_int32, 256)
            return tokens

    def profile(self) -> str:
        """Report where the time of a session's engine went since the last report, as JSON, and start afresh; all sessions of
        the engine count. A phase is what all threads do between two meetings; those of all layers are added up:
        {"threads","batches","tokens","seconds","phases":[{"phase","calls","seconds","computing_seconds","waiting_seconds",
        "weight_bytes","kv_bytes","flops"}]}, phases being those that were run of embed, qkv, qk_norm, latent, latent_norm,
        latent_q, attention, latent_v, cross_q, cross_kv, mix_in, select, scan, project, gate_up, down, route, experts_up,
        experts_down, hidden and logits. threads is the mean of the batches. seconds is measured on the calling thread, from
        one meeting to the next; computing_seconds and waiting_seconds, what a thread did and how long it waited for the
        others, are means of all threads. weight_bytes and kv_bytes are the bytes of weights and of keys and values that
        were read, flops a multiply-add counted as two; adapters are left out. The seconds of the whole exceed those of the
        phases by the start and the end of each batch.

        Threads:
            exclusive(session).

        Raises:
            INVALID_ARGUMENT (the engine does not measure), BUFFER_TOO_SMALL, OUT_OF_MEMORY, FORKED.
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            buffer = call.text_out(
                lambda out, capacity, needed, error: lib.libllm_session_profile(c_session, out, capacity, needed, error),
                4096)
            return buffer.decode("utf-8", "replace")

    def save_importance(self, path: Path, dataset: Optional[Path], overwrite: int) -> None:
        """Write the importance matrix that was collected since the engine was made: of each matrix in a layer, how large its
        inputs are, column by column, which libllm_model_convert() can weigh errors with. As GGUF, in the form that
        llama.cpp has. Behind the last layer's attention only tokens whose row was asked for count, so evaluate with
        libllm_session_eval_logits(). Nothing is forgotten: more text can be evaluated and saved again.

        Args:
            path: of the file to write, NUL-terminated
            dataset: what the file says about where the text is from, NUL-terminated UTF-8; NULL: nothing
            overwrite: 1: a file that exists is replaced; 0: it is an error

        Threads:
            exclusive(session).

        Raises:
            INVALID_ARGUMENT (the engine does not collect, nothing was evaluated, or the file exists), NOT_FOUND (the
                folder), IO, OUT_OF_MEMORY, FORKED.
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            c_path = call.c_text(path)
            c_dataset = call.c_text(dataset)
            call.check(lib.libllm_session_save_importance(c_session, c_path, c_dataset, call.number(ctypes.c_uint32, overwrite, 'overwrite'), call.error))

    def cancel(self) -> None:
        """Make the call that is running on this session return CANCELLED within 100 ms. Does nothing when no call is running.
        Idempotent; the session stays usable and its position is that before the call.

        Threads:
            any thread, also while another uses the session; also from a signal handler.
        """
        with Call() as call:
            c_session = call.use(self, ANY)
            lib.libllm_session_cancel(c_session)

    def set_adapters(self, adapters: Sequence[ScaledAdapter]) -> None:
        """Choose the adapters of a session, in place of those that it has; the changes of several are added up. Each session
        of an engine may have others, also in one batch. All memory that they need is allocated here.

        They hold for the tokens that are evaluated from here on. Tokens that are in the timeline, and the text that an
        encoder has read for it, keep the keys and values that were computed for them, and libllm_session_logits() stays as
        it is; to have all computed anew, go back with libllm_session_rewind(), or call libllm_session_encode(), and
        evaluate again. A stream that is made later does so by itself: it reuses no tokens that were evaluated with other
        adapters. Between two calls of libllm_stream_next() adapters may be changed, too.

        Args:
            adapters: adapters that were opened for its model; copied. May be NULL when n_adapters is 0

        Threads:
            exclusive(session); concurrent(each adapter).

        Raises:
            INVALID_ARGUMENT, BUSY, FORKED, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            c_adapters = call.structs(_ffi.ScaledAdapter, adapters, SHARED)
            call.check(lib.libllm_session_set_adapters(c_session, c_adapters, len(c_adapters or b''), call.error))

    def sample(self, options: Optional[SamplingOptions] = None) -> int:
        """Choose a next token from the logits of the session, without appending it. The draw depends on the seed, the position
        and the logits only.

        Args:
            options: NULL for the defaults

        Threads:
            exclusive(session).

        Raises:
            INVALID_ARGUMENT, OUT_OF_RANGE, NUMERIC, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_session = call.use(self, EXCLUSIVE)
            c_options = call.options(options)
            token = ctypes.c_int32()
            call.check(lib.libllm_session_sample(c_session, c_options, ctypes.byref(token), call.error))
            return token.value


class Stream(Handle):
    """Iterator over the text that a session generates."""

    _destroy = lib.libllm_stream_free

    @staticmethod
    def create(session: Session, tokens: Iterable[int], options: Optional[StreamOptions] = None) -> Stream:
        """Start to generate. The timeline is made to hold exactly `tokens`: what it shares with them from the start is kept,
        the rest is computed by the first libllm_stream_next().

        Args:
            session: the session; in use by the stream until that is freed
            tokens: the whole prompt, at least one token
            options: NULL for the defaults

        Threads:
            exclusive(session); exclusive(the draft).

        Raises:
            INVALID_ARGUMENT (also a constraint that was made for another model, or a draft with another vocabulary),
                OUT_OF_RANGE, CONTEXT_FULL, BUSY, UNSUPPORTED (a draft, where one of the models cannot go back: see
                libllm_session_rewind()), OUT_OF_MEMORY.
        """
        with Call() as call:
            c_session = call.use(session, EXCLUSIVE)
            c_tokens = call.numbers(ctypes.c_int32, tokens)
            c_options = call.options(options)
            stream = ctypes.c_void_p()
            call.check(lib.libllm_stream_create(c_session, c_tokens, len(c_tokens or b''), c_options, ctypes.byref(stream), call.error))
            return Stream(stream.value, (*call.handles(), *call.kept))

    def next(self) -> Tuple[bool, StreamEvent]:
        """Wait for the next piece of text.

        Threads:
            exclusive(stream); libllm_session_cancel() may run concurrently.

        Raises:
            INVALID_ARGUMENT, BUSY, CANCELLED, OUT_OF_MEMORY (a further call goes on after any of these), NUMERIC,
                CONSTRAINT (no token of the vocabulary can go on as the constraint wants), LIMIT (the constraint can be read
                in too many ways), FORKED, INTERNAL.
        """
        with Call() as call:
            c_stream = call.use(self, EXCLUSIVE)
            event = _ffi.StreamEvent()
            event.struct_size = ctypes.sizeof(event)
            more = call.check(lib.libllm_stream_next(c_stream, ctypes.byref(event), call.error))
            return more, StreamEvent(event)


class Chat(Handle):
    """The chat template of a model, ready to render messages."""

    _destroy = lib.libllm_chat_free

    @staticmethod
    def create(model: Model, options: Optional[ChatOptions] = None) -> Chat:
        """Compile the chat template of a model.

        Args:
            model: the model
            options: NULL for the defaults

        Threads:
            concurrent(model).

        Raises:
            NO_TEMPLATE, TEMPLATE, LIMIT, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_model = call.use(model, SHARED)
            c_options = call.options(options)
            chat = ctypes.c_void_p()
            call.check(lib.libllm_chat_create(c_model, c_options, ctypes.byref(chat), call.error))
            return Chat(chat.value, (*call.handles(), *call.kept))

    def render(self, request: Text) -> str:
        """Render a conversation to the text that the model reads. The request is JSON as in OpenAI's API:
        {"messages":[{"role","content",...}], "tools":[...], "add_generation_prompt":true, ...}; an array stands for its
        messages alone. Further members, and those of "chat_template_kwargs", are variables of the template.
        add_generation_prompt is true unless given. "continue_final_message":true goes on with the last message instead,
        with its content or with the member that is named in place of true. "tool_choice":"none" leaves the tools out.

        "reasoning" says what becomes of what the model thinks aloud: "show" (the default) hands it out, "hide" does not,
        and "off" keeps the model from it, by a variable of the template (enable_thinking, thinking, skip_thinking,
        thinking_budget) or else by closing or leaving empty the place for it in the prompt. "reasoning_effort":"none" and
        "reasoning":{"effort":"none"} are the same as "off"; other efforts are the template's variable reasoning_effort.

        Messages are put into the shape that the template is written for: members that are null are left out, reasoning is
        found under "reasoning_content", "thinking" and "reasoning", arguments of tool calls may be text or objects, parts
        of a content are joined by line feeds where the template takes text only, a refusal of the assistant is its text,
        and "developer" is "system" where the template does not know that role. A part that is no text (an image, audio,
        video, a file) is refused by name and place.

        Args:
            request: UTF-8 JSON

        Threads:
            concurrent(chat).

        Raises:
            INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED (a part of a content that is no
                text), OUT_OF_MEMORY.
        """
        with Call() as call:
            c_chat = call.use(self, SHARED)
            c_request = call.text(request)
            buffer = call.text_out(
                lambda out, capacity, needed, error: lib.libllm_chat_render(c_chat, c_request, len(c_request or b''), out, capacity, needed, error),
                4096 + len(c_request or b''))
            return buffer.decode("utf-8", "replace")

    def tokenize(self, request: Text) -> List[int]:
        """Render a conversation and turn it into tokens. Control tokens come from the template alone: text of messages never
        becomes one.

        Args:
            request: as for libllm_chat_render()

        Threads:
            concurrent(chat).

        Raises:
            INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
        """
        with Call() as call:
            c_chat = call.use(self, SHARED)
            c_request = call.text(request)
            tokens = call.numbers_out(
                lambda out, capacity, needed, error: lib.libllm_chat_tokenize(c_chat, c_request, len(c_request or b''), out, capacity, needed, error),
                ctypes.c_int32, 256 + len(c_request or b''))
            return tokens

    def fit(self, request: Text, options: FitOptions) -> str:
        """Make a conversation fit into a context by the policy that the caller chooses, and say what that cost. A turn is a
        message of the user, or several in a row, with all that is said until the user speaks again; what stands before the
        first is a turn, too. System and developer messages, and the last turn, always stay.

        The report is JSON: {"tokens": of the request that fits, "budget": what it may have, "turns": how many there are,
        "dropped_turns": how many of them are left out, "dropped": [indices of their messages], "next": [those of the turn
        that would go next], "messages": [{"index", "turn": from 1, or 0 for none, "tokens": of its text alone, without what
        the template puts around it, "kept"}], "request": what fits, in the form that was given}.

        To summarize, call twice: what the first call drops, with n_reserved raised by the room of a summary, goes to
        whatever writes one; the second call has it as `summary`, and "dropped_turns" as n_dropped_turns. It is put in front
        of the first message of the user that stays, a line between them: no template objects to that, and what users said
        gains no authority of a system message. Later calls of the same conversation repeat both until more has to go.

        Args:
            request: as for libllm_chat_render()
            options: the room there is, and the policy

        Threads:
            concurrent(chat).

        Raises:
            those of libllm_chat_tokenize(); CONTEXT_FULL where the policy does not make it fit.
        """
        with Call() as call:
            c_chat = call.use(self, SHARED)
            c_request = call.text(request)
            c_options = call.options(options)
            buffer = call.text_out(
                lambda out, capacity, needed, error: lib.libllm_chat_fit(c_chat, c_request, len(c_request or b''), c_options, out, capacity, needed, error),
                4096 + len(c_request or b''))
            return buffer.decode("utf-8", "replace")

    def stream(self, session: Session, request: Text, options: Optional[StreamOptions] = None) -> Stream:
        """Start an answer to a conversation: libllm_chat_tokenize() followed by libllm_stream_create(). What the session
        shares with the conversation from the start is not computed again. The items of the stream say by their kind what is
        text, reasoning, and a call of a tool; the markers between them are those of the template's family and are not part
        of any. Calls are looked for when the request has tools. One that cannot be read comes out as text, with a remark.

        What the request says about the answer is kept as a constraint is, after the reasoning, and an error where it cannot
        be: "tools": the name and arguments of a call are a tool's, and valid under the schema of its parameters, whose
        objects have no members but those that they name unless "additionalProperties" says otherwise. "tool_choice": "auto"
        leaves it to the model whether to call one, "required" or {"type":"function","function":{"name"}} does not, "none"
        lets it have none; {"type":"allowed_tools","allowed_tools":{"mode":"auto" or "required","tools":[...]}} is the same
        for some of the tools. "parallel_tool_calls":false allows one call at most. "response_format" says what the text is:
        {"type":"json_object"}, {"type":"json_schema","schema"} (or the schema within "json_schema"), and with the texts of
        the other kinds of constraints {"type":"grammar","grammar"}, {"type":"regex","regex"}, {"type":"choice","choice"};
        with tools a call may come in its place. A constraint in the options holds for all that the model writes, reasoning
        and markers too; the request must ask for nothing then.

        Args:
            session: a session of the same model; in use by the stream until that is freed
            request: as for libllm_chat_render()
            options: NULL for the defaults

        Threads:
            concurrent(chat), exclusive(session).

        Raises:
            those of libllm_chat_tokenize(), libllm_stream_create() and libllm_constraint_create(); UNSUPPORTED for a
                model with an encoder and a decoder.
        """
        with Call() as call:
            c_chat = call.use(self, SHARED)
            c_session = call.use(session, EXCLUSIVE)
            c_request = call.text(request)
            c_options = call.options(options)
            stream = ctypes.c_void_p()
            call.check(lib.libllm_chat_stream(c_chat, c_session, c_request, len(c_request or b''), c_options, ctypes.byref(stream), call.error))
            return Stream(stream.value, (*call.handles(), *call.kept))


def version() -> int:
    """Version of the library that is running.

    Threads:
        any thread.
    """
    with Call() as call:
        result = lib.libllm_version()
        return int(result)


def status_name(status: int) -> str:
    """Identifier of a status, such as "CONTEXT_FULL".

    Args:
        status: any value

    Threads:
        any thread.
    """
    with Call() as call:
        result = lib.libllm_status_name(status)
        return str(result, 'utf-8')


def status_text(status: int) -> str:
    """Short description of a status in English.

    Args:
        status: any value

    Threads:
        any thread.
    """
    with Call() as call:
        result = lib.libllm_status_text(status)
        return str(result, 'utf-8')


def estimate_run(runtime: Runtime, scenario: Text) -> str:
    """Estimate what training or serving a model takes. The scenario is JSON that names a model (a preset, a Hugging Face
    configuration, a file, or bare numbers), a task, hardware and conventions; the report is JSON, or a table for people
    where scenario.output.format says so. Every figure of the report has a value, a unit, an interval where it is
    uncertain, and with output.explain its formula, the numbers put in and its sources. docs/estimate.md describes both,
    and their JSON Schemas are installed with the library. The same scenario gives the same report.

    Args:
        runtime: lends memory and limits; nothing is measured
        scenario: JSON text

    Threads:
        concurrent(runtime).

    Raises:
        INVALID_ARGUMENT, JSON, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    """
    with Call() as call:
        c_runtime = call.use(runtime, SHARED)
        c_scenario = call.text(scenario)
        buffer = call.text_out(
            lambda out, capacity, needed, error: lib.libllm_estimate_run(c_runtime, c_scenario, len(c_scenario or b''), out, capacity, needed, error),
            4096 + len(c_scenario or b''))
        return buffer.decode("utf-8", "replace")


def families() -> str:
    """The architecture families that the library computes, as JSON:
    {"families":[{"architecture","encoder","encoder_decoder","experts"}]}. architecture is what a GGUF file has as
    general.architecture.

    Threads:
        any thread.

    Raises:
        INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    """
    with Call() as call:
        buffer = call.text_out(
            lambda out, capacity, needed, error: lib.libllm_families(out, capacity, needed, error),
            4096)
        return buffer.decode("utf-8", "replace")
