/**
 * JMH benchmarks, one an operation: {@link sala.jmh.OperationBenchmark} says what they have in common, and why. Every
 * result is checked before it is timed, and comes with its rates, its shares of what the machine can do, measured right
 * before ({@link sala.jmh.Yardstick}), and its error. {@link sala.jmh.Suite} is the main program, {@code ./sala-jmh} its
 * launcher.
 *
 * <p>{@link sala.jmh.KernelSpeed} is a program of its own, for work on device kernels: it takes the difference of two recorded
 * graphs, so that what launching costs drops out to the last microsecond. It and the benchmarks share the rows.
 */
@NullMarked
package sala.jmh;

import org.jspecify.annotations.NullMarked;
