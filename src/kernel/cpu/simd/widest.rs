//! For how wide registers a body is compiled.
//!
//! Each instruction set takes build time, which pays where a program spends its time. The choice is a type, and not a constant:
//! what a type does not call is not compiled.

#[cfg(target_arch = "x86_64")]
use super::{Avx2, Avx512, Body, Sse2};

/// The widest registers that get code of their own. On a CPU with wider ones that is run as it is.
pub(crate) trait Widest {
    /// Runs a body on a CPU that has AVX-512.
    #[cfg(target_arch = "x86_64")]
    fn with_avx512<B: Body>(isa: Avx512, body: B) -> B::Output;

    /// Runs a body on a CPU that has AVX2 and no more.
    #[cfg(target_arch = "x86_64")]
    fn with_avx2<B: Body>(isa: Avx2, body: B) -> B::Output;
}

/// All there are: for what is asked for in every training step.
pub(crate) struct All;

/// Half of the widest.
pub(crate) struct Half;

/// Those that every CPU of the architecture has: for what is hardly ever asked for.
pub(crate) struct Common;

impl Widest for All {
    #[cfg(target_arch = "x86_64")]
    fn with_avx512<B: Body>(isa: Avx512, body: B) -> B::Output {
        isa.run(body)
    }

    #[cfg(target_arch = "x86_64")]
    fn with_avx2<B: Body>(isa: Avx2, body: B) -> B::Output {
        isa.run(body)
    }
}

impl Widest for Half {
    #[cfg(target_arch = "x86_64")]
    fn with_avx512<B: Body>(isa: Avx512, body: B) -> B::Output {
        Avx2::within(isa).run(body)
    }

    #[cfg(target_arch = "x86_64")]
    fn with_avx2<B: Body>(isa: Avx2, body: B) -> B::Output {
        isa.run(body)
    }
}

impl Widest for Common {
    #[cfg(target_arch = "x86_64")]
    fn with_avx512<B: Body>(_: Avx512, body: B) -> B::Output {
        Sse2::detect().run(body)
    }

    #[cfg(target_arch = "x86_64")]
    fn with_avx2<B: Body>(_: Avx2, body: B) -> B::Output {
        Sse2::detect().run(body)
    }
}
