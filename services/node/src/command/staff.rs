use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use client::request_id;
use proto::agencies::v1::AddStaffRequest;
use serde::Deserialize;
use tonic::Code;

use crate::output;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Staff {
    /// Add workers from a CSV file with the columns `subject`, `name` and `role` (several with `;` between
    /// them), and if need be `issuer` and `staff_id` (of somebody
    /// whom an import has named). Whoever is there already stays as they are, so that an interrupted run is simply run again.
    Add(Add),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// The file.
    file: PathBuf,
    /// The agency's id.
    #[arg(long)]
    agency: uuid::Uuid,
    /// The agency's identity provider (`iss`), for rows that name none.
    #[arg(long, default_value = "")]
    issuer: String,
    #[command(flatten)]
    server: super::Server,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    subject: String,
    #[serde(default)]
    name: String,
    role: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    staff_id: String,
}

pub(super) async fn run(staff: Staff) -> anyhow::Result<()> {
    let Staff::Add(args) = staff;
    // All are read before any is added: a malformed file changes nothing.
    let rows = read(&args.file)?;
    ensure!(!rows.is_empty(), "`{}` has no rows", args.file.display());
    let client = args.server.client().await?;
    let (mut added, mut there) = (0, 0);
    for (number, row) in (1..).zip(rows) {
        let issuer = if row.issuer.is_empty() { args.issuer.clone() } else { row.issuer };
        let Row { subject, name, role, staff_id, .. } = row;
        let agency_id = args.agency.to_string();
        let roles = role.split(';').map(|role| role.trim().to_owned()).collect();
        let add = AddStaffRequest { request_id: request_id(), agency_id, subject, name, roles, issuer, staff_id };
        match client.agencies().add_staff(add).await {
            Ok(joined) => {
                added += 1;
                output::line(&joined.into_inner().staff_id)?;
            }
            Err(status) if status.code() == Code::AlreadyExists => there += 1,
            // Without what the row says: it is about somebody.
            Err(status) => anyhow::bail!("row {number} was refused, {added} were added: {}", status.message()),
        }
    }
    output::note(&format!("{added} added; {there} were there already"));
    Ok(())
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(file)
        .with_context(|| format!("`{}` cannot be read", file.display()))?;
    let row = |(number, row): (usize, csv::Result<Row>)| row.with_context(|| format!("row {number} cannot be read"));
    (1..).zip(reader.deserialize()).map(row).collect()
}
