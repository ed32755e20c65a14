//! The process, by the names that Prometheus' own libraries use. Linux only: `/proc` has it.

use std::{
    fs,
    path::Path,
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::metrics::{Kind, Text};

/// Linux tells times in hundredths of a second, on every platform.
const TICKS: f64 = 100.0;
/// When the process started, in seconds since 1970. By its own clock: `/proc` tells it since the start of the machine,
/// and when that was is in a file that a service manager hides (`ProcSubset=pid`).
static STARTED: LazyLock<f64> = LazyLock::new(now);

/// Remembers that the process starts now.
pub fn starts() {
    LazyLock::force(&STARTED);
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Writes the start of this process, its memory, time and open files.
pub(super) fn write(text: &mut Text) {
    let help = "When the process started, in seconds since 1970.";
    text.single("process_start_time_seconds", Kind::Gauge, help, *STARTED);
    let Ok(stat) = fs::read_to_string("/proc/self/stat") else { return };
    // The name in parentheses may have blanks.
    let Some((_, fields)) = stat.rsplit_once(')') else { return };
    let fields: Vec<f64> = fields.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0.0)).collect();
    let field = |place: usize| fields.get(place).copied().unwrap_or(0.0);
    let (user, system, threads) = (field(10), field(11), field(16));
    text.single(
        "process_cpu_seconds_total",
        Kind::Counter,
        "Processor time, of the user and of the system.",
        (user + system) / TICKS,
    );
    text.single("process_threads", Kind::Gauge, "Threads of the operating system.", threads);
    if let Some(bytes) = kilobytes("VmRSS:") {
        text.single("process_resident_memory_bytes", Kind::Gauge, "Memory in use.", bytes * 1024);
    }
    if let Some(open) = count(Path::new("/proc/self/fd")) {
        text.single("process_open_fds", Kind::Gauge, "Open files, connections among them.", open);
    }
    if let Some(most) = most_files() {
        text.single("process_max_fds", Kind::Gauge, "How many files may be open.", most);
    }
}

fn kilobytes(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn count(folder: &Path) -> Option<usize> {
    Some(fs::read_dir(folder).ok()?.count())
}

fn most_files() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Format;

    #[test]
    fn the_start_is_that_of_the_process_and_stays() {
        let before = now();
        starts();
        let written = || {
            let mut text = Text::new(Format::Prometheus);
            write(&mut text);
            let text = text.finish();
            let value = text.lines().find_map(|line| line.strip_prefix("process_start_time_seconds "));
            value.unwrap().parse::<f64>().unwrap()
        };
        let started = written();
        // Another test may have asked before.
        assert!(started <= now() && before - started < 3600.0, "{started} {before}");
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!((written() - started).abs() < f64::EPSILON, "it is remembered");
    }
}
