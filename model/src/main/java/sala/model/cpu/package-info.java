/** The model on the Vector API over all cores. */
@NullMarked
package sala.model.cpu;

import org.jspecify.annotations.NullMarked;
