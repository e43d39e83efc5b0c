//! The address that a webhook calls.

use reqwest::Url;
use url::Host;

use super::networks::Networks;

/// Ports on which something speaks HTTP that is meant for everybody: the usual ones, and those that nobody needs to be an administrator for.
/// Below lie those of mail and of other things that may take a request for something else.
const PORTS: [u16; 2] = [80, 443];
const FREE_PORTS: u16 = 1_024;

/// An address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target(Url);

impl Target {
    /// The address, if it may be called as far as it tells by itself. Where its name leads is found out at each connection.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(text: &str, networks: &Networks) -> Result<Self, &'static str> {
        let url: Url = text.parse().map_err(|_cause| "must be a URL such as `https://example.org/events`")?;
        let is_secure = match url.scheme() {
            "https" => true,
            "http" if networks.allow_plain() => false,
            _ => return Err("must begin with `https://`"),
        };
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("must have neither a user nor a password in it, nor a `#`");
        }
        if !url.port_or_known_default().is_some_and(|port| PORTS.contains(&port) || port >= FREE_PORTS) {
            return Err("must have the port 443 or one above 1023");
        }
        let is_permitted = match url.host() {
            Some(Host::Ipv4(address)) => networks.permit(address.into(), is_secure),
            Some(Host::Ipv6(address)) => networks.permit(address.into(), is_secure),
            Some(Host::Domain(_)) => true,
            None => false,
        };
        if !is_permitted {
            return Err("must not lie in a private network, on this machine, or where a machine is told about itself");
        }
        Ok(Self(url))
    }

    /// As it is called.
    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// Whether it is called with TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.0.scheme() == "https"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_what_everybody_can_reach_in_whatever_way_it_is_written() {
        let (none, within) = (Networks::new(vec![]), Networks::new(vec!["127.0.0.0/8".parse().unwrap()]));
        for good in [
            "https://example.org/events?key=1",
            "https://EXAMPLE.org",
            "https://1.1.1.1:8443/",
            "https://[2606:4700::1111]/",
        ] {
            assert!(Target::read(good, &none).is_ok(), "{good}");
        }
        let bad = [
            "",
            "example.org",
            "ftp://example.org",
            "file:///etc/passwd",
            "http://example.org",
            "http://127.0.0.1",
            "https://user@example.org",
            "https://:password@example.org",
            "https://example.org/#part",
            "https://example.org:25",
            "https://example.org:0",
            "https://127.0.0.1",
            "https://2130706433",
            "https://0x7f.1",
            "https://0177.0.0.1",
            "https://127。0。0。1",
            "https://[::1]",
            "https://[::ffff:7f00:1]",
            "https://169.254.169.254/latest/meta-data",
        ];
        for bad in bad {
            assert!(Target::read(bad, &none).is_err(), "{bad}");
        }
        for good in ["http://127.0.0.1:8000", "http://localhost:8000", "https://2130706433"] {
            assert!(Target::read(good, &within).is_ok(), "{good}");
        }
        // Whatever is not within is called with TLS alone: also where the name leads there, which the connection finds out.
        assert!(Target::read("http://1.1.1.1", &within).is_err());
    }
}
