//! Operations on pairs of points in the stream.

use super::stream::{Inputs, enqueue, enqueue_of};
use crate::{
    backend::pairs::{
        NO_LABEL,
        call::PairCall,
        operation::{AllPairs, Extremes, ListedPairs, PairOperation, Triplets},
        paths::FusedPairs,
    },
    formula::{AllTriplets, Measure},
    kernel::gpu::{self, Labels, Named, Pairs, TracedPairs},
};
use burn::{
    backend::{
        Cube, TensorMetadata,
        ops::IntTensorOps,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{DType, IntDType, Shape},
};
use burn_cubecl::tensor::CubeTensor;
use std::sync::Arc;

/// What is done with pairs.
#[derive(Clone, Debug)]
enum What {
    Terms {
        formula: Named<dyn TracedPairs>,
        both: bool,
    },
    Triplets(AllTriplets),
    SemiHard(AllTriplets),
    Listed,
}

impl What {
    /// What kernels compute of an operation, and the measure they take.
    fn new(operation: &PairOperation) -> (Self, Measure) {
        match operation {
            PairOperation::All(AllPairs {
                formula,
                measure,
                both,
            }) => {
                let formula: Arc<dyn TracedPairs> = formula.clone();
                let name = formula.name();
                let terms = What::Terms {
                    formula: Named::new(formula, name),
                    both: *both,
                };
                (terms, *measure)
            }
            PairOperation::Triplets(Triplets { all, measure }) => (What::Triplets(*all), *measure),
            PairOperation::SemiHard(Triplets { all, measure }) => (What::SemiHard(*all), *measure),
            PairOperation::Listed(ListedPairs { measure }) => (What::Listed, *measure),
        }
    }

    /// The shape of the terms.
    fn shape(&self, call: &PairCall<Cube>) -> Shape {
        let rows = call.rows.shape()[0];
        match self {
            What::Terms { formula, both } => {
                let columns = call.columns.as_ref().filter(|_| *both);
                let columns = columns.map_or(0, |columns| columns.shape()[0]);
                Shape::new([formula.count(), rows + columns])
            }
            What::Triplets(_) | What::SemiHard(_) => Shape::new([3, rows]),
            What::Listed => Shape::new([1, call.row_labels.shape()[0]]),
        }
    }

    fn terms(&self, pairs: Pairs) -> CubeTensor {
        match self {
            What::Terms { formula, both } => gpu::pair_terms(pairs, formula, *both),
            What::Triplets(all) => gpu::triplet_terms(pairs, *all),
            What::SemiHard(all) => gpu::semi_hard_terms(pairs, *all),
            What::Listed => gpu::listed_terms(pairs),
        }
    }

    fn gradients(
        &self,
        pairs: Pairs,
        [terms, upstream]: [CubeTensor; 2],
        wanted: [bool; 2],
    ) -> [Option<CubeTensor>; 2] {
        match self {
            What::Terms { formula, both } => {
                gpu::pair_gradients(pairs, formula, *both, [terms, upstream], wanted)
            }
            What::Triplets(all) => gpu::triplet_gradients(pairs, *all, upstream, wanted),
            What::SemiHard(all) => gpu::semi_hard_gradients(pairs, *all, upstream, wanted),
            What::Listed => gpu::listed_gradients(pairs, [terms, upstream], wanted),
        }
    }
}

/// Labels, or places, in one data type that holds all of them.
fn of_one_type(lists: [&IntTensor<Cube>; 2]) -> [IntTensor<Cube>; 2] {
    let is_long =
        |list: &IntTensor<Cube>| matches!(list.dtype(), DType::I64 | DType::U64 | DType::U32);
    let dtype = match lists.into_iter().any(is_long) {
        true => IntDType::I64,
        false => IntDType::I32,
    };
    lists.map(|list| match list.dtype() == dtype.into() {
        true => list.clone(),
        false => Cube::int_cast(list.clone(), dtype),
    })
}

/// Pairs among the inputs of an operation.
#[derive(Clone, Copy)]
struct Given {
    measure: Measure,
    /// Whether rows and columns are the same points.
    same: bool,
}

impl Given {
    /// How a call's pairs are found again among inputs, and these inputs.
    fn new(call: &PairCall<Cube>, measure: Measure) -> (Self, Vec<FloatTensor<Cube>>) {
        let mut inputs = vec![call.rows.clone()];
        inputs.extend(call.columns.clone());
        inputs.extend(of_one_type([&call.row_labels, &call.column_labels]));
        let same = call.columns.is_none();
        (Self { measure, same }, inputs)
    }

    /// Those that lie next.
    fn next(self, inputs: &mut Inputs<'_>) -> Pairs {
        Pairs {
            rows: inputs.float(),
            columns: inputs.float_if(!self.same),
            labels: Labels {
                rows: inputs.int(),
                columns: inputs.int(),
                none: NO_LABEL,
                same: self.same,
            },
            measure: self.measure,
        }
    }
}

/// Whether a list is so long that each point cannot go through it.
fn is_long(call: &PairCall<Cube>) -> bool {
    const MOST_VISITS: usize = 1 << 33;
    let pairs = call.row_labels.shape()[0];
    let columns = call
        .columns
        .as_ref()
        .map_or(0, |columns| columns.shape()[0]);
    pairs.saturating_mul(call.rows.shape()[0].max(columns)) > MOST_VISITS
}

impl FusedPairs for Cube {
    fn fused_terms(operation: &PairOperation, call: &PairCall<Self>) -> Option<FloatTensor<Self>> {
        let (what, measure) = What::new(operation);
        let (given, inputs) = Given::new(call, measure);
        let outputs = [what.shape(call)];
        let work = move |mut inputs: Inputs<'_>| vec![what.terms(given.next(&mut inputs))];
        enqueue("burn_losses::pairs", inputs, &outputs, work).next()
    }

    fn fused_gradients(
        operation: &PairOperation,
        call: &PairCall<Self>,
        terms: &FloatTensor<Self>,
        upstream: &FloatTensor<Self>,
        wanted: [bool; 2],
    ) -> Option<[Option<FloatTensor<Self>>; 2]> {
        if matches!(operation, PairOperation::Listed(_)) && is_long(call) {
            return None;
        }
        // Of the same points there is one gradient, the first.
        let wanted = [wanted[0], wanted[1] && call.columns.is_some()];
        let (what, measure) = What::new(operation);
        let (given, mut inputs) = Given::new(call, measure);
        inputs.extend([terms.clone(), upstream.clone()]);
        let columns = call.columns.as_ref().unwrap_or(&call.rows);
        let shapes = [call.rows.shape(), columns.shape()].into_iter().zip(wanted);
        let shapes = shapes.filter_map(|(shape, is_wanted)| is_wanted.then_some(shape));
        let shapes: Vec<_> = shapes.collect();
        let work = move |mut inputs: Inputs<'_>| {
            let pairs = given.next(&mut inputs);
            let terms_and_upstream = [inputs.float(), inputs.float()];
            let gradients = what.gradients(pairs, terms_and_upstream, wanted);
            gradients.into_iter().flatten().collect()
        };
        let mut gradients = enqueue("burn_losses::pair_gradients", inputs, &shapes, work);
        Some(wanted.map(|is_wanted| is_wanted.then(|| gradients.next().expect("an output"))))
    }

    fn fused_extremes(extremes: &Extremes, call: &PairCall<Self>) -> Option<[IntTensor<Self>; 3]> {
        let (given, inputs) = Given::new(call, extremes.measure);
        let rows = call.rows.shape()[0];
        let dtype = inputs.last().expect("labels of columns").dtype();
        let outputs = [(); 3].map(|()| Shape::new([rows]));
        let extremes = gpu::Extremes {
            grows: extremes.gap.grows(),
            farthest: extremes.farthest,
        };
        let work = move |mut inputs: Inputs<'_>| {
            gpu::pair_extremes(given.next(&mut inputs), extremes).into()
        };
        let found = enqueue_of(dtype, "burn_losses::extremes", inputs, &outputs, work);
        found.collect::<Vec<_>>().try_into().ok()
    }
}
