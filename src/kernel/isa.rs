//! Which instruction set the kernels run with.

use std::sync::OnceLock;

/// The environment variable that forces an instruction set: `avx512`, `avx2` or `baseline`.
pub(crate) const VARIABLE: &str = "BURN_LOSSES_ISA";

/// An instruction set, chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Baseline,
}

impl Choice {
    /// Every instruction set this build knows, the fastest first.
    pub const ALL: &[Choice] = &[
        #[cfg(target_arch = "x86_64")]
        Choice::Avx512,
        #[cfg(target_arch = "x86_64")]
        Choice::Avx2,
        Choice::Baseline,
    ];

    fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Choice::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Choice::Avx2 => "avx2",
            Choice::Baseline => "baseline",
        }
    }

    /// Whether this CPU can run it.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Choice::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("fma")
            }
            #[cfg(target_arch = "x86_64")]
            Choice::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Choice::Baseline => true,
        }
    }

    /// The forced instruction set, or the best available one. Looked up once per process.
    ///
    /// # Panics
    /// If the environment variable names no instruction set, or one this CPU does not have.
    pub fn current() -> Self {
        static CURRENT: OnceLock<Choice> = OnceLock::new();
        *CURRENT.get_or_init(|| match std::env::var(VARIABLE) {
            Ok(name) => Self::named(&name).unwrap_or_else(|message| panic!("{message}")),
            Err(_) => Self::best(),
        })
    }

    fn best() -> Self {
        Self::ALL
            .iter()
            .copied()
            .find(|choice| choice.is_available())
            .unwrap_or(Choice::Baseline)
    }

    fn named(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.iter().map(|c| c.name()).collect::<Vec<_>>();
        let choice = Self::ALL
            .iter()
            .copied()
            .find(|choice| choice.name() == name)
            .ok_or_else(|| {
                format!(
                    "{VARIABLE} is {name:?}, expected one of {}; unset it to use the best",
                    known().join(", ")
                )
            })?;
        if choice.is_available() {
            Ok(choice)
        } else {
            Err(format!(
                "{VARIABLE} asks for {name}, which this CPU does not have; unset it to use the best"
            ))
        }
    }
}

/// Runs a generic kernel body compiled for the chosen instruction set.
///
/// `dispatch!(choice, unsafe body::<Isa, F>(argument))`: `body` is an `unsafe fn`, marked
/// `#[inline(always)]`, whose first type parameter is the [`Isa`].
macro_rules! dispatch {
    ($choice:expr, $name:ident < $($generic:ident $(: $bound:path)?),* > ($argument:ident : $type:ty) -> $output:ty) => {{
        use $crate::kernel::{isa::Choice, simd::Baseline};
        #[cfg(target_arch = "x86_64")]
        use $crate::kernel::simd::{Avx2, Avx512};

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        unsafe fn avx512<$($generic $(: $bound)?),*>($argument: $type) -> $output {
            // SAFETY: the caller's promise about the argument is passed on.
            unsafe { $name::<Avx512, $($generic),*>($argument) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2<$($generic $(: $bound)?),*>($argument: $type) -> $output {
            // SAFETY: the caller's promise about the argument is passed on.
            unsafe { $name::<Avx2, $($generic),*>($argument) }
        }
        match $choice {
            // SAFETY: a `Choice` in use was found available on this CPU; the argument is as the
            // body demands by the contract of the function this stands in.
            #[cfg(target_arch = "x86_64")]
            Choice::Avx512 => unsafe { avx512::<$($generic),*>($argument) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Choice::Avx2 => unsafe { avx2::<$($generic),*>($argument) },
            // SAFETY: as above, and the baseline is always there.
            Choice::Baseline => unsafe { $name::<Baseline, $($generic),*>($argument) },
        }
    }};
}
pub(crate) use dispatch;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_instruction_set_is_available() {
        assert!(Choice::best().is_available());
        assert_eq!(Choice::named("baseline"), Ok(Choice::Baseline));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let message = Choice::named("sse9").unwrap_err();
        assert!(
            message.contains("sse9") && message.contains("baseline"),
            "{message}"
        );
    }
}
