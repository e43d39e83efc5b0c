//! The person's web pages, served by this process: a client of the services, here or elsewhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use door::Door;
use jiff::tz::TimeZone;
use portal::{Portal, Provider, Samples, Settings, SignIn};
use state::Sessions;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use url::Url;

use crate::config::Config;

/// How long the services may take to be reached, and to say that they are there still.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long they may take to answer.
const CALL_LIMIT: Duration = Duration::from_secs(15);
/// How often they are asked whether they are there still.
const ALIVE_EVERY: Duration = Duration::from_secs(20);

/// Puts the pages together and opens their port. `services` is where this process serves.
///
/// # Errors
/// When the port is taken, nobody could sign in, or a setting cannot be used.
pub(crate) async fn open(
    config: &Config,
    (sessions, samples): (Arc<dyn Sessions>, Option<Samples>),
    services: SocketAddr,
) -> anyhow::Result<(Portal, Door)> {
    let settings = &config.portal;
    let door = Portal::open(settings.listen, settings.proxies.clone()).await;
    let door = door.with_context(|| format!("`{}` of `portal.listen` cannot be opened", settings.listen))?;
    let sign_in = match (samples, &settings.provider) {
        (Some(samples), _) => SignIn::Samples(samples),
        (None, Some(provider)) => {
            let (issuer, client_id) = (provider.issuer.clone(), provider.client_id.clone());
            let provider = Provider::new(issuer, client_id, provider.client_key()?.as_bytes());
            SignIn::Provider(Box::new(provider.context("`portal.provider` cannot be used")?))
        }
        (None, None) => bail!("`portal.provider` must be given: without one nobody signs in on the web pages"),
    };
    let public = match &settings.address {
        Some(public) => public.clone(),
        None => address_of(door.address()?),
    };
    let portal = Settings {
        name: settings.name.clone(),
        address: Url::parse(&public).context("`portal.address` is no URL")?,
        time_zone: TimeZone::get(&settings.time_zone).context("`portal.time_zone` is not known")?,
        leave_to: Url::parse(&settings.leave_to).context("`portal.leave_to` is no URL")?,
        proxies: settings.proxies.clone(),
        sign_in,
    };
    Ok((Portal::new(portal, channel(config, services)?, sessions), door))
}

/// Where somebody on this machine reaches the pages: by a name for which browsers make the exceptions that development needs.
pub(crate) fn address_of(listens: SocketAddr) -> String {
    let own = loopback(listens);
    if own.ip().is_loopback() { format!("http://localhost:{}", own.port()) } else { format!("http://{own}") }
}

/// How the pages call the services: those of this process, unless others are named.
fn channel(config: &Config, services: SocketAddr) -> anyhow::Result<Channel> {
    let (url, authority) = (&config.portal.services, &config.portal.services_authority);
    if url.is_none() && config.tls.is_some() {
        bail!("`portal.services` must be given where this process serves by TLS: by the name that its certificate has");
    }
    let own = || format!("http://{}", loopback(services));
    let mut endpoint = Endpoint::from_shared(url.clone().unwrap_or_else(own)).context("`portal.services` is no URL")?;
    if url.as_ref().is_some_and(|url| url.starts_with("https://")) {
        let tls = match authority {
            Some(file) => {
                let pem = std::fs::read(file).context("`portal.services_authority` cannot be read")?;
                ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem))
            }
            None => ClientTlsConfig::new().with_native_roots(),
        };
        endpoint = endpoint.tls_config(tls)?;
    }
    // What does not answer is given up before a page is.
    let endpoint = endpoint.connect_timeout(CONNECT_LIMIT).timeout(CALL_LIMIT);
    let endpoint = endpoint.http2_keep_alive_interval(ALIVE_EVERY).keep_alive_timeout(CONNECT_LIMIT);
    Ok(endpoint.keep_alive_while_idle(true).connect_lazy())
}

/// Where this machine reaches itself at an address.
fn loopback(address: SocketAddr) -> SocketAddr {
    let own = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(own, address.port())
}
