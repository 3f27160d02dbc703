// SPDX-License-Identifier: MIT
//! A chat that remembers what was said.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use crate::{Answer, Chat, Error, ErrorKind, Model, Result, Session, SessionRemote, StreamEvent, StreamOptions};

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
    cancelled: Arc<AtomicBool>,
}

/// What stops the answers of a [`Conversation`], from other threads.
#[derive(Clone)]
pub struct ConversationRemote {
    session: SessionRemote,
    cancelled: Arc<AtomicBool>,
}

impl ConversationRemote {
    /// Has the `say()` that is waited for give [`ErrorKind::Cancelled`].
    pub fn cancel(&self) -> Result<()> {
        self.cancelled.store(true, Ordering::SeqCst);
        self.session.cancel()
    }
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
            cancelled: Arc::default(),
        })
    }

    /// Says something and waits for the answer, whose pieces `on_event` gets as they come. After an error it is as if
    /// nothing had been said.
    pub fn say(
        &mut self,
        text: &str,
        options: &StreamOptions<'_>,
        mut on_event: impl FnMut(&StreamEvent),
    ) -> Result<Answer> {
        self.cancelled.store(false, Ordering::SeqCst);
        let mut messages = self.messages.clone();
        messages.push(Message::new("user", text));
        let mut answer = Answer::default();
        for event in self.chat.stream(&mut self.session, &json_request(&messages), options)? {
            let event = event?;
            // A session is cancelled while it computes only; this is for the time between.
            if self.cancelled.load(Ordering::SeqCst) {
                return Err(Error::new(ErrorKind::Cancelled, "the answer was cancelled"));
            }
            on_event(&event);
            answer.take(event);
        }
        messages.push(Message::new("assistant", answer.text.as_str()));
        self.messages = messages;
        Ok(answer)
    }

    /// What stops, from another thread, the answer that `say()` waits for.
    pub fn remote(&self) -> ConversationRemote {
        ConversationRemote {
            session: self.session.remote(),
            cancelled: self.cancelled.clone(),
        }
    }

    /// What was said so far.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }
}
