//! For training with burn-train: the output of a step that makes embeddings, and metrics of them.
//!
//! This module needs the feature `train`.
//!
//! | metric | value |
//! |---|---|
//! | [`RecallAtKMetric`] | share of embeddings with one of the same label among the k nearest |
//! | [`MeanAveragePrecisionAtRMetric`] | how early embeddings of the same label come among the R nearest |
//! | [`KnnAccuracyMetric`] | share of embeddings whose label is the most frequent of the k nearest |
//!
//! All values are percentages; higher is better. They are those of the plain functions of this crate, such as
//! [`recall_at_k`](crate::recall_at_k). [`EmbeddingMetric`] describes candidates and distances. A metric
//! within batches depends on how batches are drawn, a metric with a gallery does not.
//!
//! # Example
//! ```
//! use burn::{
//!     data::dataloader::DataLoader,
//!     module::Module,
//!     nn::Linear,
//!     optim::AdamConfig,
//!     tensor::{Int, Tensor},
//!     train::{InferenceStep, Learner, SupervisedTraining, TrainOutput, TrainStep, metric::LossMetric},
//! };
//! use burn_losses::{
//!     SupConLoss,
//!     train::{EmbeddingOutput, MeanAveragePrecisionAtRMetric, RecallAtKMetric},
//! };
//! use std::sync::Arc;
//!
//! type Batch = (Tensor<2>, Tensor<1, Int>);
//!
//! #[derive(Module, Debug)]
//! struct Model {
//!     network: Linear,
//!     loss: SupConLoss,
//! }
//!
//! impl InferenceStep for Model {
//!     type Input = Batch;
//!     type Output = EmbeddingOutput;
//!
//!     fn step(&self, (inputs, labels): Batch) -> EmbeddingOutput {
//!         let embeddings = self.network.forward(inputs);
//!         let loss = self.loss.forward(embeddings.clone(), labels.clone());
//!         EmbeddingOutput::new(loss, embeddings, labels)
//!     }
//! }
//!
//! impl TrainStep for Model {
//!     type Input = Batch;
//!     type Output = EmbeddingOutput;
//!
//!     fn step(&self, batch: Batch) -> TrainOutput<EmbeddingOutput> {
//!         let output = InferenceStep::step(self, batch);
//!         TrainOutput::new(self, output.loss.backward(), output)
//!     }
//! }
//!
//! fn train(
//!     model: Model,
//!     training: Arc<dyn DataLoader<Batch>>,
//!     validation: Arc<dyn DataLoader<Batch>>,
//! ) -> Model {
//!     let recall = RecallAtKMetric::new(1);
//!     let precision = MeanAveragePrecisionAtRMetric::new();
//!     SupervisedTraining::new("target/training", training, validation)
//!         .metrics((recall, precision, LossMetric::new()))
//!         .num_epochs(10)
//!         .launch(Learner::new(model, AdamConfig::new().init(), 1e-3))
//!         .model
//! }
//! ```

mod knn_accuracy;
mod mean_average_precision_at_r;
mod metric;
mod output;
mod recall_at_k;
#[cfg(all(test, feature = "flex"))]
mod tests;

pub use knn_accuracy::KnnAccuracyMetric;
pub use mean_average_precision_at_r::MeanAveragePrecisionAtRMetric;
pub use metric::EmbeddingMetric;
pub use output::{EmbeddingInput, EmbeddingOutput};
pub use recall_at_k::RecallAtKMetric;
