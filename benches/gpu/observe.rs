//! What a pass does on the device: the kernels it launches, the bytes these move, the memory it takes and the time of
//! each kernel.
//!
//! CubeCL tells of every launch, Burn's fusion of every block of operations and the tensors these read and write. So
//! bytes are counted a tensor at a time: a block reads each tensor it was given once, and writes each that outlives it
//! once. That is what a kernel has to move. What it does not say: whether a kernel visits a tensor twice and finds it in
//! a cache or not, and what a block of several kernels holds in between (the sums of cubes, a block of similarities);
//! `hidden` counts the launches of which the latter may be true.

use burn::{
    backend::{
        fusion::observer::{BlockOperations, FusionObservation, FusionObserver},
        ir::{BaseOperationIr, OperationIr, TensorId, TensorIr, TensorStatus},
    },
    cubecl::{
        MemoryScope,
        client::Client,
        future::block_on,
        logging::{LaunchObservation, LaunchObserver, ProfileDuration, TimingRequest},
        profile::TimingMethod,
    },
};
use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What a pass did.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub launches: usize,
    /// Launches within a block beyond the first, whose tensors fusion does not know.
    pub hidden: usize,
    pub bytes: u64,
    /// The most memory in use when a kernel was launched, beyond what was in use before.
    pub peak: u64,
}

/// The time of each kernel, by its name.
#[derive(Clone, Debug, Default)]
pub struct Times {
    pub kernels: Vec<(&'static str, Duration)>,
    /// Whether the device measured, and not the host around it.
    pub by_device: bool,
}

impl Times {
    pub fn milliseconds(&self) -> f64 {
        let times = self.kernels.iter().map(|(_, time)| time.as_secs_f64());
        1e3 * times.sum::<f64>()
    }
}

/// Counts what `pass` does. It has to wait for the device at its end, and the device has nothing to do before.
pub fn counted<T>(client: &Client, pass: impl FnOnce() -> T) -> (Counts, T) {
    let before = in_use(client);
    let counter = Arc::new(Counter {
        client: client.clone(),
        state: Mutex::default(),
    });
    let launches = LaunchObservation::new(counter.clone());
    let blocks = FusionObservation::new(counter.clone());
    let outcome = pass();
    drop((launches, blocks));
    let mut counts = mem::take(&mut counter.lock().counts);
    counts.peak = counts.peak.saturating_sub(before);
    (counts, outcome)
}

/// Measures the kernels of `pass`, which has to wait for the device at its end.
pub fn timed<T>(pass: impl FnOnce() -> T) -> (Times, T) {
    let clock = Arc::new(Clock::default());
    let observation = LaunchObservation::new(clock.clone());
    let outcome = pass();
    drop(observation);
    let measured = mem::take(&mut *clock.0.lock().unwrap_or_else(PoisonError::into_inner));
    let by_device = measured
        .iter()
        .all(|(_, profile)| matches!(profile.timing_method(), TimingMethod::Device));
    let kernels = measured
        .into_iter()
        .filter_map(|(name, profile)| Some((name, block_on(profile.resolve())?.duration())))
        .collect();
    (Times { kernels, by_device }, outcome)
}

fn in_use(client: &Client) -> u64 {
    let report = client.memory_report(MemoryScope::Device);
    report.usage().bytes_in_use
}

#[derive(Default)]
struct Clock(Mutex<Vec<(&'static str, ProfileDuration)>>);

impl LaunchObserver for Clock {
    fn launched(&self, _: &'static str) {}

    fn timing(&self) -> TimingRequest {
        TimingRequest::Deferred
    }

    fn profiled(&self, kernel: &'static str, profile: ProfileDuration) {
        let mut measured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        measured.push((kernel, profile));
    }
}

struct Counter {
    client: Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    counts: Counts,
    /// How many bytes lie behind a tensor that is a view of another.
    views: HashMap<TensorId, u64>,
    block: Option<Block>,
}

/// The block that runs.
struct Block {
    launches: usize,
    bytes: u64,
    /// What it makes, with the bytes behind that if no kernel runs.
    made: Vec<(TensorId, u64)>,
}

impl Counter {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LaunchObserver for Counter {
    fn launched(&self, _: &'static str) {
        // The outputs of the kernel have their memory, and its inputs still have theirs.
        let used = in_use(&self.client);
        let mut state = self.lock();
        let State { counts, block, .. } = &mut *state;
        counts.peak = counts.peak.max(used);
        counts.launches += 1;
        if let Some(block) = block {
            block.launches += 1;
            counts.hidden += usize::from(block.launches > 1);
        }
    }
}

impl FusionObserver for Counter {
    fn registered(&self, _: &OperationIr) {}

    fn block_starts(&self, block: BlockOperations<'_>) {
        let mut state = self.lock();
        state.block = Some(Block::new(block, &state.views));
    }

    fn block_ran(&self) {
        let mut state = self.lock();
        let Some(block) = state.block.take() else {
            return;
        };
        if block.launches > 0 {
            state.counts.bytes += block.bytes;
        }
        for (id, behind) in block.made {
            match block.launches {
                0 => state.views.insert(id, behind),
                _ => state.views.remove(&id),
            };
        }
    }
}

fn size(tensor: &TensorIr) -> u64 {
    (tensor.shape.num_elements() * tensor.dtype.size()) as u64
}

/// The part of an input that an operation reads: of what it picks from, no more than it picks.
fn part(operation: &OperationIr) -> Option<(TensorId, u64)> {
    let (OperationIr::BaseFloat(base) | OperationIr::BaseInt(base) | OperationIr::BaseBool(base)) =
        operation
    else {
        return None;
    };
    let (from, picked) = match base {
        BaseOperationIr::Slice(it) => (&it.tensor, &it.out),
        BaseOperationIr::Select(it) => (&it.tensor, &it.out),
        BaseOperationIr::Gather(it) => (&it.tensor, &it.out),
        _ => return None,
    };
    Some((from.id, size(picked)))
}

impl Block {
    fn new(operations: BlockOperations<'_>, views: &HashMap<TensorId, u64>) -> Self {
        let (mut read, mut written, mut made) = (HashMap::new(), HashMap::new(), Vec::new());
        for operation in operations.iter() {
            if let OperationIr::Drop(tensor) = operation {
                written.remove(&tensor.id);
                continue;
            }
            let part = part(operation);
            let mut behind = 0;
            for input in operation.inputs() {
                let whole = size(input);
                let stored = views.get(&input.id).map_or(whole, |view| whole.min(*view));
                behind = behind.max(stored);
                if let Some(written_bytes) = written.get(&input.id).copied() {
                    behind = behind.max(written_bytes);
                    // The last use of something the block made: it need not be written.
                    if matches!(input.status, TensorStatus::ReadWrite) {
                        written.remove(&input.id);
                    }
                } else if !made.iter().any(|(id, _)| *id == input.id) {
                    let bytes = match part {
                        Some((id, bytes)) if id == input.id => bytes.min(stored),
                        _ => stored,
                    };
                    let most: &mut u64 = read.entry(input.id).or_default();
                    *most = bytes.max(*most);
                }
            }
            for output in operation.outputs() {
                let whole = size(output);
                written.insert(output.id, whole);
                made.push((output.id, whole.min(behind)));
            }
        }
        Self {
            launches: 0,
            bytes: read.values().sum::<u64>() + written.values().sum::<u64>(),
            made,
        }
    }
}
