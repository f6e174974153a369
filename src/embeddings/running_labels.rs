//! Labels that change through a shared reference.

use burn::{
    module::{
        Content, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, Param,
        ParamId,
    },
    tensor::{Device, Int, Tensor},
};
use core::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Labels as part of a module that change through a shared reference: what Burn's `RunningState` is for floats. Clones
/// share them.
#[derive(Clone, Debug)]
pub(crate) struct RunningLabels {
    id: ParamId,
    labels: Arc<Mutex<Tensor<1, Int>>>,
}

impl RunningLabels {
    pub fn new(labels: Tensor<1, Int>) -> Self {
        Self::with_id(ParamId::new(), labels)
    }

    fn with_id(id: ParamId, labels: Tensor<1, Int>) -> Self {
        let labels = Arc::new(Mutex::new(labels));
        Self { id, labels }
    }

    pub fn value(&self) -> Tensor<1, Int> {
        self.lock().clone()
    }

    pub fn replace(&self, labels: Tensor<1, Int>) {
        *self.lock() = labels;
    }

    fn lock(&self) -> MutexGuard<'_, Tensor<1, Int>> {
        self.labels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn param(&self) -> Param<Tensor<1, Int>> {
        Param::initialized(self.id, self.value())
    }
}

impl Module for RunningLabels {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.visit_int(&self.param());
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        {
            let mut labels = self.lock();
            let param = Param::initialized(self.id, labels.clone());
            (_, *labels, _) = mapper.map_int(param).consume();
        }
        self
    }

    fn to_device(self, device: &Device) -> Self {
        {
            let mut labels = self.lock();
            *labels = labels.clone().to_device(device);
        }
        self
    }

    fn fork(self, device: &Device) -> Self {
        self.to_device(device)
    }

    fn collect_devices(&self, mut devices: Vec<Device>) -> Vec<Device> {
        let device = self.lock().device();
        if !devices.contains(&device) {
            devices.push(device);
        }
        devices
    }

    fn materialize(self) -> Self {
        self
    }

    fn valid(&self) -> Self {
        Self::with_id(self.id, self.value().without_autodiff())
    }

    fn train(self) -> Self {
        Self::with_id(self.id, self.value().autodiff())
    }
}

impl fmt::Display for RunningLabels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunningLabels(id={})", self.id)
    }
}

impl ModuleDisplayDefault for RunningLabels {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&"RunningLabels").optional()
    }
}

impl ModuleDisplay for RunningLabels {}
