/**
 * JMH benchmarks of whole passes; those of single operations lie in the packages of the operations, which are not
 * public. Every benchmark checks what it times first, and reports its rate beside the share of what the machine can do,
 * measured right before: see {@link sala.jmh.Yardstick}. How to run: {@code java -jar jmh/target/benchmarks.jar}.
 */
@NullMarked
package sala.jmh;

import org.jspecify.annotations.NullMarked;
