//! The progress bar, with the loss and the similarities beside it.

use indicatif::ProgressBar;

use crate::{history::History, progress_bar};

pub struct Progress(ProgressBar);

impl Progress {
    pub fn new(name: &'static str, steps: usize) -> Self {
        Self(progress_bar::bar(name, steps, "steps"))
    }

    /// Another step, after which the running means are the loss, the similarity of positives and that
    /// of negatives.
    pub fn advance(&self, history: &History<3>) {
        if let Some([loss, positive, negative]) = history.running {
            self.0.set_message(format!(
                "loss {loss:.3}  positives {positive:.2}  negatives {negative:.2}"
            ));
        }
        self.0.inc(1);
    }

    pub fn finish(&self) {
        self.0.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_moves_the_bar_and_shows_the_running_means() {
        let mut history = History::new(2);
        history.push(1, [5.25, 0.75, 0.5]);
        let progress = Progress(ProgressBar::hidden());
        progress.advance(&history);
        assert_eq!(progress.0.position(), 1);
        assert_eq!(
            progress.0.message(),
            "loss 5.250  positives 0.75  negatives 0.50"
        );
    }
}
