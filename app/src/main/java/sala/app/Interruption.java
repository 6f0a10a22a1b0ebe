package sala.app;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ctrl-C (or a polite kill) while a command computes: the work is asked to stop, the text so far is written, and the
 * process ends with the signal's exit code, 130 for Ctrl-C, 143 for {@code kill}. A shutdown hook asks and waits; the JVM
 * sets the exit code.
 */
final class Interruption implements AutoCloseable {
    /** How long the process waits for the work to notice; one token of the slowest model takes about a second. */
    private static final long PATIENCE_SECONDS = 10;

    private final AtomicBoolean requested = new AtomicBoolean();
    private final CountDownLatch finished = new CountDownLatch(1);
    private final Thread hook;

    /**
     * Starts listening.
     *
     * @param stop asks the work to stop; called from another thread
     */
    Interruption(Runnable stop) {
        hook = new Thread(() -> awaitEnd(stop), "sala-interruption");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void awaitEnd(Runnable stop) {
        requested.set(true);
        stop.run();
        try {
            if (!finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                Runtime.getRuntime().halt(130);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    boolean isRequested() {
        return requested.get();
    }

    /** Declares the work done and its output written. */
    @Override
    public void close() {
        finished.countDown();
        if (!requested.get()) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException _) {
                // the signal came just now: the hook runs and finds the work finished
            }
        }
    }
}
