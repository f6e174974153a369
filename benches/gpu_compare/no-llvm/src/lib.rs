//! What CubeCL's CUDA runtime names of its LLVM compiler, without that compiler.

use cubecl_core::{environment::backtrace::BackTrace, ir::nvidia::SmArch, prelude::KernelDefinition};
use cubecl_runtime::{compiler::CompilationError, kernel::BufferIOAttr};
use nvptx::ptx_version::PtxVersion;
use std::ffi::c_char;

pub mod nvptx {
    pub mod ptx_version {
        use std::fmt;

        /// The version of PTX, which C++ needs not be told.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct PtxVersion;

        impl PtxVersion {
            pub fn for_driver(_: i32) -> Option<Self> {
                None
            }
        }

        impl fmt::Display for PtxVersion {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("ptx")
            }
        }
    }
}

pub mod shared {
    pub mod lowered_features {
        use cubecl_core::ir::DeviceProperties;

        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum GpuTarget {
            Nvptx,
        }

        /// Leaves everything: C++ has it.
        pub fn restrict_features(_: &mut DeviceProperties, _: GpuTarget) {}
    }
}

#[derive(Clone, Debug, Default)]
pub enum LlvmTarget {
    #[default]
    Nvptx,
}

#[derive(Clone, Debug, Default)]
pub struct PlironCompiler {
    pub target: LlvmTarget,
}

#[derive(Clone, Debug, Default)]
pub struct PlironOptions {
    pub arch: Option<()>,
    pub sm_arch: Option<SmArch>,
    pub ptx_version: Option<PtxVersion>,
    pub grid_constants: bool,
    pub rest: (),
}

#[derive(Clone, Debug)]
pub struct NvptxModule {
    pub ptx: Vec<c_char>,
    pub entrypoint: String,
    pub ir: String,
    pub shared_memory_size: usize,
    pub io: Vec<BufferIOAttr>,
}

#[derive(Clone, Debug)]
pub enum PlironArtifact {
    NvptxCode(NvptxModule),
    None,
}

impl PlironCompiler {
    /// Compiles nothing.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn compile(
        &mut self,
        _: KernelDefinition,
        _: &PlironOptions,
    ) -> Result<PlironArtifact, CompilationError> {
        Err(CompilationError::Generic {
            reason: "built without LLVM, see benches/gpu_compare/no-llvm".into(),
            backtrace: BackTrace::capture(),
        })
    }

    pub fn lang_tag(&self) -> &'static str {
        "llvm"
    }
}
