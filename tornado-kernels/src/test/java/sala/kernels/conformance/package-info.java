/**
 * Programs that use TornadoVM's API only and must give the same results on every provider of it: on the interpreter, and on
 * TornadoVM itself with the profile {@code tornadovm}. They hold the two together.
 */
@NullMarked
package sala.kernels.conformance;

import org.jspecify.annotations.NullMarked;
