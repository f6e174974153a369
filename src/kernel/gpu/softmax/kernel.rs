//! The kernel of a loss of softmax rows: some units of a cube for each row, narrow rows side by side in a cube.
//!
//! A row is visited for its largest logit and the sum of the exponentials of all others, where its target is a distribution
//! for the sums of the formula, and for its gradient.

use super::{
    count::Counted,
    formulas::phi,
    kind::{Plan, RowKind, Step},
    logits::{AHEAD, Common, RowAt, read_ahead, share_of, transformed},
    peak::{Peak, PeakBoard},
    slices::{List, place},
    target::{RowLoss, Softmax, loss_of_class, loss_of_shares},
};
use crate::kernel::gpu::sum::Board;
use burn_cubecl::cubecl::{self, prelude::*};

#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments, clippy::collapsible_if)] // One of two is decided when the kernel is built.
pub(super) fn softmax_kernel<E: Float, I: Int>(
    logits: &[E],
    classes: ComptimeOption<&[I]>,
    shares: ComptimeOption<&[E]>,
    row_weights: ComptimeOption<&[f32]>,
    shift: ComptimeOption<&[f32]>,
    offsets: ComptimeOption<&[f32]>,
    bias: ComptimeOption<&[f32]>,
    weights: ComptimeOption<&[f32]>,
    counts: ComptimeOption<&[f32]>,
    margins: ComptimeOption<&[f32]>,
    scale: ComptimeOption<&[f32]>,
    mut losses: ComptimeOption<&mut [f32]>,
    mut sums: ComptimeOption<&mut [f32]>,
    mut gradient: ComptimeOption<&mut [E]>,
    mut left: ComptimeOption<&mut [f32]>,
    upstream: ComptimeOption<&[f32]>,
    common: Common,
    rows: u32,
    count: u32,
    inner: u32,
    slices: u32,
    first_part: u32,
    upstream_stride: u32,
    ignored: InputScalar,
    #[comptime] kind: RowKind,
    #[comptime] plan: Plan,
    #[comptime] step: Step,
    #[define(E)] _dtype: ElemType,
    #[define(I)] _index: ElemType,
) {
    let units = comptime!(plan.units);
    let of_cube = comptime!(256 / plan.units);
    let mut lane = UNIT_POS % units;
    let mut in_cube = UNIT_POS / units;
    if comptime!(plan.rows_lie_close) {
        lane = UNIT_POS / of_cube;
        in_cube = UNIT_POS % of_cube;
    }
    let slot = (in_cube * units + lane) as usize;
    let words = &common.words;
    let nan = common.words.nan;

    let mut board = Board::new();
    let mut peaks = PeakBoard::new();
    let mut all_losses = 0.0_f32;
    let mut all_counts = 0.0_f32;
    let mut all_sizes = 0.0_f32;
    let ignored = ignored.get::<I>();
    // Slices of rows are worked on one by one; mostly a row is one slice.
    let tasks = rows * slices;
    let width = count.div_ceil(slices);
    let mut block = CUBE_POS as u32;
    while block * of_cube < tasks {
        let given = block * of_cube + in_cube;
        let exists = given < tasks;
        // A row that does not exist is worked on as the last, and not written.
        let task = select(exists, given, tasks - 1);
        let row = task / slices;
        let slice = task % slices;
        let first = slice * width;
        let beyond = first + width;
        let end = select(beyond < count, beyond, count);
        let start =
            (row / inner) as usize * count as usize * inner as usize + (row % inner) as usize;

        let counted = Counted::new::<I>(
            classes,
            row_weights,
            shift,
            counts,
            row as usize,
            count,
            ignored,
            comptime!(kind.has_ignored),
        );
        let (class, weight) = (counted.class, counted.weight);
        let (is_valid, is_left_out) = (counted.is_valid, counted.is_left_out);
        let mut of_class = 1.0_f32;
        #[comptime]
        if let ComptimeOption::Some(weights) = weights {
            of_class = weights[class as usize];
        }
        let mut is_nothing = is_left_out || common.factor == 0.0_f32;
        if comptime!(kind.is_of_target_alone && !kind.has_shares) {
            is_nothing = is_nothing || (of_class == 0.0_f32 && is_valid);
        }
        let mut parameter = 0.0_f32;
        #[comptime]
        if let ComptimeOption::Some(margins) = margins {
            parameter = margins[class as usize];
        }

        let at = RowAt {
            start,
            stride: inner as usize,
            class,
            parameter,
        };

        let mut own = Peak::none(count);
        let mut own_loss = RowLoss::none();
        // The logit of the target's class.
        let mut of_target = 0.0_f32;
        #[comptime]
        if let ComptimeOption::Some(ref mut left) = left {
            if comptime!(step == Step::Losses || step == Step::Gradient) {
                if lane < slices {
                    let other = row * slices + lane;
                    own = Peak {
                        most: left[place(List::Most, other, tasks)],
                        others: left[place(List::Others, other, tasks)],
                        top: u32::cast_from(left[place(List::Top, other, tasks)]),
                    };
                    if comptime!(step == Step::Gradient && kind.is_spread) {
                        own_loss = RowLoss {
                            loss: left[place(List::Loss, other, tasks)],
                            of_top: left[place(List::OfTop, other, tasks)],
                            of_others: left[place(List::OfOthers, other, tasks)],
                        };
                    }
                }
                of_target = left[place(List::OfClass, row, tasks)];
            }
        }
        if comptime!(step == Step::All || step == Step::Peaks) {
            let mut c = first + lane;
            while c < end {
                let ahead = read_ahead::<E>(logits, at, c, end, units);
                #[unroll]
                for step in 0..comptime!(AHEAD as usize) {
                    let c = c + comptime!(step as u32 * units);
                    if c < end {
                        let (a, _slope) =
                            transformed(ahead[step], offsets, bias, at, c, &common, kind.clone());
                        own = own.with(a, c, count);
                    }
                }
                c += comptime!(AHEAD * units);
            }
            if comptime!(!kind.is_spread) {
                let own = f32::cast_from(logits[at.of(class)]);
                let (a, _slope) = transformed(own, offsets, bias, at, class, &common, kind.clone());
                of_target = a;
            }
        }
        let peak = peaks.peak(own, count, slot, lane, units);
        let softmax = Softmax::new(peak, count, words);
        if comptime!(kind.is_spread && (step == Step::All || step == Step::Losses)) {
            own_loss = loss_of_shares::<E>(
                logits,
                shares,
                offsets,
                bias,
                weights,
                at,
                softmax,
                first + lane,
                end,
                &common,
                kind.clone(),
                units,
            );
        }
        let of_row = if comptime!(kind.is_spread) {
            own_loss.sum(&mut board, slot, lane, units)
        } else {
            loss_of_class(of_target, class, softmax, of_class, &common, kind.clone())
        };
        #[comptime]
        if let ComptimeOption::Some(ref mut left) = left {
            if lane == 0 && exists {
                if comptime!(step == Step::All || step == Step::Peaks) {
                    left[place(List::Most, task, tasks)] = peak.most;
                    left[place(List::Others, task, tasks)] = peak.others;
                    left[place(List::Top, task, tasks)] = f32::cast_from(peak.top);
                    if slice == 0 {
                        left[place(List::OfClass, row, tasks)] = of_target;
                    }
                }
                if comptime!(kind.is_spread && (step == Step::All || step == Step::Losses)) {
                    left[place(List::Loss, task, tasks)] = of_row.loss;
                    left[place(List::OfTop, task, tasks)] = of_row.of_top;
                    left[place(List::OfOthers, task, tasks)] = of_row.of_others;
                }
            }
        }
        let (of_top, of_others) = (of_row.of_top, of_row.of_others);
        let mut loss = of_row.loss;
        let mut z_slope = 0.0_f32;
        if comptime!(kind.has_z_loss) {
            let log_sum = softmax.most + softmax.ln_sum;
            loss += common.z_loss * log_sum * log_sum;
            z_slope = 2.0_f32 * common.z_loss * log_sum;
        }
        let is_known = is_valid && !softmax.others.is_nan();
        loss = select(is_known, loss * common.factor * weight, nan);
        loss = select(is_nothing, 0.0_f32, loss);
        if lane == 0 && slice == 0 && exists {
            #[comptime]
            if let ComptimeOption::Some(ref mut losses) = losses {
                losses[row as usize] = loss;
            }
            all_losses += loss;
            all_counts += counted.count;
            all_sizes += counted.count.abs();
        }

        #[comptime]
        if let ComptimeOption::Some(ref mut gradient) = gradient {
            // All units have read what lies where the gradient goes.
            if comptime!(units > 1) {
                sync_cube();
            }
            let mut factor = common.factor * common.fold * weight;
            #[comptime]
            if let ComptimeOption::Some(scale) = scale {
                factor *= scale[0];
            }
            #[comptime]
            if let ComptimeOption::Some(upstream) = upstream {
                factor *= upstream[row as usize * upstream_stride as usize];
            }
            // Times 0 it is 0, whatever it is.
            let has_none = is_nothing || factor == 0.0_f32;
            let mut c = first + lane;
            while c < end {
                let ahead = read_ahead::<E>(logits, at, c, end, units);
                #[unroll]
                for step in 0..comptime!(AHEAD as usize) {
                    let c = c + comptime!(step as u32 * units);
                    if c < end {
                        let (a, slope_of_logit) =
                            transformed(ahead[step], offsets, bias, at, c, &common, kind.clone());
                        let e = (a - softmax.most).exp();
                        let p = e / softmax.sum;
                        let all = of_top + of_others - z_slope;
                        let of_class = if comptime!(kind.is_spread) {
                            let share =
                                share_of::<E>(shares, weights, at, c, &common, kind.clone());
                            let (_value, slope) = phi(softmax.ln(a, c), words, kind.clone());
                            select(share == 0.0_f32, 0.0_f32, share * slope) - all * p
                        } else {
                            // The only slope is that of this class, whose probability may be near 1.
                            let missing = (softmax.sum - e) / softmax.sum;
                            let of_target = of_others * missing + z_slope * p;
                            select(c == class, of_target, -all * p)
                        };
                        let of_top_class = of_top * (softmax.others / softmax.sum)
                            + (z_slope - of_others) / softmax.sum;
                        let g = select(c == softmax.top, of_top_class, of_class);
                        let g = g * factor * slope_of_logit;
                        let g = select(is_valid, g, nan);
                        if exists {
                            gradient[at.of(c)] = E::cast_from(select(has_none, 0.0_f32, g));
                        }
                    }
                }
                c += comptime!(AHEAD * units);
            }
        }
        block += CUBE_COUNT as u32;
    }
    #[comptime]
    if let ComptimeOption::Some(ref mut sums) = sums {
        let all_losses = board.sum_of_cube(all_losses);
        let all_counts = board.sum_of_cube(all_counts);
        let all_sizes = board.sum_of_cube(all_sizes);
        if UNIT_POS == 0 {
            let parts = sums.len() / 3;
            let part = first_part as usize + CUBE_POS;
            sums[part] = all_losses;
            sums[parts + part] = all_counts;
            sums[2 * parts + part] = all_sizes;
        }
    }
}
