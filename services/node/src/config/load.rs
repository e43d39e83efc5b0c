//! Settings from where they stand, and from where a wrong one came.

use std::path::Path;

use anyhow::anyhow;
use config::{ConfigError, Value, ValueKind};

use super::check::Wrong;
use super::{Config, Flags, Role};

/// Reads the configuration, and checks it.
///
/// # Errors
/// When a file cannot be read, or a setting is unknown, has a wrong form or cannot be used: with its name, and the file, variable or
/// flag that it came from.
pub fn load(flags: &Flags) -> anyhow::Result<Config> {
    let mut builder = config::Config::builder();
    if let Some(file) = &flags.config {
        builder = builder.add_source(config::File::from(file.as_path()).format(config::FileFormat::Toml));
    }
    let environment = config::Environment::with_prefix("ALONGSIDE").prefix_separator("_").separator("__");
    // What names the file is no setting in it.
    let is_setting =
        |name: &str| name.starts_with("ALONGSIDE_") && name != "ALONGSIDE_CONFIG" && !is_of_a_service(name);
    let settings = std::env::vars().filter(|(name, _)| is_setting(name));
    let environment =
        environment.source(Some(settings.collect())).try_parsing(true).list_separator(",").with_list_parse_key("roles");
    let built = builder.add_source(environment).build().map_err(|error| unreadable(flags, error))?;
    let given = built.cache.clone();
    let mut config: Config = built.try_deserialize().map_err(|error| explained(&given, error))?;
    if let Some(url) = &flags.database {
        config.database.url.clone_from(url);
    }
    if let Some(url) = &flags.bus {
        config.bus.url.clone_from(url);
    }
    config.listen = flags.listen.unwrap_or(config.listen);
    config.admin = flags.admin.unwrap_or(config.admin);
    config.portal.listen = flags.portal.unwrap_or(config.portal.listen);
    if !flags.roles.is_empty() {
        config.roles.clone_from(&flags.roles);
    }
    config.check().map_err(|Wrong { setting, problem }| {
        let from = flag(flags, &setting).or_else(|| origin(&given, &setting));
        anyhow!("`{setting}` {problem}{}", from.map(|from| format!("; it comes from {from}")).unwrap_or_default())
    })?;
    Ok(config)
}

/// Whether Kubernetes tells of a Service by this variable: it does so of each in a namespace, in names that begin as the Service is called
/// (`ALONGSIDE_SERVICE_HOST`, `ALONGSIDE_SERVICE_PORT_GRPC`, `ALONGSIDE_PORT_7443_TCP_ADDR`). No setting is called like that.
fn is_of_a_service(name: &str) -> bool {
    let is_port = |rest: &str| {
        let mut parts = rest.split('_');
        let number = parts.next().is_some_and(|part| part.parse::<u16>().is_ok());
        number && parts.next().is_some_and(|part| matches!(part, "TCP" | "UDP" | "SCTP"))
    };
    // Whatever stands in a part of the settings has two: `ALONGSIDE_NOTICES__SMTP__PORT`.
    !name.contains("__")
        && (name.ends_with("_SERVICE_HOST")
            || name.ends_with("_SERVICE_PORT")
            || name == "ALONGSIDE_PORT"
            || name.contains("_SERVICE_PORT_")
            || name.match_indices("_PORT_").any(|(at, found)| name.get(at + found.len()..).is_some_and(is_port)))
}

/// Why a file cannot be read, without what stands in it: it may be a secret.
fn unreadable(flags: &Flags, error: ConfigError) -> anyhow::Error {
    let ConfigError::FileParse { .. } = error else {
        return anyhow::Error::new(error).context("the configuration cannot be read");
    };
    let file = flags.config.as_deref().unwrap_or_else(|| Path::new("the file"));
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let at = text.parse::<toml::Table>().err().and_then(|error| error.span());
    let line = at.map(|at| format!(", line {}", text.get(..at.start).unwrap_or_default().lines().count().max(1)));
    anyhow!("the configuration cannot be read: `{}` is no TOML{}", file.display(), line.unwrap_or_default())
}

/// What is wrong with a value, without the value: it may be a secret in the wrong place.
fn explained(given: &Value, error: ConfigError) -> anyhow::Error {
    let from = |setting: &str| origin(given, setting).map(|from| format!("; it comes from {from}")).unwrap_or_default();
    #[allow(clippy::wildcard_enum_match_arm, reason = "whatever else there is says itself what it is about")]
    match error {
        ConfigError::Type { expected, key: Some(key), .. } => {
            anyhow!("the configuration cannot be read: `{key}` must be {expected}{}", from(&key))
        }
        ConfigError::At { key: Some(key), .. } if key.starts_with("roles[") => {
            let known = Role::all().iter().map(|role| format!("`{}`", role.name())).collect::<Vec<_>>().join(", ");
            anyhow!("the configuration cannot be read: `{key}` must be one of {known}{}", from(&key))
        }
        ConfigError::At { error, key: Some(key), .. } => {
            // Of a table, which has no place of its own, the setting in it that the message names.
            let error = error.to_string();
            // Of other messages nobody knows what they repeat.
            let harmless =
                ["unknown field", "missing field", "UUID parsing failed"].iter().any(|known| error.starts_with(known));
            let error = if harmless { error } else { "has a wrong form".to_owned() };
            let within = error.split('`').nth(1).map(|name| from(&format!("{key}.{name}")));
            let from = within.filter(|from| !from.is_empty()).unwrap_or_else(|| from(&key));
            anyhow!("the configuration cannot be read: `{key}`: {error}{from}")
        }
        ConfigError::Message(message) if !message.starts_with("unknown field") => {
            anyhow!("the configuration cannot be read: a setting has a wrong form")
        }
        ConfigError::Message(message) => {
            let unknown = message.split('`').nth(1).and_then(|name| named(given, name, ""));
            anyhow!("the configuration cannot be read: {message}{}", unknown.map(|key| from(&key)).unwrap_or_default())
        }
        error => anyhow::Error::new(error).context("the configuration cannot be read"),
    }
}

/// The flag that gave a setting.
fn flag(flags: &Flags, setting: &str) -> Option<String> {
    let given = match setting {
        "database.url" => flags.database.is_some().then_some("--database"),
        "bus.url" => flags.bus.is_some().then_some("--bus"),
        _ => None,
    };
    given.map(|flag| format!("the flag `{flag}`"))
}

/// The file or variable that gave a setting.
fn origin(given: &Value, setting: &str) -> Option<String> {
    let mut value = given;
    let mut from = None;
    // In a list, whatever the list came from.
    for name in setting.split(['.', '[']) {
        let ValueKind::Table(table) = &value.kind else { break };
        value = table.get(name)?;
        from = value.origin().or(from);
    }
    if from? == "the environment" {
        return Some(format!(
            "the variable `ALONGSIDE_{}`",
            setting.split('[').next()?.replace('.', "__").to_uppercase()
        ));
    }
    Some(format!("`{}`", from?))
}

/// Where a setting of this name was given.
fn named(given: &Value, name: &str, before: &str) -> Option<String> {
    let ValueKind::Table(table) = &given.kind else { return None };
    if table.contains_key(name) {
        return Some(format!("{before}{name}"));
    }
    table.iter().find_map(|(key, value)| named(value, name, &format!("{before}{key}.")))
}

#[cfg(test)]
mod tests {
    use super::super::secret;
    use super::*;

    #[test]
    fn what_kubernetes_tells_of_services_is_no_setting() {
        for name in [
            "ALONGSIDE_SERVICE_HOST",
            "ALONGSIDE_SERVICE_PORT",
            "ALONGSIDE_SERVICE_PORT_GRPC",
            "ALONGSIDE_PORT",
            "ALONGSIDE_PORT_7443_TCP",
            "ALONGSIDE_PORT_7443_TCP_ADDR",
            "ALONGSIDE_PORT_53_UDP_PROTO",
            "ALONGSIDE_DATABASE_SERVICE_HOST",
            "ALONGSIDE_DATABASE_PORT_5432_TCP_PORT",
        ] {
            assert!(is_of_a_service(name), "{name}");
        }
        for name in
            ["ALONGSIDE_LISTEN", "ALONGSIDE_PORTAL__LISTEN", "ALONGSIDE_NOTICES__SMTP__PORT", "ALONGSIDE_SERVICE_PROT"]
        {
            assert!(!is_of_a_service(name), "{name}");
        }
    }

    fn refused(text: &str) -> String {
        let file = std::env::temp_dir().join(format!("alongside-config-{}.toml", uuid::Uuid::now_v7()));
        std::fs::write(&file, text).unwrap();
        let error = load(&Flags { config: Some(file.clone()), ..Flags::default() }).unwrap_err();
        std::fs::remove_file(&file).unwrap();
        // As it is found from the working directory, if that is near.
        let (error, name) = (format!("{error:#}"), file.file_name().unwrap().to_string_lossy().into_owned());
        assert!(error.contains(&name), "{error}");
        error
    }

    #[test]
    fn web_pages_that_anybody_on_the_way_could_read_or_where_nobody_could_sign_in_are_refused() {
        for (text, setting) in [
            ("[portal]\naddress = 'http://portal.example'", "portal.address"),
            ("[portal]\nservices = 'http://10.0.0.1:7443'", "portal.services"),
            (
                "[portal.provider]\nissuer = 'http://a.example'\nclient_id = 'a'\nclient_key = 'env:X'",
                "portal.provider.issuer",
            ),
            (
                "[[issuers]]\nissuer = 'https://a.example'\naudience = 'b'\npeople = true\n\
                 [portal.provider]\nissuer = 'https://a.example'\nclient_id = 'a'\nclient_key = 'env:X'",
                "portal.provider.issuer",
            ),
        ] {
            let error = refused(text);
            assert!(error.contains(&format!("`{setting}`")), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_where_it_stands() {
        for (text, setting) in [
            ("[database]\nurll = 'x'", "urll"),
            ("rolls = ['relay']", "rolls"),
            ("roles = ['relais']", "roles[0]"),
            ("roles = []", "roles"),
            ("drain_ms = 'soon'", "drain_ms"),
            ("[database]\nurl = 'mysql://x'", "database.url"),
            ("[database]\nconnections = 0", "database.connections"),
            ("[bus]\nurl = 'http://x'", "bus.url"),
            ("[bus]\nurl = 'nats://x:p/w@y'", "bus.url"),
            ("[bus]\nurl = 'nats://x:y@z'\nnkey_file = 'seed'", "bus.url"),
            ("[bus]\ncredentials_file = 'app.creds'", "bus.credentials_file"),
            ("[bus.tls]\nauthority = 'ca.pem'", "bus.tls.authority"),
            ("[bus.tls]\ncertificate = 'app.pem'", "bus.tls.certificate"),
            ("[bus]\nreplicas = 0", "bus.replicas"),
            (
                "[feeds.jetstream]\nurl = 'nats://x:y@z'\nsigning_key_file = 's'\nsystem_credentials_file = 'c'",
                "feeds.jetstream.url",
            ),
            (
                "[feeds.jetstream]\nurl = 'nats://z'\npublic_url = 'z'\nsigning_key_file = 's'\nsystem_credentials_file = 'c'",
                "feeds.jetstream.public_url",
            ),
            (
                "[feeds.jetstream]\nurl = 'nats://z'\nstanding = 0\nsigning_key_file = 's'\nsystem_credentials_file = 'c'",
                "feeds.jetstream.standing",
            ),
            ("[feeds.webhooks]\norigin = 'https://a.example'", "feeds.webhooks.origin"),
            ("[feeds.webhooks]\norigin = ''", "feeds.webhooks.origin"),
            (
                "[feeds.webhooks]\norigin = 'a'\nallowed_networks = ['10.0.0.0/33']",
                "feeds.webhooks.allowed_networks[0]",
            ),
            ("[feeds.webhooks]\norigin = 'a'\npaused_after_seconds = 0", "feeds.webhooks.paused_after_seconds"),
            ("[notices]\nlink = 'portal'", "notices.link"),
            ("[notices.smtp]\nhost = ''\nfrom = 'a@b.example'", "notices.smtp.host"),
            ("[notices.smtp]\nhost = 'a'\nfrom = 'a@b.example'\nuser = 'x'", "notices.smtp.user"),
            (
                "[notices.smtp]\nhost = 'a'\nfrom = 'a@b.example'\nuser = 'x'\npassword = 'secret'",
                "notices.smtp.password",
            ),
            (
                "[notices.smtp]\nhost = 'a'\nfrom = 'a@b.example'\nuser = 'x'\npassword = 'env:X'\nsecurity = 'none'",
                "notices.smtp.security",
            ),
            ("[notices.sender]\nurl = 'x'\nsecret = 'env:X'\nchannels = ['sms']", "notices.sender.url"),
            ("[notices.sender]\nurl = 'https://x'\nsecret = 'whsec_x'\nchannels = ['sms']", "notices.sender.secret"),
            ("[notices.sender]\nurl = 'https://x'\nsecret = 'env:X'\nchannels = []", "notices.sender.channels"),
            ("[vault]\nurl = 'x'", "vault.url"),
            ("web_origins = ['*']", "web_origins"),
            ("[[issuers]]\nissuer = 'x'\naudience = 'x'", "issuers"),
            ("[[issuers]]\nissuer = 'x'\naudience = 'x'\npeople = true\noperators = true", "issuers"),
            ("[[issuers]]\nissuer = 'x'\npeople = true", "issuers"),
            ("[[issuers]]\nissuer = 'x'\nagency = '3'", "issuers[0]agency"),
            ("[limits]\ncalls_in_progress = 0", "limits.calls_in_progress"),
            ("[proposals]\nlapse_after_days = 0", "proposals.lapse_after_days"),
            ("[import]\nperson_identifiers = ['x']", "import.person_identifiers"),
            ("[telemetry]\nsample_per_mille = 1001", "telemetry.sample_per_mille"),
            ("[telemetry]\notlp_endpoint = 'x'", "telemetry.otlp_endpoint"),
        ] {
            let error = refused(text);
            assert!(error.contains(&format!("`{setting}`")), "{text}: {error}");
        }
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_repeated() {
        for text in [
            "[vault]\nkey_encryption_key = 'hunter2'",
            "drain_ms = 'hunter2'",
            "vault = 'hunter2'",
            "database = 'postgres://u:hunter2@db/x'",
            "[vault]\nkey_encryption_key = hunter2",
        ] {
            let error = refused(text);
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn flags_win_and_a_secret_is_never_a_setting() {
        let flags = Flags { database: Some("sqlite:/elsewhere".into()), roles: vec![Role::Relay], ..Flags::default() };
        let config = load(&flags).unwrap();
        assert_eq!(
            (config.database.url.as_str(), config.roles.as_slice()),
            ("sqlite:/elsewhere", [Role::Relay].as_slice())
        );
        assert!(secret("c2VjcmV0").is_err());
    }
}
