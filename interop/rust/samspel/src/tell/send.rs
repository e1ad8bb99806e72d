//! Tells methods of other services (T5): stored by `JetStream` before it returns, handled though nobody runs now.
//!
//! 1. A tell is stored once for its id: `JetStream` knows it by method, key and id for two minutes, its handler by its
//!    command id for a week.
//! 2. It is sent again until it is stored or its time is over; then it may be stored all the same, so the same id makes
//!    trying again harmless.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost::{Message, Name};

use super::address::{message_id, subject, token};
use super::method::Method;
use super::receipt::Receipt;
use super::streams::tell_stream;
use crate::broker::{random_id, Broker, Headers, Publication};
use crate::error::Error;

const TIMEOUT: Duration = Duration::from_secs(10);
const LONGEST_ID: usize = 256;

/// Tells methods of other services. A clone is the same.
#[derive(Debug, Clone)]
pub struct Teller(Broker);

/// A tell that is sent when this is awaited. Made by [`Teller::tell`].
#[must_use = "a tell is sent when this is awaited"]
#[derive(Debug)]
pub struct Tell<'a, Q, R> {
    broker: &'a Broker,
    method: &'a Method<Q, R>,
    request: Q,
    id: Option<String>,
    headers: Vec<(String, String)>,
    timeout: Duration,
}

impl Teller {
    pub(crate) fn new(broker: Broker) -> Self {
        Self(broker)
    }

    /// Tells a method: awaiting gives a receipt when the tell is stored.
    ///
    /// It fails with [`Error::Unavailable`] where it is not known to be stored within 10 s; try again with the same
    /// [`id`](Tell::id).
    pub fn tell<'a, Q, R>(&'a self, method: &'a Method<Q, R>, request: Q) -> Tell<'a, Q, R> {
        Tell {
            broker: &self.0,
            method,
            request,
            id: None,
            headers: Vec::new(),
            timeout: TIMEOUT,
        }
    }

    /// The receipt of an earlier tell, of which its token is at hand.
    #[must_use]
    pub fn receipt<Q, R>(&self, method: &Method<Q, R>, id: &str, token: &str) -> Receipt<R> {
        Receipt::new(
            self.0.clone(),
            method.service.clone(),
            id.to_owned(),
            token.to_owned(),
        )
    }
}

impl<Q, R> Tell<'_, Q, R> {
    /// The command id that the handler gets, 1 to 256 printable ASCII characters. Two tells of one method and key that
    /// have the same are one. Default: a random UUID.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// A header of your own, which reaches the handler as request metadata; any text.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long to try. Default 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl<'a, Q, R> IntoFuture for Tell<'a, Q, R>
where
    Q: Message + Name + 'a,
    R: 'a,
{
    type Output = Result<Receipt<R>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self {
            broker,
            method,
            request,
            id,
            headers,
            timeout,
        } = self;
        let body = bytes::Bytes::from(request.encode_to_vec());
        let headers = Headers::new(&headers);
        Box::pin(async move {
            let id = id.unwrap_or_else(random_id);
            if !is_id(&id) {
                return Err(Error::Declaration(format!(
                    "Cannot tell {method:?} as its id must be 1 to {LONGEST_ID} printable ASCII characters, with no space \
                     at an end: it is {id:?}"
                )));
            }
            let key = method
                .descriptors
                .key_of(&Q::full_name(), &body)
                .map_err(|error| {
                    Error::Declaration(format!("Cannot read the key of a request: {error}"))
                })?;
            let key = if key.is_empty() { id.clone() } else { key };
            let (service, name, prefix) = (&method.service, &method.name, broker.prefix());
            let known_by = message_id(name, &key, &id);
            let mut headers =
                headers?.event(&known_by, &id, broker.service(), &Q::full_name(), &key);
            headers.insert("samspel-method", name.as_str());
            let _lane = broker.lanes().enter(format!("{service}\n{key}")).await;
            let told_at = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            let publication = Publication {
                subject: format!("{prefix}{}", subject(service, &key)),
                stream: tell_stream(prefix, service),
                headers,
                body,
                timeout,
            };
            publication.store(broker, "the tell").await?;
            let token = format!(
                "{}-{}",
                base36(told_at.as_millis()),
                token(service, name, &key, &id)
            );
            Ok(Receipt::new(broker.clone(), service.clone(), id, token))
        })
    }
}

fn is_id(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len())
        && id.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && id.trim() == id
}

fn base36(mut number: u128) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u8::try_from(number % 36).unwrap_or_default();
        digits.push(if digit < 10 {
            b'0' + digit
        } else {
            b'a' + digit - 10
        });
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits
        .iter()
        .rev()
        .map(|digit| char::from(*digit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base36_is_that_of_javascript() {
        assert_eq!(base36(0), "0");
        assert_eq!(base36(1_769_850_307_042), "ml236cwy");
        assert_eq!(
            u128::from_str_radix(&base36(1_769_850_307_042), 36).unwrap(),
            1_769_850_307_042
        );
    }

    #[test]
    fn is_id_takes_printable_ascii_only() {
        for good in ["a", "order 7", "!~"] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", " a", "a ", "ä", "a\n", &"a".repeat(257)] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
