/**
 * JMH benchmarks of whole passes; those of single operations lie in the packages of the operations, which are not
 * public. Every benchmark checks what it times first, and reports its rate beside the share of what the machine can do,
 * measured right before: see {@link sala.jmh.Yardstick}. How to run: {@code java -jar jmh/target/benchmarks.jar}.
 *
 * <p>{@link sala.jmh.KernelSpeed} is a program of its own, for the kernels on a GPU: JMH measures what a JVM computes.
 */
@NullMarked
package sala.jmh;

import org.jspecify.annotations.NullMarked;
