//! A process of its own for each workload.

use crate::{
    device::{Bench, Size},
    floor, measure,
    row::Row,
    workloads::WORKLOADS,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// What is asked for in place of a workload.
pub const FLOOR: &str = "floor";

/// What a line with results begins with; drivers print lines of their own.
const MARK: &str = "BURN_LOSSES ";

fn tell<T: Serialize>(answer: &T) {
    let text = serde_json::to_string(answer).expect("numbers and names");
    println!("{MARK}{text}");
}

/// Measures, and prints what is known so far.
pub fn answer(bench: &Bench, name: &str) -> Result<(), String> {
    if name == FLOOR {
        tell(&floor::measure(bench));
        return Ok(());
    }
    let (_, build) = WORKLOADS
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("unknown workload {name:?}"))?;
    match build(bench) {
        Some(workload) => measure::all(bench, name, &workload, tell),
        None => tell(&Row {
            workload: name.into(),
            device: bench.name(),
            error: Some("the device does not compute in this data type".into()),
            ..Row::default()
        }),
    }
    Ok(())
}

/// Starts the process and reads what it prints, until it ends or its time is up: its last answer, and what went wrong.
pub fn ask<T: DeserializeOwned>(
    bench: &Bench,
    name: &str,
    limit: Duration,
) -> (Option<T>, Option<String>) {
    let failed = |error: std::io::Error| (None, Some(error.to_string()));
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return failed(error),
    };
    let mut command = Command::new(program);
    command.args(["--one", name, "--device", bench.runtime]);
    match bench.size {
        Size::Full => &mut command,
        Size::Small => command.arg("--small"),
        Size::Tiny => command.arg("--test"),
    };
    if bench.is_fused_only {
        command.arg("--fused");
    }
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return failed(error),
    };
    let output = child.stdout.take().expect("a pipe");
    let (sender, lines) = mpsc::channel();
    let reader = thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let until = Instant::now() + limit;
    let mut answer = None;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) => {
                if let Some(text) = line.strip_prefix(MARK) {
                    answer = serde_json::from_str(text).ok().or(answer);
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let _ = child.kill();
                let _ = child.wait();
                let _ = reader.join();
                let message = format!("ended after {} s", limit.as_secs());
                return (answer, Some(message));
            }
        }
    }
    let _ = reader.join();
    let error = match child.wait() {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("failed with {status}, its messages are above")),
        Err(error) => Some(error.to_string()),
    };
    (answer, error)
}
