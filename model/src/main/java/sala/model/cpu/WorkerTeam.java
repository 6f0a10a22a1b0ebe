package sala.model.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of threads that runs one {@link Job} at a time, each worker once, the caller being worker 0. A decode
 * step runs hundreds of jobs of some microseconds, so waiting workers spin and then yield for a while before they park, and running a
 * job allocates nothing. Not reentrant; one caller at a time.
 */
final class WorkerTeam implements AutoCloseable {
    /** Work that every worker does a share of. Shares must not depend on each other. */
    interface Job {
        /**
         * Does one share.
         *
         * @param worker which share, {@code 0 <= worker < workers}
         * @param workers number of shares
         */
        void run(int worker, int workers);
    }

    /** Busy turns of a waiting thread, some 20 microseconds: as long as what one thread does between two jobs. */
    private static final int SPINS = 1_000;

    /** Turns that then give the core away, should another thread want it, some 300 microseconds if none does. */
    private static final int YIELDS = 1_000;

    private final Thread[] threads;
    private final AtomicInteger pending = new AtomicInteger();
    private volatile int generation;
    private volatile boolean closed;
    private volatile @Nullable Job job;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    WorkerTeam(int workers) {
        if (workers < 1) {
            throw new IllegalArgumentException("a team needs at least 1 worker, found " + workers);
        }
        threads = new Thread[workers - 1];
        for (int i = 0; i < threads.length; i++) {
            int worker = i + 1;
            threads[i] =
                    Thread.ofPlatform().daemon().name("sala-worker-" + worker).start(() -> work(worker));
        }
    }

    int size() {
        return threads.length + 1;
    }

    /**
     * Runs every share of the job and waits for all. A share that throws does not stop the others; the first exception
     * is rethrown here.
     */
    void run(Job newJob) {
        if (closed) {
            throw new IllegalStateException("the worker team is closed");
        }
        job = newJob;
        pending.set(threads.length);
        int next = generation + 1; // only the caller writes it; the volatile write publishes job and pending
        generation = next;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
        runShare(newJob, 0);
        awaitOthers();
        job = null;
        Throwable thrown = failure.get();
        if (thrown != null) {
            failure.set(null);
            throw new IllegalStateException("a worker failed: " + thrown, thrown);
        }
    }

    private void awaitOthers() {
        for (int turn = 0; pending.get() != 0; turn = Math.min(turn + 1, SPINS)) {
            pause(turn);
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // nothing relies on yielding: it frees a core that others may wait for
    private static void pause(int turn) {
        if (turn < SPINS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }

    private void runShare(Job current, int worker) {
        try {
            current.run(worker, size());
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
    }

    private void work(int worker) {
        int seen = 0;
        while (true) {
            for (int turn = 0; generation == seen; turn++) {
                if (closed) {
                    return;
                }
                if (turn < SPINS + YIELDS) {
                    pause(turn);
                } else {
                    LockSupport.park(this);
                }
            }
            seen = generation;
            Job current = job;
            if (current != null) {
                runShare(current, worker);
            }
            pending.decrementAndGet();
        }
    }

    /** First element of a worker's share when {@code count} elements are cut evenly at multiples of {@code unit}. */
    static int shareStart(int count, int unit, int worker, int workers) {
        int units = (count + unit - 1) / unit;
        return (int) Math.min(count, (long) units * worker / workers * unit);
    }

    @Override
    public void close() {
        closed = true;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }
}
