//! What a kernel of overlaps is compiled for, and what it is launched with.

use crate::{
    formula::Activation,
    kernel::gpu::{
        formula::{Named, TracedClass, TracedElement},
        traced::Words,
    },
};
use burn_cubecl::cubecl::{self, prelude::*};

/// What a kernel of overlaps is compiled for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OverlapKind {
    pub activation: Activation,
    /// Whether errors are squared before they are added.
    pub squared: bool,
    pub term: TracedTerm,
    /// Whether a class, or a number in a mask, stands for no target.
    pub has_ignored: bool,
}

/// What is summed up of each pixel besides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TracedTerm {
    None,
    /// A loss of its class.
    Class(Named<dyn TracedClass>),
    /// A loss of each of its channels.
    Element(Named<dyn TracedElement>),
}

/// Pixels and what they are compared with.
#[derive(CubeType, CubeLaunch)]
pub(super) struct Pixels<E: Float, I: Int> {
    /// `[N, C, K]`
    pub logits: &'static [E],
    /// `[N, K]`
    pub classes: ComptimeOption<&'static [I]>,
    /// `[N, C, K]`
    pub masks: ComptimeOption<&'static [E]>,
    /// `[N, K]`
    pub weights: ComptimeOption<&'static [f32]>,
    /// C
    pub channels: u32,
    /// K
    pub inner: usize,
    /// N K
    pub count: usize,
    /// The class that stands for no target.
    pub ignored: InputScalar,
    /// The number in a mask that does.
    pub ignored_mask: f32,
    pub words: Words,
}
