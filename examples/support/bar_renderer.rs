//! burn-train's events as one line in the terminal.
//!
//! Without its terminal interface burn-train prints a line for every batch; this renderer moves a
//! bar instead, one for all trainings with a loss.

use std::collections::HashMap;

use burn::train::{
    logger::{EvaluationProgressLogger, TrainingProgressLogger},
    metric::{MetricDefinition, MetricId, NumericEntry},
    renderer::{
        EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation,
        MetricsRendererTraining,
    },
};
use indicatif::ProgressBar;

/// Moves the bar by an epoch, with the epoch's metrics beside it.
pub struct BarRenderer {
    bar: ProgressBar,
    names: HashMap<MetricId, String>,
    /// The metrics of the epoch so far, in the order they came in.
    texts: Vec<String>,
}

impl BarRenderer {
    pub fn new(bar: ProgressBar) -> Self {
        Self {
            bar,
            names: HashMap::new(),
            texts: Vec::new(),
        }
    }

    /// Keeps what a metric comes to at the end of a split.
    fn keep(&mut self, split: &str, state: &MetricState) {
        if let MetricState::Numeric(entry, Some(NumericEntry::Final(value))) = state
            && let Some(name) = self.names.get(&entry.metric_id)
        {
            self.texts.push(format!("{split} {name} {value:.2}"));
        }
    }
}

impl MetricsRenderer for BarRenderer {
    fn manual_close(&mut self) {}

    fn register_metric(&mut self, definition: MetricDefinition) {
        let name = definition.name.to_lowercase();
        self.names.insert(definition.metric_id, name);
    }
}

impl MetricsRendererTraining for BarRenderer {
    fn update_train(&mut self, state: MetricState) {
        self.keep("train", &state);
    }

    fn update_valid(&mut self, state: MetricState) {
        self.keep("test", &state);
    }
}

impl TrainingProgressLogger for BarRenderer {
    fn start(&mut self, _: usize, _: usize, _: Option<usize>, _: Option<&str>) {}

    fn update_epoch(&mut self, _: usize) {
        self.bar.set_message(self.texts.join("  "));
        self.bar.inc(1);
        self.texts.clear();
    }

    fn start_split(&mut self, _: &str, _: usize) {}
    fn update_split(&mut self, _: usize) {}
    fn end_split(&mut self) {}
    fn end(&mut self) {}
    fn log_event_training(&mut self, _: String) {}
}

// A renderer also has to serve burn-train's `Evaluator`, which is not used here.

impl MetricsRendererEvaluation for BarRenderer {
    fn update_test(&mut self, _: EvaluationName, _: MetricState) {}
}

impl EvaluationProgressLogger for BarRenderer {
    fn start_global_progress(&mut self, _: usize) {}
    fn start_test(&mut self, _: &str, _: usize) {}
    fn update_test_progress(&mut self, _: usize) {}
    fn end_test(&mut self) {}
    fn end_global_progress(&mut self) {}
    fn log_event_evaluation(&mut self, _: String) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::train::metric::{AccuracyMetric, MetricEntry, SerializedEntry};

    #[test]
    fn an_epoch_moves_the_bar_and_shows_its_metrics() {
        let bar = ProgressBar::hidden();
        let mut renderer = BarRenderer::new(bar.clone());
        let id = MetricId::new("Accuracy".to_string().into());
        renderer.register_metric(MetricDefinition::new(id.clone(), &AccuracyMetric::new()));
        let state = |value| {
            let text = SerializedEntry::new(String::new(), String::new());
            MetricState::Numeric(MetricEntry::new(id.clone(), text), Some(value))
        };
        renderer.update_train(state(NumericEntry::Value(1.0)));
        renderer.update_train(state(NumericEntry::Final(75.0)));
        renderer.update_valid(state(NumericEntry::Final(50.0)));
        renderer.update_epoch(1);
        assert_eq!(bar.position(), 1);
        assert_eq!(bar.message(), "train accuracy 75.00  test accuracy 50.00");
    }
}
