//! What a formula does to the logits and to the losses of classes.

/// What a [`ClassFormula`](super::ClassFormula) does to the logits z of a sample before the softmax, and to the loss of
/// each class after it.
///
/// ```text
/// a_c  = s (z_c + b_c), at the target class s (z_y + b_y - m_y)
/// loss = sum_c q_c f_c phi(ln softmax(a)_c)
/// ```
/// The default does nothing. A list has a number for each class, and the name under which messages speak of it: that of
/// the hyperparameter it comes from.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::{
///     ClassLoss, Reduction,
///     formula::{Adjustment, ClassFormula, Real, SoftmaxFocal},
/// };
///
/// /// Focal loss whose logits are shifted by the logarithms of class counts.
/// #[derive(Clone, Debug)]
/// struct BalancedFocal {
///     focal: SoftmaxFocal,
///     counts: Vec<f64>,
/// }
///
/// impl ClassFormula for BalancedFocal {
///     #[inline(always)]
///     fn value<R: Real>(&self, l: R) -> R {
///         self.focal.value(l)
///     }
///
///     fn adjustment(&self) -> Adjustment {
///         let biases = self.counts.iter().map(|count| count.ln());
///         Adjustment::default().with_bias("counts", biases.collect())
///     }
/// }
///
/// let focal = SoftmaxFocal { alpha: None, gamma: 2.0 };
/// let formula = BalancedFocal { focal, counts: vec![30.0, 10.0] };
/// let loss = ClassLoss::new(formula, Reduction::Mean);
/// let device = Device::flex();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let targets = Tensor::<1, Int>::from_ints([1], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - 0.75f32.powi(2) * 4f32.ln()).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Adjustment {
    pub(crate) bias: Option<ClassList>,
    pub(crate) margin: Option<ClassList>,
    pub(crate) scale: f64,
    pub(crate) factors: Option<ClassList>,
}

/// A number for each class.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClassList {
    /// The hyperparameter it comes from.
    pub field: &'static str,
    pub numbers: Vec<f64>,
}

impl Default for Adjustment {
    fn default() -> Self {
        Self {
            bias: None,
            margin: None,
            scale: 1.0,
            factors: None,
        }
    }
}

impl Adjustment {
    /// Adds `b_c` to the logit of each class.
    pub fn with_bias(self, field: &'static str, biases: Vec<f64>) -> Self {
        Self {
            bias: Some(ClassList {
                field,
                numbers: biases,
            }),
            ..self
        }
    }

    /// Takes `m_y` off the logit of the target class y. A loss with margins takes no probabilities, which have no such
    /// class.
    pub fn with_margin(self, field: &'static str, margins: Vec<f64>) -> Self {
        Self {
            margin: Some(ClassList {
                field,
                numbers: margins,
            }),
            ..self
        }
    }

    /// Multiplies all logits by `s`, once biases and margins are in them.
    pub fn with_scale(self, scale: f64) -> Self {
        Self { scale, ..self }
    }

    /// Multiplies the loss of each class by `f_c`, or of all by one number. Other than class weights these do not
    /// count in a mean.
    pub fn with_factors(self, field: &'static str, factors: Vec<f64>) -> Self {
        Self {
            factors: Some(ClassList {
                field,
                numbers: factors,
            }),
            ..self
        }
    }

    /// The lists that have a number for each class.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &ClassList> {
        let factors = self.factors.as_ref();
        let factors = factors.filter(|list| list.numbers.len() != 1);
        let lists = [self.bias.as_ref(), self.margin.as_ref(), factors];
        lists.into_iter().flatten()
    }
}
