// SPDX-License-Identifier: MIT
//! Writes the first line of a commit message: git diff --cached | commit_message [MODEL]
//!
//! As a hook: git diff --cached | commit_message > "$1" in .git/hooks/prepare-commit-msg.
use std::io::{self, Read};

use libllm::{Constraint, ConstraintKind, Conversation, EngineOptions, SamplingOptions, Session, StreamOptions};

const TASK: &str = "You write commit messages. Answer with one line of at most 72 characters that says what a \
                    change does, in the imperative, without a full stop: \"Refuse names that are empty\".";
/// What the model may write: one line that does not begin with a blank.
const ONE_LINE: &str = "[^\\s\\x00-\\x1f][^\\x00-\\x1f]{0,71}";
/// Tokens that are left for the task and the answer.
const RESERVED: usize = 400;

/// The beginning of the diff, as much as the model can read.
fn shortened(model: &libllm::Model, diff: &str) -> libllm::Result<String> {
    let session = Session::open(model, &EngineOptions::default())?;
    let room = session.capacity()?.saturating_sub(RESERVED);
    let tokens = model.tokenize(diff, 0)?;
    if tokens.len() <= room {
        return Ok(diff.to_string());
    }
    model.detokenize(&tokens[..room], 0).map(|text| text + "\n...")
}

fn run(name: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut diff = String::new();
    io::stdin().read_to_string(&mut diff)?;
    if diff.trim().is_empty() {
        return Err("there is no change to describe; try: git diff --cached | commit_message".into());
    }
    let model = libllm::open(name)?;
    let line = Constraint::create(&model, ConstraintKind::REGEX, ONE_LINE)?;
    let options = StreamOptions {
        max_tokens: 100,
        constraint: Some(&line),
        sampling: Some(SamplingOptions {
            temperature: 0.0,
            ..Default::default()
        }),
        ..Default::default()
    };
    let answer = Conversation::new(&model, TASK)?.say(&shortened(&model, &diff)?, &options, |_| ())?;
    println!("{}", answer.text.trim_end());
    Ok(())
}

fn main() {
    let name = std::env::args().nth(1);
    if let Err(error) = run(name.as_deref().unwrap_or("default")) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
