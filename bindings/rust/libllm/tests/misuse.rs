// SPDX-License-Identifier: MIT
//! What goes wrong in Rust programs is an error; the scenario has what all languages share.
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;

use libllm::*;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/data/tiny/llama.gguf");

fn model() -> Model {
    open(MODEL).expect("the model opens")
}

fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn objects_go_to_other_threads() {
    fn check<T: Send + Sync>() {}
    check::<Runtime>();
    check::<Model>();
    check::<Session>();
    check::<SessionRemote>();
    check::<Stream>();
    check::<Chat>();
    check::<Error>();
}

#[test]
fn an_answer_is_cancelled_between_two_of_its_items() {
    let chat_model = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/data/chat/scripted.gguf");
    let mut conversation = Conversation::new(&open(chat_model).unwrap(), "").unwrap();
    let (remote, mut n_events) = (conversation.remote(), 0);
    let answer = conversation.say("hello", &Default::default(), |_| {
        n_events += 1;
        remote.cancel().unwrap();
    });
    assert_eq!((kind(answer), n_events), (Some(ErrorKind::Cancelled), 1));
    assert!(conversation.messages().is_empty());
    assert_eq!(
        conversation.say("hello", &Default::default(), |_| ()).unwrap().text,
        "It is sunny."
    );
}

#[test]
fn a_closed_object_is_an_error() {
    let mut model = model();
    let mut session = Session::open(&model, &Default::default()).unwrap();
    let remote = session.remote();
    model.close();
    model.close();
    assert!(model.is_closed());
    assert_eq!(kind(model.tokenize("a", 0)), Some(ErrorKind::Closed));
    session.eval(&[1, 2]).expect("a session keeps its model");
    session.close();
    assert_eq!(kind(session.logits()), Some(ErrorKind::Closed));
    assert_eq!(kind(session.position()), Some(ErrorKind::Closed));
    assert_eq!(kind(remote.cancel()), Some(ErrorKind::Closed));
}

#[test]
fn a_remote_outlives_its_session() {
    let remote = Session::open(&model(), &Default::default()).unwrap().remote();
    let threads: Vec<_> = (0..4)
        .map(|_| remote.clone())
        .map(|remote| thread::spawn(move || remote.cancel()))
        .collect();
    for thread in threads {
        assert_eq!(kind(thread.join().unwrap()), Some(ErrorKind::Closed));
    }
}

#[test]
fn a_model_is_shared_by_threads() {
    let model = model();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut session = Session::open(&model, &Default::default()).unwrap();
                session.eval(&model.tokenize("Hello", 0).unwrap()).unwrap();
                assert_eq!(
                    session.logits().unwrap().len(),
                    model.get_info().unwrap().n_vocab as usize
                );
            });
        }
    });
}

#[test]
fn a_stream_is_an_iterator() {
    let mut session = Session::open(&model(), &Default::default()).unwrap();
    let options = StreamOptions {
        max_tokens: 5,
        ignore_end: 1,
        stops: vec!["never".into(), "neither".into()],
        ..Default::default()
    };
    let mut stream = Stream::create(&mut session, &[1, 2, 3], &options).unwrap();
    assert_eq!(kind(session.eval(&[1])), Some(ErrorKind::Busy));
    assert_eq!(kind(session.logits()), Some(ErrorKind::Busy));
    let events = stream.by_ref().collect::<Result<Vec<_>>>().unwrap();
    assert_eq!(events.iter().filter(|event| event.token >= 0).count(), 5);
    assert_eq!(events.last().unwrap().finish_reason, FinishReason::LENGTH);
    assert!(stream.next().is_none());
    drop(stream);
    session.eval(&[1]).expect("the session is free");
}

#[test]
fn a_callback_lives_as_long_as_what_calls_it() {
    let n_lines = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&n_lines);
    let log: LogFn = Arc::new(move |_, _| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let runtime = Runtime::create(&RuntimeOptions {
        log: Some(log),
        ..Default::default()
    })
    .unwrap();
    let model = Model::open(&runtime, MODEL, &Default::default()).unwrap();
    drop(runtime);
    assert_eq!(Arc::strong_count(&n_lines), 2);
    Session::open(&model, &Default::default()).unwrap().eval(&[1]).unwrap();
    drop(model);
    assert_eq!(Arc::strong_count(&n_lines), 1);
}

#[test]
fn a_panic_of_a_callback_comes_out_of_the_call() {
    let runtime = Runtime::create(&Default::default()).unwrap();
    let target = std::env::temp_dir().join(format!("libllm-panic-{}.gguf", std::process::id()));
    let options = ConvertOptions {
        progress: Some(Arc::new(|_| panic!("no more"))),
        ..Default::default()
    };
    let panic = catch_unwind(AssertUnwindSafe(|| Model::convert(&runtime, MODEL, &target, &options))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"no more"));
    assert!(!target.exists());
}

#[test]
fn arguments_are_checked() {
    let model = model();
    assert_eq!(kind(open("no-such-model")), Some(ErrorKind::NotFound));
    let mut session = Session::open(&model, &Default::default()).unwrap();
    assert_eq!(kind(session.save("a\0b")), Some(ErrorKind::InvalidArgument));
    assert_eq!(
        kind(session.embed(&[1], Pooling(99), 64)),
        Some(ErrorKind::InvalidArgument)
    );
    assert_eq!(
        embed(&model, "Hello").unwrap().len(),
        model.get_info().unwrap().n_embd as usize
    );
    assert_eq!(json_string("a\"b\\\n\u{1}é"), "\"a\\\"b\\\\\\u000a\\u0001é\"");
}

#[test]
fn a_batch_tells_of_each_session() {
    let model = model();
    let engine = Engine::create(&model, &Default::default()).unwrap();
    let options = SessionOptions { n_positions: 16 };
    let mut first = Session::create(&engine, &options).unwrap();
    let mut second = Session::create(&engine, &options).unwrap();
    let mut entries = [
        BatchEntry {
            session: &mut first,
            tokens: vec![1, 2],
            status: 0,
        },
        BatchEntry {
            session: &mut second,
            tokens: vec![-1],
            status: 0,
        },
    ];
    let _ = engine.eval(&mut entries);
    assert_eq!(entries[1].status, ErrorKind::OutOfRange.status());
}
