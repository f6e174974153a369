//! Single measurements on request, a line of JSON each, so that a runner can take turns between
//! this program and another one.

use super::{
    Bench, MEMORY,
    measure::{Setting, pass},
    workload::Workload,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    io::{BufRead, Write, stdin, stdout},
};

#[derive(Deserialize)]
struct Request {
    workload: String,
    #[serde(default)]
    setting: Setting,
    /// Asks for the result rather than the time.
    #[serde(default)]
    check: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Time { ms: f64 },
    Result { loss: f64, grad_sum_abs: f64 },
    Error { error: String },
}

/// Answers until standard input ends.
pub fn run(bench: &Bench) -> Result<(), String> {
    let mut server = Server {
        bench,
        workloads: HashMap::new(),
        warm: HashSet::new(),
    };
    for line in stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = server
            .answer(&line)
            .unwrap_or_else(|error| Answer::Error { error });
        let text = serde_json::to_string(&answer).map_err(|error| error.to_string())?;
        let mut out = stdout().lock();
        writeln!(out, "{text}")
            .and_then(|()| out.flush())
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The workloads built so far, and the settings that have been warmed up.
struct Server<'a> {
    bench: &'a Bench,
    workloads: HashMap<String, Workload>,
    warm: HashSet<(String, Setting)>,
}

impl Server<'_> {
    fn answer(&mut self, line: &str) -> Result<Answer, String> {
        let request: Request = serde_json::from_str(line)
            .map_err(|error| format!("{line:?} is not a request: {error}"))?;
        let name = request.workload;
        if !self.workloads.contains_key(&name) {
            let workload = self.bench.build(&name)?;
            self.workloads.insert(name.clone(), workload);
        }
        let workload = &self.workloads[&name];
        if request.check {
            let (loss, gradients) = workload.evaluate(&workload.fused, request.setting);
            return Ok(Answer::Result {
                loss,
                grad_sum_abs: gradients.iter().flatten().map(|g| g.abs() as f64).sum(),
            });
        }
        let run = || pass(&workload.fused, request.setting, &MEMORY).milliseconds;
        if self.warm.insert((name, request.setting)) {
            run();
        }
        Ok(Answer::Time { ms: run() })
    }
}
