//! A part of a model that several threads look at and change.

use burn::{
    module::{Content, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor},
    tensor::Device,
};
use core::{fmt, ops::Deref};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A module whose tensors change through a shared reference, of which one thread at a time has hold. Whoever saves, moves
/// or copies it sees all of its tensors as they belong together. Clones share the tensors and the lock.
#[derive(Clone, Debug)]
pub(crate) struct Shared<M> {
    module: M,
    lock: Arc<Mutex<()>>,
}

/// The module while nobody else has hold of it.
pub(crate) struct Locked<'a, M> {
    module: &'a M,
    _guard: MutexGuard<'a, ()>,
}

impl<M> Deref for Locked<'_, M> {
    type Target = M;

    fn deref(&self) -> &M {
        self.module
    }
}

impl<M: Module> Shared<M> {
    pub fn new(module: M) -> Self {
        let lock = Arc::default();
        Self { module, lock }
    }

    /// Waits for the threads that have hold of the module.
    pub fn lock(&self) -> Locked<'_, M> {
        Locked {
            module: &self.module,
            _guard: guard(&self.lock),
        }
    }

    /// What a step makes of the module while nobody else has hold of it; `self` still shares its lock with its clones.
    fn changed(self, change: impl FnOnce(M) -> M) -> Self {
        let Self { module, lock } = self;
        let module = {
            let _guard = guard(&lock);
            change(module)
        };
        Self { module, lock }
    }
}

fn guard(lock: &Mutex<()>) -> MutexGuard<'_, ()> {
    // A step computes all before it changes anything, so one that has panicked has left the tensors together.
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<M: Module> Module for Shared<M> {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        self.lock().visit(visitor);
    }

    fn map<T: ModuleMapper>(self, mapper: &mut T) -> Self {
        self.changed(|module| module.map(mapper))
    }

    fn to_device(self, device: &Device) -> Self {
        self.changed(|module| module.to_device(device))
    }

    fn fork(self, device: &Device) -> Self {
        self.changed(|module| module.fork(device))
    }

    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        self.lock().collect_devices(devices)
    }

    fn materialize(self) -> Self {
        self.changed(M::materialize)
    }

    fn valid(&self) -> Self {
        Self::new(self.lock().valid())
    }

    fn train(self) -> Self {
        Self::new(self.changed(M::train).module)
    }
}

impl<M> fmt::Display for Shared<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl<M: Module> ModuleDisplayDefault for Shared<M> {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&"Shared").optional()
    }
}

impl<M: Module> ModuleDisplay for Shared<M> {}
