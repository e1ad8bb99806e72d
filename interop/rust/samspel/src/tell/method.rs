//! A method as it can be told.

use std::fmt;
use std::marker::PhantomData;

use prost::{Message, Name};

use crate::descriptors::Descriptors;
use crate::error::Error;

/// A unary method that may be told, with the types of its request and response.
pub struct Method<Q, R> {
    pub(super) service: String,
    pub(super) name: String,
    pub(super) descriptors: Descriptors,
    types: PhantomData<fn(Q) -> R>,
}

impl<Q, R> Clone for Method<Q, R> {
    fn clone(&self) -> Self {
        let Self {
            service,
            name,
            descriptors,
            types,
        } = self;
        Self {
            service: service.clone(),
            name: name.clone(),
            descriptors: descriptors.clone(),
            types: *types,
        }
    }
}

impl<Q, R> fmt::Debug for Method<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({}/{})", self.service, self.name)
    }
}

impl<Q: Message + Name, R: Message + Name + Default> Method<Q, R> {
    pub(crate) fn declared(path: &str, descriptors: &Descriptors) -> Result<Self, Error> {
        let method = descriptors.typed::<Q, R>(path)?;
        if method.client_streaming || method.server_streaming {
            return Err(Error::Declaration(format!(
                "Cannot tell {path} as it streams: a tell is a unary method"
            )));
        }
        if !method.may_be_told() {
            return Err(Error::Declaration(format!(
                "Cannot tell {path} as it might be carried out twice: mark it IDEMPOTENT, or (samspel.v1.deduplicated) \
                 where its handler de-duplicates by command id"
            )));
        }
        let (service, name) = (method.service.clone(), method.name.clone());
        Ok(Self {
            service,
            name,
            descriptors: descriptors.clone(),
            types: PhantomData,
        })
    }
}
