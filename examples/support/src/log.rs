//! How a training goes: a progress bar, and a history for reports and charts.

use std::collections::BTreeMap;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::{Result, bail};

/// Numbers over the steps of a training, each the mean over a stretch of a hundredth of them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct History {
    /// The last step of each stretch.
    pub step: Vec<usize>,
    #[serde(flatten)]
    pub curves: BTreeMap<&'static str, Vec<f64>>,
}

impl History {
    /// The points of a curve.
    pub fn points(&self, name: &str) -> Vec<(f64, f64)> {
        let steps = self.step.iter().map(|&step| step as f64);
        let values = self.curves.get(name).into_iter().flatten().copied();
        steps.zip(values).collect()
    }
}

/// Takes in the numbers of each step.
pub struct TrainingLog<const N: usize> {
    bar: ProgressBar,
    names: [&'static str; N],
    stretch: usize,
    sums: [f64; N],
    summed: usize,
    history: History,
}

impl<const N: usize> TrainingLog<N> {
    /// For a training of so many steps, and the names of the numbers.
    pub fn new(name: &str, steps: usize, names: [&'static str; N]) -> Self {
        Self {
            bar: bar(name, steps, "steps"),
            names,
            stretch: steps.div_ceil(100),
            sums: [0.0; N],
            summed: 0,
            history: History::default(),
        }
    }

    /// Takes in the numbers of the next step. One that is not finite is an error.
    pub fn push(&mut self, values: [f64; N]) -> Result<()> {
        self.bar.inc(1);
        let (step, training) = (self.bar.position(), self.bar.prefix());
        for ((name, sum), value) in self.names.iter().zip(&mut self.sums).zip(values) {
            if !value.is_finite() {
                bail!("{training} diverged at step {step}: {name} is {value}");
            }
            *sum += value;
        }
        self.summed += 1;
        if self.summed == self.stretch || Some(step) == self.bar.length() {
            let mut texts = Vec::new();
            self.history.step.push(step as usize);
            for (name, sum) in self.names.iter().zip(&mut self.sums) {
                let mean = std::mem::take(sum) / self.summed as f64;
                self.history.curves.entry(name).or_default().push(mean);
                texts.push(format!("{} {mean:.3}", name.replace('_', " ")));
            }
            self.summed = 0;
            self.bar.set_message(texts.join("  "));
        }
        Ok(())
    }

    pub fn finish(self) -> History {
        self.bar.finish();
        self.history
    }
}

/// A progress bar over so many steps, epochs or whatever else the unit is.
pub fn bar(name: &str, count: usize, unit: &str) -> ProgressBar {
    let bar = ProgressBar::new(count as u64).with_prefix(name.to_string());
    let template = format!(
        "{{prefix:>16}} {{bar:32}} {{pos:>4}}/{{len}} {unit}  {{msg}}  [{{elapsed}} < {{eta}}]"
    );
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}

#[test]
fn a_history_averages_stretches_and_what_is_not_finite_is_an_error() {
    let mut log = TrainingLog::new("a loss", 250, ["loss", "one"]);
    for step in 1..=250 {
        log.push([f64::from(step), 1.0]).expect("finite numbers");
    }
    let error = log.push([f64::NAN, 1.0]).expect_err("NaN").to_string();
    assert_eq!(error, "a loss diverged at step 251: loss is NaN");
    let points = log.finish().points("loss");
    assert_eq!(points.len(), 84);
    assert_eq!((points[0], points[83]), ((3.0, 2.0), (250.0, 250.0)));
}
