#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Python runner of the scenario; README.md beside this file describes what it reads and writes."""
import gc
import os
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bindings/python"))
from libllm import api  # noqa: E402

ESCAPES = (("\\", "\\\\"), ("\n", "\\n"), ("\t", "\\t"))


class Skipped(Exception):
    """The language has no such thing."""


class Thrown(Exception):
    """What the callback of a step throws."""


def escape(text):
    for plain, written in ESCAPES:
        text = text.replace(plain, written)
    return text


def unescape(text):
    parts = text.split("\\\\")
    return "\\".join(part.replace("\\n", "\n").replace("\\t", "\t") for part in parts)


def numbers(text):
    return [int(word) for word in text.split()]


def listed(values):
    return " ".join(repr(value) for value in values)


def in_thread(work):
    """Run in another thread; returns a function that waits for it and gives what it raised."""
    raised = []

    def run():
        try:
            work()
        except Exception as error:  # pylint: disable=broad-except
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()

    def wait():
        thread.join()
        return raised[0] if raised else None
    return thread, wait


class Runner:
    def __init__(self):
        self.objects = {}

    def run(self, operation, keys):
        name = keys.pop("as", None)
        found = getattr(self, "do_" + operation)(**keys)
        if name is not None:
            self.objects[name] = found
            return []
        return found if isinstance(found, list) else [] if found is None else [found]

    def do_version(self):
        return str(api.version())

    def do_status_name(self, code):
        return next(kind.name for kind in api.Error.__subclasses__() if kind.status == int(code))

    def do_runtime_create(self, threads="0"):
        return api.Runtime.create(api.RuntimeOptions(n_threads=int(threads)))

    def do_devices(self, runtime):
        return self.objects[runtime].devices()

    def do_families(self):
        return api.families()

    def do_estimate(self, runtime, scenario):
        return api.estimate_run(self.objects[runtime], scenario)

    def do_locate(self, name, data_home=None):
        return api.Model.locate(name, data_home)

    def do_model_open(self, runtime, path):
        return api.Model.open(self.objects[runtime], path)

    def do_model_info(self, model):
        info = self.objects[model].get_info()
        return listed([info.n_vocab, info.n_embd, info.n_layers, info.n_context_train])

    def do_describe(self, model):
        return self.objects[model].describe()

    def do_tokenize(self, model, text, flags="0"):
        return listed(self.objects[model].tokenize(text, int(flags)))

    def do_detokenize(self, model, tokens, flags="0"):
        return self.objects[model].detokenize(numbers(tokens), int(flags))

    def do_special_token(self, model, kind):
        return str(self.objects[model].special_token(int(kind)))

    def do_engine_create(self, model, n_positions="0", hidden_states="0"):
        return api.Engine.create(self.objects[model], api.EngineOptions(n_positions=int(n_positions),
                                                                        hidden_states=int(hidden_states)))

    def do_session_create(self, engine, n_positions="0"):
        return api.Session.create(self.objects[engine], api.SessionOptions(n_positions=int(n_positions)))

    def do_session_open(self, model, n_positions="0"):
        return api.Session.open(self.objects[model], api.EngineOptions(n_positions=int(n_positions)))

    def do_eval(self, session, tokens):
        self.objects[session].eval(numbers(tokens))

    def do_logits(self, session, count):
        return listed(self.objects[session].logits()[:int(count)].tolist())

    def do_embed(self, session, tokens, n):
        return listed(self.objects[session].embed(numbers(tokens), api.Pooling.AUTO, int(n)).tolist())

    def sampling(self, temperature, seed):
        return api.SamplingOptions(temperature=float(temperature), seed=int(seed))

    def do_sample(self, session, temperature="0", seed="0"):
        return str(self.objects[session].sample(self.sampling(temperature, seed)))

    def do_position(self, session):
        return str(self.objects[session].position())

    def do_capacity(self, session):
        return str(self.objects[session].capacity())

    def do_reused(self, session):
        return str(self.objects[session].reused())

    def do_session_tokens(self, session):
        return listed(self.objects[session].tokens())

    def do_rewind(self, session, n):
        self.objects[session].rewind(int(n))

    def do_save(self, session, path):
        self.objects[session].save(path)

    def do_load(self, session, path):
        self.objects[session].load(path)

    def do_adapter_open(self, model, path):
        return api.Adapter.open(self.objects[model], path)

    def do_set_adapters(self, session, adapter=None, scale="1"):
        adapters = [api.ScaledAdapter(self.objects[adapter], float(scale))] if adapter else []
        self.objects[session].set_adapters(adapters)

    def do_constraint_create(self, model, kind, text):
        return api.Constraint.create(self.objects[model], int(kind), text)

    def stream_options(self, max_tokens, temperature, seed="0", constraint=None):
        return api.StreamOptions(max_tokens=int(max_tokens), sampling=self.sampling(temperature, seed),
                                 constraint=self.objects[constraint] if constraint else None)

    def do_stream_create(self, session, tokens, max_tokens="0", temperature="0", seed="0", constraint=None):
        options = self.stream_options(max_tokens, temperature, seed, constraint)
        return api.Stream.create(self.objects[session], numbers(tokens), options)

    def do_stream_next(self, stream):
        more, event = self.objects[stream].next()
        return ("done", event.finish_reason.name) if not more else event.text

    def do_stream_all(self, stream):
        text, reasoning, calls = "", "", []
        while True:
            more, event = self.objects[stream].next()
            if not more:
                lines = "\n".join(f"{name} {arguments}" for name, arguments in calls)
                return [text, reasoning, lines, event.finish_reason.name]
            if event.kind == api.StreamKind.TEXT:
                text += event.text
            elif event.kind == api.StreamKind.REASONING:
                reasoning += event.text
            elif event.kind == api.StreamKind.TOOL_CALL:
                if event.call_name is not None:
                    calls.append([event.call_name, ""])
                calls[-1][1] += event.text

    def do_chat_create(self, model, template=None):
        return api.Chat.create(self.objects[model], api.ChatOptions(template_text=template))

    def do_chat_render(self, chat, request):
        return self.objects[chat].render(request)

    def do_chat_tokenize(self, chat, request):
        return listed(self.objects[chat].tokenize(request))

    def do_chat_fit(self, chat, request, summary=None, **numbers):
        options = api.FitOptions(summary=summary, **{name: int(value) for name, value in numbers.items()})
        return self.objects[chat].fit(request, options)

    def do_chat_stream(self, chat, session, request, max_tokens="0", temperature="0"):
        return self.objects[chat].stream(self.objects[session], request, self.stream_options(max_tokens, temperature))

    def do_convert(self, runtime, source, destination, throw="0"):
        events = []

        def progress(event):
            if throw == "1":
                raise Thrown("thrown by the callback")
            events.append(event.name)

        api.Model.convert(self.objects[runtime], source, destination, api.ConvertOptions(progress=progress))
        return str(int(len(events) > 0))

    def do_close(self, name):
        self.objects[name].close()

    def do_drop(self, name):
        del self.objects[name]
        gc.collect()

    def do_cancel_during(self, session, tokens):
        found = self.objects[session]
        thread, wait = in_thread(lambda: found.eval(numbers(tokens)))
        while thread.is_alive():
            found.cancel()
        error = wait()
        if error:
            raise error

    def do_two_threads(self, session, tokens):
        found = self.objects[session]
        thread, wait = in_thread(lambda: found.eval(numbers(tokens)))
        second = None
        while thread.is_alive() and second is None:
            try:
                found.rewind(0)
            except api.Error as error:
                second = error
        error = wait() or second
        if error:
            raise error

    def do_fork(self, session, tokens):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                self.objects[session].eval(numbers(tokens))
                text = "none"
            except api.Error as error:
                text = error.name
            os.write(write, text.encode())
            os._exit(0)
        os.waitpid(child, 0)
        name = os.read(read, 100).decode()
        raise next(kind for kind in api.Error.__subclasses__() if kind.name == name)("in the child")

    def do_open_close(self, runtime, path, count):
        for _ in range(int(count)):
            with api.Model.open(self.objects[runtime], path) as model:
                api.Session.open(model, api.EngineOptions(n_positions=64, n_batch=1)).close()


def reply(runner, line):
    operation, *fields = line.rstrip("\n").split("\t")
    keys = dict((part[0], unescape(part[1])) for part in (field.split("=", 1) for field in fields))
    try:
        found = runner.run(operation, keys)
        return ["done", found[0][1]] if found and isinstance(found[0], tuple) else ["ok", *found]
    except api.ClosedError as error:
        return ["error", "CLOSED", str(error)]
    except api.Error as error:
        return ["error", error.name, str(error)]
    except Thrown as error:
        return ["error", "CALLBACK", str(error)]
    except Skipped as reason:
        return ["skip", str(reason)]


def main():
    runner = Runner()
    for line in sys.stdin:
        print("\t".join(escape(field) for field in reply(runner, line)), flush=True)


main()
