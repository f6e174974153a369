//! One 512-bit register.

use super::{Body, Isa, WIDTH, instructions};
use core::{arch::x86_64::*, mem::transmute};

/// AVX-512 F, BW, DQ, VL and FMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// The proof that this CPU has it.
    pub fn detect() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma");
        has_all.then_some(Self(()))
    }

    /// Runs a body that is compiled for it.
    pub fn run<B: Body>(self, body: B) -> B::Output {
        #[inline(never)] // Where a body runs another, that is a function of its own.
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        fn compiled<B: Body>(isa: Avx512, body: B) -> B::Output {
            body.run(isa)
        }
        // SAFETY: `self` is the proof that the CPU has these features.
        unsafe { compiled(self, body) }
    }
}

impl Isa for Avx512 {
    type Vector = __m512;
    type Bits = __m512i;
    type Sum = [__m512d; 2];

    instructions! {
        load(array: [f32; WIDTH]) -> __m512 = transmute::<[f32; WIDTH], __m512>(array);
        store(a: __m512) -> [f32; WIDTH] = transmute::<__m512, [f32; WIDTH]>(a);
        splat(value: f32) -> __m512 = _mm512_set1_ps(value);

        add(a: __m512, b: __m512) -> __m512 = _mm512_add_ps(a, b);
        sub(a: __m512, b: __m512) -> __m512 = _mm512_sub_ps(a, b);
        mul(a: __m512, b: __m512) -> __m512 = _mm512_mul_ps(a, b);
        div(a: __m512, b: __m512) -> __m512 = _mm512_div_ps(a, b);
        sqrt(a: __m512) -> __m512 = _mm512_sqrt_ps(a);
        neg(a: __m512) -> __m512 = _mm512_xor_ps(a, _mm512_set1_ps(-0.0));
        abs(a: __m512) -> __m512 = _mm512_abs_ps(a);
        mul_add(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fmadd_ps(a, b, c);

        if_below(a: __m512, b: __m512, then: __m512, otherwise: __m512) -> __m512 =
            _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b), otherwise, then);
        if_equal(a: __m512, b: __m512, then: __m512, otherwise: __m512) -> __m512 =
            _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b), otherwise, then);

        as_bits(a: __m512) -> __m512i = _mm512_castps_si512(a);
        as_vector(a: __m512i) -> __m512 = _mm512_castsi512_ps(a);
        splat_bits(value: i32) -> __m512i = _mm512_set1_epi32(value);
        add_bits(a: __m512i, b: __m512i) -> __m512i = _mm512_add_epi32(a, b);
        sub_bits(a: __m512i, b: __m512i) -> __m512i = _mm512_sub_epi32(a, b);
        and_bits(a: __m512i, b: __m512i) -> __m512i = _mm512_and_si512(a, b);
        shift_up<const N>(a: __m512i) -> __m512i = _mm512_slli_epi32::<N>(a);
        shift_down<const N>(a: __m512i) -> __m512i = _mm512_srai_epi32::<N>(a);
        to_float(a: __m512i) -> __m512 = _mm512_cvtepi32_ps(a);

        no_sum() -> [__m512d; 2] = [_mm512_setzero_pd(); 2];
        add_to_sum(sum: [__m512d; 2], a: __m512) -> [__m512d; 2] = [
            _mm512_add_pd(sum[0], _mm512_cvtps_pd(_mm512_castps512_ps256(a))),
            _mm512_add_pd(sum[1], _mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(a))),
        ];
        sums(sum: [__m512d; 2]) -> [f64; WIDTH] = transmute::<[__m512d; 2], [f64; WIDTH]>(sum);
    }
}
