//! Which instruction set the kernels run with.

use super::simd::Body;
#[cfg(any(feature = "portable-simd", not(target_arch = "x86_64")))]
use super::simd::Portable;
#[cfg(target_arch = "x86_64")]
use super::simd::Widest;
#[cfg(target_arch = "x86_64")]
use super::simd::{Avx2, Avx512, Sse2};
use std::sync::OnceLock;

/// The environment variable that forces an instruction set: `avx512`, `avx2`, `sse2` or `portable`.
pub(crate) const VARIABLE: &str = "BURN_LOSSES_ISA";

/// An instruction set that this CPU has, chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Choice {
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Sse2(Sse2),
    #[cfg(any(feature = "portable-simd", not(target_arch = "x86_64")))]
    Portable(Portable),
}

impl Choice {
    /// Every instruction set this build knows, the fastest first; `None` for one this CPU lacks.
    fn known() -> Vec<(&'static str, Option<Self>)> {
        vec![
            #[cfg(target_arch = "x86_64")]
            ("avx512", Avx512::detect().map(Choice::Avx512)),
            #[cfg(target_arch = "x86_64")]
            ("avx2", Avx2::detect().map(Choice::Avx2)),
            #[cfg(target_arch = "x86_64")]
            ("sse2", Some(Choice::Sse2(Sse2::detect()))),
            #[cfg(any(feature = "portable-simd", not(target_arch = "x86_64")))]
            ("portable", Some(Choice::Portable(Portable::detect()))),
        ]
    }

    /// Every instruction set that can be run here, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::known().into_iter().filter_map(|(_, choice)| choice)
    }

    /// The forced instruction set, or the best available one. Looked up once per process.
    ///
    /// # Panics
    /// If the environment variable names no instruction set, or one this CPU does not have.
    pub fn current() -> Self {
        static CURRENT: OnceLock<Choice> = OnceLock::new();
        *CURRENT.get_or_init(|| match std::env::var(VARIABLE) {
            Ok(name) => Self::named(&name).unwrap_or_else(|message| panic!("{message}")),
            Err(_) => Self::available().next().expect("one is always there"),
        })
    }

    fn named(name: &str) -> Result<Self, String> {
        let known = Self::known();
        let names = || known.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        match known.iter().find(|(known, _)| *known == name) {
            Some((_, Some(choice))) => Ok(*choice),
            Some((_, None)) => Err(format!(
                "{VARIABLE} asks for {name}, which this CPU does not have; unset it to use the best"
            )),
            None => Err(format!(
                "{VARIABLE} is {name:?}, expected one of {}; unset it to use the best",
                names().join(", ")
            )),
        }
    }

    /// Runs a body that was compiled for the instruction set.
    pub fn run<B: Body>(self, body: B) -> B::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Choice::Avx512(isa) => B::Widest::with_avx512(isa, body),
            #[cfg(target_arch = "x86_64")]
            Choice::Avx2(isa) => B::Widest::with_avx2(isa, body),
            #[cfg(target_arch = "x86_64")]
            Choice::Sse2(isa) => isa.run(body),
            #[cfg(any(feature = "portable-simd", not(target_arch = "x86_64")))]
            Choice::Portable(isa) => isa.run(body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_instruction_set_comes_first() {
        let best = Choice::available().next().expect("one is always there");
        let (name, _) = Choice::known()
            .into_iter()
            .find(|(_, choice)| choice.is_some())
            .expect("one is always there");
        let named = Choice::named(name).unwrap();
        assert_eq!(format!("{best:?}"), format!("{named:?}"));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let message = Choice::named("sse9").unwrap_err();
        let (name, _) = Choice::known()[0];
        assert!(
            message.contains("sse9") && message.contains(name),
            "{message}"
        );
    }
}
