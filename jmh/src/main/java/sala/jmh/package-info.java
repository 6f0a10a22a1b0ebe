/** JMH microbenchmarks, one class an operation. */
@NullMarked
package sala.jmh;

import org.jspecify.annotations.NullMarked;
