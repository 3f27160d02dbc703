// SPDX-License-Identifier: MIT
//! A chat in the terminal: chat [MODEL]. Reads a line, prints the answer as it comes, and remembers both.
use std::io::{self, BufRead, Write};

use libllm::{Conversation, StreamKind};

fn print(event: &libllm::StreamEvent) {
    if event.kind == StreamKind::TEXT {
        print!("{}", event.text);
        let _ = io::stdout().flush();
    }
}

fn run(model: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut conversation = Conversation::new(&libllm::open(model)?, "")?;
    for line in io::stdin().lock().lines() {
        conversation.say(&line?, &Default::default(), print)?;
        println!();
    }
    Ok(())
}

fn main() {
    let model = std::env::args().nth(1);
    if let Err(error) = run(model.as_deref().unwrap_or("default")) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
