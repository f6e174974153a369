//! The distance between embeddings.

use crate::{
    config::{FromValue, Name, Variant, Wrong, as_written, by_itself},
    error::{Check, LossError},
    formula::{Gap, Measure},
};
use burn::serde::{Deserialize, Deserializer, Serialize};
use core::fmt;
use serde_json::Value;

/// The distance between two embeddings. All losses and miners use it as a distance: smaller is closer.
///
/// The gradient of the Euclidean and Lp distances is 0 between equal points. The distance is `"euclidean"`,
/// `"squared_euclidean"`, `"cosine"`, `"dot_product"` or `{"lp": {"p": 1.0}}` (or `{"lp": 1.0}`) in a
/// configuration file; `Display` is what a file says.
///
/// # Example
/// ```
/// use burn_losses::Distance;
///
/// assert!(Distance::Cosine.is_similarity());
/// assert!(!Distance::Euclidean.is_similarity());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum Distance {
    /// `sqrt(sum_k (a_k - b_k)²)`
    #[default]
    Euclidean,
    /// `sum_k (a_k - b_k)²`
    SquaredEuclidean,
    /// `1 - cos(a, b)`, with all its digits where the two are close; a vector of zeros has distance 1 from all others.
    Cosine,
    /// `-a · b`
    DotProduct,
    /// `(sum_k |a_k - b_k|^p)^(1/p)`
    Lp {
        /// The exponent, at least 1.
        p: f64,
    },
}

impl Distance {
    const VARIANTS: &'static [Variant<Self>] = &[
        Variant::plain("euclidean", |_| Ok(Self::Euclidean)),
        Variant::plain("squared_euclidean", |_| Ok(Self::SquaredEuclidean)),
        Variant::plain("cosine", |_| Ok(Self::Cosine)),
        Variant::plain("dot_product", |_| Ok(Self::DotProduct)),
        Variant {
            name: "lp",
            fields: &[Name("p", &[])],
            read: |fields| {
                let p = fields.required("p")?;
                Ok(Self::Lp { p })
            },
        },
    ];

    /// Whether this is a similarity with its sign changed: a larger cosine or dot product is closer. Margins apply to
    /// the distance: a positive with cosine 0.9 has distance 0.1.
    pub fn is_similarity(&self) -> bool {
        matches!(self, Distance::Cosine | Distance::DotProduct)
    }

    pub(crate) fn check(&self, check: Check) -> Result<(), LossError> {
        let p = match self {
            Distance::Lp { p } => *p,
            _ => 1.0,
        };
        let ok = p >= 1.0 && p.is_finite();
        check.that(ok, "distance", self, "a finite p of at least 1")
    }

    /// What all distances follow from.
    pub(crate) fn measure(&self) -> Measure {
        match *self {
            Distance::Euclidean | Distance::SquaredEuclidean => Measure::SquaredEuclidean,
            Distance::Lp { p: 2.0 } => Measure::SquaredEuclidean,
            Distance::Cosine => Measure::Cosine,
            Distance::DotProduct => Measure::Dot,
            Distance::Lp { p } => Measure::Lp(p),
        }
    }

    /// What makes the distance of that.
    pub(crate) fn gap(&self) -> Gap {
        match self {
            Distance::Euclidean | Distance::Lp { p: 2.0 } => Gap::Root,
            Distance::SquaredEuclidean | Distance::Lp { .. } | Distance::Cosine => Gap::Same,
            Distance::DotProduct => Gap::Negative,
        }
    }

    /// Whether embeddings have to have norm 1.
    pub(crate) fn normalizes(&self, asked: bool) -> bool {
        asked || *self == Distance::Cosine
    }
}

impl FromValue for Distance {
    fn expected() -> [String; 2] {
        Variant::names(Self::VARIANTS)
    }

    fn from_value(value: &Value) -> Result<Self, Wrong> {
        Variant::chosen(value, Self::VARIANTS)
    }
}

impl<'de> Deserialize<'de> for Distance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_itself(deserializer)
    }
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&as_written(self))
    }
}
