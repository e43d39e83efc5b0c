//! What the processors of this machine have done, of all processes together.

use std::time::Duration;

use anyhow::Context as _;

/// Ticks in a second, as Linux counts them for whoever reads `/proc`: see `proc(5)` and `sysconf(3)`.
const TICKS: f64 = 100.0;

/// How long the processors were busy since the machine began, added up.
pub(crate) fn busy() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let all = stat.lines().find(|line| line.starts_with("cpu ")).context("`/proc/stat` begins with all processors")?;
    let fields: Vec<f64> = all.split_whitespace().skip(1).map_while(|field| field.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq: all that is neither idle nor waiting.
    let busy: f64 = fields.iter().enumerate().filter(|(n, _)| matches!(n, 0..=2 | 5 | 6)).map(|(_, ticks)| ticks).sum();
    Ok(Duration::from_secs_f64(busy / TICKS))
}
