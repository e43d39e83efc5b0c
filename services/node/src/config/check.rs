//! Whether the settings can be used.

use std::collections::HashSet;

use url::{Host, Url};

use super::{Config, IssuerConfig, NatsTls, Place, Security, is_place_of_secret};

/// A setting that cannot be used.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Its name, as `database.url`.
    pub(super) setting: String,
    /// What it must be.
    pub(super) problem: String,
}

fn must(holds: bool, setting: &str, problem: &str) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(Wrong { setting: setting.to_owned(), problem: problem.to_owned() }) }
}

impl Config {
    /// Whether every setting can be used, as far as it alone tells.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        must(!self.roles.is_empty(), "roles", "must name at least one role")?;
        must(Place::of(&self.database.url).is_ok(), "database.url", Place::FORMS)?;
        must(self.database.connections > 0, "database.connections", "must be at least `1`")?;
        must(self.vault.url.as_ref().is_none_or(|url| Place::of(url).is_ok()), "vault.url", Place::FORMS)?;
        // Whatever needs it says when it is not given: not every command does.
        let is_place = is_place_of_secret(&self.vault.key_encryption_key);
        must(is_place, "vault.key_encryption_key", "must be `file:<path>` or `env:<name>`")?;
        self.check_bus()?;
        self.check_feeds()?;
        self.check_notices()?;
        self.check_portal()?;
        let origins = self.web_origins.iter().all(|origin| is_origin(origin));
        must(origins, "web_origins", "must be origins such as `https://portal.example`")?;
        let room = self.limits.calls_in_progress > 0;
        must(room, "limits.calls_in_progress", "must be at least `1`")?;
        let room = self.limits.agency_calls_in_progress > 0;
        must(room, "limits.agency_calls_in_progress", "must be at least `1`")?;
        let days = self.proposals.lapse_after_days;
        must((1..=3_650).contains(&days), "proposals.lapse_after_days", "must be from `1` to `3650`")?;
        self.import.national().map_err(|error| Wrong {
            setting: "import.person_identifiers".to_owned(),
            problem: format!("{error:#}"),
        })?;
        let endpoint = self.telemetry.otlp_endpoint.as_ref().is_none_or(|url| Url::parse(url).is_ok());
        must(endpoint, "telemetry.otlp_endpoint", "must be a URL such as `http://collector:4317`")?;
        must(self.telemetry.sample_per_mille <= 1_000, "telemetry.sample_per_mille", "must be at most `1000`")?;
        self.check_issuers()
    }

    fn check_bus(&self) -> Result<(), Wrong> {
        let bus = &self.bus;
        if bus.is_in_process() {
            let problem = "must be left out, or `bus.url` be `nats://…`: a bus within the process asks for nothing";
            must(bus.nkey_file.is_none(), "bus.nkey_file", problem)?;
            must(bus.credentials_file.is_none(), "bus.credentials_file", problem)?;
            must(bus.tls.authority.is_none(), "bus.tls.authority", problem)?;
            must(bus.tls.certificate.is_none(), "bus.tls.certificate", problem)?;
        } else {
            bus.servers().map_err(|wrong| Wrong { setting: "bus.url".to_owned(), problem: wrong.to_string() })?;
        }
        check_tls("bus.tls", &bus.tls)?;
        must(bus.replicas > 0, "bus.replicas", "must be at least `1`")
    }

    fn check_portal(&self) -> Result<(), Wrong> {
        let portal = &self.portal;
        let address = portal.address.as_ref().is_none_or(|address| is_origin(address));
        must(address, "portal.address", "must be an origin such as `https://portal.example`")?;
        let address = portal.address.as_deref().is_none_or(is_kept);
        must(address, "portal.address", "must begin with `https://`, unless it is of this machine")?;
        must(!portal.name.is_empty(), "portal.name", "must be what people read at the top")?;
        let zone = jiff::tz::TimeZone::get(&portal.time_zone).is_ok();
        must(zone, "portal.time_zone", "must be in the IANA time zone database, such as `Europe/London`")?;
        let is_web = |url: &str| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        must(is_web(&portal.leave_to), "portal.leave_to", "must be a URL such as `https://www.bbc.co.uk/weather`")?;
        let services = portal.services.as_deref().is_none_or(is_web);
        must(services, "portal.services", "must be a URL such as `https://alongside.internal:7443`")?;
        let services = portal.services.as_deref().is_none_or(is_kept);
        must(services, "portal.services", "must begin with `https://`, unless it is of this machine")?;
        let Some(provider) = &portal.provider else { return Ok(()) };
        must(is_web(&provider.issuer), "portal.provider.issuer", "must be a URL, as its tokens name it")?;
        let known = portal.address.is_some() || portal.listen.ip().is_loopback();
        must(known, "portal.address", "must be given where the pages can be reached from elsewhere")?;
        // They speak no TLS themselves: what does would be taken for everybody.
        let by_tls = portal.address.as_ref().is_some_and(|address| address.starts_with("https://"));
        must(
            !by_tls || !portal.proxies.is_empty(),
            "portal.proxies",
            "must name the networks of what adds TLS before the pages",
        )?;
        let issuer = is_kept(&provider.issuer);
        must(issuer, "portal.provider.issuer", "must begin with `https://`, unless it is of this machine")?;
        let is_same = |one: &IssuerConfig| {
            (one.people || one.people_by_id) && one.issuer == provider.issuer && one.audience == provider.client_id
        };
        // Services elsewhere have issuers of their own.
        let trusted = portal.services.is_some() || self.issuers.iter().any(is_same);
        must(
            trusted,
            "portal.provider.issuer",
            "must be among `issuers`, with `people = true` or `people_by_id = true`, and `portal.provider.client_id` as its `audience`",
        )?;
        must(!provider.client_id.is_empty(), "portal.provider.client_id", "must be our id there")?;
        let is_place = !provider.client_key.is_empty() && is_place_of_secret(&provider.client_key);
        must(is_place, "portal.provider.client_key", "must be `file:<path>` or `env:<name>`")
    }

    fn check_notices(&self) -> Result<(), Wrong> {
        let notices = &self.notices;
        let link = notices.link.as_ref().is_none_or(|link| Url::parse(link).is_ok());
        must(link, "notices.link", "must be a URL such as `https://portal.example`")?;
        if let Some(smtp) = &notices.smtp {
            must(!smtp.host.is_empty(), "notices.smtp.host", "must name a server")?;
            let both = smtp.user.is_some() == smtp.password.is_some();
            let one = if smtp.user.is_some() { "notices.smtp.user" } else { "notices.smtp.password" };
            must(both, one, "must be given with the other: a `user` and a `password`, or neither")?;
            let is_place = smtp.password.as_ref().is_none_or(|source| !source.is_empty() && is_place_of_secret(source));
            must(is_place, "notices.smtp.password", "must be `file:<path>` or `env:<name>`")?;
            let kept = smtp.user.is_none() || smtp.security != Security::None;
            must(
                kept,
                "notices.smtp.security",
                "must be another where somebody signs in: a password is not sent for all to read",
            )?;
        }
        if let Some(sender) = &notices.sender {
            let is_http = Url::parse(&sender.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
            must(is_http, "notices.sender.url", "must be a URL such as `https://sender.example/notices`")?;
            let is_place = !sender.secret.is_empty() && is_place_of_secret(&sender.secret);
            must(is_place, "notices.sender.secret", "must be `file:<path>` or `env:<name>`")?;
            must(!sender.channels.is_empty(), "notices.sender.channels", "must name `sms` or `letter`")?;
        }
        Ok(())
    }

    fn check_feeds(&self) -> Result<(), Wrong> {
        if let Some(webhooks) = &self.feeds.webhooks {
            let setting = "feeds.webhooks.origin";
            must(webhooks.has_origin(), setting, "must be a DNS name such as `alongside.example`")?;
            let setting = "feeds.webhooks.paused_after_seconds";
            must(webhooks.paused_after_seconds > 0, setting, "must be at least `1`")?;
        }
        let Some(door) = &self.feeds.jetstream else { return Ok(()) };
        for (setting, url) in [("url", door.url.as_str()), ("public_url", door.public_url())] {
            let setting = format!("feeds.jetstream.{setting}");
            door.servers(url).map_err(|wrong| Wrong { setting, problem: wrong.to_string() })?;
        }
        check_tls("feeds.jetstream.tls", &door.tls)?;
        must(door.replicas > 0, "feeds.jetstream.replicas", "must be at least `1`")?;
        must(door.kept_for_seconds > 0, "feeds.jetstream.kept_for_seconds", "must be at least `1`")?;
        let fits = (1..=1_000_000).contains(&door.standing);
        must(fits, "feeds.jetstream.standing", "must be from `1` to `1000000`")
    }

    fn check_issuers(&self) -> Result<(), Wrong> {
        let mut names = HashSet::new();
        for configured in &self.issuers {
            let IssuerConfig { issuer, audience, .. } = configured;
            must(!issuer.is_empty() && !audience.is_empty(), "issuers", "must each have `issuer` and `audience`")?;
            let bound = configured.binding().is_some();
            must(bound, "issuers", "must each have exactly one of `agency`, `people`, `people_by_id` and `operators`")?;
            must(names.insert(issuer), "issuers", "must not name the same `issuer` twice")?;
        }
        Ok(())
    }
}

/// Whether a certificate comes with its key.
fn check_tls(setting: &str, tls: &NatsTls) -> Result<(), Wrong> {
    let (shown, key) = (tls.certificate.is_some(), tls.private_key.is_some());
    must(key || !shown, &format!("{setting}.certificate"), "must come with its `private_key`")?;
    must(shown || !key, &format!("{setting}.private_key"), "must come with its `certificate`")
}

/// Whether a text is an origin of a web page: scheme and host, and nothing after them.
/// Whether nobody on the way reads what is sent there: it goes by TLS, or does not leave the machine.
fn is_kept(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || is_here
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', '?', '#', ' ']));
    is_host && text.is_ascii()
}
