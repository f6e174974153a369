//! Operations of this crate in Burn's stream of operations.

use burn::{
    backend::{Cube, tensor::FloatTensor},
    tensor::{DType, Shape},
};
use burn_cubecl::{CubeBackend, fusion::FusionCubeRuntime, tensor::CubeTensor};
use burn_fusion::{
    ExecutionError, FusionRuntime,
    custom::{CustomOpIr, HandleContainer, Operation, OperationIr, StreamId, TensorIr},
};
use core::{fmt, slice};
use std::vec;

type Handles = HandleContainer<<FusionCubeRuntime as FusionRuntime>::FusionHandle>;

/// The tensors an operation is computed from, in the order they were handed over.
pub(super) struct Inputs<'a> {
    left: slice::Iter<'a, TensorIr>,
    handles: &'a mut Handles,
}

impl Inputs<'_> {
    fn description(&mut self) -> &TensorIr {
        self.left.next().expect("registered with the operation")
    }

    /// The next, of floats.
    pub fn float(&mut self) -> CubeTensor {
        let description = self.description().clone();
        self.handles.get_float_tensor::<CubeBackend>(&description)
    }

    /// The next, of integers.
    pub fn int(&mut self) -> CubeTensor {
        let description = self.description().clone();
        self.handles.get_int_tensor::<CubeBackend>(&description)
    }

    /// The next, of floats, where there is one.
    pub fn float_if(&mut self, is_there: bool) -> Option<CubeTensor> {
        is_there.then(|| self.float())
    }
}

/// What an operation makes of its inputs.
type Work = dyn Fn(Inputs<'_>) -> Vec<CubeTensor> + Send + Sync;

/// An operation in the stream, which waits for its turn.
struct Waiting {
    description: CustomOpIr,
    work: Box<Work>,
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Waiting").field(&self.description).finish()
    }
}

impl Operation<FusionCubeRuntime> for Waiting {
    fn execute(&self, handles: &mut Handles) -> Result<(), ExecutionError> {
        let inputs = Inputs {
            left: self.description.inputs.iter(),
            handles,
        };
        let outputs = (self.work)(inputs);
        assert_eq!(outputs.len(), self.description.outputs.len());
        for (output, tensor) in self.description.outputs.iter().zip(outputs) {
            match output.dtype.is_float() {
                true => handles.register_float_tensor::<CubeBackend>(&output.id, tensor),
                false => handles.register_int_tensor::<CubeBackend>(&output.id, tensor),
            }
        }
        Ok(())
    }
}

/// Hands an operation to the stream of its inputs, of which there is one at least; its outputs are of that data type.
pub(super) fn enqueue_of(
    dtype: DType,
    name: &'static str,
    inputs: Vec<FloatTensor<Cube>>,
    outputs: &[Shape],
    work: impl Fn(Inputs<'_>) -> Vec<CubeTensor> + Send + Sync + 'static,
) -> vec::IntoIter<FloatTensor<Cube>> {
    let client = inputs[0].client.clone();
    let new = |shape: &Shape| TensorIr::uninit(client.create_empty_handle(), shape.clone(), dtype);
    let outputs: Vec<_> = outputs.iter().map(new).collect();
    // The last use of a tensor says so, and its memory can be written.
    let inputs: Vec<_> = inputs.into_iter().map(|input| input.into_ir()).collect();
    let description = CustomOpIr::new(name, &inputs, &outputs);
    let waiting = Waiting {
        description: description.clone(),
        work: Box::new(work),
    };
    let ir = OperationIr::Custom(description);
    client
        .register(StreamId::current(), ir, waiting)
        .into_iter()
}

/// The same with outputs of `f32`.
pub(super) fn enqueue(
    name: &'static str,
    inputs: Vec<FloatTensor<Cube>>,
    outputs: &[Shape],
    work: impl Fn(Inputs<'_>) -> Vec<CubeTensor> + Send + Sync + 'static,
) -> vec::IntoIter<FloatTensor<Cube>> {
    enqueue_of(DType::F32, name, inputs, outputs, work)
}
