// SPDX-License-Identifier: MIT
//! What it takes to train or to serve a model: estimate '{"model": "Llama-3.1-8B"}'. Prints the report, which is JSON.

fn main() {
    let scenario = std::env::args().nth(1);
    match libllm::estimate(scenario.as_deref().unwrap_or(r#"{"model": "Llama-3.1-8B"}"#)) {
        Ok(report) => println!("{report}"),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }
}
