//! What the tests share: devices, the losses as one type, an oracle, comparison.

pub mod call;
pub mod cases;
pub mod compare;
pub mod devices;
pub mod expected;
pub mod loss;
pub mod oracle;
pub mod random;

pub use call::{Call, Dtype, Layout, Method, Outcome, Tracked};
pub use cases::{Case, Inputs, cases};
pub use compare::Tolerance;
pub use devices::{Path, Site, differentiable_sites, differentiable_sites_and_gpu, sites};
pub use expected::{Expected, Scaled};
pub use loss::Loss;
pub use oracle::Oracle;
pub use random::Random;
