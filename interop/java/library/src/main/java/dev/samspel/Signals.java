package dev.samspel;

import java.lang.reflect.Proxy;

/**
 * SIGTERM and SIGINT. The first one asks to stop; a second one ends the process at once (A2).
 *
 * <p>A shutdown hook would do for the first, but the JVM hears no second one, and ends with code
 * 143. So this uses {@code sun.misc.Signal}, by reflection: it has been there since Java 1.2 and
 * has no successor, but the compiler warns of it.
 */
final class Signals {
  private Signals() {}

  /** Calls {@code stop} at the first signal, in a thread of its own. */
  static void listen(Runnable stop) {
    Listener listener = new Listener(stop);
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  listener.heard((int) signal.getMethod("getNumber").invoke(arguments[0]));
                }
                return null;
              });
      for (String name : new String[] {"TERM", "INT"}) {
        Object each = signal.getConstructor(String.class).newInstance(name);
        signal.getMethod("handle", signal, handler).invoke(null, each, proxy);
      }
    } catch (ReflectiveOperationException | IllegalArgumentException absent) {
      // A JVM without it, or one that keeps the signals for itself (-Xrs).
      Runtime.getRuntime().addShutdownHook(new Thread(() -> listener.heard(0)));
    }
  }

  private static final class Listener {
    private final Runnable stop;
    private boolean stopping;

    Listener(Runnable stop) {
      this.stop = stop;
    }

    synchronized void heard(int signal) {
      if (stopping) {
        Runtime.getRuntime().halt(128 + signal);
      }
      stopping = true;
      stop.run();
    }
  }
}
