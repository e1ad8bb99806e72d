package dev.samspel.messaging;

import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * A tell that is stored.
 *
 * @param <R> the reply
 */
public final class Receipt<R> {
  private final String id;
  private final String token;
  private final Teller teller;
  private final MethodDescriptor<?, R> method;

  Receipt(String id, String token, Teller teller, MethodDescriptor<?, R> method) {
    this.id = id;
    this.token = token;
    this.teller = teller;
    this.method = method;
  }

  /** The command id under which it is handled. */
  public String id() {
    return id;
  }

  /** With it any process, in any language, finds the reply. */
  public String token() {
    return token;
  }

  /**
   * The reply, when there is one; it is kept for 7 days.
   *
   * @throws TellFailed where the handler rejected the tell, or it was given up
   * @throws TimeoutException where none came in time; it may come later
   */
  public R reply(Duration timeout) throws TimeoutException, InterruptedException {
    return teller.reply(method, token, timeout);
  }
}
