use std::path::PathBuf;

use alongside::dev;
use alongside::tokens::TokenSigner;
use anyhow::{Context as _, ensure};
use uuid::Uuid;

use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The development system's directory.
    #[arg(long, default_value = "alongside-dev")]
    data: PathBuf,
    /// Whom the token is for.
    #[command(subcommand)]
    who: Who,
}

#[derive(Debug, clap::Subcommand)]
enum Who {
    /// A person.
    Person {
        /// Their id.
        person_id: Uuid,
    },
    /// A worker of an agency.
    Staff {
        /// The agency's id.
        agency_id: Uuid,
        /// The subject that they joined with.
        subject: String,
    },
    /// Those who run the system.
    Operator,
    /// Nobody yet: make the key that signs tokens, unless it is there, and write its public half for a system whose settings trust it.
    Keys {
        /// The JSON Web Key Set to write.
        jwks_file: PathBuf,
    },
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let file = dev::signer_file(&args.data);
    let may_make = matches!(args.who, Who::Keys { .. });
    ensure!(
        may_make || file.exists(),
        "`{}` is no development system; start one with `alongside dev`",
        args.data.display()
    );
    let signer = TokenSigner::open(&file)?;
    let token = match args.who {
        Who::Person { person_id } => signer.person(person_id.into())?,
        Who::Staff { agency_id, subject } => signer.staff(agency_id.into(), &subject)?,
        Who::Operator => signer.operator()?,
        Who::Keys { jwks_file } => {
            let keys = serde_json::to_string_pretty(&signer.key_set()?)?;
            return std::fs::write(&jwks_file, keys).with_context(|| format!("`{}`", jwks_file.display()));
        }
    };
    Ok(output::line(&token)?)
}
