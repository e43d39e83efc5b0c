use super::{Scope, name};
use crate::agency::Agency;
use crate::agency::events::{AgencyEvent, ServiceAccountAdded, ServiceAccountRemoved};
use crate::ids::AccountId;
use crate::sign_in::SignIn;
use crate::staff::Identity;
use crate::{Command, Refusal};

/// The most accounts that an agency's systems sign in with at once.
pub const ACCOUNTS_LIMIT: usize = 20;

/// A system of the agency signs in as itself from now on, never as a worker.
#[derive(Debug, Clone)]
pub struct AddServiceAccount {
    pub account: AccountId,
    /// What the agency calls the system; people read it.
    pub name: String,
    pub identity: Identity,
    /// What it may do; at least something.
    pub scopes: Vec<Scope>,
}

impl Command for AddServiceAccount {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let Self { account, name: called, identity, scopes } = self;
        if !state.is_registered() {
            return Err(Refusal::not_found("agency"));
        }
        name(&called)?;
        identity.check()?;
        if scopes.is_empty() {
            return Err(Refusal::invalid("scopes", "must name at least one thing that the system may do"));
        }
        let now = || state.accounts().iter().filter(|known| !known.removed);
        let taken = now().any(|known| known.sign_in == identity.sign_in);
        if taken || state.accounts().iter().any(|known| known.account == account) {
            return Err(Refusal::already_exists("account"));
        }
        if now().count() >= ACCOUNTS_LIMIT {
            let problem = format!("an agency has at most `{ACCOUNTS_LIMIT}` accounts of systems");
            return Err(Refusal::rule("accounts_limit", problem));
        }
        let Identity { issuer, subject, sign_in } = identity;
        Ok(vec![ServiceAccountAdded { account, name: called, issuer, subject, sign_in, scopes }.into()])
    }
}

/// As the command, and not with what a worker signs in with: nobody is taken for a machine.
///
/// # Errors
/// The rule that refuses it.
pub fn add_service_account(
    command: AddServiceAccount,
    agency: &Agency,
    sign_in: &SignIn,
) -> Result<Vec<AgencyEvent>, Refusal> {
    if sign_in.staff().is_some() {
        return Err(Refusal::invalid("subject", "is what a worker signs in with; a system has a sign-in of its own"));
    }
    command.decide(agency)
}

/// A system does not sign in any more.
#[derive(Debug, Clone)]
pub struct RemoveServiceAccount {
    pub account: AccountId,
}

impl Command for RemoveServiceAccount {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let known = state.accounts().iter().find(|known| known.account == self.account);
        let known = known.ok_or_else(|| Refusal::not_found("account"))?;
        Ok(if known.removed { vec![] } else { vec![ServiceAccountRemoved { account: self.account }.into()] })
    }
}
