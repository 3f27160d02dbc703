// SPDX-License-Identifier: MIT
//! Run large language models inside your own program, and estimate what they take.
//!
//! ```no_run
//! # fn main() -> libllm::Result<()> {
//! let mut conversation = libllm::Conversation::new(&libllm::open("default")?, "")?;
//! let answer = conversation.say("Why is the sky blue?", &Default::default(), |_| ())?;
//! println!("{}", answer.text);
//! # Ok(())
//! # }
//! ```
//!
//! Objects may be dropped in any order. What several threads may do at once takes `&self`, all else `&mut self`;
//! [`Session::remote`] stops a session that another thread waits for. A panic of a callback comes out of the call that
//! it was called from.
mod api;
mod conversation;
mod core;

pub use crate::api::*;
pub use crate::conversation::{json_request, json_string, Conversation, ConversationRemote, Message};
pub use crate::core::{Error, Result};

/// A call of a tool that the model asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// A JSON object.
    pub arguments: String,
}

/// All that a stream gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    /// What the model thought aloud before.
    pub reasoning: String,
    pub calls: Vec<ToolCall>,
    pub finish_reason: FinishReason,
    pub n_prompt_tokens: u64,
    pub n_tokens: u64,
}

impl Answer {
    /// Reads a stream to its end; `on_event` gets its items as they come.
    pub fn collect(stream: &mut Stream, mut on_event: impl FnMut(&StreamEvent)) -> Result<Answer> {
        let mut answer = Answer::default();
        for event in stream {
            let event = event?;
            on_event(&event);
            answer.take(event);
        }
        Ok(answer)
    }

    fn take(&mut self, event: StreamEvent) {
        match (event.kind, event.call_name, self.calls.last_mut()) {
            (StreamKind::REASONING, _, _) => self.reasoning += &event.text,
            (StreamKind::TEXT, _, _) => self.text += &event.text,
            (_, Some(name), _) => {
                let id = event.call_id.unwrap_or_default();
                self.calls.push(ToolCall { id, name, arguments: event.text });
            }
            (_, None, Some(call)) => call.arguments += &event.text,
            (_, None, None) => (),
        }
        self.finish_reason = event.finish_reason;
        self.n_prompt_tokens = event.n_prompt_tokens;
        self.n_tokens = event.n_tokens;
    }
}

/// Opens a model by its path, or by a name such as "default" in the user's data folder.
pub fn open(path_or_name: &str) -> Result<Model> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let data_home = variable("XDG_DATA_HOME").or_else(|| variable("HOME").map(|home| home + "/.local/share"));
    let path = Model::locate(path_or_name, data_home.as_deref())?;
    Model::open(&Runtime::create(&Default::default())?, path, &Default::default())
}

/// Goes on with a text.
pub fn generate(model: &Model, prompt: &str, options: &StreamOptions<'_>) -> Result<Answer> {
    let mut session = Session::open(model, &Default::default())?;
    let tokens = model.tokenize(prompt, TOKENIZE_ADD_BOS)?;
    Answer::collect(&mut Stream::create(&mut session, &tokens, options)?, |_| ())
}

/// The embedding of a text: `n_embd` numbers, together of length 1.
pub fn embed(model: &Model, text: &str) -> Result<Vec<f32>> {
    let options = EngineOptions { hidden_states: 1, ..Default::default() };
    let mut session = Session::open(model, &options)?;
    let tokens = model.tokenize(text, TOKENIZE_ADD_BOS)?;
    session.embed(&tokens, Pooling::AUTO, model.get_info()?.n_embd as usize)
}

/// Answers a scenario with a report, both JSON: `estimate(r#"{"model": "Llama-3.1-8B"}"#)`.
pub fn estimate(scenario: &str) -> Result<String> {
    estimate_run(&Runtime::create(&Default::default())?, scenario)
}
