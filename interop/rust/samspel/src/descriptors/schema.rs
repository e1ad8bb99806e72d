//! The part of `google/protobuf/descriptor.proto` that is read here. Samspel's options, which are extensions there, are
//! fields here: on the wire it is the same, and no reflection is needed.

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FileDescriptor {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub package: String,
    #[prost(string, repeated, tag = "3")]
    pub dependency: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    pub message_type: Vec<MessageDescriptor>,
    #[prost(message, repeated, tag = "6")]
    pub service: Vec<ServiceDescriptor>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MessageDescriptor {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, repeated, tag = "2")]
    pub field: Vec<FieldDescriptor>,
    #[prost(message, repeated, tag = "3")]
    pub nested_type: Vec<MessageDescriptor>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FieldDescriptor {
    #[prost(uint32, tag = "3")]
    pub number: u32,
    #[prost(message, optional, tag = "8")]
    pub options: Option<FieldOptions>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FieldOptions {
    /// `(samspel.v1.key)`
    #[prost(bool, tag = "51510")]
    pub key: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ServiceDescriptor {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, repeated, tag = "2")]
    pub method: Vec<MethodDescriptor>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MethodDescriptor {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub input_type: String,
    #[prost(string, tag = "3")]
    pub output_type: String,
    #[prost(message, optional, tag = "4")]
    pub options: Option<MethodOptions>,
    #[prost(bool, tag = "5")]
    pub client_streaming: bool,
    #[prost(bool, tag = "6")]
    pub server_streaming: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MethodOptions {
    #[prost(enumeration = "IdempotencyLevel", tag = "34")]
    pub idempotency_level: i32,
    /// `(samspel.v1.topic)`
    #[prost(message, optional, tag = "51520")]
    pub topic: Option<TopicOptions>,
    /// `(samspel.v1.deduplicated)`
    #[prost(bool, tag = "51521")]
    pub deduplicated: bool,
}

pub(crate) use crate::v1::TopicOptions;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum IdempotencyLevel {
    IdempotencyUnknown = 0,
    NoSideEffects = 1,
    Idempotent = 2,
}
