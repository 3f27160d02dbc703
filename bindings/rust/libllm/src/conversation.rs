// SPDX-License-Identifier: MIT
//! A chat that remembers what was said.
use crate::{Answer, Chat, Model, Result, Session, SessionRemote, StreamEvent, StreamOptions};

/// One message of a conversation. Requests with tools, parts or other members are JSON for `Chat::stream()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub role: String,
    pub content: String,
}

impl Message {
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Message {
            role: role.into(),
            content: content.into(),
        }
    }
}

/// Text as a JSON string, with its quotation marks.
pub fn json_string(text: &str) -> String {
    let mut found = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => found.extend(['\\', c]),
            '\0'..='\x1f' => found += &format!("\\u{:04x}", c as u32),
            _ => found.push(c),
        }
    }
    found + "\""
}

/// Messages as the request that [`Chat`] takes.
pub fn json_request(messages: &[Message]) -> String {
    let written = messages.iter().map(|message| {
        format!(
            "{{\"role\":{},\"content\":{}}}",
            json_string(&message.role),
            json_string(&message.content)
        )
    });
    format!("[{}]", written.collect::<Vec<_>>().join(","))
}

/// A chat with a model, which remembers what was said and computes only what is new.
pub struct Conversation {
    chat: Chat,
    session: Session,
    messages: Vec<Message>,
}

impl Conversation {
    /// Begins a chat, with a system message unless that is empty.
    pub fn new(model: &Model, system: &str) -> Result<Self> {
        let chat = Chat::create(model, &Default::default())?;
        let session = Session::open(model, &Default::default())?;
        let messages = if system.is_empty() {
            Vec::new()
        } else {
            vec![Message::new("system", system)]
        };
        Ok(Conversation {
            chat,
            session,
            messages,
        })
    }

    /// Says something and waits for the answer, whose pieces `on_event` gets as they come. After an error it is as if
    /// nothing had been said.
    pub fn say(
        &mut self,
        text: &str,
        options: &StreamOptions<'_>,
        on_event: impl FnMut(&StreamEvent),
    ) -> Result<Answer> {
        let mut messages = self.messages.clone();
        messages.push(Message::new("user", text));
        let mut stream = self.chat.stream(&mut self.session, &json_request(&messages), options)?;
        let answer = Answer::collect(&mut stream, on_event)?;
        messages.push(Message::new("assistant", answer.text.as_str()));
        self.messages = messages;
        Ok(answer)
    }

    /// What stops, from another thread, the answer that `say()` waits for.
    pub fn remote(&self) -> SessionRemote {
        self.session.remote()
    }

    /// What was said so far.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }
}
