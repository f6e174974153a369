//! Measures that follow from differences of coordinates, and their slopes, in tiles.
//!
//! A difference keeps the digits of points that are near each other, which products would lose. A tile of points is read into
//! shared memory, some coordinates at a time, and a unit has some of the results in registers: as in a matrix product, with
//! another operation in its middle.

use super::block::MOST_CUBES;
use crate::{
    formula::{Dual, Measure, Norm},
    kernel::gpu::{
        formula::Named,
        memory::empty,
        traced::{Traced, Words, words},
    },
};
use burn::backend::TensorMetadata;
use burn_cubecl::{
    cubecl::{self, prelude::*},
    tensor::CubeTensor,
};

/// How many coordinates, or points, are read at a time. A cube has the square of that of units.
const STEP: u32 = 16;

impl Named<Measure> {
    fn norm(&self) -> Norm {
        self.formula.norm().expect("a measure of differences")
    }

    pub(super) fn is_relative(&self) -> bool {
        self.norm().is_relative()
    }

    pub(super) fn is_cosine(&self) -> bool {
        *self.formula == Measure::Cosine
    }
}

/// Whether the slopes of a measure by the points follow from the measure itself, besides the points.
pub(super) fn needs_measures(measure: &Measure) -> bool {
    measure.norm().is_some_and(Norm::is_relative)
}

/// What differences are taken relative to.
#[cube]
#[allow(unused_variables)]
pub(super) fn unit_of(largest: f32, words: &Words) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        Norm::unit(Traced::new(&sheet, largest)).into_scalar()
    })
}

/// What a difference adds to the sum.
#[cube]
#[allow(unused_variables)]
pub(super) fn share_of(
    difference: f32,
    unit: f32,
    words: &Words,
    #[comptime] measure: Named<Measure>,
) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [difference, unit] = [difference, unit].map(|number| Traced::new(&sheet, number));
        let unit = measure.is_relative().then_some(unit);
        measure.norm().share(difference, unit).into_scalar()
    })
}

/// Its slope.
#[cube]
#[allow(unused_variables)]
pub(super) fn slope_of_share(
    difference: f32,
    unit: f32,
    words: &Words,
    #[comptime] measure: Named<Measure>,
) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [difference, unit] = [difference, unit].map(|number| Traced::new(&sheet, number));
        let unit = measure.is_relative().then_some(Dual::constant(unit));
        let share = measure.norm().share(Dual::variable(difference), unit);
        share.derivative().into_scalar()
    })
}

/// The norm whose shares sum up to this.
#[cube]
#[allow(unused_variables)]
pub(super) fn norm_of(
    sum: f32,
    unit: f32,
    words: &Words,
    #[comptime] measure: Named<Measure>,
) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [sum, unit] = [sum, unit].map(|number| Traced::new(&sheet, number));
        let unit = measure.is_relative().then_some(unit);
        measure.norm().of_sum(sum, unit).into_scalar()
    })
}

/// What the differences of a pair of that norm can be taken relative to, which is the norm itself, and the slope of the norm
/// by the sum of their shares, times a gradient of the measure.
#[cube]
#[allow(unused_variables)]
pub(super) fn by_sum(
    norm: f32,
    gradient: f32,
    words: &Words,
    #[comptime] measure: Named<Measure>,
) -> (f32, f32) {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [of_pair, gradient] = [norm, gradient].map(|number| Traced::new(&sheet, number));
        let norm = measure.norm();
        let (unit, slope) = match norm.is_relative() {
            true => {
                let unit = Norm::unit(of_pair);
                let sum = Dual::variable(norm.share(of_pair, Some(unit)));
                let slope = norm.of_sum(sum, Some(Dual::constant(unit))).derivative();
                (unit, slope)
            }
            false => {
                let one = crate::formula::Real::constant(&gradient, 1.0);
                (one, norm.of_sum(Dual::variable(one), None).derivative())
            }
        };
        let gradient = match measure.is_cosine() {
            true => gradient * 0.5,
            false => gradient,
        };
        (unit.into_scalar(), (slope * gradient).into_scalar())
    })
}

/// Reads some coordinates of some points: `tile[k, point]`.
#[cube]
#[allow(clippy::too_many_arguments)]
fn read_points(
    points: &[f32],
    tile: &mut Shared<[f32]>,
    first: u32,
    count: u32,
    coordinate: u32,
    width: u32,
    #[comptime] side: u32,
) {
    let pitch = comptime!(STEP * side + 1);
    let x = UNIT_POS % STEP;
    let y = UNIT_POS / STEP;
    #[unroll]
    for i in 0..side {
        let place = y + comptime!(i * STEP);
        let mut number = 0.0_f32;
        if first + place < count && coordinate + x < width {
            let start = (first + place) as usize * width as usize;
            number = points[start + (coordinate + x) as usize];
        }
        tile[(x * pitch + place) as usize] = number;
    }
}

/// The measures of points `a` with points `b`.
#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn norm_measures(
    a: &[f32],
    b: &[f32],
    measures: &mut [f32],
    words: Words,
    rows: u32,
    columns: u32,
    width: u32,
    #[comptime] measure: Named<Measure>,
    #[comptime] side: u32,
) {
    let of_tile = comptime!(STEP * side);
    let pitch = comptime!(STEP * side + 1);
    let results = comptime!((side * side) as usize);
    let across = columns.div_ceil(of_tile);
    let tiles = rows.div_ceil(of_tile) * across;
    let x = UNIT_POS % STEP;
    let y = UNIT_POS / STEP;
    let mut a_tile = Shared::<[f32]>::new_slice(comptime!((STEP * (STEP * side + 1)) as usize));
    let mut b_tile = Shared::<[f32]>::new_slice(comptime!((STEP * (STEP * side + 1)) as usize));
    let mut tile = CUBE_POS as u32;
    while tile < tiles {
        let top = tile / across * of_tile;
        let left = tile % across * of_tile;
        let mut sums = Array::<f32>::new(results);
        let mut units = Array::<f32>::new(results);
        // The largest coordinates, by which a point of zeros is known.
        let mut of_a = Array::<f32>::new(comptime!(side as usize));
        let mut of_b = Array::<f32>::new(comptime!(side as usize));
        #[unroll]
        for i in 0..results {
            sums[i] = 0.0_f32;
            units[i] = 0.0_f32;
        }
        #[unroll]
        for i in 0..side {
            of_a[i as usize] = 0.0_f32;
            of_b[i as usize] = 0.0_f32;
        }
        if comptime!(measure.is_relative()) {
            let mut coordinate = 0u32;
            while coordinate < width {
                sync_cube();
                read_points(a, &mut a_tile, top, rows, coordinate, width, side);
                read_points(b, &mut b_tile, left, columns, coordinate, width, side);
                sync_cube();
                for k in 0..STEP {
                    #[unroll]
                    for i in 0..side {
                        let p = a_tile[(k * pitch + y + comptime!(i * STEP)) as usize];
                        #[unroll]
                        for j in 0..side {
                            let at = comptime!((i * side + j) as usize);
                            let q = b_tile[(k * pitch + x + comptime!(j * STEP)) as usize];
                            let size = (p - q).abs();
                            let most = units[at];
                            units[at] = select(size > most, size, most);
                        }
                    }
                }
                coordinate += STEP;
            }
            #[unroll]
            for i in 0..results {
                units[i] = unit_of(units[i], &words);
            }
        }
        let mut coordinate = 0u32;
        while coordinate < width {
            sync_cube();
            read_points(a, &mut a_tile, top, rows, coordinate, width, side);
            read_points(b, &mut b_tile, left, columns, coordinate, width, side);
            sync_cube();
            for k in 0..STEP {
                let mut p = Array::<f32>::new(comptime!(side as usize));
                let mut q = Array::<f32>::new(comptime!(side as usize));
                #[unroll]
                for i in 0..side {
                    let at = comptime!(i as usize);
                    p[at] = a_tile[(k * pitch + y + comptime!(i * STEP)) as usize];
                    q[at] = b_tile[(k * pitch + x + comptime!(i * STEP)) as usize];
                    if comptime!(measure.is_cosine()) {
                        let (size_a, size_b) = (p[at].abs(), q[at].abs());
                        of_a[at] = select(size_a > of_a[at], size_a, of_a[at]);
                        of_b[at] = select(size_b > of_b[at], size_b, of_b[at]);
                    }
                }
                #[unroll]
                for i in 0..side {
                    #[unroll]
                    for j in 0..side {
                        let at = comptime!((i * side + j) as usize);
                        let difference = p[i as usize] - q[j as usize];
                        sums[at] += share_of(difference, units[at], &words, measure.clone());
                    }
                }
            }
            coordinate += STEP;
        }
        #[unroll]
        for i in 0..side {
            #[unroll]
            for j in 0..side {
                let at = comptime!((i * side + j) as usize);
                let row = top + y + comptime!(i * STEP);
                let column = left + x + comptime!(j * STEP);
                let mut number = norm_of(sums[at], units[at], &words, measure.clone());
                if comptime!(measure.is_cosine()) {
                    let a_lacks = select(of_a[i as usize] == 0.0_f32, 1.0_f32, 0.0_f32);
                    let b_lacks = select(of_b[j as usize] == 0.0_f32, 1.0_f32, 0.0_f32);
                    number = (number + (a_lacks + b_lacks)) * 0.5_f32;
                }
                if row < rows && column < columns {
                    measures[row as usize * columns as usize + column as usize] = number;
                }
            }
        }
        tile += CUBE_COUNT as u32;
    }
}

/// What a gradient of measures is to points `own`, `[N, D]`, that are in pairs with `others`, `[K, D]`.
#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn norm_slopes(
    gradient: &[f32],
    measures: ComptimeOption<&[f32]>,
    own: &[f32],
    others: &[f32],
    sums: &mut [f32],
    words: Words,
    own_count: u32,
    others_count: u32,
    width: u32,
    #[comptime] measure: Named<Measure>,
    #[comptime] direction: Direction,
    #[comptime] is_first: bool,
    #[comptime] side: u32,
) {
    let of_tile = comptime!(STEP * side);
    let pitch = comptime!(STEP * side + 1);
    let results = comptime!((side * side) as usize);
    let across = width.div_ceil(of_tile);
    let tiles = own_count.div_ceil(of_tile) * across;
    let x = UNIT_POS % STEP;
    let y = UNIT_POS / STEP;
    let mut by_pair = Shared::<[f32]>::new_slice(comptime!((STEP * (STEP * side + 1)) as usize));
    let mut of_pair = Shared::<[f32]>::new_slice(comptime!((STEP * (STEP * side + 1)) as usize));
    let mut of_others = Shared::<[f32]>::new_slice(comptime!((STEP * (STEP * side + 1)) as usize));
    let mut tile = CUBE_POS as u32;
    while tile < tiles {
        let top = tile / across * of_tile;
        let left = tile % across * of_tile;
        let mut results_here = Array::<f32>::new(results);
        let mut points = Array::<f32>::new(results);
        #[unroll]
        for i in 0..side {
            #[unroll]
            for j in 0..side {
                let at = comptime!((i * side + j) as usize);
                let place = top + y + comptime!(i * STEP);
                let coordinate = left + x + comptime!(j * STEP);
                results_here[at] = 0.0_f32;
                points[at] = 0.0_f32;
                if place < own_count && coordinate < width {
                    points[at] = own[place as usize * width as usize + coordinate as usize];
                }
            }
        }
        let mut first = 0u32;
        while first < others_count {
            sync_cube();
            #[unroll]
            for i in 0..side {
                // Neighbours read neighbouring pairs.
                let mut place = y + comptime!(i * STEP);
                let mut other = x;
                if comptime!(direction == Direction::Columns) {
                    place = x + comptime!(i * STEP);
                    other = y;
                }
                let mut slope = 0.0_f32;
                let mut unit = 1.0_f32;
                if top + place < own_count && first + other < others_count {
                    let mut pair =
                        (top + place) as usize * others_count as usize + (first + other) as usize;
                    if comptime!(direction == Direction::Columns) {
                        pair =
                            (first + other) as usize * own_count as usize + (top + place) as usize;
                    }
                    let mut norm = 1.0_f32;
                    #[comptime]
                    if let ComptimeOption::Some(measures) = measures {
                        norm = measures[pair];
                    }
                    let (of_this, by_this) = by_sum(norm, gradient[pair], &words, measure.clone());
                    unit = of_this;
                    slope = by_this;
                }
                by_pair[(other * pitch + place) as usize] = slope;
                if comptime!(measure.is_relative()) {
                    of_pair[(other * pitch + place) as usize] = unit;
                }
                let coordinate = x + comptime!(i * STEP);
                let mut number = 0.0_f32;
                if first + y < others_count && left + coordinate < width {
                    let start = (first + y) as usize * width as usize;
                    number = others[start + (left + coordinate) as usize];
                }
                of_others[(y * pitch + coordinate) as usize] = number;
            }
            sync_cube();
            for other in 0..STEP {
                #[unroll]
                for i in 0..side {
                    let pair = (other * pitch + y + comptime!(i * STEP)) as usize;
                    let slope = by_pair[pair];
                    let mut unit = 1.0_f32;
                    if comptime!(measure.is_relative()) {
                        unit = of_pair[pair];
                    }
                    #[unroll]
                    for j in 0..side {
                        let at = comptime!((i * side + j) as usize);
                        let q = of_others[(other * pitch + x + comptime!(j * STEP)) as usize];
                        let difference = points[at] - q;
                        let of_share = slope_of_share(difference, unit, &words, measure.clone());
                        // A pair that counts nothing, or is none, may hold anything.
                        results_here[at] += select(slope == 0.0_f32, 0.0_f32, slope * of_share);
                    }
                }
            }
            first += STEP;
        }
        #[unroll]
        for i in 0..side {
            #[unroll]
            for j in 0..side {
                let at = comptime!((i * side + j) as usize);
                let place = top + y + comptime!(i * STEP);
                let coordinate = left + x + comptime!(j * STEP);
                if place < own_count && coordinate < width {
                    let to = place as usize * width as usize + coordinate as usize;
                    let mut sum = results_here[at];
                    if comptime!(!is_first) {
                        sum += sums[to];
                    }
                    sums[to] = sum;
                }
            }
        }
        tile += CUBE_COUNT as u32;
    }
}

/// How many results a unit has along each side, and how many cubes there are: small tiles where large ones would be few.
fn tiling(down: usize, across: usize, measure: &Named<Measure>) -> (u32, CubeCount) {
    let tiles = |side: u32| {
        let of_tile = (STEP * side) as usize;
        down.div_ceil(of_tile) * across.div_ceil(of_tile)
    };
    let side = match !measure.is_relative() && tiles(4) >= 128 {
        true => 4,
        false => 2,
    };
    let cubes = tiles(side).min(MOST_CUBES) as u32;
    (side, CubeCount::Static(cubes, 1, 1))
}

/// The measures of all points `[N, D]` with all columns `[K, D]`.
pub(super) fn measures(
    points: &CubeTensor,
    columns: &CubeTensor,
    measure: Named<Measure>,
) -> CubeTensor {
    let [rows, width] = [points.shape()[0], points.shape()[1]];
    let count = columns.shape()[0];
    let measures = empty(points, [rows, count]);
    let (side, cubes) = tiling(rows, count, &measure);
    let address = [points, columns, &measures].map(CubeTensor::required_address_type);
    // SAFETY: a coordinate is read of a point below the count of points and at a place below the width; a measure is written
    // of a row and a column below their counts.
    unsafe {
        norm_measures::launch_unchecked(
            &points.client,
            cubes,
            CubeDim::new_1d(STEP * STEP),
            address.into_iter().max().expect("three"),
            points.clone().into_buffer_arg(),
            columns.clone().into_buffer_arg(),
            measures.clone().into_buffer_arg(),
            words(),
            rows as u32,
            count as u32,
            width as u32,
            measure,
            side,
        );
    }
    measures
}

/// Which side of the pairs a gradient is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    Rows,
    Columns,
}

/// A gradient of measures.
pub(super) struct Slopes {
    pub gradient: CubeTensor,
    pub measures: CubeTensor,
    pub measure: Named<Measure>,
}

impl Slopes {
    /// Writes or adds what this is to points of one side.
    pub fn add(
        &self,
        own: &CubeTensor,
        others: &CubeTensor,
        sums: &CubeTensor,
        direction: Direction,
        is_first: bool,
    ) {
        let [count, width] = [own.shape()[0], own.shape()[1]];
        let (side, cubes) = tiling(count, width, &self.measure);
        let address = [own, others, &self.gradient].map(CubeTensor::required_address_type);
        let measures = needs_measures(&self.measure.formula).then(|| self.measures.clone());
        // SAFETY: a coordinate is read or written of a point below the count of points and at a place below the width; a pair
        // is of a row and a column below their counts.
        unsafe {
            norm_slopes::launch_unchecked(
                &own.client,
                cubes,
                CubeDim::new_1d(STEP * STEP),
                address.into_iter().max().expect("three"),
                self.gradient.clone().into_buffer_arg(),
                measures.map(CubeTensor::into_buffer_arg).into(),
                own.clone().into_buffer_arg(),
                others.clone().into_buffer_arg(),
                sums.clone().into_buffer_arg(),
                words(),
                count as u32,
                others.shape()[0] as u32,
                width as u32,
                self.measure.clone(),
                direction,
                is_first,
                side,
            );
        }
    }
}
