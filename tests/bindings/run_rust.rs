// SPDX-License-Identifier: MIT
//! The Rust runner of the scenario; README.md beside this file describes what it reads and writes.
use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;

use libllm::*;

type Keys = HashMap<String, String>;
type Objects<T> = HashMap<String, T>;

/// What the callback of a step throws.
struct Thrown;

enum Reply {
    Ok(Vec<String>),
    Done(FinishReason),
    Failed(&'static str),
    Skip(&'static str),
}

#[derive(Default)]
struct Runner {
    runtimes: Objects<Runtime>,
    models: Objects<Model>,
    adapters: Objects<Adapter>,
    constraints: Objects<Constraint>,
    engines: Objects<Engine>,
    sessions: Objects<Session>,
    streams: Objects<Stream>,
    chats: Objects<Chat>,
}

macro_rules! every {
    ($runner:ident, $objects:ident, $do:expr) => {{
        {
            let $objects = &mut $runner.runtimes;
            $do;
        }
        {
            let $objects = &mut $runner.models;
            $do;
        }
        {
            let $objects = &mut $runner.adapters;
            $do;
        }
        {
            let $objects = &mut $runner.constraints;
            $do;
        }
        {
            let $objects = &mut $runner.engines;
            $do;
        }
        {
            let $objects = &mut $runner.sessions;
            $do;
        }
        {
            let $objects = &mut $runner.streams;
            $do;
        }
        {
            let $objects = &mut $runner.chats;
            $do;
        }
    }};
}

fn get<'a>(keys: &'a Keys, key: &str) -> &'a str {
    keys.get(key).map_or("", String::as_str)
}

fn number<T: std::str::FromStr + Default>(keys: &Keys, key: &str) -> T {
    get(keys, key).parse().unwrap_or_default()
}

fn object<'a, T>(objects: &'a mut Objects<T>, keys: &Keys, key: &str) -> &'a mut T {
    objects
        .get_mut(get(keys, key))
        .expect("the name of an object")
}

fn tokens(keys: &Keys) -> Vec<i32> {
    get(keys, "tokens")
        .split_whitespace()
        .map(|word| word.parse().expect("a token"))
        .collect()
}

fn listed<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    vec![values
        .into_iter()
        .map(|value| value.to_string())
        .collect::<Vec<_>>()
        .join(" ")]
}

fn sampling(keys: &Keys) -> SamplingOptions {
    SamplingOptions {
        temperature: number(keys, "temperature"),
        seed: number(keys, "seed"),
        ..Default::default()
    }
}

fn fit_options(keys: &Keys) -> FitOptions {
    FitOptions {
        policy: FitPolicy(number(keys, "policy")),
        n_positions: number(keys, "n_positions"),
        n_reserved: number(keys, "n_reserved"),
        n_dropped_turns: number(keys, "n_dropped_turns"),
        summary: keys.get("summary").cloned(),
    }
}

fn convert(runtime: &Runtime, keys: &Keys) -> Result<Reply> {
    let n_events = Arc::new(AtomicUsize::new(0));
    let (counter, throws) = (Arc::clone(&n_events), get(keys, "throw") == "1");
    let progress: ConvertFn = Arc::new(move |_| {
        if throws {
            resume_unwind(Box::new(Thrown));
        }
        counter.fetch_add(1, Ordering::Relaxed);
        0
    });
    let options = ConvertOptions {
        progress: Some(progress),
        ..Default::default()
    };
    Model::convert(
        runtime,
        get(keys, "source"),
        get(keys, "destination"),
        &options,
    )?;
    Ok(Reply::Ok(vec![usize::from(
        n_events.load(Ordering::Relaxed) > 0,
    )
    .to_string()]))
}

fn cancel_during(session: &mut Session, ids: &[i32]) -> Result<()> {
    let (remote, over) = (session.remote(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(
            || {
                while !over.load(Ordering::Relaxed) && remote.cancel().is_ok() {}
            },
        );
        let found = session.eval(ids);
        over.store(true, Ordering::Relaxed);
        found
    })
}

extern "C" {
    fn fork() -> i32;
    fn waitpid(child: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(status: i32) -> !;
}

/// The name of the error that a child process gets.
fn evaluate_in_child(session: &mut Session, ids: &[i32]) -> &'static str {
    let mut status = 0;
    // SAFETY: no other thread of this program is running; the child ends without cleaning up.
    unsafe {
        let child = fork();
        if child == 0 {
            let forked =
                matches!(session.eval(ids), Err(error) if error.kind() == ErrorKind::Forked);
            _exit(i32::from(forked));
        }
        waitpid(child, &mut status, 0);
    }
    if status >> 8 == 1 {
        ErrorKind::Forked.name()
    } else {
        "another"
    }
}

fn name_of(code: i32) -> String {
    let kinds = [
        ErrorKind::InvalidArgument,
        ErrorKind::OutOfMemory,
        ErrorKind::NotFound,
        ErrorKind::Io,
        ErrorKind::CorruptFile,
        ErrorKind::Unsupported,
        ErrorKind::Limit,
        ErrorKind::OutOfRange,
        ErrorKind::BufferTooSmall,
        ErrorKind::ContextFull,
        ErrorKind::Cancelled,
        ErrorKind::Busy,
        ErrorKind::Numeric,
        ErrorKind::Template,
        ErrorKind::NoTemplate,
        ErrorKind::Json,
        ErrorKind::DeviceLost,
        ErrorKind::Forked,
        ErrorKind::Internal,
        ErrorKind::Constraint,
    ];
    kinds
        .iter()
        .find(|kind| kind.status() == code)
        .map_or("", |kind| kind.name())
        .to_string()
}

impl Runner {
    fn create(&mut self, operation: &str, keys: &Keys) -> Result<()> {
        let name = get(keys, "as").to_string();
        let engine = EngineOptions {
            n_positions: number(keys, "n_positions"),
            hidden_states: number(keys, "hidden_states"),
            ..Default::default()
        };
        match operation {
            "runtime_create" => {
                let options = RuntimeOptions {
                    n_threads: number(keys, "threads"),
                    ..Default::default()
                };
                self.runtimes.insert(name, Runtime::create(&options)?);
            }
            "model_open" => {
                let runtime = object(&mut self.runtimes, keys, "runtime");
                self.models.insert(
                    name,
                    Model::open(runtime, get(keys, "path"), &Default::default())?,
                );
            }
            "engine_create" => {
                let model = object(&mut self.models, keys, "model");
                self.engines.insert(name, Engine::create(model, &engine)?);
            }
            "session_create" => {
                let options = SessionOptions {
                    n_positions: engine.n_positions,
                };
                let engine = object(&mut self.engines, keys, "engine");
                self.sessions
                    .insert(name, Session::create(engine, &options)?);
            }
            "session_open" => {
                let model = object(&mut self.models, keys, "model");
                self.sessions.insert(name, Session::open(model, &engine)?);
            }
            "adapter_open" => {
                let model = object(&mut self.models, keys, "model");
                self.adapters.insert(
                    name,
                    Adapter::open(model, get(keys, "path"), &Default::default())?,
                );
            }
            "constraint_create" => {
                let model = object(&mut self.models, keys, "model");
                let kind = ConstraintKind(number(keys, "kind"));
                self.constraints
                    .insert(name, Constraint::create(model, kind, get(keys, "text"))?);
            }
            "chat_create" => {
                let options = ChatOptions {
                    template_text: keys.get("template").cloned(),
                };
                self.chats.insert(
                    name,
                    Chat::create(object(&mut self.models, keys, "model"), &options)?,
                );
            }
            _ => {
                let options = StreamOptions {
                    max_tokens: number(keys, "max_tokens"),
                    sampling: Some(sampling(keys)),
                    constraint: keys
                        .get("constraint")
                        .and_then(|name| self.constraints.get(name)),
                    ..Default::default()
                };
                let session = object(&mut self.sessions, keys, "session");
                let stream = if operation == "stream_create" {
                    Stream::create(session, &tokens(keys), &options)?
                } else {
                    object(&mut self.chats, keys, "chat").stream(
                        session,
                        get(keys, "request"),
                        &options,
                    )?
                };
                self.streams.insert(name, stream);
            }
        }
        Ok(())
    }

    fn of_stream(&mut self, operation: &str, keys: &Keys) -> Result<Reply> {
        let stream = object(&mut self.streams, keys, "stream");
        if operation == "stream_next" {
            let (more, event) = stream.next_item()?;
            return Ok(if more {
                Reply::Ok(vec![event.text])
            } else {
                Reply::Done(event.finish_reason)
            });
        }
        let answer = Answer::collect(stream, |_| ())?;
        let calls: Vec<_> = answer
            .calls
            .iter()
            .map(|call| format!("{} {}", call.name, call.arguments))
            .collect();
        let reason = format!("{:?}", answer.finish_reason);
        Ok(Reply::Ok(vec![
            answer.text,
            answer.reasoning,
            calls.join("\n"),
            reason,
        ]))
    }

    fn of_model(&mut self, operation: &str, keys: &Keys) -> Result<Vec<String>> {
        let model = object(&mut self.models, keys, "model");
        Ok(match operation {
            "model_info" => {
                let info = model.get_info()?;
                listed([
                    info.n_vocab,
                    info.n_embd,
                    info.n_layers,
                    info.n_context_train,
                ])
            }
            "describe" => vec![model.describe()?],
            "tokenize" => listed(model.tokenize(get(keys, "text"), number(keys, "flags"))?),
            "detokenize" => vec![model.detokenize(&tokens(keys), number(keys, "flags"))?],
            "special_token" => listed([model.special_token(SpecialToken(number(keys, "kind")))?]),
            _ => panic!("no such operation: {operation}"),
        })
    }

    fn of_session(&mut self, operation: &str, keys: &Keys) -> Result<Vec<String>> {
        let session = object(&mut self.sessions, keys, "session");
        match operation {
            "position" => return Ok(listed([session.position()?])),
            "capacity" => return Ok(listed([session.capacity()?])),
            "reused" => return Ok(listed([session.reused()?])),
            "session_tokens" => return Ok(listed(session.tokens()?)),
            "logits" => return Ok(listed(session.logits()?.iter().take(number(keys, "count")))),
            "embed" => {
                return Ok(listed(session.embed(
                    &tokens(keys),
                    Pooling::AUTO,
                    number(keys, "n"),
                )?))
            }
            "sample" => return Ok(listed([session.sample(&sampling(keys))?])),
            "eval" => session.eval(&tokens(keys))?,
            "rewind" => session.rewind(number(keys, "n"))?,
            "save" => session.save(get(keys, "path"))?,
            "load" => session.load(get(keys, "path"))?,
            "set_adapters" => {
                let adapter = keys.get("adapter").and_then(|name| self.adapters.get(name));
                let scale = keys
                    .get("scale")
                    .map_or(1.0, |scale| scale.parse().expect("a scale"));
                let adapters: Vec<_> = adapter
                    .iter()
                    .map(|adapter| ScaledAdapter { adapter, scale })
                    .collect();
                session.set_adapters(&adapters)?;
            }
            "cancel_during" => cancel_during(session, &tokens(keys))?,
            _ => panic!("no such operation: {operation}"),
        }
        Ok(Vec::new())
    }

    fn open_close(&mut self, keys: &Keys) -> Result<()> {
        let runtime = object(&mut self.runtimes, keys, "runtime");
        for _ in 0..number(keys, "count") {
            let model = Model::open(runtime, get(keys, "path"), &Default::default())?;
            Session::open(
                &model,
                &EngineOptions {
                    n_positions: 64,
                    ..Default::default()
                },
            )?;
        }
        Ok(())
    }

    fn run(&mut self, operation: &str, keys: &Keys) -> Result<Reply> {
        if keys.contains_key("as") {
            return self.create(operation, keys).map(|()| Reply::Ok(Vec::new()));
        }
        let name = get(keys, "name");
        Ok(Reply::Ok(match operation {
            "version" => listed([version()]),
            "status_name" => vec![name_of(number(keys, "code"))],
            "devices" => vec![object(&mut self.runtimes, keys, "runtime").devices()?],
            "families" => vec![families()?],
            "estimate" => vec![estimate_run(
                object(&mut self.runtimes, keys, "runtime"),
                get(keys, "scenario"),
            )?],
            "locate" => vec![Model::locate(
                name,
                keys.get("data_home").map(String::as_str),
            )?],
            "convert" => return convert(object(&mut self.runtimes, keys, "runtime"), keys),
            "stream_next" | "stream_all" => return self.of_stream(operation, keys),
            "chat_render" => {
                vec![object(&mut self.chats, keys, "chat").render(get(keys, "request"))?]
            }
            "chat_tokenize" => {
                listed(object(&mut self.chats, keys, "chat").tokenize(get(keys, "request"))?)
            }
            "chat_fit" => vec![object(&mut self.chats, keys, "chat")
                .fit(get(keys, "request"), &fit_options(keys))?],
            "two_threads" => {
                return Ok(Reply::Skip(
                    "the compiler refuses two threads that change a session",
                ))
            }
            "fork" => {
                let session = object(&mut self.sessions, keys, "session");
                return Ok(Reply::Failed(evaluate_in_child(session, &tokens(keys))));
            }
            "close" => {
                every!(
                    self,
                    objects,
                    if let Some(found) = objects.get_mut(name) {
                        found.close()
                    }
                );
                Vec::new()
            }
            "drop" => {
                every!(self, objects, objects.remove(name));
                Vec::new()
            }
            "open_close" => self.open_close(keys).map(|()| Vec::new())?,
            _ if keys.contains_key("model") => self.of_model(operation, keys)?,
            _ => self.of_session(operation, keys)?,
        }))
    }

    fn reply(&mut self, operation: &str, keys: &Keys) -> Vec<String> {
        let fields = |first: &str, rest: Vec<String>| [vec![first.to_string()], rest].concat();
        match catch_unwind(AssertUnwindSafe(|| self.run(operation, keys))) {
            Ok(Ok(Reply::Ok(found))) => fields("ok", found),
            Ok(Ok(Reply::Done(reason))) => fields("done", vec![format!("{reason:?}")]),
            Ok(Ok(Reply::Failed(name))) => {
                fields("error", vec![name.to_string(), "in the child".to_string()])
            }
            Ok(Ok(Reply::Skip(reason))) => fields("skip", vec![reason.to_string()]),
            Ok(Err(error)) => fields(
                "error",
                vec![error.kind().name().to_string(), error.to_string()],
            ),
            Err(thrown) if thrown.is::<Thrown>() => fields(
                "error",
                vec!["CALLBACK".to_string(), "thrown by the callback".to_string()],
            ),
            Err(other) => resume_unwind(other),
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\t', "\\t")
}

fn unescape(text: &str) -> String {
    let plain = |part: &str| part.replace("\\n", "\n").replace("\\t", "\t");
    text.split("\\\\").map(plain).collect::<Vec<_>>().join("\\")
}

fn main() -> io::Result<()> {
    let mut runner = Runner::default();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut fields = line.split('\t');
        let operation = fields.next().unwrap_or_default();
        let keys = fields.filter_map(|field| field.split_once('='));
        let keys: Keys = keys
            .map(|(key, value)| (key.to_string(), unescape(value)))
            .collect();
        let reply: Vec<_> = runner
            .reply(operation, &keys)
            .iter()
            .map(|field| escape(field))
            .collect();
        println!("{}", reply.join("\t"));
        io::stdout().flush()?;
    }
    Ok(())
}
