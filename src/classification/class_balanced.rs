//! Class weights from class counts.

use crate::error::{Check, LossError};

/// Class weights from the effective number of samples of each class, for the `class_weights` of any loss.
///
/// ```text
/// w_c = (1 - beta) / (1 - beta^n_c)
/// ```
/// scaled so that the weights of the classes with samples are 1 on average. All classes have the same weight if `beta`
/// is 0; the weights approach inverse frequencies as `beta` approaches 1. The paper uses 0.9 to 0.9999. A class
/// without samples has weight 0.
///
/// # Errors
/// If there are no counts, or `beta` is not in `[0, 1)`.
///
/// Source: Y. Cui et al., *Class-Balanced Loss Based on Effective Number of Samples*, 2019.
///
/// # Example
/// ```
/// use burn_losses::{CrossEntropyLossConfig, class_balanced_weights};
///
/// let weights = class_balanced_weights(&[900, 100], 0.999).unwrap();
/// assert!(weights[1] > weights[0]);
/// let loss = CrossEntropyLossConfig::new().with_class_weights(Some(weights)).init();
/// # let _ = loss;
/// ```
pub fn class_balanced_weights(counts: &[usize], beta: f64) -> Result<Vec<f64>, LossError> {
    let check = Check("class_balanced_weights");
    check.that(
        !counts.is_empty(),
        "counts",
        counts,
        "a count for each class",
    )?;
    let in_range = (0.0..1.0).contains(&beta);
    check.that(in_range, "beta", beta, "a number from 0 to below 1")?;
    let weights: Vec<f64> = counts
        .iter()
        .map(|&count| match count {
            0 => 0.0,
            // 1 - beta^n without the digits the subtraction would lose.
            _ => (1.0 - beta) / -(count as f64 * beta.ln()).exp_m1(),
        })
        .collect();
    let occurring = counts.iter().filter(|&&count| count > 0).count() as f64;
    let total: f64 = weights.iter().sum();
    let scale = if total == 0.0 { 0.0 } else { occurring / total };
    Ok(weights.into_iter().map(|weight| weight * scale).collect())
}
