# SPDX-License-Identifier: MIT
"""A server of OpenAI's API (`libllm serve`, vLLM, SGLang, Ollama, a cloud) with the surface of a Model."""
from __future__ import annotations

import array
import contextlib
import copy
import json
from typing import (TYPE_CHECKING, Any, Dict, Generator, Iterable, List, Mapping, Optional, Sequence, Type, TypeVar, Union,
                    overload)

from . import _errors as errors
from . import api
from ._http import Transport, read_address, read_key
from ._options import Cancellation, Endpoint, Plan
from ._stream import Stream
from .model import Messages, Model, Prompt, Texts, talk
from .results import (ChatChunk, ChatCompletion, Choice, ChunkChoice, Completion, Delta, FunctionCall, Message, TextChoice,
                      TextLogprobs, Timings, TokenLogprob, TokenLogprobs, TokensDetails, ToolCall, ToolCallPiece, TopLogprob,
                      Usage, call_piece, head)
from .schemas import Json, Tool, tool_schema

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import Options

#: Names in a request, of those that differ from ours.
NAMES = {"penalty_window": "repeat_last_n"}
LOCAL = ("adapters", "logits_processor", "n_guesses")
TEXTS_AT_ONCE = 64
REQUESTS_AT_ONCE = 100
#: What a Model stands on, and a Client has not.
HERE = ("handle", "info", "context_length", "_sessions", "_embedders", "_chats", "_constraints", "_lock")
T = TypeVar("T")


def count(value: Any, name: str) -> int:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, int) else 0


def usage_of(value: Any) -> Usage:
    details = value.get("prompt_tokens_details") if isinstance(value, dict) else None
    prompt, answer = count(value, "prompt_tokens"), count(value, "completion_tokens")
    return Usage(prompt_tokens=prompt, completion_tokens=answer, total_tokens=prompt + answer,
                 prompt_tokens_details=TokensDetails(cached_tokens=count(details, "cached_tokens")))


def objects(value: Any) -> List[Json]:
    """The objects of what should be a list of them."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def member(value: Mapping[str, Any], *names: str) -> Json:
    """The first of these members that is an object."""
    return next((value[name] for name in names if isinstance(value.get(name), dict)), {})


def calls_of(calls: Any) -> List[ToolCall]:
    found = []
    for index, call in enumerate(objects(calls)):
        function = member(call, "function")
        arguments = function.get("arguments") or ""
        found.append(ToolCall(id=call.get("id") or f"call_{index}", type="function", function=FunctionCall(
            name=function.get("name") or "", arguments=arguments if isinstance(arguments, str) else json.dumps(arguments))))
    return found


def message_of(given: Mapping[str, Any]) -> Message:
    message = Message(role="assistant", content=given.get("content") or given.get("refusal") or "")
    reasoning = given.get("reasoning_content") or given.get("reasoning")
    if reasoning:
        message["reasoning_content"] = reasoning
    if given.get("tool_calls"):
        message["tool_calls"] = calls_of(given["tool_calls"])
    return message


def pieces_of(call: Mapping[str, Any], index: int) -> ToolCallPiece:
    function, given = member(call, "function"), call.get("index")
    return call_piece(given if isinstance(given, int) else index, function.get("arguments") or "", function.get("name") or None,
                      call.get("id") or None)


def top_of(token: Mapping[str, Any]) -> Json:
    return {name: token.get(name) for name in ("token", "logprob", "bytes")}


def logprobs_of(value: Any) -> Optional[TokenLogprobs]:
    """How probable tokens were, where the server says so."""
    if not isinstance(value, dict):
        return None
    return TokenLogprobs(content=[
        TokenLogprob(top_of(token), top_logprobs=[TopLogprob(top_of(top)) for top in objects(token.get("top_logprobs"))])
        for token in objects(value.get("content"))], refusal=None)


def conversation_of(messages: Messages, tools: Sequence[Tool]) -> Json:
    sent: Json = {"messages": [sent_message(m) for m in ([messages] if isinstance(messages, str) else messages)]}
    if tools:
        sent["tools"] = [tool_schema(tool) for tool in tools]
    return sent


def sent_message(message: Any) -> Any:
    """A message as it goes over the wire: a model does not read its earlier thoughts."""
    if isinstance(message, str):
        return {"role": "user", "content": message}
    return {name: value for name, value in message.items() if name != "reasoning_content"}


class Client(Model):
    """A model of a server, with the calls of one that is here. It keeps no connection, and threads share it."""

    def __init__(self, endpoint: str, **options: Unpack[Endpoint]):  # pylint: disable=super-init-not-called
        """Name a server; nothing is asked yet.

        Args:
            endpoint: https://host/v1, with or without the last part
            options: model=, api_key_file= and more; see libllm.Endpoint
        """
        unknown = set(options) - set(Endpoint.__annotations__)
        if unknown:
            raise TypeError(f"unknown option {', '.join(sorted(unknown))}; known are {', '.join(Endpoint.__annotations__)}")
        base, host = read_address(endpoint)
        key = read_key(base, options.get("api_key_file"), options.get("api_key"), options.get("allow_http", False))
        self.transport = Transport(
            base, host, key, connect_timeout=options.get("connect_timeout", 10), first_timeout=options.get("first_timeout", 600),
            idle_timeout=options.get("idle_timeout", 120), retries=options.get("retries", 4), patience=options.get("patience", 60))
        # What is about tokens lies beside the versions of the API.
        self._beside = copy.copy(self.transport)
        self._beside.base = base[:base.rindex("/v")]
        self._name = options.get("model")
        self.parallel = REQUESTS_AT_ONCE  # of an AsyncModel

    if not TYPE_CHECKING:
        def __getattr__(self, name: str) -> Any:
            if name in HERE:
                raise errors.UnsupportedError(f"{self.endpoint}: only a model on this machine has this ({name.strip('_')})")
            raise AttributeError(f"{type(self).__name__} has no {name}")

    @property
    def endpoint(self) -> str:
        return self.transport.base

    @property
    def name(self) -> str:
        """The name of the model."""
        if self._name is None:
            names = self.models()
            if len(names) != 1:
                raise errors.NotFoundError(f"{self.endpoint} has {len(names)} models; say which with model=: {', '.join(names)}")
            self._name = names[0]
        return self._name

    def models(self) -> List[str]:
        """Names of the server's models."""
        reply = self.transport.whole("/models", None, Cancellation())
        return [item["id"] for item in objects(reply.get("data")) if isinstance(item.get("id"), str)]

    # --- Requests -------------------------------------------------------------------------------------------------------

    def _ask(self, plan: Plan, options: Mapping[str, Any], **more: Any) -> Json:
        local = [name for name in LOCAL if options.get(name)]
        if local:
            raise TypeError(f"{', '.join(local)}: this is about a model on this machine")
        request: Json = {"model": self.name, **more}
        for name, value in plan.chosen.items():
            request[NAMES.get(name, name)] = value
        if "repetition_penalty" in plan.chosen:
            request["repeat_penalty"] = plan.chosen["repetition_penalty"]  # llama.cpp's name
        if plan.max_tokens:
            request["max_completion_tokens" if "://api.openai.com/" in self.endpoint else "max_tokens"] = plan.max_tokens
        if plan.stops:
            request["stop"] = plan.stops
        if options.get("seed") is not None:
            request["seed"] = plan.seed & (2 ** 63 - 1)
        if plan.logit_bias:
            request["logit_bias"] = {str(token): min(max(bias, -100), 100) for token, bias in plan.logit_bias.items()}
        if plan.logprobs:
            request.update({"logprobs": True, "top_logprobs": plan.top_logprobs} if "messages" in more else
                           {"logprobs": plan.top_logprobs})
        if plan.ignore_end:
            request["ignore_eos"] = True
        if plan.constraint:
            request.update(self._format(*plan.constraint))
        return request

    @staticmethod
    def _format(kind: api.ConstraintKind, text: str) -> Json:
        if kind == api.ConstraintKind.JSON_SCHEMA:
            return {"response_format": {"type": "json_schema",
                                        "json_schema": {"name": "answer", "strict": True, "schema": json.loads(text)}}}
        if kind == api.ConstraintKind.CHOICE:
            return {"structured_outputs": {"choice": json.loads(text)}}
        return {"structured_outputs": {"regex" if kind == api.ConstraintKind.REGEX else "grammar": text}}

    def _ask_chat(self, messages: Messages, tools: Sequence[Tool], template: Optional[str], variables: Optional[Json], plan: Plan,
                  options: Mapping[str, Any]) -> Json:
        request = self._ask(plan, options, **conversation_of(messages, tools))
        if template:
            request["chat_template"] = template  # vLLM's name
        for name, value in (variables or {}).items():
            if name == "reasoning":
                if value == "off":
                    request["reasoning_effort"] = "none"
            else:
                request[name] = value
        return request

    # --- Chat -----------------------------------------------------------------------------------------------------------

    def chat(self, messages: Messages, *, tools: Sequence[Tool] = (), run_tools: int = 0, template: Optional[str] = None,
             template_variables: Optional[Json] = None, **options: Unpack[Options]) -> ChatCompletion:
        """The model's answer to a conversation.

        Args:
            messages: {"role", "content"} each, as in OpenAI's API, or what chat() gave back
            tools: functions, or descriptions as in OpenAI's API; the answer's tool_calls say which to call
            run_tools: call the functions and ask again with their results, so many times at most
            template: instead of the model's chat template, where the server takes one
            template_variables: further members of the request; {"reasoning": "off"} asks for no thoughts
            options: see libllm.Options
        """
        plan = Plan(options)

        def answer(conversation: List[Any]) -> ChatCompletion:
            request = self._ask_chat(conversation, tools, template, template_variables, plan, options)
            return self._completion(self.transport.whole("/chat/completions", request, plan.cancel), plan)

        return talk(answer, messages, tools, run_tools)

    def _choice(self, reply: Mapping[str, Any]) -> Mapping[str, Any]:
        choices = objects(reply.get("choices"))
        if not choices:
            raise errors.JsonError(f"{self.endpoint}: the answer has no \"choices\", so this is no OpenAI API")
        return choices[0]

    def _completion(self, reply: Mapping[str, Any], plan: Plan) -> ChatCompletion:
        choice = self._choice(reply)
        answer = ChatCompletion(
            self._head(reply, "chat.completion", "chatcmpl"),
            choices=[Choice(index=0, message=message_of(member(choice, "message")), logprobs=logprobs_of(choice.get("logprobs")),
                            finish_reason=choice.get("finish_reason") or "stop")],
            usage=usage_of(reply.get("usage")), timings=Timings(member(reply, "timings")))
        answer.__dict__["json_schema"] = plan.json_schema
        return answer

    def _head(self, reply: Mapping[str, Any], kind: str, prefix: str) -> Dict[str, Any]:
        return {**head(kind, prefix, self.name), **{k: reply[k] for k in ("id", "created", "model") if reply.get(k)}}

    def chat_stream(self, messages: Messages, *, tools: Sequence[Tool] = (), template: Optional[str] = None,
                    template_variables: Optional[Json] = None, **options: Unpack[Options]) -> Stream[ChatChunk]:
        """The answer in pieces, as they come. Closing the iterator ends it. Arguments as for chat()."""
        plan = Plan(options)
        request = self._ask_chat(messages, tools, template, template_variables, plan, options)
        request.update(stream=True, stream_options={"include_usage": True})
        return Stream(self._received(request, plan))

    def _received(self, request: Json, plan: Plan) -> Generator[ChatChunk, None, None]:
        """Chunks; the last one says why the answer ended and has the counts, which come behind it."""
        first: Dict[str, Any] = {}
        counts: Json = {}
        reason: Optional[str] = None
        was_whole = True
        events = self.transport.stream("/chat/completions", request, plan.cancel)
        with contextlib.closing(events):  # type: ignore[type-var]
            for event in events:
                if event is None:  # the end, without [DONE]
                    was_whole = False
                    break
                first = first or self._head(event, "chat.completion.chunk", "chatcmpl")
                if member(event, "usage"):
                    counts["usage"] = usage_of(event["usage"])
                if member(event, "timings"):
                    counts["timings"] = Timings(event["timings"])
                if event.get("choices") == [] or (not event.get("choices") and counts):
                    continue  # such as counts alone, or what Azure says of the prompt
                choice = self._choice(event)
                delta = self._delta(member(choice, "delta", "message"))
                if delta:
                    yield self._chunk(first, delta, None, logprobs_of(choice.get("logprobs")))
                reason = choice.get("finish_reason") or reason
        if reason is None and not was_whole:
            raise errors.FileError(f"{self.endpoint}/chat/completions: the answer broke off without an end")
        ended = self._chunk(first, Delta(), reason or "stop")
        ended.update(counts)
        yield ended

    @staticmethod
    def _delta(given: Mapping[str, Any]) -> Delta:
        delta = Delta({name: given[name] for name in ("role", "content") if given.get(name)})
        reasoning = given.get("reasoning_content") or given.get("reasoning")
        if reasoning:
            delta["reasoning_content"] = reasoning
        if given.get("tool_calls"):
            delta["tool_calls"] = [pieces_of(call, index) for index, call in enumerate(objects(given["tool_calls"]))]
        return delta

    @staticmethod
    def _chunk(first: Dict[str, Any], delta: Delta, reason: Optional[str], logprobs: Optional[TokenLogprobs] = None) -> ChatChunk:
        return ChatChunk(first, choices=[ChunkChoice(index=0, delta=delta, logprobs=logprobs, finish_reason=reason)])

    def _ask_prompt(self, prompt: Prompt, special: bool, plan: Plan, options: Mapping[str, Any], **more: Any) -> Json:
        if special:
            raise TypeError("special: this is about a model on this machine")
        return self._ask(plan, options, prompt=prompt if isinstance(prompt, str) else list(prompt), **more)

    # --- Generation and embeddings --------------------------------------------------------------------------------------

    def generate(self, prompt: Prompt, *, special: bool = False, **options: Unpack[Options]) -> Completion:
        """Text that goes on after a prompt, which is a text or tokens.

        Args:
            prompt: text, or token ids where the server takes them
            special: of a model on this machine; a server has its own mind about special tokens in a text
            options: see libllm.Options
        """
        plan = Plan(options)
        request = self._ask_prompt(prompt, special, plan, options)
        reply = self.transport.whole("/completions", request, plan.cancel)
        choice = self._choice(reply)
        answer = Completion(
            self._head(reply, "text_completion", "cmpl"),
            choices=[TextChoice(text=choice.get("text") or "", index=0,
                                logprobs=TextLogprobs(choice["logprobs"]) if member(choice, "logprobs") else None,
                                finish_reason=choice.get("finish_reason") or "stop")],
            usage=usage_of(reply.get("usage")), timings=Timings(member(reply, "timings")))
        answer.__dict__["json_schema"] = plan.json_schema
        return answer

    def generate_stream(self, prompt: Prompt, *, special: bool = False, **options: Unpack[Options]) -> Stream[str]:
        """The text of generate() in pieces, as they come. Closing the iterator ends the generation."""
        plan = Plan(options)
        request = self._ask_prompt(prompt, special, plan, options, stream=True)
        return Stream(self._pieces(request, plan))

    def _pieces(self, request: Json, plan: Plan) -> Generator[str, None, None]:
        has_ended = False
        events = self.transport.stream("/completions", request, plan.cancel)
        with contextlib.closing(events):  # type: ignore[type-var]
            for event in events:
                if event is None and not has_ended:
                    raise errors.FileError(f"{self.endpoint}/completions: the answer broke off without an end")
                choice = self._choice(event) if event and event.get("choices") else {}
                has_ended = has_ended or bool(choice.get("finish_reason"))
                if choice.get("text"):
                    yield choice["text"]

    @overload
    def embed(self, text: str, *, pooling: api.Pooling = ..., cancel: Optional[Cancellation] = ...) -> memoryview: ...

    @overload
    def embed(self, text: Texts, *, pooling: api.Pooling = ..., cancel: Optional[Cancellation] = ...) -> List[memoryview]: ...

    def embed(self, text: Union[str, Texts], *, pooling: api.Pooling = api.Pooling.AUTO, cancel: Optional[Cancellation] = None
              ) -> Union[memoryview, List[memoryview]]:
        """The embedding of a text as a view of floats (numpy.asarray() takes it); of several, their list."""
        if pooling != api.Pooling.AUTO:
            raise TypeError("pooling: this is about a model on this machine")
        if isinstance(text, str):
            return self.embed([text], cancel=cancel)[0]
        vectors: List[memoryview] = []
        for start in range(0, len(text), TEXTS_AT_ONCE):
            some = list(text[start:start + TEXTS_AT_ONCE])
            found = {item.get("index", index): item.get("embedding")
                     for index, item in enumerate(objects(self._embeddings(some, cancel or Cancellation()).get("data")))}
            for index in range(len(some)):
                try:
                    vectors.append(memoryview(array.array("f", found[index] or [])))
                except (KeyError, TypeError):
                    raise errors.JsonError(f"{self.endpoint}: the answer has no \"embedding\" of numbers for text "
                                           f"{start + index + 1}") from None
        return vectors

    def create_embedding(self, text: Union[str, Texts]) -> Json:
        """Embeddings in the shape of OpenAI's API."""
        return self._embeddings(text if isinstance(text, str) else list(text), Cancellation())

    def _embeddings(self, text: Union[str, List[str]], cancel: Cancellation) -> Json:
        request = {"model": self.name, "input": text, "encoding_format": "float"}
        return self.transport.whole("/embeddings", request, cancel)

    # --- Text and tokens, where a server tells of them (libllm serve, vLLM, llama.cpp) ------------------------------------

    def tokenize(self, text: str, *, special: bool = False, bos: bool = False) -> List[int]:
        """Token ids of a text. special: "<|im_end|>" and the like become control tokens, as vLLM has them always."""
        return self._member("/tokenize", {"content": text, "prompt": text, "add_special": bos, "add_special_tokens": bos,
                                          "parse_special": special}, list, "tokens")

    def detokenize(self, tokens: Iterable[int], *, special: bool = True) -> str:
        """The text of tokens. Servers have special tokens in it."""
        if not special:
            raise TypeError("special=False: this is about a model on this machine")
        return self._member("/detokenize", {"tokens": list(tokens)}, str, "content", "prompt")

    def apply_template(self, messages: Messages, *, tools: Sequence[Tool] = (), template: Optional[str] = None,
                       **variables: Any) -> str:
        """The text that the model reads for a conversation."""
        request = {**conversation_of(messages, tools), **({"chat_template": template} if template else {}), **variables}
        return self._member("/apply-template", request, str, "prompt")

    def _member(self, path: str, request: Json, kind: Type[T], *names: str) -> T:
        try:
            reply = self._beside.whole(path, {"model": self.name, **request}, Cancellation())
        except errors.NotFoundError as error:
            raise errors.UnsupportedError(f"the server does not tell of tokens: {error}") from None
        for name in names:
            found = reply.get(name)
            if isinstance(found, kind):
                return found
        raise errors.JsonError(f"{self._beside.base}{path}: the answer has no \"{names[0]}\"")

    # --- End ------------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """There is nothing to give up; a Model has it, too."""

    def __repr__(self) -> str:
        return f"<Client {self._name or 'of the only model'} at {self.endpoint}>"
