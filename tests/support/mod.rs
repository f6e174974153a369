//! What the tests share: devices, the losses as one type, an oracle, comparison.

pub mod call;
pub mod cases;
pub mod compare;
pub mod contrastive;
pub mod devices;
pub mod differences;
pub mod distillation;
pub mod expected;
pub mod golden;
pub mod linear;
pub mod loss;
pub mod number;
pub mod oracle;
pub mod random;
pub mod softmax;
pub mod tensors;
pub mod triplets;

pub use call::{Call, Dtype, Method, Outcome, Tracked};
pub use cases::{Case, Inputs, cases};
pub use compare::Tolerance;
pub use devices::{
    Path, Site, differentiable_sites, differentiable_sites_and_gpu,
    differentiable_sites_and_traced, plain_sites_and_gpu, sites, sites_and_gpu,
};
pub use expected::Expected;
pub use loss::Loss;
pub use number::{Number, Scaled};
pub use oracle::Oracle;
pub use random::Random;
pub use tensors::Layout;
