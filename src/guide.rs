//! The guide: how to choose a loss, how to train with it, what to expect of it.
//!
//! | page | what it answers |
//! |---|---|
//! | [`choosing`] | which loss for which task, and for which trouble in the data |
//! | [`from_pytorch`] | what a loss of PyTorch, torchvision, timm, MONAI, segmentation-models-pytorch, pytorch-metric-learning, lightly or Liger is called here |
//! | [`all_losses`] | every loss with its formula, defaults and source |
//! | [`evaluation`] | arguments, weights, reductions, configuration files, metrics of embeddings |
//! | [`training_loops`] | loops, burn-train, gradient accumulation, mixed precision, checkpoints, several devices |
//! | [`performance`] | how losses run, features, build profiles, measurements |
//! | [`hostile_input`] | empty batches, ignored samples, NaN, classes out of range, half precision |
//! | [`own_loss`] | a formula of your own as a loss |
//! | [`examples`] | the examples and what they come to |

// The pages are files of `docs/guide`, which link to each other, and to sources, as files. `links.md` stands before each of
// them with the same links as items of this crate: of two definitions of a link, Markdown takes the first.

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/choosing.md")]
pub mod choosing {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/from_pytorch.md")]
pub mod from_pytorch {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/all_losses.md")]
pub mod all_losses {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/evaluation.md")]
pub mod evaluation {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/training_loops.md")]
pub mod training_loops {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/performance.md")]
pub mod performance {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/hostile_input.md")]
pub mod hostile_input {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/own_loss.md")]
pub mod own_loss {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/examples.md")]
pub mod examples {}
