# SPDX-License-Identifier: MIT
"""A model: chat, generate, embed, tokenize. What most programs need."""
from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import threading
from collections import OrderedDict
from typing import (TYPE_CHECKING, Any, Callable, Dict, Generator, Iterable, Iterator, List, Optional, Sequence, Tuple, TypeVar,
                    Union, overload)

from . import api
from ._core import SHARED, Call, ClosedError
from ._errors import BusyError, InvalidArgumentError
from ._load import lib
from ._options import Cancellation, Endpoint, Options, Plan
from ._runtime import locate, shared_runtime
from ._stream import Stream
from .results import (ChatChunk, ChatCompletion, Choice, ChunkChoice, Completion, Delta, FunctionCall, Message, TextChoice,
                      TokenLogprob, TokenLogprobs, ToolCall, call_piece, head, timings, usage)
from .schemas import Json, Tool, run_tool, tool_schema
from .session import PathLike, Session, interruptible

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._logprobs import Tokens

Messages = Sequence[Any]
Prompt = Union[str, Sequence[int]]
Texts = Union[List[str], Tuple[str, ...]]  # no Sequence: a text is one, too
PAGE = 64  # an engine's positions are given to its sessions in pages
KEPT = 16  # constraints and templates, each
K = TypeVar("K")
V = TypeVar("V")
# OpenAI's word for every reason.
REASONS = {api.FinishReason.STOP: "stop", api.FinishReason.LENGTH: "length", api.FinishReason.CONTEXT: "length",
           api.FinishReason.TOOL_CALLS: "tool_calls", api.FinishReason.NONE: "stop"}


def talk(answer: Callable[[List[Any]], ChatCompletion], messages: Messages, tools: Sequence[Tool], run_tools: int
         ) -> ChatCompletion:
    """Answers, with the results of the tools that are called, until none is or they were run so many times."""
    conversation: List[Any] = [messages] if isinstance(messages, str) else list(messages)
    while True:
        found = answer(conversation)
        message = found.choices[0].message
        if not message.tool_calls or not run_tools:
            return found
        conversation += [message, *(run_tool(tools, call) for call in message.tool_calls)]
        run_tools -= 1


class Sessions:
    """The sessions of a model, lent to one call at a time. A call waits while all are lent."""

    def __init__(self, make: Callable[[], api.Engine], parallel: int, context: int):
        self.make = make
        self.engine: Optional[api.Engine] = None
        self.context = context
        self.left = parallel
        self.free: List[Session] = []
        self.lent: List[Session] = []
        self.changed = threading.Condition()
        self.closed = False

    @contextlib.contextmanager
    def lend(self, cancel: Optional[Cancellation] = None) -> Iterator[Session]:
        with self.changed:
            session = self._take()
        if session is None:
            wanted = cancel or Cancellation()
            session = wanted.during(self, lambda: self._wait(wanted))
        try:
            yield session
        finally:
            with self.changed:
                self.lent.remove(session)
                if self.closed:
                    session.close()
                else:
                    self.free.append(session)
                self.changed.notify_all()

    def _take(self) -> Optional[Session]:
        """A session, if one is free or may be made. With the lock held."""
        if self.closed:
            raise ClosedError("the Model is closed")
        if not self.free and not self.left:
            return None
        if self.free:
            session = self.free.pop()
        else:
            if self.engine is None:
                self.engine = self.make()
            session = Session(api.Session.create(self.engine, api.SessionOptions(n_positions=self.context)))
            self.left -= 1
        session.holder = threading.get_ident()
        self.lent.append(session)
        return session

    def _wait(self, cancel: Cancellation) -> Session:
        # What waits for its own streams would wait for ever. Those that only refer to themselves are no longer anybody's.
        if self._is_mine():
            gc.collect()
        with self.changed:
            while True:
                cancel.check()
                session = self._take()
                if session is not None:
                    return session
                if self._is_mine():
                    raise BusyError("every session of the Model is held by a stream of this thread, which is not at its end: "
                                    f"close the stream, or open the Model with parallel={len(self.lent) + 1}")
                self.changed.wait()

    def _is_mine(self) -> bool:
        with self.changed:
            return all(session.holder == threading.get_ident() for session in self.lent)

    def cancel(self) -> bool:
        """Have those that wait see whether they still have to."""
        with self.changed:
            self.changed.notify_all()
        return True

    def close(self) -> None:
        with self.changed:
            self.closed = True
            for session in self.free:
                session.close()
            self.free.clear()
            if self.engine is not None:
                self.engine.close()
            self.changed.notify_all()


class Model:
    """A model file, opened. Immutable: threads share it, and several models live side by side."""

    def __init__(self, handle: api.Model, *, context: int = 0, parallel: int = 1,
                 engine: Optional[Dict[str, Any]] = None):
        self.handle = handle
        self.info: api.ModelInfo = handle.get_info()
        if parallel < 1:
            raise InvalidArgumentError(f"parallel is {parallel}, expected 1 or more")
        #: Calls that compute at the same time; further ones wait.
        self.parallel = parallel
        #: Tokens that a conversation may have: what was asked for, or what the model was trained for, at most 8192.
        self.context_length = context or min(self.info.n_context_train, 8192)
        self._name: Optional[str] = None
        settings = engine or {}
        positions = -(-self.context_length // PAGE) * PAGE * parallel

        def make(**more: Any) -> Callable[[], api.Engine]:
            return lambda: api.Engine.create(handle, api.EngineOptions(n_positions=positions, **settings, **more))

        self._sessions = Sessions(make(), parallel, self.context_length)
        self._embedders = Sessions(make(hidden_states=1), parallel, self.context_length)
        self._chats: "OrderedDict[Optional[str], api.Chat]" = OrderedDict()
        self._constraints: "OrderedDict[Tuple[int, str], api.Constraint]" = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path_or_name: PathLike, *, context: int = 0, parallel: int = 1, device: Optional[str] = None,
             gpu_layers: int = 0, n_batch: int = 0, kv_type: Optional[api.KvType] = None, deterministic: bool = False,
             load_mode: Optional[api.LoadMode] = None, runtime: Optional[api.Runtime] = None,
             **endpoint: Unpack[Endpoint]) -> Model:
        """Open a model: a GGUF file, a folder of Hugging Face, a name such as "default", or one elsewhere, "https://host/v1".

        Args:
            path_or_name: where the file is, or its name under $XDG_DATA_HOME/libllm/models, or where packages put models; or
                the address of a server of OpenAI's API, which gives a libllm.Client
            context: tokens of a conversation; 0: what the model was trained for, at most 8192
            parallel: conversations that compute at the same time; further calls wait
            device: "cpu" or another id of libllm.devices()
            gpu_layers: layers that a device with memory of its own computes, the last ones; 0: as many as fit
            n_batch: tokens that one step evaluates at most, 1 to 4096; 0: 256
            kv_type: number format of keys and values
            deterministic: results do not depend on what else is computed at the time
            load_mode: api.LoadMode.READ for files that may change or lie on a network
            runtime: threads, limits and log of one's own; see libllm.make_runtime()
            endpoint: model=, api_key_file= and more for a server; see libllm.Endpoint. What is above is for a model here
        """
        name = os.fspath(path_or_name)
        if name.startswith(("http://", "https://")):
            for option, value in {"context": context, "parallel": parallel - 1, "device": device, "gpu_layers": gpu_layers,
                                  "n_batch": n_batch, "kv_type": kv_type, "deterministic": deterministic,
                                  "load_mode": load_mode, "runtime": runtime}.items():
                if value:
                    raise TypeError(f"{option}: this is about a model on this machine, {name} is elsewhere")
            from .client import Client

            return Client(name, **endpoint)
        if endpoint:
            raise TypeError(f"{', '.join(endpoint)}: this is about a server, {name!r} is no address such as https://host/v1")
        path = locate(name)
        handle = api.Model.open(runtime or shared_runtime(), path, api.ModelOptions(load_mode=load_mode))
        model = cls(handle, context=context, parallel=parallel,
                    engine={"device": device, "n_device_layers": gpu_layers, "n_batch": n_batch, "kv_type": kv_type,
                            "deterministic": int(deterministic)})
        model._name = os.path.basename(os.path.abspath(name))
        return model

    @property
    def name(self) -> str:
        """The name of the model, which results have."""
        return self._name or ""

    # --- Text and tokens ------------------------------------------------------------------------------------------------

    def tokenize(self, text: str, *, special: bool = False, bos: bool = False) -> List[int]:
        """Token ids of a text. special: "<|im_end|>" and the like become control tokens; never for text of users."""
        return self.handle.tokenize(text, special * api.TOKENIZE_PARSE_SPECIAL | bos * api.TOKENIZE_ADD_BOS)

    def detokenize(self, tokens: Iterable[int], *, special: bool = False) -> str:
        """The text of tokens."""
        return self.detokenize_bytes(tokens, special=special).decode("utf-8", "replace")

    def detokenize_bytes(self, tokens: Iterable[int], *, special: bool = False) -> bytes:
        """The bytes of tokens, which may begin or end within a character."""
        with Call() as call:
            model = call.use(self.handle, SHARED)
            ids = call.numbers(ctypes.c_int32, tokens)
            return call.text_out(
                lambda out, capacity, needed, error: lib.libllm_model_detokenize(
                    model, ids, len(ids), special * api.DETOKENIZE_SPECIAL, out, capacity, needed, error),
                256 + 8 * len(ids))

    def apply_template(self, messages: Messages, *, tools: Sequence[Tool] = (), template: Optional[str] = None,
                       **variables: Any) -> str:
        """The text that the model reads for a conversation."""
        return self._chat(template).render(self._request(messages, tools, variables))

    @property
    def metadata(self) -> Json:
        """All that the file says: architecture, hyper-parameters, tensor types, tokenizer, template."""
        found: Json = json.loads(self.handle.describe())
        return found

    # --- Chat -----------------------------------------------------------------------------------------------------------

    def chat(self, messages: Messages, *, tools: Sequence[Tool] = (), run_tools: int = 0, template: Optional[str] = None,
             template_variables: Optional[Json] = None, **options: Unpack[Options]) -> ChatCompletion:
        """The model's answer to a conversation.

        Args:
            messages: {"role", "content"} each, as in OpenAI's API, or what chat() gave back
            tools: functions, or descriptions as in OpenAI's API; the answer's tool_calls say which to call
            run_tools: call the functions and ask again with their results, so many times at most
            template: instead of the model's chat template
            template_variables: further members of the request, such as {"reasoning": "off"}
            options: see libllm.Options
        """
        return talk(lambda conversation: self._answer(conversation, tools, template, template_variables, options), messages,
                    tools, run_tools)

    def _answer(self, messages: Messages, tools: Sequence[Tool], template: Optional[str], variables: Optional[Json],
                options: Any) -> ChatCompletion:
        plan = Plan(options)
        texts: Dict[int, List[str]] = {kind: [] for kind in (api.StreamKind.TEXT, api.StreamKind.REASONING)}
        calls: List[ToolCall] = []
        tokens = self._tokens(plan)
        probable: List[TokenLogprob] = []
        event = None
        for event in self._chat_events(messages, tools, template, variables, plan):
            if tokens:
                probable += tokens.of_text(event)
            if event.kind == api.StreamKind.TOOL_CALL:
                if event.call_name is not None:
                    calls.append(ToolCall(id=event.call_id, type="function",
                                          function=FunctionCall(name=event.call_name, arguments="")))
                calls[-1].function.arguments += event.text
            else:
                texts[event.kind].append(event.text)
        message = Message(role="assistant", content="".join(texts[api.StreamKind.TEXT]))
        if texts[api.StreamKind.REASONING]:
            message["reasoning_content"] = "".join(texts[api.StreamKind.REASONING])
        if calls:
            message["tool_calls"] = calls
        assert event is not None
        answer = ChatCompletion(
            **head("chat.completion", "chatcmpl", self.name),
            choices=[Choice(index=0, message=message,
                            logprobs=TokenLogprobs(content=probable, refusal=None) if tokens else None,
                            finish_reason=REASONS[event.finish_reason])],
            usage=usage(event), timings=timings(event))
        answer.__dict__["json_schema"] = plan.json_schema
        return answer

    def chat_stream(self, messages: Messages, *, tools: Sequence[Tool] = (), template: Optional[str] = None,
                    template_variables: Optional[Json] = None, **options: Unpack[Options]) -> Stream[ChatChunk]:
        """The answer in pieces, as they come. Closing the iterator ends the generation. Arguments as for chat()."""
        return Stream(self._chunks(messages, tools, template, template_variables, Plan(options)))

    def _chunks(self, messages: Messages, tools: Sequence[Tool], template: Optional[str], variables: Optional[Json],
                plan: Plan) -> Generator[ChatChunk, None, None]:
        first = head("chat.completion.chunk", "chatcmpl", self.name)
        tokens = self._tokens(plan)

        def chunk(reason: Optional[str] = None, logprobs: Optional[TokenLogprobs] = None, **delta: Any) -> ChatChunk:
            return ChatChunk(first, choices=[ChunkChoice(index=0, delta=Delta(delta), logprobs=logprobs, finish_reason=reason)])

        with contextlib.closing(self._chat_events(messages, tools, template, variables, plan)) as events:
            yield chunk(role="assistant")
            event = None
            for event in events:
                probable = TokenLogprobs(content=tokens.of_text(event), refusal=None) if tokens else None
                if event.kind == api.StreamKind.TOOL_CALL and (event.text or event.call_name):
                    yield chunk(tool_calls=[call_piece(event.call_index, event.text, event.call_name, event.call_id)])
                elif event.text and event.kind == api.StreamKind.REASONING:
                    yield chunk(reasoning_content=event.text)
                elif event.text:
                    yield chunk(logprobs=probable, content=event.text)
            assert event is not None  # the last item of a stream says why it ended
            last = chunk(REASONS[event.finish_reason])
            last["usage"], last["timings"] = usage(event), timings(event)
            yield last

    def _chat_events(self, messages: Messages, tools: Sequence[Tool], template: Optional[str], variables: Optional[Json],
                     plan: Plan) -> Generator[api.StreamEvent, None, None]:
        if plan.processors:
            raise TypeError("logits_processor is for generate(); chat() has no such option")
        request = self._request(messages, tools, variables or {})
        return self._events(plan, lambda session, options: self._chat(template).stream(session, request, options))

    def _tokens(self, plan: Plan) -> Optional[Tokens]:
        """What tells how probable tokens were, when that is asked."""
        if not plan.logprobs:
            return None
        from ._logprobs import Tokens

        return Tokens(self)

    def _request(self, messages: Messages, tools: Sequence[Tool], variables: Json) -> str:
        request = {"messages": [{"role": "user", "content": message} if isinstance(message, str) else message
                                for message in ([messages] if isinstance(messages, str) else messages)], **variables}
        if tools:
            request["tools"] = [tool_schema(tool) for tool in tools]
        return json.dumps(request, ensure_ascii=False)

    def _chat(self, template: Optional[str]) -> api.Chat:
        options = api.ChatOptions(template_text=template)
        return self._made(self._chats, template, lambda: api.Chat.create(self.handle, options))

    # --- Generation -----------------------------------------------------------------------------------------------------

    def generate(self, prompt: Prompt, *, special: bool = False, **options: Unpack[Options]) -> Completion:
        """Text that goes on after a prompt, which is a text or tokens; of a model with an encoder and a decoder (T5), what
        answers it.

        Args:
            prompt: text, or token ids
            special: "<|im_end|>" and the like in the text become control tokens; never for text of users
            options: see libllm.Options
        """
        plan = Plan(options)
        texts: List[str] = []
        tokens = self._tokens(plan)
        probable: List[TokenLogprob] = []
        event = None
        for event in self._prompt_events(prompt, special, plan):
            texts.append(event.text)
            if tokens:
                probable += tokens.of(event)
        assert event is not None
        logprobs = None
        if tokens:
            from ._logprobs import lists

            logprobs = lists(probable)
        answer = Completion(
            **head("text_completion", "cmpl", self.name),
            choices=[TextChoice(text="".join(texts), index=0, logprobs=logprobs, finish_reason=REASONS[event.finish_reason])],
            usage=usage(event), timings=timings(event))
        answer.__dict__["json_schema"] = plan.json_schema
        return answer

    def generate_stream(self, prompt: Prompt, *, special: bool = False, **options: Unpack[Options]) -> Stream[str]:
        """The text of generate() in pieces, as they come. Closing the iterator ends the generation."""
        plan = Plan(options)
        return Stream(self._texts(self._prompt_events(prompt, special, plan)))

    @staticmethod
    def _texts(events: Generator[api.StreamEvent, None, None]) -> Generator[str, None, None]:
        with contextlib.closing(events):
            for event in events:
                if event.text:
                    yield event.text

    def _prompt_events(self, prompt: Prompt, special: bool, plan: Plan) -> Generator[api.StreamEvent, None, None]:
        tokens = self.tokenize(prompt, special=special, bos=True) if isinstance(prompt, str) else list(prompt)
        if plan.processors:
            from ._processed import processed_events

            return processed_events(self, self._sessions, tokens, plan)
        return self._events(plan, lambda session, options: api.Stream.create(
            session, self.encoded(session, tokens, plan.cancel) if self.info.has_encoder else tokens, options))

    def encoded(self, session: api.Session, tokens: List[int], cancel: Cancellation) -> List[int]:
        """Has the encoder of a model with a decoder, too, read a text. The tokens that the answer begins with."""
        cancel.during(session, lambda: interruptible(session, lambda: session.encode(tokens)))
        return [self.handle.special_token(api.SpecialToken.DECODER_START)]

    def _events(self, plan: Plan, start: Callable[[api.Session, api.StreamOptions], api.Stream]
                ) -> Generator[api.StreamEvent, None, None]:
        """The items of a stream. The prompt is computed with the first one, where Ctrl-C ends it."""
        options = plan.stream(self.constraint(*plan.constraint) if plan.constraint else None)
        during, identity = plan.cancel.during, threading.get_ident
        with self._sessions.lend(plan.cancel) as session:
            handle = session.handle
            session.set_adapters(plan.adapters)
            with start(handle, options) as stream:
                following = stream.next
                more, event = during(handle, lambda: interruptible(handle, following))
                while more:
                    yield event
                    session.holder = identity()
                    more, event = during(handle, following)
                yield event

    def constraint(self, kind: api.ConstraintKind, text: str) -> api.Constraint:
        """What text must look like, compiled for this model."""
        return self._made(self._constraints, (int(kind), text), lambda: api.Constraint.create(self.handle, kind, text))

    def _made(self, kept: "OrderedDict[K, V]", key: K, make: Callable[[], V]) -> V:
        """What is made of a text, of which the last ones are kept."""
        with self._lock:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        found = make()
        with self._lock:
            kept[key] = found
            while len(kept) > KEPT:
                kept.popitem(last=False)
        return found

    # --- Embeddings, adapters, sessions -----------------------------------------------------------------------------------

    @overload
    def embed(self, text: str, *, pooling: api.Pooling = ..., cancel: Optional[Cancellation] = ...) -> memoryview: ...

    @overload
    def embed(self, text: Texts, *, pooling: api.Pooling = ..., cancel: Optional[Cancellation] = ...) -> List[memoryview]: ...

    def embed(self, text: Union[str, Texts], *, pooling: api.Pooling = api.Pooling.AUTO, cancel: Optional[Cancellation] = None
              ) -> Union[memoryview, List[memoryview]]:
        """The embedding of a text, of length 1, as a view of floats (numpy.asarray() takes it); of several, their list."""
        if not isinstance(text, str):
            return [self.embed(one, pooling=pooling, cancel=cancel) for one in text]
        wanted = cancel or Cancellation()
        wanted.check()
        tokens = self.tokenize(text, bos=True)
        with (self._sessions if self.info.is_encoder else self._embedders).lend(wanted) as session:
            handle = session.handle
            return wanted.during(
                handle, lambda: interruptible(handle, lambda: handle.embed(tokens, pooling, self.info.n_embd)))

    def create_embedding(self, text: Union[str, Texts]) -> Json:
        """Embeddings in the shape of OpenAI's API."""
        texts = [text] if isinstance(text, str) else list(text)
        count = sum(len(self.tokenize(one, bos=True)) for one in texts)
        data = [{"object": "embedding", "embedding": vector.tolist(), "index": index}
                for index, vector in enumerate(self.embed(texts))]
        return {"object": "list", "data": data, "model": self.name,
                "usage": {"prompt_tokens": count, "total_tokens": count}}

    def adapter(self, path: PathLike) -> api.Adapter:
        """Open a LoRA adapter, for adapters=[(adapter, scale)]."""
        return api.Adapter.open(self.handle, path)

    def session(self, context: int = 0) -> Session:
        """A timeline of one's own, with an engine of its own."""
        return Session(api.Session.open(self.handle, api.EngineOptions(n_positions=context or self.context_length)))

    # --- End ------------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Give the model up. Calls that are on their way end first."""
        self._sessions.close()
        self._embedders.close()
        self.handle.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Model {self.name}: {self.info.n_parameters / 1e6:.0f}M parameters, context {self.context_length}>"
