//! Logarithms of cumulative sums of exponentials as Burn's own operations: a scan of as many steps as the length of a list has
//! bits.

use super::inputs::Order;
use crate::{
    backend::nothing::everywhere,
    formula::{log_add_exp, softplus},
};
use burn::tensor::{Bool, IndexingUpdateOp, Int, Tensor, TensorData};

/// Less than any exponent that has a share in a sum with others.
pub(crate) const NOTHING: f64 = -1e30;

/// As [`cumulative`](super::cumulative), for autodiff of Burn's.
pub(super) fn cumulative(x: Tensor<2>, order: &Order) -> Tensor<2> {
    let groups = Groups::new(order, x.dims()[1]);
    let places = |of: fn(&Group) -> i64| -> Tensor<2, Int> { groups.tensor(of, &x) };
    let mask = |of: fn(&Group) -> bool| groups.mask(of, &x);
    // What is behind all terms must not reach a gradient, whatever it holds.
    let x = x.clone().mask_fill(mask(|group| group.is_behind), 0.0);
    let before = before(&x, None);
    let silent = mask(|group| group.count == 0);
    if groups.items.iter().all(|group| group.count <= 1) {
        return softplus(before).mask_fill(silent, 0.0);
    }
    let first = places(|group| group.first);
    let last = places(|group| group.first + group.count.max(1) - 1);
    let at =
        |numbers: &Tensor<2>, places: &Tensor<2, Int>| numbers.clone().gather(1, places.clone());
    // The logarithm of the sum of all that come together, relative to the last of them.
    let own = at(&softplus(self::before(&x, Some(first.clone()))), &last);
    let of_last = at(&x, &last);
    let beside = at(&before, &first) + (at(&x, &first) - of_last.clone()) - own.clone();
    let left = groups.left(order.one_by_one, &x);
    let above = (softplus(beside - left.clone()) + left).mask_fill(silent.clone(), 0.0);
    let sum = above.zeros_like();
    let sum = sum.scatter(1, first.clone(), above, IndexingUpdateOp::Add);
    let counts = places(|group| group.count.max(1)).float().cast(x.dtype());
    let terms = own + (of_last - x.clone()) + at(&sum, &first) / counts;
    let alone = mask(|group| group.count == 1);
    terms
        .mask_where(alone, softplus(before))
        .mask_fill(silent, 0.0)
}

/// The logarithm of the sum over all before each item, from `first` on, relative to the item. Numbers that are close keep
/// the digits of their difference, wherever they are.
fn before(x: &Tensor<2>, first: Option<Tensor<2, Int>>) -> Tensor<2> {
    let [lists, length] = x.dims();
    let shifted = |numbers: &Tensor<2>, step: usize, none: f64| {
        let none = Tensor::full([lists, step], none, (&x.device(), x.dtype()));
        let numbers = numbers.clone().slice([0..lists, 0..length - step]);
        Tensor::cat(vec![none, numbers], 1)
    };
    // Tracked, also where an item has none before it.
    let mut before = x.clone().mask_fill(everywhere(x), NOTHING);
    let mut step = 1;
    while step < length {
        // Of as many items, the last of them `step` places before.
        let more = shifted(&softplus(before.clone()), step, NOTHING);
        let mut more = more + (shifted(x, step, 0.0) - x.clone());
        if let Some(first) = &first {
            let places = Tensor::<1, Int>::arange(0..length as i64, &x.device());
            let places = places.cast(first.dtype()).unsqueeze_dim::<2>(0) - step as i64;
            let outside: Tensor<2, Bool> = places.expand(x.shape()).lower(first.clone());
            more = more.mask_fill(outside, NOTHING);
        }
        before = log_add_exp(before, more);
        step *= 2;
    }
    before
}

/// What an item comes together with.
#[derive(Clone, Copy)]
struct Group {
    /// Where they begin in their list.
    first: i64,
    /// How many they are; 0 of an item without a term.
    count: i64,
    /// The place of the item among them.
    place: i64,
    /// Whether no term of the list is here or comes later.
    is_behind: bool,
}

struct Groups {
    items: Vec<Group>,
}

impl Groups {
    fn new(order: &Order, length: usize) -> Self {
        let mut items: Vec<Group> = Vec::with_capacity(order.sizes.len());
        for (index, &size) in order.sizes.iter().enumerate() {
            let first = (index % length) as i64;
            let before = items.last().filter(|_| first > 0);
            items.push(match before {
                Some(before) if size == 0 && before.place + 1 < before.count => Group {
                    place: before.place + 1,
                    ..*before
                },
                _ => Group {
                    first,
                    count: size,
                    place: 0,
                    is_behind: true,
                },
            });
        }
        for list in items.chunks_mut(length) {
            let has_term = |group: &Group| group.count > 0;
            let terms = list.iter().rposition(has_term).map_or(0, |last| last + 1);
            for group in &mut list[..terms] {
                group.is_behind = false;
            }
        }
        Self { items }
    }

    fn mask(&self, of: fn(&Group) -> bool, x: &Tensor<2>) -> Tensor<2, Bool> {
        let which: Vec<bool> = self.items.iter().map(of).collect();
        Tensor::from_data(TensorData::new(which, x.shape()), &x.device())
    }

    /// A number of each item, beside `x`.
    fn tensor(&self, of: fn(&Group) -> i64, x: &Tensor<2>) -> Tensor<2, Int> {
        let numbers: Vec<i64> = self.items.iter().map(of).collect();
        Tensor::from_data(TensorData::new(numbers, x.shape()), &x.device())
    }

    /// The logarithm of what is left of those that come together, when it is an item's turn.
    fn left(&self, one_by_one: bool, x: &Tensor<2>) -> Tensor<2> {
        let left = self.items.iter().map(|group| match one_by_one {
            true => (-(group.place as f64) / group.count.max(1) as f64).ln_1p(),
            false => 0.0,
        });
        let left = TensorData::new(left.collect(), x.shape());
        Tensor::from_data(left, (&x.device(), x.dtype()))
    }
}
