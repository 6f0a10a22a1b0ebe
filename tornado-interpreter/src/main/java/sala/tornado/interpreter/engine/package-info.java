/** How graphs, memory and kernels are run. No part of the API: use it through {@code uk.ac.manchester.tornado.api}. */
@NullMarked
package sala.tornado.interpreter.engine;

import org.jspecify.annotations.NullMarked;
