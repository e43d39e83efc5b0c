//! Whom a bundle is about.

use domain::values::Date;

use super::references::References;
use super::shorten;
use crate::fhir::{Bundle, HumanName, MalformedBundle, Patient, Resource, unknown_modifier};

/// The one whom a bundle is about, and where it stands.
///
/// # Errors
/// When it has not exactly one patient, that one cannot be registered, or a resource is about somebody else.
pub(crate) fn patient(bundle: &Bundle) -> Result<(usize, &Patient), MalformedBundle> {
    let mut patients = bundle.entries.iter().enumerate().filter_map(|(index, entry)| {
        if let Resource::Patient(patient) = &entry.resource { Some((index, patient)) } else { None }
    });
    let Some((theirs, patient)) = patients.next() else {
        // One that is set aside tells more than one that is not there.
        let aside = bundle.entries.iter().enumerate().find_map(|(index, entry)| {
            let is_patient = matches!(&entry.resource, Resource::Other(kind) if kind == "Patient");
            entry.set_aside.as_deref().filter(|_| is_patient).map(|why| (index, why))
        });
        return Err(match aside {
            Some((index, why)) => fault(bundle, Some(index), "", why),
            None => fault(bundle, None, "entry", "has no Patient; a bundle is about one person"),
        });
    };
    if let Some((index, _)) = patients.next() {
        return Err(fault(bundle, Some(index), "", "is a second Patient; a bundle is about one person"));
    }
    in_use(patient).map_err(|(path, problem)| fault(bundle, Some(theirs), path, &problem))?;
    let references = References::of(bundle);
    for (index, entry) in bundle.entries.iter().enumerate() {
        let subject = match &entry.resource {
            Resource::Encounter(r) => r.subject.as_ref(),
            Resource::CareTeam(r) => r.subject.as_ref(),
            Resource::Condition(r) => Some(&r.subject),
            Resource::CarePlan(r) => Some(&r.subject),
            Resource::Goal(r) => Some(&r.subject),
            Resource::Composition(r) => r.subject.as_ref().filter(|_| bundle.is_document),
            Resource::Patient(_) | Resource::Organization(_) | Resource::Practitioner(_) | Resource::Other(_) => None,
        };
        if subject.is_some_and(|subject| references.resolve(index, subject) != Some(theirs)) {
            return Err(fault(bundle, Some(index), "subject.reference", "is not the bundle's Patient"));
        }
    }
    Ok((theirs, patient))
}

/// Whether somebody can be registered by this: not by what their source does not go by any more.
fn in_use(patient: &Patient) -> Result<(), (&'static str, String)> {
    if patient.active == Some(false) {
        return Err(("active", "its source does not use this record of somebody any more".to_owned()));
    }
    for link in patient.link.iter() {
        if let Some(why) = unknown_modifier(&link.modifier_extension) {
            return Err(("link", why));
        }
        if link.kind == "replaced-by" {
            return Err(("link", "its source goes by another record of them; import that one".to_owned()));
        }
    }
    Date::optional("birth_date", &patient.birth_date).map(drop).map_err(|refused| ("birthDate", refused.message))
}

/// What they are called today.
///
/// # Errors
/// When the Patient at this place has no name that is in force: it may be masked, and is nobody's to guess.
pub(crate) fn current_name(
    bundle: &Bundle,
    (entry, patient): (usize, &Patient),
    today: &str,
) -> Result<String, MalformedBundle> {
    let unnamed = "has no name that is in force and can be read; nobody is registered without a name";
    HumanName::current(&patient.name, today)
        .map(|name| shorten(&name))
        .ok_or_else(|| fault(bundle, Some(entry), "name", unnamed))
}

fn fault(bundle: &Bundle, entry: Option<usize>, path: &str, problem: &str) -> MalformedBundle {
    MalformedBundle { file: bundle.file.clone(), entry, path: path.to_owned(), problem: problem.to_owned() }
}
