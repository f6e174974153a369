//! The N-pairs loss.

use crate::{
    embeddings::{RowLosses, Terms, softplus, widened, without_weightless},
    error::{Check, LossError, check_embeddings_alike, check_labels},
    formula::SeveralPositives,
    module::loss_module,
    reduction::Reduction,
};
use burn::{
    config::Config,
    module::Module,
    tensor::{Int, Tensor},
};

/// Configuration of [`NPairsLoss`].
#[derive(Config, Debug)]
pub struct NPairsLossConfig {
    /// How much the mean squared norm of the embeddings, divided by 4, is added, at least 0. Default 0.002, as
    /// in TensorFlow's metric learning losses.
    #[config(default = 0.002)]
    pub l2_weight: f64,
    /// How the losses of all anchors become one number.
    #[config(default = "Reduction::Mean")]
    pub reduction: Reduction,
}

/// The N-pairs loss: an anchor is to be more similar to its positive than to those of all other classes.
///
/// ```text
/// l_i = -mean_p ln e^(a_i · b_p) / sum_j e^(a_i · b_j) + w (|a_i|² + |b_i|²) / 4
/// ```
/// over the positives p with the label of i; with one pair of each class there is one. Embeddings are not
/// normalised: their norms are held in check by the weight w. Similarities are never held all at once.
///
/// Source: K. Sohn, *Improved Deep Metric Learning with Multi-class N-pair Loss Objective*, 2016.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::NPairsLossConfig;
///
/// let device = Device::flex();
/// let loss = NPairsLossConfig::new().with_l2_weight(0.0).init();
/// let anchors = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([4, 5], &device);
/// let value = loss.forward(anchors.clone(), anchors, labels).into_scalar::<f32>();
/// assert!((value - (-1f32).exp().ln_1p()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct NPairsLoss {
    l2_weight: f64,
    #[module(skip)]
    reduction: Reduction,
}

impl NPairsLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `l2_weight` is negative or not finite.
    pub fn try_init(&self) -> Result<NPairsLoss, LossError> {
        let check = Check("NPairsLossConfig");
        check.at_least_zero("l2_weight", self.l2_weight)?;
        Ok(NPairsLoss {
            l2_weight: self.l2_weight,
            reduction: self.reduction,
        })
    }
}

loss_module!(NPairsLoss, NPairsLossConfig, shows: [l2_weight]);

const NAME: &str = "NPairsLoss";

impl NPairsLoss {
    /// The loss of all anchors, reduced as configured. Of none at all it is 0.
    ///
    /// # Shapes
    /// - anchors: `[N, D]`
    /// - positives: `[N, D]`, one for each anchor
    /// - labels: `[N]`, any numbers, those of both
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward(
        &self,
        anchors: Tensor<2>,
        positives: Tensor<2>,
        labels: Tensor<1, Int>,
    ) -> Tensor<1> {
        let rows = self.row_losses(anchors, positives, labels, None);
        rows.reduced(NAME, self.reduction, None)
    }

    /// The loss of each anchor.
    ///
    /// # Shapes
    /// - anchors: `[N, D]`
    /// - positives: `[N, D]`, one for each anchor
    /// - labels: `[N]`, any numbers, those of both
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction(
        &self,
        anchors: Tensor<2>,
        positives: Tensor<2>,
        labels: Tensor<1, Int>,
    ) -> Tensor<1> {
        self.row_losses(anchors, positives, labels, None).each()
    }

    /// The loss of all anchors, each with a weight: `sum(w l) / sum(w)` as a mean, `sum(w l)` as a sum. The
    /// positive of an anchor of weight 0 stays among those that others are compared with.
    ///
    /// # Shapes
    /// - anchors: `[N, D]`
    /// - positives: `[N, D]`, one for each anchor
    /// - labels: `[N]`, any numbers, those of both
    /// - weights: `[N]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_weighted(
        &self,
        anchors: Tensor<2>,
        positives: Tensor<2>,
        labels: Tensor<1, Int>,
        weights: Tensor<1>,
    ) -> Tensor<1> {
        let rows = self.row_losses(anchors, positives, labels, Some(&weights));
        rows.reduced(NAME, self.reduction, Some(weights))
    }

    #[track_caller]
    fn row_losses(
        &self,
        anchors: Tensor<2>,
        positives: Tensor<2>,
        labels: Tensor<1, Int>,
        weights: Option<&Tensor<1>>,
    ) -> RowLosses {
        let (a, b) = (("anchors", &anchors), ("positives", &positives));
        check_embeddings_alike(NAME, a, b);
        let count = anchors.dims()[0];
        check_labels(NAME, labels.dims()[0], count);
        if count == 0 {
            return RowLosses::none(&[&anchors, &positives]);
        }
        let dtype = anchors.dtype();
        let anchors = widened(without_weightless(NAME, anchors, weights));
        let positives = widened(positives);
        let both = [&anchors, &positives].map(Tensor::clone);
        let columns = (positives, labels.clone());
        let terms = Terms::between(SeveralPositives, (anchors, labels), columns, false);
        let [negative, positive, sum, found] = [0, 1, 2, 3].map(|term| terms.of_rows(term));
        // Each has one positive at least, its own.
        let mut losses = softplus(negative - positive.clone()) + positive - sum / found.detach();
        if self.l2_weight > 0.0 {
            for points in both {
                let squares = (points.clone() * points).sum_dim(1).reshape([count]);
                losses = losses + squares * (self.l2_weight / 4.0);
            }
        }
        RowLosses::new(losses, dtype)
    }
}
