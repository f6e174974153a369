//! What the kernel knows of a loss.

use super::object::{ClassKernel, MarginKernel};
use crate::{formula::SoftCap, kernel::cpu::isa::Choice};

/// What is computed of a softmax row, its target apart.
///
/// With logits z, the activation g (a soft cap, or none), biases b, the scale s and the margin of
/// the target class y:
/// ```text
/// a_c = s (g(z_c) + b_c)       at y with the margin applied to g(z_y)
/// l_c = a_c - ln sum_k e^(a_k)
/// row = f (sum_c q_c w_c phi(l_c) + z_loss (ln sum_k e^(a_k))²)
/// q   = (1 - e) target + e / C        for the label smoothing e
/// ```
/// Lists are empty where there is nothing.
#[derive(Clone, Copy)]
pub(crate) struct SoftmaxRow<'a> {
    /// phi
    pub phi: &'a dyn ClassKernel,
    pub margin: Option<RowMargin<'a>>,
    /// g
    pub soft_cap: Option<SoftCap>,
    /// b
    pub bias: &'a [f64],
    /// s
    pub scale: f64,
    /// w
    pub weights: &'a [f64],
    /// e
    pub smoothing: f64,
    /// The class that stands for no target.
    pub ignored: Option<i64>,
    /// The factor of the squared log-sum-exp.
    pub z_loss: f64,
    /// Whether `sum_c q_c w_c ln q_c` is added; the shares are given as their logarithms then.
    pub divergence: bool,
    /// f
    pub factor: f64,
}

/// What is done to the logit of the target class.
#[derive(Clone, Copy)]
pub(crate) struct RowMargin<'a> {
    pub margin: &'a dyn MarginKernel,
    /// A parameter for each class; empty where the margin looks at none.
    pub parameters: &'a [f64],
}

impl SoftmaxRow<'_> {
    /// Whether a class index stands for no target.
    pub fn is_ignored(&self, class: i64) -> bool {
        self.ignored == Some(class)
    }

    /// Whether a row whose target is that class has neither loss nor gradient, whatever its logits: it is
    /// ignored, or its class weighs nothing and there is no other term.
    pub fn is_nothing_at(&self, class: i64) -> bool {
        let weight = usize::try_from(class)
            .ok()
            .and_then(|class| self.weights.get(class));
        let is_of_target_alone = self.smoothing == 0.0 && self.z_loss == 0.0;
        self.is_ignored(class) || is_of_target_alone && weight == Some(&0.0)
    }
}

/// A loss, with its parameters as the kernel needs them.
pub(super) struct Constants<'a> {
    pub row: &'a SoftmaxRow<'a>,
    /// Which instruction set the formula is to be evaluated with.
    pub choice: Choice,
    /// Whether the formula is linear.
    pub is_linear: bool,
    pub classes: usize,
    pub bias: Vec<f32>,
    pub weights: Vec<f32>,
    pub total_weight: f64,
    /// The share that label smoothing gives to every class.
    pub uniform: f64,
}

impl<'a> Constants<'a> {
    pub fn new(row: &'a SoftmaxRow<'a>, classes: usize, choice: Choice) -> Self {
        let narrow = |numbers: &[f64]| numbers.iter().map(|&number| number as f32).collect();
        let parameters = row.margin.map_or(&[][..], |margin| margin.parameters);
        for (numbers, what) in [
            (row.bias, "a bias"),
            (row.weights, "a weight"),
            (parameters, "a margin"),
        ] {
            assert!(
                numbers.is_empty() || numbers.len() == classes,
                "{what} for each class"
            );
        }
        assert!(
            !row.divergence || row.smoothing == 0.0,
            "logarithms of shares are not smoothed"
        );
        Self {
            row,
            choice,
            is_linear: row.phi.is_linear(),
            classes,
            bias: narrow(row.bias),
            weights: narrow(row.weights),
            total_weight: match row.weights {
                [] => classes as f64,
                weights => weights.iter().sum(),
            },
            uniform: row.smoothing / classes as f64,
        }
    }

    /// The factor of a class besides its share of the target.
    pub fn weight(&self, class: usize) -> f64 {
        self.row.weights.get(class).copied().unwrap_or(1.0)
    }

    /// Whether something is done to logits before the softmax.
    pub fn change_logits(&self) -> bool {
        let row = self.row;
        row.soft_cap.is_some() || !row.bias.is_empty() || row.scale != 1.0 || row.margin.is_some()
    }
}
