use alongside::config::{Flags, load};

use crate::output;

pub(super) fn run(flags: &Flags) -> anyhow::Result<()> {
    Ok(output::line(load(flags)?.redacted()?.trim_end())?)
}
