package dev.samspel.messaging;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;

/**
 * A tell as it arrived.
 *
 * @param method null where this version has none of that name
 * @param request null where there is no method to read it
 */
record Told(
    Delivery delivery,
    String id,
    String key,
    String methodName,
    MethodDescriptor<Message, Message> method,
    Message request) {}
