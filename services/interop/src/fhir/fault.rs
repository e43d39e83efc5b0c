//! What is wrong with a bundle, and where.

use super::elements::TOO_MANY;
use super::unique::DOUBLED;

/// A bundle cannot be read. Names the file, the entry and the path, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}: {problem}", place(*.entry, path))]
pub struct MalformedBundle {
    /// The file.
    pub file: String,
    /// The entry, from 0; none when the bundle itself is at fault.
    pub entry: Option<usize>,
    /// The path within the entry's resource, or within the bundle.
    pub path: String,
    /// What is wrong, and what is expected.
    pub problem: String,
}

fn place(entry: Option<usize>, path: &str) -> String {
    match (entry, path) {
        (None, "") => "Bundle".to_owned(),
        (None, path) => format!("Bundle.{path}"),
        (Some(entry), "") => format!("entry[{entry}]"),
        (Some(entry), path) => format!("entry[{entry}].resource.{path}"),
    }
}

/// What is wrong, before it is known in which file.
#[derive(Debug)]
pub(super) struct Fault {
    entry: Option<usize>,
    path: String,
    problem: String,
}

impl Fault {
    /// At a path of the bundle itself.
    pub(super) fn of_bundle(path: &str, problem: impl Into<String>) -> Self {
        Self { entry: None, path: path.to_owned(), problem: problem.into() }
    }

    /// At a path of an entry's resource.
    pub(super) fn at(entry: usize, path: &str, problem: impl Into<String>) -> Self {
        Self { entry: Some(entry), path: path.to_owned(), problem: problem.into() }
    }

    /// At a path of the file: what is within a resource is of its entry.
    pub(super) fn in_file(path: &str, error: &serde_json::Error) -> Self {
        let within = || {
            let (entry, path) = path.strip_prefix("entry[")?.split_once("].resource.")?;
            Some((entry.parse().ok()?, path))
        };
        match within() {
            Some((entry, path)) => Self::at(entry, path, problem(error)),
            None => Self::of_bundle(path, problem(error)),
        }
    }

    /// At what serde could not read of the bundle.
    pub(super) fn of_shape(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        Self::in_file(&path_of(error), error.inner())
    }

    /// At what serde could not read of an entry's resource.
    pub(super) fn of_resource(entry: usize, error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        Self::at(entry, &path_of(error), problem(error.inner()))
    }

    /// In this file.
    pub(super) fn of_file(self, file: &str) -> MalformedBundle {
        let Self { entry, path, problem } = self;
        MalformedBundle { file: file.to_owned(), entry, path, problem }
    }
}

fn path_of(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    match error.path().to_string() {
        path if path == "." || path.contains('?') => String::new(),
        path => path,
    }
}

/// What is wrong, without the value that is: serde repeats it in backticks or quotes, and it may be personal.
fn problem(error: &serde_json::Error) -> String {
    if !error.is_data() {
        return format!("is not JSON (line {}, column {})", error.line(), error.column());
    }
    let text = error.to_string();
    if let Some(field) = text.strip_prefix("missing field ").and_then(|rest| rest.split('`').nth(1)) {
        return format!("`{field}` is missing");
    }
    if text.starts_with(DOUBLED) || text.starts_with("duplicate field") {
        return DOUBLED.to_owned();
    }
    let (said, _) = text.rsplit_once(" at line").unwrap_or((&text, ""));
    match said.rsplit_once("expected ") {
        Some((_, expected)) => format!("has a wrong type; expected {expected}"),
        None if said.starts_with(TOO_MANY) => said.to_owned(),
        None => "cannot be read".to_owned(),
    }
}
