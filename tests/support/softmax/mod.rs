//! What the tests of losses of rows of classes share.

pub mod call;
pub mod cases;
pub mod compare;
pub mod expected;
pub mod loss;
pub mod oracle;

pub use call::{FORMS, RowCall, Targets};
pub use cases::{RowCase, row_case, row_cases, share_cases};
pub use compare::check_rows;
pub use loss::RowLoss;
pub use oracle::{Kind, RowOracle, Target};
