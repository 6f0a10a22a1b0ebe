/** The {@code sala} command. */
@NullMarked
package sala.app;

import org.jspecify.annotations.NullMarked;
