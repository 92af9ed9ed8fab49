//! How much memory a cube may take: of this machine as its system and its limits say, of the adapter as the user says. Nothing is
//! allocated here.

use super::VolumeError;

/// The most that cubes may take of the adapter's memory together, such as `2GB`: for machines that are shared. No limit where not set.
pub const ADAPTER_SETTING: &str = "AQUILA_ADAPTER_MEMORY";

/// Bytes that the user leaves for cubes on the adapter; `None` where nothing is set.
///
/// # Errors
/// A setting that is no amount of memory.
pub fn adapter_room() -> Result<Option<u64>, VolumeError> {
    let Some(value) = std::env::var_os(ADAPTER_SETTING).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let value = value.to_string_lossy().into_owned();
    amount(&value).map(Some).ok_or(VolumeError::Setting { name: ADAPTER_SETTING, value })
}

/// What the values of one cube may take of this machine's memory, in bytes: a good third of what is free now, since a driver that draws
/// on the processor keeps its own copy. Where the system does not tell, the caller's limit counts alone.
pub fn machine_room() -> u64 {
    free_bytes().map_or(u64::MAX, |free| free / 5 * 2)
}

/// Bytes free now: of the machine, of the process's group (containers, batch jobs) and of its address space (`ulimit -v`), the least.
fn free_bytes() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let machine = Some(system.available_memory()).filter(|&free| free > 0);
    let group = system.cgroup_limits().map(|limits| limits.free_memory);
    let text = |file| std::fs::read_to_string(file).ok();
    let limit = text("/proc/self/limits").and_then(|limits| address_limit(&limits));
    let space = limit.zip(text("/proc/self/status").and_then(|status| address_space(&status)));
    let space = space.map(|(limit, taken)| limit.saturating_sub(taken));
    [machine, group, space].into_iter().flatten().min()
}

/// Bytes of address space that Linux grants the process; `None` where it is unlimited.
fn address_limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Bytes of address space that the process has taken.
fn address_space(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// Bytes of `2GB`, `1.5 GiB`, `500 m`: decimal units unless an `i` makes them binary; plain numbers are bytes.
fn amount(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim().to_ascii_lowercase();
    let (letter, rest) = unit.split_at(usize::from(unit.starts_with(['k', 'm', 'g', 't'])));
    let base: f64 = match rest {
        "" | "b" => 1000.0,
        "i" | "ib" if !letter.is_empty() => 1024.0,
        _ => return None,
    };
    let power = ["", "k", "m", "g", "t"].iter().position(|&known| known == letter)?;
    let bytes = number.parse::<f64>().ok()? * base.powi(power as i32);
    (bytes.is_finite() && bytes >= 1.0).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("2GB", 2_000_000_000),
            ("2 GiB", 2 << 30),
            ("1.5g", 1_500_000_000),
            ("500 MB", 500_000_000),
            ("64KiB", 64 << 10),
            ("123", 123),
            ("7 b", 7),
        ] {
            assert_eq!(amount(text), Some(bytes), "{text}");
        }
        for text in ["", "much", "-2GB", "2 G B", "0", "2ib", "1e999g", "."] {
            assert_eq!(amount(text), None, "{text}");
        }
    }

    #[test]
    fn limits_are_read_as_linux_writes_them() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max cpu time              unlimited            unlimited            seconds   \n\
                      Max address space         4096000000           unlimited            bytes     \n";
        assert_eq!(address_limit(limits), Some(4_096_000_000));
        assert_eq!(address_limit(&limits.replace("4096000000", "unlimited ")), None);
        assert_eq!(address_space("VmPeak:\t  200 kB\nVmSize:\t  100 kB\n"), Some(102_400));
        assert!(machine_room() > 1 << 20);
    }
}
