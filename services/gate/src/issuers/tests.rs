use super::*;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

const AGENCY: AgencyId = AgencyId(Uuid::from_u128(5));

fn key() -> EncodingKey {
    let pkcs8 = aws_lc_rs::signature::EcdsaKeyPair::generate_pkcs8(
        &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        &aws_lc_rs::rand::SystemRandom::new(),
    );
    EncodingKey::from_ec_der(pkcs8.unwrap().as_ref())
}

fn trusting(key: &EncodingKey, binding: Binding) -> Issuers {
    let mut jwk = Jwk::from_encoding_key(key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some("1".into());
    let issuer = Issuer {
        issuer: "https://a.example".into(),
        audience: "alongside".into(),
        keys: KeySource::Given(JwkSet { keys: vec![jwk] }),
        binding,
    };
    Issuers::new(vec![issuer], Pseudonyms::new(&[7; 32])).unwrap()
}

/// Who presents it, or why nobody does: of issuers whose keys are given.
fn verify(issuers: &Issuers, token: &str) -> Result<Caller, Refused> {
    issuers.verify(token).map(|bearer| bearer.caller).map_err(|turned| match turned {
        Turned::Away(refused) => refused,
        Turned::Back(_) | Turned::Later => panic!("there is nobody to ask"),
    })
}

fn token(key: &EncodingKey, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = json!({"iss": "https://a.example", "aud": "alongside", "sub": "n1", "exp": seconds() + 60.5});
    change(&mut claims);
    jsonwebtoken::encode(&Header { kid: Some("1".into()), ..Header::new(Algorithm::ES256) }, &claims, key).unwrap()
}

#[test]
fn the_issuer_decides_the_agency() {
    let key = key();
    let issuers = trusting(&key, Binding::Agency(AGENCY));
    let spoofed = token(&key, |claims| claims["agency"] = json!("another"));
    let sign_in = issuers.pseudonym(AGENCY, "https://a.example", "n1");
    for _ in 0..2 {
        let expected = SignedIn::new(Worker::new(AGENCY, StaffId(sign_in.0)), sign_in);
        assert_eq!(verify(&issuers, &spoofed), Ok(Caller::Worker(expected)));
    }
}

#[test]
fn a_sign_in_is_of_an_agency_and_its_issuer() {
    let issuers = trusting(&key(), Binding::Agency(AGENCY));
    let ours = issuers.pseudonym(AGENCY, "https://a.example", "n1");
    assert_ne!(issuers.pseudonym(AGENCY, "https://b.example", "n1"), ours, "another issuer's `n1` is somebody else");
    assert_ne!(issuers.pseudonym(AgencyId(Uuid::nil()), "https://a.example", "n1"), ours);
}

#[test]
fn refuses_what_is_not_for_us_not_now_or_not_theirs() {
    let (ours, other) = (key(), key());
    let issuers = trusting(&ours, Binding::Agency(AGENCY));
    let refused = |token: String| assert!(verify(&issuers, &token).is_err(), "{token}");
    refused(token(&other, |_| {}));
    refused(token(&ours, |claims| claims["aud"] = json!("somebody else")));
    refused(token(&ours, |claims| claims["iss"] = json!("https://b.example")));
    refused(token(&ours, |claims| claims["exp"] = json!(seconds() - 120.0)));
    refused(token(&ours, |claims| claims["nbf"] = json!(seconds() + 120.0)));
    for claim in ["sub", "exp", "aud"] {
        refused(token(&ours, |claims| drop(claims.as_object_mut().unwrap().remove(claim))));
    }
    refused(String::from("garbage"));
    refused("x".repeat(10_000));
    let symmetric =
        jsonwebtoken::encode(&Header::default(), &json!({"iss": "https://a.example"}), &EncodingKey::from_secret(b"x"));
    refused(symmetric.unwrap());
}

#[test]
fn a_persons_subject_is_their_id() {
    let key = key();
    let issuers = trusting(&key, Binding::PeopleById);
    assert!(verify(&issuers, &token(&key, |_| {})).is_err());
    let person = Uuid::now_v7();
    let theirs = token(&key, |claims| claims["sub"] = json!(person.to_string()));
    assert_eq!(verify(&issuers, &theirs), Ok(Caller::Person(PersonId(person))));
}

#[test]
fn refuses_what_it_does_not_understand_and_keys_that_are_there_for_something_else() {
    let key = key();
    let published = |change: &dyn Fn(&mut Jwk)| {
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some("1".into());
        change(&mut jwk);
        let (issuer, audience) = ("https://a.example".into(), "alongside".into());
        let issuer = Issuer {
            issuer,
            audience,
            keys: KeySource::Given(JwkSet { keys: vec![jwk] }),
            binding: Binding::Agency(AGENCY),
        };
        Issuers::new(vec![issuer], Pseudonyms::new(&[7; 32])).unwrap()
    };
    let good = token(&key, |_| {});
    assert!(verify(&published(&|_| {}), &good).is_ok());
    assert!(verify(&published(&|jwk| jwk.common.public_key_use = Some(PublicKeyUse::Encryption)), &good).is_err());
    assert!(verify(&published(&|jwk| jwk.common.key_operations = Some(vec![KeyOperations::Encrypt])), &good).is_err());
    assert!(verify(&published(&|jwk| jwk.common.key_algorithm = Some(KeyAlgorithm::ES384)), &good).is_err());
    let crit = Header { kid: Some("1".into()), crit: Some(vec!["exp".into()]), ..Header::new(Algorithm::ES256) };
    let claims = json!({"iss": "https://a.example", "aud": "alongside", "sub": "n1", "exp": seconds() + 60.0});
    let critical = jsonwebtoken::encode(&crit, &claims, &key).unwrap();
    let refused = verify(&published(&|_| {}), &critical).unwrap_err();
    assert_eq!((refused.issuer.as_str(), refused.why), ("https://a.example", "a critical extension"));
    let stranger = token(&key, |claims| claims["iss"] = json!("https://me.example"));
    assert_eq!(verify(&published(&|_| {}), &stranger).unwrap_err().issuer, "unknown", "strangers make no labels");
}

#[test]
fn a_key_of_an_unknown_kind_stops_nobody() {
    let key = key();
    let known = serde_json::to_value(Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap()).unwrap();
    let set = json!({"keys": [
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
        {"kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA"},
        {"kty": "OKP", "crv": "X25519", "x": "AAAA"},
        {"nonsense": true},
        known,
    ]});
    let keys = read_keys(&set.to_string()).unwrap();
    let (issuer, audience) = ("https://a.example".into(), "alongside".into());
    let issuer = Issuer { issuer, audience, keys: KeySource::Given(keys), binding: Binding::Agency(AGENCY) };
    let issuers = Issuers::new(vec![issuer], Pseudonyms::new(&[7; 32])).unwrap();
    let claims = json!({"iss": "https://a.example", "aud": "alongside", "sub": "n1", "exp": seconds() + 60.0});
    let unnamed = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &key).unwrap();
    assert!(verify(&issuers, &unnamed).is_ok());
    assert!(read_keys("{}").is_err() && read_keys("nonsense").is_err());
}
