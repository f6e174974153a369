//! Two 256-bit registers.

use super::{Avx512, Body, Isa, WIDTH, instructions};
use core::{arch::x86_64::*, mem::transmute};

/// AVX2 and FMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// The proof that this CPU has it.
    pub fn detect() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        has_all.then_some(Self(()))
    }

    /// The same proof, from that of more.
    pub fn within(_: Avx512) -> Self {
        Self(()) // `Avx512::detect` looks for AVX2 and FMA, too.
    }

    /// Runs a body that is compiled for it.
    pub fn run<B: Body>(self, body: B) -> B::Output {
        #[inline(never)] // Where a body runs another, that is a function of its own.
        #[target_feature(enable = "avx2,fma")]
        fn compiled<B: Body>(isa: Avx2, body: B) -> B::Output {
            body.run(isa)
        }
        // SAFETY: `self` is the proof that the CPU has these features.
        unsafe { compiled(self, body) }
    }
}

type Pair = [__m256; 2];
type Bits = [__m256i; 2];
type Sum = [__m256d; 4];

impl Isa for Avx2 {
    type Vector = Pair;
    type Bits = Bits;
    type Sum = Sum;

    instructions! {
        load(array: [f32; WIDTH]) -> Pair = transmute::<[f32; WIDTH], Pair>(array);
        store(a: Pair) -> [f32; WIDTH] = transmute::<Pair, [f32; WIDTH]>(a);
        splat(value: f32) -> Pair = [_mm256_set1_ps(value); 2];

        add(a: Pair, b: Pair) -> Pair = [_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])];
        sub(a: Pair, b: Pair) -> Pair = [_mm256_sub_ps(a[0], b[0]), _mm256_sub_ps(a[1], b[1])];
        mul(a: Pair, b: Pair) -> Pair = [_mm256_mul_ps(a[0], b[0]), _mm256_mul_ps(a[1], b[1])];
        div(a: Pair, b: Pair) -> Pair = [_mm256_div_ps(a[0], b[0]), _mm256_div_ps(a[1], b[1])];
        sqrt(a: Pair) -> Pair = [_mm256_sqrt_ps(a[0]), _mm256_sqrt_ps(a[1])];
        neg(a: Pair) -> Pair = {
            let sign = _mm256_set1_ps(-0.0);
            [_mm256_xor_ps(a[0], sign), _mm256_xor_ps(a[1], sign)]
        };
        abs(a: Pair) -> Pair = {
            let sign = _mm256_set1_ps(-0.0);
            [_mm256_andnot_ps(sign, a[0]), _mm256_andnot_ps(sign, a[1])]
        };
        mul_add(a: Pair, b: Pair, c: Pair) -> Pair = [
            _mm256_fmadd_ps(a[0], b[0], c[0]),
            _mm256_fmadd_ps(a[1], b[1], c[1]),
        ];

        if_below(a: Pair, b: Pair, then: Pair, otherwise: Pair) -> Pair = [
            _mm256_blendv_ps(otherwise[0], then[0], _mm256_cmp_ps::<_CMP_LT_OQ>(a[0], b[0])),
            _mm256_blendv_ps(otherwise[1], then[1], _mm256_cmp_ps::<_CMP_LT_OQ>(a[1], b[1])),
        ];
        if_equal(a: Pair, b: Pair, then: Pair, otherwise: Pair) -> Pair = [
            _mm256_blendv_ps(otherwise[0], then[0], _mm256_cmp_ps::<_CMP_EQ_OQ>(a[0], b[0])),
            _mm256_blendv_ps(otherwise[1], then[1], _mm256_cmp_ps::<_CMP_EQ_OQ>(a[1], b[1])),
        ];

        as_bits(a: Pair) -> Bits = [_mm256_castps_si256(a[0]), _mm256_castps_si256(a[1])];
        as_vector(a: Bits) -> Pair = [_mm256_castsi256_ps(a[0]), _mm256_castsi256_ps(a[1])];
        splat_bits(value: i32) -> Bits = [_mm256_set1_epi32(value); 2];
        add_bits(a: Bits, b: Bits) -> Bits =
            [_mm256_add_epi32(a[0], b[0]), _mm256_add_epi32(a[1], b[1])];
        sub_bits(a: Bits, b: Bits) -> Bits =
            [_mm256_sub_epi32(a[0], b[0]), _mm256_sub_epi32(a[1], b[1])];
        and_bits(a: Bits, b: Bits) -> Bits =
            [_mm256_and_si256(a[0], b[0]), _mm256_and_si256(a[1], b[1])];
        shift_up<const N>(a: Bits) -> Bits = {
            let by = _mm_cvtsi32_si128(N as i32);
            [_mm256_sll_epi32(a[0], by), _mm256_sll_epi32(a[1], by)]
        };
        shift_down<const N>(a: Bits) -> Bits = {
            let by = _mm_cvtsi32_si128(N as i32);
            [_mm256_sra_epi32(a[0], by), _mm256_sra_epi32(a[1], by)]
        };
        to_float(a: Bits) -> Pair = [_mm256_cvtepi32_ps(a[0]), _mm256_cvtepi32_ps(a[1])];

        no_sum() -> Sum = [_mm256_setzero_pd(); 4];
        add_to_sum(sum: Sum, a: Pair) -> Sum = [
            _mm256_add_pd(sum[0], _mm256_cvtps_pd(_mm256_castps256_ps128(a[0]))),
            _mm256_add_pd(sum[1], _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(a[0]))),
            _mm256_add_pd(sum[2], _mm256_cvtps_pd(_mm256_castps256_ps128(a[1]))),
            _mm256_add_pd(sum[3], _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(a[1]))),
        ];
        sums(sum: Sum) -> [f64; WIDTH] = transmute::<Sum, [f64; WIDTH]>(sum);
    }
}
