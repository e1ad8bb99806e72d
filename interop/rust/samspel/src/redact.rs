//! A secret has no place in a log or an error.

use url::Url;

/// A URL without its password and query; what is no URL becomes `<invalid URL>`.
///
/// ```
/// assert_eq!(samspel::redact_url("nats://me:secret@host:4222/?token=x"), "nats://me@host:4222");
/// ```
#[must_use]
pub fn redact_url(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        return "<invalid URL>".to_owned();
    };
    if parsed.host_str().is_none_or(str::is_empty) || parsed.set_password(None).is_err() {
        return "<invalid URL>".to_owned();
    }
    parsed.set_query(None);
    parsed.set_fragment(None);
    let text = parsed.to_string();
    if parsed.path() == "/" {
        text.trim_end_matches('/').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::redact_url;

    #[test]
    fn redact_url_keeps_what_helps_and_drops_what_is_secret() {
        for (url, expected) in [
            (
                "postgres://me:secret@db:5432/shop?sslkey=x",
                "postgres://me@db:5432/shop",
            ),
            ("http://127.0.0.1:8500", "http://127.0.0.1:8500"),
            ("http://[::1]:8500/", "http://[::1]:8500"),
            ("127.0.0.1", "<invalid URL>"),
            ("me:secret", "<invalid URL>"),
        ] {
            assert_eq!(redact_url(url), expected);
        }
    }
}
