package sala.jmh;

import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * An operation on made-up inputs, ready to run.
 *
 * @param body computes; when it returns, the result is there, on the device or on the host
 * @param renew called before every iteration, outside its time
 * @param count operations that {@code body} performs: more than one where a device gets a graph of several launches
 * @param error worst error of the result of the first run against double precision, as a share of the largest expected
 *     magnitude
 * @param tolerance the error above which no speed is printed
 * @param times of a device, where one computes
 * @param resources closed in this order after the last run
 */
record Operation(
        Runnable body,
        Runnable renew,
        int count,
        DoubleSupplier error,
        double tolerance,
        DeviceTimes times,
        List<AutoCloseable> resources)
        implements AutoCloseable {
    /** Tolerance of f32 sums of some thousand terms. */
    static final double F32_TOLERANCE = 1e-5;

    static Operation of(Runnable body, DoubleSupplier error, double tolerance, AutoCloseable... resources) {
        return new Operation(body, () -> {}, 1, error, tolerance, DeviceTimes.NONE, List.of(resources));
    }

    /** The same with something to do before every iteration. */
    Operation renewedBy(Runnable newRenew) {
        return new Operation(body, newRenew, count, error, tolerance, times, resources);
    }

    /** Of the reference itself: there is nothing to check it against. */
    static Operation ofReference(Runnable body) {
        return of(body, () -> 0, 0);
    }

    @Override
    public void close() {
        for (AutoCloseable resource : resources) {
            try {
                resource.close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException("cannot close " + resource, e);
            }
        }
    }
}
