package dev.samspel.messaging;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;

/**
 * What a group consumes: a topic, or the tells of a proto service. It says where the messages lie
 * and what is done with one.
 *
 * @param <M> a message as it was read
 */
interface Feed<M> {
  /** The topic's name, for logs and dead letters. */
  String name();

  String group();

  int partitions();

  /** After so many a failing message becomes a dead letter. */
  int attempts();

  /** How long a failing message waits at the most. */
  long longestPauseMs();

  /** Makes what the broker lacks, and returns the stream's name. */
  String ensureStream() throws IOException, InterruptedException;

  /** The subject of a partition, with the topic prefix. */
  String subject(int partition);

  M read(Delivery delivery) throws InvalidProtocolBufferException;

  /** Handles a message; it may throw anything. */
  void handle(M message) throws Exception;

  /** Whether another attempt would not change what went wrong. */
  boolean isFinal(Throwable error);

  /** Called before a message is parked that was given up. */
  void givenUp(Delivery delivery, Throwable error) throws IOException, InterruptedException;
}
