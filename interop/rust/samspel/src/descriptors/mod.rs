//! What proto files say beside the types: which methods may be repeated, what is a topic, which field is the key.
//!
//! Generated Rust code knows none of that, so it is read from the file descriptor set that stands beside it.

mod closure;
mod schema;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use prost::{DecodeError, Message, Name};

use crate::error::Error;
use crate::wire;
pub(crate) use schema::IdempotencyLevel;

const DEFAULT_PARTITIONS: u32 = 16;

/// The descriptors of a program's proto files. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub struct Descriptors(Arc<Index>);

#[derive(Debug, Default)]
struct Index {
    files: Vec<File>,
    methods: HashMap<String, MethodInfo>,
    /// The number of the key field of each message that has one.
    keys: HashMap<String, u32>,
}

/// One file: as it came, without source information, and what the closure needs to know of it.
#[derive(Debug)]
struct File {
    raw: Bytes,
    name: String,
    dependencies: Vec<String>,
    services: Vec<String>,
}

/// A method as its file declares it.
#[derive(Debug, Clone)]
pub(crate) struct MethodInfo {
    pub service: String,
    pub name: String,
    pub input: String,
    pub output: String,
    pub client_streaming: bool,
    pub server_streaming: bool,
    pub idempotency: IdempotencyLevel,
    pub deduplicated: bool,
    pub topic: Option<schema::TopicOptions>,
}

impl MethodInfo {
    /// Whether a second run of it does no harm (C2).
    pub fn is_repeatable(&self) -> bool {
        self.idempotency != IdempotencyLevel::IdempotencyUnknown
    }

    /// Whether a second delivery of it has no second effect (T5).
    pub fn may_be_told(&self) -> bool {
        !self.client_streaming
            && !self.server_streaming
            && (self.is_repeatable() || self.deduplicated)
    }
}

impl Descriptors {
    /// Reads a `FileDescriptorSet`, as compilers write it: `protoc --descriptor_set_out --include_imports`, or the
    /// `file_descriptor_set_path` of `tonic-prost-build`.
    ///
    /// # Errors
    ///
    /// [`Error::Declaration`] where it is none.
    pub fn read(set: &[u8]) -> Result<Self, Error> {
        Self::index(&Bytes::copy_from_slice(set)).map_err(|error| {
            Error::Declaration(format!(
                "Cannot read the descriptors as they are no FileDescriptorSet: {error}"
            ))
        })
    }

    fn index(set: &Bytes) -> Result<Self, DecodeError> {
        let mut index = Index::default();
        for field in wire::fields(set)?
            .into_iter()
            .filter(|field| field.number == 1)
        {
            let file = schema::FileDescriptor::decode(field.value.clone())?;
            index.add(&field.value, file)?;
        }
        Ok(Self(Arc::new(index)))
    }

    /// A method by its path: `service/Method`, also with a `/` before it.
    pub(crate) fn method(&self, path: &str) -> Option<&MethodInfo> {
        self.0.methods.get(path.trim_start_matches('/'))
    }

    /// The ordering key of an encoded message: empty where its type has none.
    pub(crate) fn key_of(&self, message_type: &str, body: &Bytes) -> Result<String, DecodeError> {
        match self.0.keys.get(message_type) {
            Some(number) => wire::string_field(body, *number),
            None => Ok(String::new()),
        }
    }

    /// The methods of a proto service that may be told (T5).
    pub(crate) fn told_methods(&self, service: &str) -> Vec<String> {
        let told = self
            .0
            .methods
            .values()
            .filter(|method| method.service == service && method.may_be_told());
        told.map(|method| method.name.clone()).collect()
    }

    pub(crate) fn has_service(&self, name: &str) -> bool {
        self.0
            .files
            .iter()
            .any(|file| file.services.iter().any(|service| service == name))
    }

    pub(crate) fn has_key(&self, message_type: &str) -> bool {
        self.0.keys.contains_key(message_type)
    }

    /// The set of all files that the given proto services need, each after its imports (R3).
    pub(crate) fn closure(&self, services: &[String]) -> Vec<u8> {
        closure::encode(&self.0.files, services)
    }

    /// A method whose types are those of the file.
    pub(crate) fn typed<Q: Name, R: Name>(&self, path: &str) -> Result<&MethodInfo, Error> {
        let method = self.method(path).ok_or_else(|| {
            Error::Declaration(format!(
                "Cannot find the method {path}: give the descriptors of its file to Service::new, and its full name \
                 such as orders.v1.OrderService/Ship"
            ))
        })?;
        for (declared, given, what) in [
            (&method.input, Q::full_name(), "request"),
            (&method.output, R::full_name(), "response"),
        ] {
            if *declared != given {
                return Err(Error::Declaration(format!(
                    "Cannot use {path} with the {what} {given}: it has {declared}"
                )));
            }
        }
        Ok(method)
    }
}

impl Index {
    fn add(&mut self, raw: &Bytes, file: schema::FileDescriptor) -> Result<(), DecodeError> {
        let qualified = |name: &str| {
            if file.package.is_empty() {
                name.to_owned()
            } else {
                format!("{}.{name}", file.package)
            }
        };
        for message in &file.message_type {
            self.add_keys(&qualified(&message.name), message);
        }
        let mut services = Vec::new();
        for service in &file.service {
            let service_name = qualified(&service.name);
            for method in &service.method {
                let options = method.options.clone().unwrap_or_default();
                let info = MethodInfo {
                    service: service_name.clone(),
                    name: method.name.clone(),
                    input: method.input_type.trim_start_matches('.').to_owned(),
                    output: method.output_type.trim_start_matches('.').to_owned(),
                    client_streaming: method.client_streaming,
                    server_streaming: method.server_streaming,
                    idempotency: options.idempotency_level(),
                    deduplicated: options.deduplicated,
                    topic: options.topic,
                };
                self.methods
                    .insert(format!("{service_name}/{}", method.name), info);
            }
            services.push(service_name);
        }
        let raw = closure::without_source_info(raw)?;
        self.files.push(File {
            raw,
            name: file.name,
            dependencies: file.dependency,
            services,
        });
        Ok(())
    }

    fn add_keys(&mut self, name: &str, message: &schema::MessageDescriptor) {
        let is_key = |field: &&schema::FieldDescriptor| {
            field.options.as_ref().is_some_and(|options| options.key)
        };
        if let Some(field) = message.field.iter().find(is_key) {
            self.keys.insert(name.to_owned(), field.number);
        }
        for nested in &message.nested_type {
            self.add_keys(&format!("{name}.{}", nested.name), nested);
        }
    }
}

impl MethodInfo {
    /// Name and number of partitions of the topic that it declares.
    pub fn topic_place(&self) -> Option<(String, u32)> {
        let options = self.topic.as_ref()?;
        let name = if options.name.is_empty() {
            format!("{}.{}", self.service, self.name)
        } else {
            options.name.clone()
        };
        Some((
            name,
            if options.partitions == 0 {
                DEFAULT_PARTITIONS
            } else {
                options.partitions
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::BASE64_STANDARD;
    use base64::Engine as _;

    fn sets(name: &str) -> Vec<(serde_json::Value, Vec<u8>)> {
        let vectors = crate::vectors::read("descriptors");
        let set = |vector: &serde_json::Value| {
            BASE64_STANDARD
                .decode(vector["set"].as_str().unwrap())
                .unwrap()
        };
        crate::vectors::list(&vectors[name])
            .iter()
            .map(|vector| (vector.clone(), set(vector)))
            .collect()
    }

    #[test]
    fn closure_has_every_file_after_its_imports_whatever_the_order_was() {
        let ordered = &sets("sets")[0].1;
        let (_, reversed) = sets("refused")
            .into_iter()
            .find(|(vector, _)| vector["reason"] == "order")
            .unwrap();
        let services = ["a.v1.PayService".to_owned()];
        assert_eq!(
            &Descriptors::read(&reversed).unwrap().closure(&services),
            ordered
        );
        assert_eq!(
            &Descriptors::read(ordered).unwrap().closure(&services),
            ordered
        );
        assert!(Descriptors::read(ordered)
            .unwrap()
            .closure(&["b.v1.Other".to_owned()])
            .is_empty());
    }

    #[test]
    fn read_refuses_what_is_no_set() {
        assert!(matches!(
            Descriptors::read(b"\x0a\x7fno"),
            Err(Error::Declaration(_))
        ));
    }
}
