//! What may be shown of the settings.

use url::Url;

use super::{Config, is_place_of_secret};

/// What is printed instead of a secret.
const REDACTED: &str = "(redacted)";
/// The same within a URL, in which brackets would be escaped.
const HIDDEN: &str = "redacted";
/// Parameters of a URL that hold no secret.
const HARMLESS: [&str; 7] =
    ["host", "port", "dbname", "sslmode", "options", "application_name", "statement-cache-capacity"];

impl Config {
    /// The configuration as TOML, with secrets redacted.
    ///
    /// # Errors
    /// When it cannot be written as TOML.
    pub fn redacted(&self) -> anyhow::Result<String> {
        let mut shown = self.clone();
        shown.database.url = shown_url(&shown.database.url);
        shown.bus.url = shown_as(&shown.bus.url);
        if let Some(door) = &mut shown.feeds.jetstream {
            door.url = shown_as(&door.url);
            door.public_url = door.public_url.as_deref().map(shown_as);
        }
        if let Some(smtp) = &mut shown.notices.smtp {
            smtp.password = smtp.password.as_deref().map(shown_secret);
        }
        if let Some(sender) = &mut shown.notices.sender {
            (sender.url, sender.secret) = (shown_as(&sender.url), shown_secret(&sender.secret));
        }
        shown.vault.url = shown.vault.url.as_deref().map(shown_url);
        shown.vault.key_encryption_key = shown_secret(&shown.vault.key_encryption_key);
        shown.telemetry.otlp_endpoint = shown.telemetry.otlp_endpoint.as_deref().map(shown_as);
        Ok(toml::to_string_pretty(&shown)?)
    }
}

/// What may be shown of one or more URLs, separated by commas: who signs in where, and never with what. A user without a password
/// may be a token, and any parameter may be a secret but those that are known not to be. What is no URL is not shown at all.
fn shown_as(urls: &str) -> String {
    urls.split(',').map(|url| shown_url(url.trim())).collect::<Vec<_>>().join(",")
}

fn shown_url(text: &str) -> String {
    if text == "in-process" || text.starts_with("sqlite:") {
        return text.to_owned();
    }
    let Ok(mut url) = Url::parse(text) else { return REDACTED.to_owned() };
    // A secret with a slash in it has cut the URL short: the rest of it stands where the path should.
    if text.matches('@').count() != usize::from(!url.username().is_empty() || url.password().is_some()) {
        return REDACTED.to_owned();
    }
    let hidden = if url.password().is_some() {
        url.set_password(Some(HIDDEN))
    } else if !url.username().is_empty() && !url.scheme().starts_with("postgres") {
        url.set_username(HIDDEN)
    } else {
        Ok(())
    };
    if hidden.is_err() {
        return REDACTED.to_owned();
    }
    if url.fragment().is_some() {
        url.set_fragment(Some(HIDDEN));
    }
    let mut parameters: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    for (_, value) in parameters.iter_mut().filter(|(name, _)| !HARMLESS.contains(&name.as_str())) {
        HIDDEN.clone_into(value);
    }
    if !parameters.is_empty() {
        url.query_pairs_mut().clear().extend_pairs(parameters);
    }
    url.into()
}

/// A place of a secret, never the secret itself.
fn shown_secret(source: &str) -> String {
    if is_place_of_secret(source) { source.to_owned() } else { REDACTED.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::{JetStreamConfig, NatsTls};
    use super::*;

    #[test]
    fn what_is_printed_holds_no_secret_in_any_setting_that_can_hold_one() {
        const SECRET: &str = "hunter2";
        let mut config = Config::default();
        for url in [
            "postgres://alongside:hunter2@db/alongside?sslmode=require&password=hunter2",
            "postgres://alongside@db/alongside?sslmode=require&PassWord=hunter2&sslkey=hunter2",
            "postgresql://db/alongside?sslmode=require&user=alongside&passfile=hunter2#hunter2",
        ] {
            config.database.url = url.into();
            config.vault.url = Some(url.into());
            let shown = config.redacted().unwrap();
            assert!(
                !shown.contains(SECRET) && shown.contains("sslmode=require") && shown.contains("db/alongside"),
                "{shown}"
            );
        }
        for url in
            ["nats://user:hunter2@bus:4222", "nats://hunter2@bus:4222", "tls://hunter2@one:1,tls://u:hunter2@two:2"]
        {
            config.bus.url = url.into();
            config.feeds.jetstream = Some(JetStreamConfig {
                url: url.into(),
                public_url: Some(url.into()),
                signing_key_file: "signing.seed".into(),
                system_credentials_file: "system.creds".into(),
                replicas: 1,
                kept_for_seconds: 1,
                standing: 1,
                tls: NatsTls::default(),
            });
            let shown = config.redacted().unwrap();
            assert!(!shown.contains(SECRET) && (shown.contains("@bus:4222") || shown.contains("@two:2")), "{shown}");
        }
        config.vault.key_encryption_key = SECRET.into();
        config.telemetry.otlp_endpoint = Some("https://hunter2@traces.example/x?api_key=hunter2".into());
        let shown = config.redacted().unwrap();
        assert!(!shown.contains(SECRET) && shown.contains("traces.example"), "{shown}");
        for cut in ["postgres://user:12/hunter2@db/x", "postgres://user:1,hunter2@db/x", "postgres://hunter2/x@db"] {
            config.database.url = cut.into();
            assert!(!config.redacted().unwrap().contains(SECRET), "{cut}");
        }
        config.bus.url = "nats://abc/hunter2@bus:4222".into();
        assert!(!config.redacted().unwrap().contains(SECRET));
        config.bus.url = "in-process".into();
        config.database.url = "postgres//alongside:hunter2@db".into();
        config.vault.key_encryption_key = "file:/run/secrets/kek".into();
        let shown = config.redacted().unwrap();
        assert!(!shown.contains(SECRET) && shown.contains("file:/run/secrets/kek"), "{shown}");
    }
}
