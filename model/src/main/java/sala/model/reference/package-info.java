/** The model on one page, in plain Java: read as documentation, never made fast. */
@NullMarked
package sala.model.reference;

import org.jspecify.annotations.NullMarked;
