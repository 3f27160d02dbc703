// SPDX-License-Identifier: MIT
//! Finds libllm.so: in the folder that LIBLLM_LIB_DIR names, or where pkg-config says.
use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=LIBLLM_LIB_DIR");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    println!("cargo:rustc-link-lib=dylib=llm");
    if let Ok(folder) = env::var("LIBLLM_LIB_DIR") {
        println!("cargo:rustc-link-search=native={folder}");
        return;
    }
    let found = Command::new("pkg-config").args(["--libs-only-L", "libllm"]).output();
    match found {
        Ok(output) if output.status.success() => {
            for word in String::from_utf8_lossy(&output.stdout).split_whitespace() {
                println!("cargo:rustc-link-search=native={}", word.trim_start_matches("-L"));
            }
        }
        _ => println!("cargo:warning=pkg-config does not know libllm; LIBLLM_LIB_DIR may name its folder"),
    }
}
