//! The results, for people.

use super::measure::Row;

pub fn print(rows: &[Row]) {
    println!(
        "{:<13} {:<8} {:>9} {:>12} {:>6} {:>9} {:>12} {:>10} {:>13}   baseline",
        "workload",
        "setting",
        "fused ms",
        "baseline ms",
        "ratio",
        "fused MB",
        "baseline MB",
        "extra MB",
        "baseline's",
    );
    for row in rows {
        println!(
            "{:<13} {:<8} {:>9.2} {:>12.2} {:>6.3} {:>9.2} {:>12.2} {:>10.2} {:>13.2}   {}",
            row.workload,
            format!("{:?}", row.setting),
            row.fused_ms,
            row.baseline_ms,
            row.ratio,
            row.fused_peak_mb,
            row.baseline_peak_mb,
            row.fused_extra_mb,
            row.baseline_extra_mb,
            row.against,
        );
    }
    println!("MB: the peak beyond the inputs. Extra MB: what of it is not gradients.");
}
