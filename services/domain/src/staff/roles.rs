use crate::Refusal;
use crate::agency::same_role;
use crate::text;

/// The most roles that one worker has.
const MOST: usize = 10;

/// The roles that a worker has at their agency, in the order in which they were given: a nurse may be the privacy officer, too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    roles: Vec<String>,
    words: String,
}

impl Roles {
    /// These roles, each once.
    ///
    /// # Errors
    /// When there is none, or one is none that could be found by its name.
    pub fn new(given: Vec<String>) -> Result<Self, Refusal> {
        let mut roles: Vec<String> = Vec::new();
        for role in given {
            text::role("roles", &role)?;
            if !roles.iter().any(|known| same_role(known, &role)) {
                roles.push(role);
            }
        }
        if roles.is_empty() || roles.len() > MOST {
            return Err(Refusal::invalid("roles", format!("must be from `1` to `{MOST}` roles")));
        }
        Ok(Self::stored(roles))
    }

    /// Roles as they were stored.
    #[must_use]
    pub(crate) fn stored(roles: Vec<String>) -> Self {
        let words = roles.join(", ");
        Self { roles, words }
    }

    /// Whether this is one of them, however it is written.
    #[must_use]
    pub fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|known| same_role(known, role))
    }

    /// One of them as the agency writes it, in which something is done; all of them when it is none of them.
    #[must_use]
    pub fn called(&self, role: &str) -> String {
        self.roles.iter().find(|known| same_role(known, role)).unwrap_or(&self.words).clone()
    }

    /// All of them in words, as in `district nurse, privacy officer`; empty when there are none.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// One after the other.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.roles
    }

    /// Whether they are the same, in whatever order.
    pub(crate) fn are(&self, others: &Self) -> bool {
        self.roles.len() == others.roles.len() && self.roles.iter().all(|role| others.roles.contains(role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_a_set_however_they_are_written() {
        let of = |roles: &[&str]| Roles::new(roles.iter().map(ToString::to_string).collect());
        let roles = of(&["nurse", "Privacy officer", "NURSE"]).unwrap();
        assert_eq!(roles.words(), "nurse, Privacy officer");
        assert!(roles.has("Nurse") && roles.has("privacy officer") && !roles.has("privacy"));
        assert!(roles.are(&of(&["Privacy officer", "nurse"]).unwrap()) && !roles.are(&of(&["nurse"]).unwrap()));
        for wrong in [vec![], vec!["nurse "], vec!["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]] {
            assert_eq!(of(&wrong).unwrap_err().subject, "roles", "{wrong:?}");
        }
    }
}
