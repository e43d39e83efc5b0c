//! What a token says beside whom it speaks for: whose it is alone, and what it may be used for.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::agency::Scope;
use door::Peer;
use http::Extensions;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

use crate::Caller;

/// How words of a token's `scope` begin that mean something here.
const OURS: &str = "alongside:";

/// The SHA-256 of a certificate, as DER.
type Thumbprint = [u8; 32];

/// What a token is bound to (RFC 7800, section 3.1).
#[derive(Debug, Deserialize)]
pub(crate) struct Confirmation {
    /// The certificate of whoever may present it (RFC 8705, section 3.1).
    #[serde(rename = "x5t#S256")]
    certificate: Option<String>,
    /// Something else, which nothing here can find out about.
    #[serde(flatten)]
    other: BTreeMap<String, IgnoredAny>,
}

impl Confirmation {
    /// The certificate that it is bound to; none when it is bound to anything else.
    pub(crate) fn certificate(&self) -> Option<Thumbprint> {
        let certificate = self.certificate.as_ref().filter(|_| self.other.is_empty())?;
        URL_SAFE_NO_PAD.decode(certificate).ok()?.try_into().ok()
    }
}

/// Who presents a token, and on what terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) caller: Caller,
    /// The issuer and subject of somebody who runs the system, or of a person whom the log knows by them.
    pub(crate) named: Option<Arc<(String, String)>>,
    /// The certificate that they must show; none when anybody may present it.
    pub(crate) certificate: Option<Thumbprint>,
    /// What it may be used for, of what a system may do; none when it does not say.
    pub(crate) scopes: Option<Scopes>,
}

impl Bearer {
    /// Whether whoever calls shows the certificate that the token is bound to, if it is.
    pub(crate) fn may_be_presented(&self, connection: &Extensions) -> bool {
        self.certificate.is_none() || self.certificate == shown(connection)
    }
}

/// The certificate that a caller has shown, and that the server has verified.
fn shown(connection: &Extensions) -> Option<Thumbprint> {
    Some(Sha256::digest(connection.get::<Peer>()?.certificate()?).into())
}

/// The `scope` of a token: words with blanks between them (RFC 9068, section 2.2.3), or, of many issuers, a list of words. Whatever else it is names
/// nothing, and makes no token another.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum ScopeClaim {
    Words(String),
    List(Vec<String>),
    Other(IgnoredAny),
}

/// What a token may be used for, of what a system may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scopes {
    receive: bool,
    answer_recalls: bool,
}

impl Scopes {
    /// As the `scope` of a token says it; none when it says nothing of what there is here.
    pub(crate) fn of(scope: &ScopeClaim) -> Option<Self> {
        let words: Vec<&str> = match scope {
            ScopeClaim::Words(words) => words.split(' ').collect(),
            ScopeClaim::List(list) => list.iter().map(String::as_str).collect(),
            ScopeClaim::Other(IgnoredAny) => vec![],
        };
        let mut ours = words.into_iter().filter_map(|word| word.strip_prefix(OURS)).peekable();
        ours.peek()?;
        let mut scopes = Self { receive: false, answer_recalls: false };
        for word in ours {
            scopes.receive |= word == Scope::Receive.word();
            scopes.answer_recalls |= word == Scope::AnswerRecalls.word();
        }
        Some(scopes)
    }

    pub(crate) fn has(self, scope: Scope) -> bool {
        match scope {
            Scope::Receive => self.receive,
            Scope::AnswerRecalls => self.answer_recalls,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_that_is_bound_to_what_is_not_known_here_is_bound_to_nothing_that_anybody_shows() {
        let thumbprint = URL_SAFE_NO_PAD.encode([7; 32]);
        let bound = |cnf| serde_json::from_value::<Confirmation>(cnf).unwrap().certificate();
        assert_eq!(bound(json!({"x5t#S256": thumbprint})), Some([7; 32]));
        for other in [
            json!({}),
            json!({"jkt": "x"}),
            json!({"x5t#S256": thumbprint, "jkt": "x"}),
            json!({"x5t#S256": "short"}),
            json!({"x5t#S256": ""}),
            json!({"x5t#S256": format!("{thumbprint}=")}),
        ] {
            assert_eq!(bound(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn a_scope_says_what_a_token_may_be_used_for_if_it_says_anything() {
        let has = |scope: &str| {
            Scopes::of(&ScopeClaim::Words(scope.to_owned()))
                .map(|scopes| Scope::ALL.iter().map(|s| scopes.has(*s)).collect::<Vec<_>>())
        };
        assert_eq!(has(""), None);
        assert_eq!(has("openid profile"), None);
        assert_eq!(has("openid alongside:receive"), Some(vec![true, false]));
        assert_eq!(has("alongside:answer-recalls alongside:receive"), Some(vec![true, true]));
        assert_eq!(has("alongside:everything"), Some(vec![false, false]));
        let read = |claim| Scopes::of(&serde_json::from_value(claim).unwrap()).map(|scopes| scopes.receive);
        assert_eq!(read(json!(["openid", "alongside:receive"])), Some(true));
        for other in [json!([]), json!(["openid"]), json!(7), json!({"a": 1}), json!([1, 2])] {
            assert_eq!(read(other.clone()), None, "{other}");
        }
    }
}
