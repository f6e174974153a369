//! What is computed from.

use burn::tensor::{Int, Tensor};

/// What says which items of a list are compared.
#[derive(Clone, Debug)]
pub(crate) enum ListMembers {
    /// How relevant each item is, `[B, L]`, of the type of the scores; `PADDED` for what is no item.
    Relevances(Tensor<2>),
    /// The one item of each list that is above all others, `[B]`. One that is none makes what its list costs NaN.
    Class(Tensor<1, Int>),
}

/// How the items of lists follow one another.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Of the first of some items that come together, and have a term each, their number; 0 of the others of these, and of an
    /// item without a term.
    pub sizes: Vec<i64>,
    /// Whether those that come together are taken out one after another (Efron), or all count to the last (Breslow).
    pub one_by_one: bool,
}
