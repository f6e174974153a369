//! Arguments as tensors, and what comes of a loss of them.

use super::{Argument, Last, Sampled};
use crate::{
    model::Numbers,
    support::{
        Dtype, Layout, Site,
        tensors::{Read, in_shape_of, leaf},
    },
};
use burn::tensor::{Gradients, Tensor};
use burn_losses::{
    ClassEvaluation, SampleEvaluation, TupleEvaluation,
    arguments::{Complete, Lists, Masks},
};

/// An evaluation that can be given weights and asked for a loss.
pub trait Evaluation: Sized {
    fn weighted(self, weights: Tensor<1>) -> Self;
    fn last(self, last: Last) -> Tensor<1>;
}

/// They have the same methods, which no public trait says.
macro_rules! evaluations {
    ($($evaluation:ty),*) => {$(
        impl Evaluation for $evaluation {
            fn weighted(self, weights: Tensor<1>) -> Self {
                self.weights(weights)
            }

            fn last(self, last: Last) -> Tensor<1> {
                match last {
                    Last::Reduce => self.reduce(),
                    Last::Each => self.each(),
                    Last::DividedBy(number) => self.divided_by(number),
                }
            }
        }
    )*};
}

evaluations!(
    ClassEvaluation<2>,
    SampleEvaluation<Complete>,
    SampleEvaluation<Lists>,
    SampleEvaluation<Masks>,
    TupleEvaluation
);

/// The gradient of an argument.
type ByArgument = Box<dyn Fn(&Gradients) -> Option<Vec<f64>>>;

/// The arguments of a case at a site, each of which is taken once.
pub struct Leaves<'a> {
    case: &'a Sampled,
    pub site: &'a Site,
    gradients: Vec<(usize, ByArgument)>,
}

impl<'a> Leaves<'a> {
    pub fn new(case: &'a Sampled, site: &'a Site) -> Self {
        Self {
            case,
            site,
            gradients: Vec::new(),
        }
    }

    pub fn dtype(&self) -> Dtype {
        self.case.dtype
    }

    /// An argument as a tensor.
    pub fn of<const D: usize>(&mut self, place: usize) -> Tensor<D> {
        let Argument {
            values,
            shape,
            tracked,
            layout,
            handed_over,
            ..
        } = &self.case.arguments[place];
        let mut values = values.clone();
        if let Some((argument, index, number)) = self.case.spoiled
            && argument == place
        {
            values[index] = number;
        }
        let tensor = layout.floats::<D>(&values, shape, self.case.dtype, self.site);
        let tensor = leaf(tensor, *tracked);
        if *tracked {
            let kept = tensor.clone();
            let by: ByArgument = Box::new(move |all| Some(Read::of(kept.grad(all)?).values));
            self.gradients.push((place, by));
        }
        match handed_over {
            true => tensor * 1.0,
            false => tensor,
        }
    }

    /// The value of an evaluation, and the gradients of all arguments that were taken.
    pub fn finish(mut self, evaluation: impl Evaluation) -> Numbers {
        let list = |values: &[f64]| -> Tensor<1> {
            let dtype = self.case.dtype.of_loss();
            Layout::Contiguous.floats(values, &[values.len()], dtype, self.site)
        };
        let evaluation = match &self.case.weights {
            Some(weights) => evaluation.weighted(list(weights)),
            None => evaluation,
        };
        let value = evaluation.last(self.case.last);
        let gradients = value.is_tracked().then(|| {
            let upstream = in_shape_of(list(&self.case.upstream), &value);
            (value.clone() * upstream).sum().backward()
        });
        self.gradients.sort_by_key(|(place, _)| *place);
        let gradients = self.gradients.iter().filter_map(|(place, by)| {
            let list = by(gradients.as_ref()?)?;
            Some((self.case.arguments[*place].name, list))
        });
        let value = ("value", Read::of(value).values);
        [value].into_iter().chain(gradients).collect()
    }
}
