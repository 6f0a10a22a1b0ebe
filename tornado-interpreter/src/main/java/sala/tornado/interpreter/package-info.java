/** Runs TornadoVM kernels on the JVM, one lane after the other, and checks what they do. */
@NullMarked
package sala.tornado.interpreter;

import org.jspecify.annotations.NullMarked;
