//! Files that hold secrets.

use std::path::Path;

use anyhow::Context as _;

/// Writes a file that only its owner may read.
///
/// # Errors
/// When it exists, or cannot be written.
pub fn write_private(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(file);
    opened.and_then(|mut f| f.write_all(bytes)).with_context(|| format!("`{}` cannot be written", file.display()))
}

/// The same, in the place of what is there: whoever reads it meanwhile reads the one or the other.
///
/// # Errors
/// When it cannot be written.
pub fn write_private_anew(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".{}", uuid::Uuid::now_v7()));
    let beside = Path::new(&beside);
    write_private(beside, bytes)?;
    std::fs::rename(beside, file).with_context(|| format!("`{}` cannot be written", file.display()))
}
