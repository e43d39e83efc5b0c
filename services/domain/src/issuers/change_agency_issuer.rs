use super::Register;
use super::events::{IssuerRetired, IssuerTrusted, IssuersEvent};
use crate::ids::AgencyId;
use crate::text::{LINE, required};
use crate::{Command, Refusal};

/// An agency has this identity provider from now on, and none that it had before.
#[derive(Debug, Clone)]
pub struct ChangeAgencyIssuer {
    pub agency: AgencyId,
    pub issuer: String,
    pub audience: String,
}

impl Command for ChangeAgencyIssuer {
    type Aggregate = Register;

    fn decide(self, state: &Register) -> Result<Vec<IssuersEvent>, Refusal> {
        let Self { agency, issuer, audience } = self;
        required("issuer", &issuer, LINE)?;
        required("audience", &audience, LINE)?;
        if !is_fetched_safely(&issuer) {
            let problem = "must be the `https` address at which the provider publishes its configuration, without query or fragment";
            return Err(Refusal::invalid("issuer", problem));
        }
        let known = state.trusted.get(&issuer);
        if known.is_some_and(|trust| trust.agency != agency) {
            return Err(Refusal::already_exists("issuer"));
        }
        let theirs = state.trusted.iter().filter(|(other, trust)| trust.agency == agency && **other != issuer);
        let retired = theirs.map(|(issuer, _)| IssuerRetired { agency, issuer: issuer.clone() }.into());
        let mut events: Vec<_> = retired.collect();
        if known.is_none_or(|trust| trust.audience != audience) {
            events.push(IssuerTrusted { agency, issuer, audience }.into());
        }
        Ok(events)
    }
}

/// An address whose keys nobody on the way can change; or of this very machine, for trying things out.
fn is_fetched_safely(issuer: &str) -> bool {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .filter_map(|host| issuer.strip_prefix(host))
        .any(|rest| rest.is_empty() || rest.starts_with([':', '/']));
    let host = issuer.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    (host || local) && !issuer.contains(['?', '#', '@', ' ', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;
    use crate::scenario::given;
    use uuid::Uuid;

    const ONE: AgencyId = AgencyId(Uuid::from_u128(1));
    const OTHER: AgencyId = AgencyId(Uuid::from_u128(2));

    fn change(agency: AgencyId, issuer: &str) -> ChangeAgencyIssuer {
        ChangeAgencyIssuer { agency, issuer: issuer.into(), audience: "alongside".into() }
    }

    fn trusted(agency: AgencyId, issuer: &str) -> IssuersEvent {
        IssuerTrusted { agency, issuer: issuer.into(), audience: "alongside".into() }.into()
    }

    #[test]
    fn an_agency_has_one_issuer_and_no_other_agency_has_it() {
        let (a, b) = ("https://a.example", "https://b.example/realm");
        given([]).when(change(ONE, a)).then([trusted(ONE, a)]);
        given([trusted(ONE, a)]).when(change(ONE, a)).then_nothing();
        given([trusted(ONE, a)]).when(change(OTHER, a)).then_refused(Reason::AlreadyExists, "issuer");
        let retired = IssuersEvent::from(IssuerRetired { agency: ONE, issuer: a.into() });
        given([trusted(ONE, a)]).when(change(ONE, b)).then([retired.clone(), trusted(ONE, b)]);
        given([trusted(ONE, a), retired, trusted(ONE, b)]).when(change(OTHER, a)).then([trusted(OTHER, a)]);
    }

    #[test]
    fn keys_are_fetched_where_nobody_on_the_way_can_change_them() {
        for safe in ["https://id.example", "http://127.0.0.1:9", "http://localhost/realm", "http://[::1]:80"] {
            assert!(is_fetched_safely(safe), "{safe}");
        }
        let unsafe_ones =
            ["http://id.example", "https://", "http://127.0.0.1.example", "https://a?b", "https://u@a", "ftp://a", "a"];
        for issuer in unsafe_ones {
            given([]).when(change(ONE, issuer)).then_refused(Reason::Invalid, "issuer");
        }
    }
}
