//! Cox's partial likelihood.

use crate::{
    backend::{Order, cumulative, is_nothing, widened},
    config::{Named, config},
    error::{LossError, built, check_counts},
    module::display,
    reduction::Reduction,
    samples::{Batch, SampleEvaluation, SampleLosses, without_weightless},
};
use burn::{
    module::Module,
    serde::{Deserialize, Serialize},
    tensor::{Bool, Int, Tensor, TensorData},
};
use core::fmt;

/// What becomes of events at the same time in [`CoxLoss`].
///
/// In a configuration file it is `"breslow"` or `"efron"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum CoxTies {
    /// Each of them is at risk for all the others.
    Breslow,
    /// They happen one after another in an order that is not known, so each is at risk for half of the others.
    #[default]
    Efron,
}

impl Named for CoxTies {
    const NAMES: &'static [(Self, &'static str)] =
        &[(CoxTies::Breslow, "breslow"), (CoxTies::Efron, "efron")];
}

impl fmt::Display for CoxTies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

config! {
    /// Configuration of [`CoxLoss`].
    pub struct CoxLossConfig {
        /// What becomes of events at the same time. Default: Efron (R's `coxph`, torchsurv).
        pub ties: CoxTies = CoxTies::Efron,
        /// How the losses of all events become one number. Default: the mean over events.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The negative logarithm of Cox's partial likelihood, of log-risks against times of which some are those of an event and the
/// others those at which a sample was last seen (censored).
///
/// ```text
/// loss of an event i = ln(sum over j with T_j >= T_i of e^(h_j)) - h_i
/// ```
/// Of d events at the same time, which together have the risk D, the l-th (from 0) has `sum - l/d D` in place of the sum
/// (Efron); each gets the mean of their d logarithms. A censored sample has no loss of its own and does not count in a
/// mean. Without an event the loss is 0. It takes the time of sorting, and is exact for log-risks of any size: sums are those of
/// logarithms, not of shifted exponentials. Times and events are read by the host, which sorts them.
///
/// A weight multiplies the loss of an event. In the sums every sample counts as 1, but for those of weight 0, which count in none.
///
/// Sources: D. R. Cox, *Regression Models and Life-Tables*, 1972; ties: N. Breslow, *Covariance Analysis of Censored Survival Data*,
/// 1974; B. Efron, *The Efficiency of Cox's Likelihood Function for Censored Data*, 1977.
///
/// Shapes: log-risks, times and events `[N]`. Panics if they differ.
///
/// Equivalent: `torchsurv.loss.cox.neg_partial_log_likelihood(log_risks, events, times, ties_method="efron")`;
/// pycox's `cox_ph_loss` neglects ties.
///
/// # Example
/// ```
/// use burn::tensor::{Bool, Device, Tensor};
/// use burn_losses::CoxLossConfig;
///
/// let device = Device::flex();
/// let log_risks = Tensor::<1>::from_floats([0.0, 0.0, 0.0], &device);
/// let times = Tensor::<1>::from_floats([1.0, 2.0, 3.0], &device);
/// let events = Tensor::<1, Bool>::from_data([true, true, false], &device);
/// let value = CoxLossConfig::new().init().forward(log_risks, times, events);
/// assert!((value.into_scalar::<f32>() - (3f32.ln() + 2f32.ln()) / 2.0).abs() < 1e-6);
/// ```
#[doc(alias = "cox_ph_loss")]
#[doc(alias = "neg_partial_log_likelihood")]
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct CoxLoss {
    #[module(skip)]
    ties: CoxTies,
    #[module(skip)]
    reduction: Reduction,
}

impl CoxLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<CoxLoss, LossError> {
        Ok(CoxLoss {
            ties: self.ties,
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> CoxLoss {
        built(self.try_init())
    }
}
display!(CoxLoss, |loss, content| {
    content
        .add("ties", &loss.ties.to_string())
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "CoxLoss";

impl CoxLoss {
    /// Returns the losses of all events as one number, by the configured reduction. Returns 0 for an empty batch, and without an
    /// event.
    ///
    /// # Shapes
    /// - log_risks: `[N]`
    /// - times: `[N]`, of any float type
    /// - events: `[N]`, true for a time at which the event happened, false for one that is censored
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward(
        &self,
        log_risks: Tensor<1>,
        times: Tensor<1>,
        events: Tensor<1, Bool>,
    ) -> Tensor<1> {
        self.on(log_risks, times, events).reduce()
    }

    /// Returns the loss of each event; 0 for a censored sample.
    ///
    /// # Shapes
    /// - log_risks, times, events: `[N]`, as for [`forward`](Self::forward)
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward_no_reduction(
        &self,
        log_risks: Tensor<1>,
        times: Tensor<1>,
        events: Tensor<1, Bool>,
    ) -> Tensor<1> {
        self.on(log_risks, times, events).each()
    }

    /// Begins an evaluation, to which weights of the samples, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - log_risks, times, events: `[N]`, as for [`forward`](Self::forward)
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn on(
        &self,
        log_risks: Tensor<1>,
        times: Tensor<1>,
        events: Tensor<1, Bool>,
    ) -> SampleEvaluation {
        let [count] = log_risks.dims();
        check_counts(NAME, "time", times.dims()[0], ("log-risk", count));
        check_counts(NAME, "event", events.dims()[0], ("log-risk", count));
        let one_by_one = self.ties == CoxTies::Efron;
        let batch = Batch::of(NAME, &log_risks);
        SampleEvaluation::complete(batch, self.reduction, move |weights| {
            if is_nothing(&log_risks) {
                return SampleLosses::none(&[&log_risks]);
            }
            let cohort = Cohort::new(times, events, weights);
            let log_risks = widened(without_weightless(log_risks, weights));
            cohort.losses(log_risks, one_by_one)
        })
    }
}

/// What the host knows of samples.
struct Cohort {
    times: Vec<f64>,
    events: Vec<bool>,
    /// Which are in no sum.
    weightless: Vec<bool>,
}

impl Cohort {
    fn new(times: Tensor<1>, events: Tensor<1, Bool>, weights: Option<&Tensor<1>>) -> Self {
        // -0 becomes 0, which is the same time.
        let times = times.into_data();
        let times: Vec<f64> = times.iter::<f64>().map(|time| time + 0.0).collect();
        let weightless = weights.map(|weights| weights.to_data().iter::<f64>().collect());
        let weightless = weightless.unwrap_or_else(|| vec![1.0; times.len()]);
        let mut all = Self {
            times,
            events: events.into_data().iter().collect(),
            weightless: weightless.iter().map(|&weight| weight == 0.0).collect(),
        };
        for (event, weightless) in all.events.iter_mut().zip(&all.weightless) {
            *event &= !weightless;
        }
        all
    }

    fn losses(self, log_risks: Tensor<1>, one_by_one: bool) -> SampleLosses {
        let count = self.times.len();
        let device = log_risks.device();
        let list = |places: &[usize]| {
            let places: Vec<i64> = places.iter().map(|&place| place as i64).collect();
            Tensor::<1, Int>::from_data(TensorData::new(places, [count]), &device)
        };
        // From the last time to the first, at the same time censored samples first; behind them those that are in no sum.
        let key = |sample: usize| (self.weightless[sample], self.events[sample]);
        let mut samples: Vec<usize> = (0..count).collect();
        samples.sort_by(|&a, &b| {
            let ((a_weightless, a_event), (b_weightless, b_event)) = (key(a), key(b));
            let by_time = self.times[b].total_cmp(&self.times[a]);
            let by_weight = a_weightless.cmp(&b_weightless);
            by_weight.then(by_time).then(a_event.cmp(&b_event))
        });
        let order = Order {
            sizes: self.sizes(&samples),
            one_by_one,
        };
        let mut places = vec![0; count];
        for (place, &sample) in samples.iter().enumerate() {
            places[sample] = place;
        }
        let ordered = log_risks.select(0, list(&samples)).unsqueeze_dim::<2>(0);
        let losses = cumulative(ordered, &order).reshape([count]);
        let losses = losses.select(0, list(&places));
        let silent = self.events.iter().map(|event| !event);
        let silent = TensorData::new(silent.collect::<Vec<_>>(), [count]);
        let silent = Tensor::<1, Bool>::from_data(silent, &device);
        // Who is at risk is not known then.
        let mut known = self.times.iter().zip(&self.weightless);
        let losses = match known.any(|(time, weightless)| time.is_nan() && !weightless) {
            true => losses * f64::NAN,
            false => losses,
        };
        SampleLosses::with_silent(losses, silent)
    }

    /// How many events come together, at the first of them.
    fn sizes(&self, samples: &[usize]) -> Vec<i64> {
        let mut sizes = vec![0; samples.len()];
        let mut first = 0;
        for (place, &sample) in samples.iter().enumerate() {
            if !self.events[sample] {
                continue;
            }
            let begins = samples[first];
            let together = self.events[begins] && self.times[begins] == self.times[sample];
            if !together {
                first = place;
            }
            sizes[first] += 1;
        }
        sizes
    }
}
